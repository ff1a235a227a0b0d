"""Resolves what documents refer to, against all documents of all sites; what leads nowhere becomes a finding."""

from __future__ import annotations

import difflib
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from govgen.catalog.lookups import document_id
from govgen.catalog.store import Catalog
from govgen.model.county import County, SectionKind, Site
from govgen.model.finding import Finding

_GUESSES = 10
"""For how many dead links of one document a likely goal is looked for: each costs up to 0.1 s in a large site."""


@dataclass(frozen=True)
class Destination:
    """Where a reference leads."""

    site: str
    address: str
    document: str | None = None
    """The path of the document's file; None for lists and files."""


def resolve_references(catalog: Catalog, county: County, related: Iterable[str], *, is_all: bool) -> list[Finding]:
    """Write where the references lead that may lead elsewhere than before, marking their documents in `resolved`.

    Marks in `related` the documents that these references, before or now, and `related` name, and those that changed.

    Return a finding for each that leads nowhere; those of documents nobody is shown are no fault yet. A dead link takes
    no document down: another site's withdrawal must not make this site's documents vanish.
    """
    catalog.mark("resolved", ())
    if is_all:
        catalog.run("INSERT OR IGNORE INTO resolved SELECT DISTINCT document FROM refs")
    else:
        catalog.run("INSERT OR IGNORE INTO resolved SELECT document FROM changed CROSS JOIN refs ON path = document")
        catalog.run("INSERT OR IGNORE INTO resolved SELECT document FROM touched CROSS JOIN ref_lookups USING (key)")
    catalog.mark("related", related)
    mark = "INSERT OR IGNORE INTO related"
    catalog.run(f"{mark} SELECT path FROM changed")
    named = mark + " SELECT to_document FROM {} CROSS JOIN refs ON path = document WHERE to_document != ''"
    catalog.run(named.format("resolved"))
    catalog.run(named.format("changed"))
    findings = []
    dead: Counter[str] = Counter()
    references = catalog.rows(
        "SELECT refs.*, site, is_listed OR has_page AS is_shown FROM resolved CROSS JOIN refs ON path = refs.document"
        " CROSS JOIN documents USING (path) ORDER BY refs.document, relation, number"
    )
    for reference in references:
        target, _, fragment = str(reference["target"]).partition("#")
        goal = find_destination(catalog, county, reference["site"], target) if reference["is_shown"] else None
        values = (goal.document, goal.site, goal.address, fragment) if goal else (None, None, None, "")
        catalog.run(
            "UPDATE refs SET to_document = ?1, to_site = ?2, to_address = ?3, fragment = ?4"
            " WHERE document = ?5 AND relation = ?6 AND number = ?7 AND (to_document IS NOT ?1 OR to_site IS NOT ?2"
            " OR to_address IS NOT ?3 OR fragment IS NOT ?4)",
            *values,
            *(reference["document"], reference["relation"], reference["number"]),
        )
        if goal is None and reference["is_shown"]:
            dead[reference["document"]] += 1
            is_early = dead[reference["document"]] <= _GUESSES
            guess = _guess(catalog, reference["site"], target) if is_early else ""
            findings.append(_dead(catalog, reference, target, guess))
    catalog.run(named.format("resolved"))
    return findings


_NAMED = "SELECT 1 FROM refs WHERE document = d.path AND to_document IS NOT NULL"


def phase_on(day: date) -> str:
    """Return SQL that tells the phase of a row of `documents`, called d, on a day; empty for no consultation."""
    return f"""CASE WHEN d.kind != 'consultation' OR (d.opens_on = '' AND d.closes_on = '') THEN ''
                WHEN EXISTS ({_NAMED} AND relation = 'outcome') THEN 'answered'
                WHEN d.opens_on > '{day.isoformat()}' THEN 'coming'
                WHEN d.closes_on = '' OR d.closes_on >= '{day.isoformat()}' THEN 'open' ELSE 'closed' END"""


def derive_relations(catalog: Catalog, day: date) -> None:
    """Write what follows for the documents marked in `related` from what names them and from what they name.

    《政府网站发展指引》 wants a repeal or an amendment marked on the original's own page; an editor's own word on how a
    policy stands goes first. `day` is today.
    """
    listed = "SELECT 1 FROM refs JOIN documents n ON n.path = refs.document WHERE to_document = d.path AND n.is_listed"
    rows = catalog.rows(
        f"""
        SELECT path, d.validity AS v, d.is_interpreted AS i, d.phase AS p,
            CASE WHEN kind != 'policy' OR own_validity != '' THEN own_validity
                WHEN EXISTS ({_NAMED} AND relation = 'repealed_by') THEN 'repealed'
                WHEN EXISTS ({listed} AND relation = 'amends') THEN 'amended' ELSE '' END AS validity,
            EXISTS ({listed} AND relation = 'interprets') AS is_interpreted,
            {phase_on(day)} AS phase
        FROM related CROSS JOIN documents d USING (path)
        """
    )
    catalog.connection.executemany(
        "UPDATE documents SET validity = ?, is_interpreted = ?, phase = ? WHERE path = ?",
        [
            (row["validity"], row["is_interpreted"], row["phase"], row["path"])
            for row in rows
            if (row["v"], row["i"], row["p"]) != (row["validity"], row["is_interpreted"], row["phase"])
        ],
    )


