"""Fills the lists: each section's own documents, and on the portal those it adopted from other sites."""

from __future__ import annotations

import difflib
import re
import sqlite3
import tomllib

from govgen.catalog.resolve import document_id
from govgen.catalog.store import Catalog
from govgen.model.county import County
from govgen.model.finding import Finding
from govgen.repo.checkout import Checkout

ADOPTION_FILE = "_adopted.toml"
_DOTS = 1000
"""A dotted key of 30,000 parts costs the TOML parser 17 s and 4 GB, and this file is read without a worker's limits."""


def fill_listings(catalog: Catalog, county: County, checkout: Checkout) -> list[Finding]:
    """Write which documents each section lists; return findings on adoptions, submissions and topics."""
    catalog.connection.execute(
        "INSERT INTO listings SELECT site, section, path, date, month FROM documents"
        " WHERE is_listed AND name != 'index' AND section != ''"
    )
    _gather(catalog, county)
    findings = [*_check_submissions(catalog, county), *_check_topics(catalog, county)]
    for section in county.portal.sections:
        path = f"content/{county.portal.id}/{section.id}/{ADOPTION_FILE}"
        if checkout.has(path):
            findings += _adopt(catalog, county, section.id, path, checkout.read(path))
    return findings


def _gather(catalog: Catalog, county: County) -> None:
    """Rank each site's documents within their kind of section, newest first, so that lists can cap a busy site."""
    kinds = [(site.id, section.id, section.kind.value) for site in county.sites for section in site.sections]
    catalog.connection.execute("CREATE TEMP TABLE section_kinds (site TEXT, section TEXT, kind TEXT)")
    catalog.connection.executemany("INSERT INTO section_kinds VALUES (?, ?, ?)", kinds)
    catalog.connection.execute(
        "INSERT INTO gathered SELECT kind, listings.site, document,"
        " row_number() OVER (PARTITION BY kind, listings.site ORDER BY date DESC, document)"
        " FROM listings JOIN section_kinds USING (site, section)"
    )
    catalog.connection.execute("DROP TABLE section_kinds")


def _adopt(catalog: Catalog, county: County, section: str, path: str, content: bytes) -> list[Finding]:
    """List what one adoption file names, by reference: it follows its source when that is edited or withdrawn."""
    try:
        text = content.decode("utf-8")
        if any(line.count(".") > _DOTS for line in text.split("\n")):
            raise ValueError(f"more than {_DOTS} dots on one line")
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # Not only TOMLDecodeError: a number of 5,000 digits, a deep table
        return [Finding("ADOPT-FILE", path, None, {"reason": str(error)})]
    names = table.get("documents", None if table else [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return [Finding("ADOPT-FILE", path, None, {"reason": 'documents = ["site:section/name", …]'})]
    findings = []
    for id, name in {document_id(name): name for name in names}.items():
        row = catalog.one("SELECT * FROM documents WHERE id = ? AND site != ?", id, county.portal.id)
        if row and row["is_listed"]:
            catalog.connection.execute(
                "INSERT INTO listings VALUES (?, ?, ?, ?, ?)",
                (county.portal.id, section, row["path"], row["date"], row["month"]),
            )
        elif row is None or row["state"] not in ("withdrawn", "expired", "future", "draft"):
            known = [r["id"] for r in catalog.rows("SELECT id FROM documents WHERE site = ?", name.split(":")[0])]
            near = difflib.get_close_matches(id, known, n=1, cutoff=0.7)
            line = next((n for n, line in enumerate(text.splitlines(), 1) if re.search(re.escape(name), line)), None)
            findings.append(Finding("ADOPT-MISSING", path, line, {"target": name, "guess": near[0] if near else ""}))
    return findings


def _check_submissions(catalog: Catalog, county: County) -> list[Finding]:
    sections = {section.id for section in county.portal.sections}
    rows = catalog.rows("SELECT document, section FROM submissions ORDER BY document, section")
    return [
        Finding(
            "SUBMIT-SECTION", row["document"], None, {"value": row["section"], "guess": "、".join(sorted(sections))}
        )
        for row in rows
        if row["section"] not in sections
    ]


def _check_topics(catalog: Catalog, county: County) -> list[Finding]:
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
