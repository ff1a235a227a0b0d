"""Fills the lists: each section's own documents, and on the portal those it adopted from other sites."""

from __future__ import annotations

import difflib
import sqlite3
import tomllib
from collections.abc import Iterable

from govgen.catalog.lookups import document_id
from govgen.catalog.store import Catalog, digest_of
from govgen.model.county import County
from govgen.model.finding import Finding

ADOPTION_FILE = "_adopted.toml"
_DOTS = 1000
"""A dotted key of 30,000 parts costs the TOML parser 17 s and 4 GB, and this file is read without a worker's limits."""


def set_section_kinds(catalog: Catalog, county: County) -> None:
    """Write which kind each section of each site is."""
    catalog.run("DELETE FROM section_kinds")
    kinds = [(site.id, section.id, section.kind.value) for site in county.sites for section in site.sections]
    catalog.connection.executemany("INSERT INTO section_kinds VALUES (?, ?, ?)", kinds)


def set_homes(catalog: Catalog, county: County) -> None:
    """Write the homes of sites and villages, which are there whether or not anybody wrote a document for them."""
    homes = []
    for site in county.sites:
        path = f"sites/{site.id}.toml"
        facts = "\n".join(filter(None, (site.short_name, site.address, site.phone, site.hours)))
        homes.append((path, site.id, "/", site.name, facts))
        homes += [(f"{path}#{v.id}", site.id, f"/{v.folder}/", v.name, site.name) for v in site.villages]
    if catalog.set_fact("homes", digest_of(homes)):
        catalog.run("DELETE FROM homes")
        catalog.connection.executemany("INSERT INTO homes VALUES (?, ?, ?, ?, ?)", homes)


def adoption_paths(county: County) -> dict[str, str]:
    """Return where the portal's adoption files lie, by section."""
    portal = county.portal
    return {section.id: f"content/{portal.id}/{section.id}/{ADOPTION_FILE}" for section in portal.sections}


def read_adoptions(catalog: Catalog, section: str, path: str, content: bytes | None) -> list[Finding]:
    """Write what an adoption file names, None standing for no file; return a finding where it can't be read.

    Documents named before or now are marked as changed: their places in lists are settled with the others'.
    """
    adopted = (
        "INSERT OR IGNORE INTO changed SELECT path FROM documents JOIN adoptions USING (id) WHERE adoptions.section = ?"
    )
    catalog.run(adopted, section)
    catalog.run("DELETE FROM adoptions WHERE section = ?", section)
    try:
        names = _read_names(content) if content is not None else []
    except (ValueError, RecursionError) as error:  # Not only TOMLDecodeError: a number of 5,000 digits, a deep table
        return [Finding("ADOPT-FILE", path, None, {"reason": str(error)})]
    lines = content.decode("utf-8").splitlines() if content else []
    for id, name in {document_id(name): name for name in names}.items():
        line = next((number for number, line in enumerate(lines, 1) if name in line), None)
        catalog.run("INSERT INTO adoptions VALUES (?, ?, ?, ?)", section, id, name, line)
    catalog.run(adopted, section)
    return []


def _read_names(content: bytes) -> list[str]:
    text = content.decode("utf-8")
    if any(line.count(".") > _DOTS for line in text.split("\n")):
        raise ValueError(f"more than {_DOTS} dots on one line")
    table = tomllib.loads(text)
    names = table.get("documents", None if table else [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError('documents = ["site:section/name", …]')
    return names


def check_adoption_places(county: County, paths: Iterable[str]) -> list[Finding]:
    """Return a finding for each of these adoption files that lies where nothing is adopted."""
    places = adoption_paths(county).values()
    guess = f"content/{county.portal.id}/news/{ADOPTION_FILE}"
    return [Finding("ADOPT-PLACE", path, None, {"guess": guess}) for path in paths if path not in places]


def fill_listings(catalog: Catalog, county: County) -> None:
    """Write in which sections the changed documents are listed: their own, and the portal's that adopted them."""
    wanted = (
        "SELECT d.site, d.section, d.path, d.id, k.kind, d.date, d.month, 1 FROM changed"
        " CROSS JOIN documents d USING (path) CROSS JOIN section_kinds k USING (site, section)"
        " WHERE is_listed AND name != 'index'"
        " UNION ALL SELECT ?1, a.section, d.path, d.id, k.kind, d.date, d.month, 0 FROM changed"
        " CROSS JOIN documents d USING (path) CROSS JOIN adoptions a USING (id)"
        " CROSS JOIN section_kinds k ON k.site = ?1 AND k.section = a.section WHERE is_listed AND d.site != ?1"
    )
    columns = "site, section, document, id, kind, date, month, is_own"
    known = f"SELECT {columns} FROM changed CROSS JOIN listings ON document = path"
    portal = county.portal.id
    gone = catalog.rows(f"SELECT document, site, section FROM ({known} EXCEPT SELECT * FROM ({wanted}))", portal)
    catalog.connection.executemany(
        "DELETE FROM listings WHERE document = ? AND site = ? AND section = ?", [tuple(row) for row in gone]
    )
    catalog.run(f"INSERT INTO listings ({columns}) SELECT * FROM ({wanted}) EXCEPT {known}", portal)


def check_adoptions(catalog: Catalog, county: County) -> list[Finding]:
    """Return the adopted documents that are nowhere to be found."""
    findings = []
    paths = adoption_paths(county)
    for adoption in catalog.rows(
        "SELECT a.*, d.state, d.is_listed FROM adoptions a LEFT JOIN documents d ON d.id = a.id AND d.site != ?",
        county.portal.id,
    ):
        if adoption["is_listed"] or adoption["state"] in ("withdrawn", "expired", "future", "draft"):
            continue
        site = adoption["id"].partition(":")[0]
        known = [row["id"] for row in catalog.rows("SELECT id FROM documents WHERE site = ? LIMIT 2000", site)]
        near = difflib.get_close_matches(adoption["id"], known, n=1, cutoff=0.7)
        values = {"target": adoption["name"], "guess": near[0] if near else ""}
        findings.append(Finding("ADOPT-MISSING", paths[adoption["section"]], adoption["line"], values))
    return findings


def check_submissions(catalog: Catalog, county: County) -> list[Finding]:
    """Return the changed documents that are offered to a section the portal does not have."""
    sections = {section.id for section in county.portal.sections}
    rows = catalog.rows("SELECT document, section FROM changed CROSS JOIN submissions ON path = document ORDER BY 1, 2")
    return [
        Finding(
            "SUBMIT-SECTION", row["document"], None, {"value": row["section"], "guess": "、".join(sorted(sections))}
        )
        for row in rows
        if row["section"] not in sections
    ]


def check_topics(catalog: Catalog, county: County) -> list[Finding]:
    """Return the listed documents whose topic the portal does not have."""
    known = {row["name"] for row in topic_rows(catalog, county)}
    rows = catalog.rows(
        "SELECT topics.* FROM topics JOIN documents ON path = document WHERE is_listed ORDER BY document, topic"
    )
    return [
        Finding("TOPIC-MISSING", row["document"], None, {"value": row["topic"], "guess": "、".join(sorted(known))})
        for row in rows
        if row["topic"] not in known
    ]


def topic_rows(catalog: Catalog, county: County) -> list[sqlite3.Row]:
    """Return the portal's topics: the documents of its section `topics`, in the order of their `order`."""
    return catalog.rows(
        "SELECT * FROM documents WHERE site = ? AND section = 'topics' AND is_listed AND name != 'index'"
        " ORDER BY place, id",
        county.portal.id,
    )