def find_destination(catalog: Catalog, county: County, site_id: str, target: str) -> Destination | None:
    """Return where `target`, written in a document of a site, leads; None if it leads nowhere a citizen can read."""
    scheme, _, rest = target.partition(":")
    if scheme == "file":
        return Destination(site_id, rest)
    if scheme == "path":
        return _document(catalog, "path = ?", rest) or _folder(catalog, county, rest)
    if scheme == "address":
        return find_address(catalog, county, site_id, rest)
    return _named(catalog, county, scheme, rest)


def _named(catalog: Catalog, county: County, site_id: str, rest: str) -> Destination | None:
    """Resolve `site:section/name`, `site:section` and `site:index`."""
    site = county.find_site(site_id)
    if site is None:
        return None
    name = rest.strip("/").removesuffix(".md")
    if name in ("", "index"):
        return Destination(site_id, "/")
    if site.find_section(name) or any(village.folder == name for village in site.villages):
        return Destination(site_id, f"/{name}/")
    id = document_id(f"{site_id}:{name}")
    addresses = (f"/{id.partition(':')[2]}.html", f"/{name}", f"/{name}/")
    found = (find_address(catalog, county, site_id, address) for address in addresses)
    return _document(catalog, "id = ?", id) or next((goal for goal in found if goal), None)


def _document(catalog: Catalog, condition: str, *values: str) -> Destination | None:
    row = catalog.one(
        f"SELECT site, address, path FROM documents WHERE {condition} AND (has_page OR is_listed)", *values
    )
    return Destination(row["site"], row["address"], row["path"]) if row else None


def _folder(catalog: Catalog, county: County, path: str) -> Destination | None:
    """Resolve the path of a section's index.md that was never written: the section is there all the same."""
    parts = path.split("/")
    if len(parts) > 2 and parts[0] == "content" and parts[-1] in ("index.md", "index.markdown"):
        return _named(catalog, county, parts[1], "/".join(parts[2:-1]))
    return None


def find_address(catalog: Catalog, county: County, site_id: str, address: str) -> Destination | None:
    """Resolve an address below the site's own mount: a page, a list, or an alias."""
    site = county.find_site(site_id)
    assert site is not None
    bare = address.rstrip("/")
    row = catalog.one("SELECT document FROM aliases WHERE site = ? AND alias IN (?, ?)", site_id, bare, f"{bare}/")
    if row:
        return _document(catalog, "path = ?", row["document"])
    address = address.removesuffix("index.html") if address.endswith("/index.html") else address
    folder = address.strip("/")
    if not folder or site.find_section(folder) or any(village.folder == folder for village in site.villages):
        return Destination(site_id, f"/{folder}/" if folder else "/")
    if _is_standing_page(catalog, site, address):
        return Destination(site_id, address)
    return _document(catalog, "site = ? AND address = ?", site_id, address)


def _is_standing_page(catalog: Catalog, site: Site, address: str) -> bool:
    """Tell whether the program gives out an address whatever the documents are, or as the archive of a month."""
    folder, _, last = address.strip("/").rpartition("/")
    if address in ("/sitemap.html", "/sitemap.xml", "/feed.xml") or (address == "/villages/" and site.villages):
        return True
    if site.is_portal and address in ("/sites/", "/feeds.opml"):
        return True
    section = site.find_section(folder)
    if last == "feed.xml" and section:
        return section.kind is not SectionKind.PAGES
    parts = address.strip("/").rsplit("/", 2)
    month = ("-".join(parts[1:]), site.id, parts[0])
    condition = "month = ? AND site = ? AND section = ? AND month != ''"
    return address.endswith("/") and catalog.one(f"SELECT 1 FROM listings WHERE {condition}", *month) is not None


def _dead(catalog: Catalog, reference: sqlite3.Row, target: str, guess: str) -> Finding:
    path, line, relation = reference["document"], reference["line"], reference["relation"]
    written = target.removeprefix("path:").removeprefix("address:")
    state = catalog.one("SELECT state FROM documents WHERE id = ? OR path = ?", target, written)
    values = {"target": written[:200], "state": state["state"] if state else "", "guess": guess}
    if relation == "link":
        return Finding("LNK-INT", path, line, values)
    return Finding("REL-MISSING", path, line, {**values, "key": relation})


def _guess(catalog: Catalog, site: str, target: str) -> str:
    """Return the shown document that was most likely meant, in the form it was written in; empty if none is alike."""
    scheme, _, rest = target.partition(":")
    column = scheme if scheme in ("path", "address") else "id"
    owner = {"path": [*rest.split("/"), ""][1], "address": site}.get(scheme, scheme)
    # What all names of a site begin with says nothing about their likeness.
    head = {"path": f"content/{owner}/", "address": ""}.get(column, f"{owner}:")
    shown = f"SELECT {column} AS name FROM documents WHERE (has_page OR is_listed)"
    rows = catalog.rows(f"{shown} AND site = ? LIMIT 2000", owner)
    names = {row["name"].removeprefix(head): str(row["name"]) for row in rows}
    near = difflib.get_close_matches(rest.removeprefix(head), names, n=1, cutoff=0.75)
    if near:
        return names[near[0]]
    elsewhere = catalog.one(f"{shown} AND substr(id, instr(id, ':') + 1) = ? ORDER BY id", rest)
    return str(elsewhere["name"]) if elsewhere else ""
