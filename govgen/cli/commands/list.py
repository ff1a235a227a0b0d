"""`govgen list`: says what documents there are, by what becomes of them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.model.county import County
from govgen.pipeline import Account, open_account

Row = dict[str, Any]


def run(options: Namespace, console: Console) -> int:
    """Print one kind of list."""
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    gathered, account = open_account(checkout, wanted, console)
    catalog, county = gathered.catalog, gathered.county
    if options.what in _STATES:
        rows = _documents(catalog, _STATES[options.what])
    elif options.what == "held":
        rows = _held(account, console)
    else:
        rows = _OTHERS[options.what](catalog, county, gathered.audience)
    rows = [row for row in rows if not wanted.sites or row["site"] in wanted.sites]
    if options.json:
        console.print_json(rows)
    else:
        words = console.texts.catalog["states"]
        for row in rows:
            row["state"] = words.get(row.get("state"), "")
            console.print("  ".join(str(value) for key, value in row.items() if key != "site" and value))
    return 0


_STATES: Mapping[str, str] = {
    "documents": "",
    "drafts": "draft",
    "future": "future",
    "expired": "expired",
    "withdrawn": "withdrawn",
}


def _documents(catalog: Catalog, state: str) -> list[Row]:
    rows = catalog.rows(
        "SELECT site, id, date, state, title, path FROM documents WHERE ? IN ('', state) ORDER BY site, date DESC, id",
        state,
    )
    return [{**dict(row), "date": row["date"][:16].replace("T", " ")} for row in rows]


def _held(account: Account, console: Console) -> list[Row]:
    rows = []
    for path in account.held:
        reasons = [console.texts.message(finding) for finding in account.findings if finding.path == path]
        rows.append({"site": path.split("/")[1], "path": path, "reasons": "；".join(reasons)})
    return rows


def _stale(catalog: Catalog, county: County, audience: Audience) -> list[Row]:
    """Return the sections whose newest document is older than the section's limit; blank ones are not columns yet."""
    rows: list[Row] = []
    for site in county.sites:
        for section in site.sections:
            newest = catalog.one(
                "SELECT max(date) AS date FROM listings WHERE site = ? AND section = ?", site.id, section.id
            )
            if not section.freshness_days or not newest or not newest["date"]:
                continue
            days = (audience.clock.date() - date.fromisoformat(newest["date"][:10])).days
            if days > section.freshness_days:
                row = {"site": site.id, "section": f"{site.id}:{section.id}", "name": section.name}
                rows.append({**row, "newest": newest["date"][:10], "days": days, "limit": section.freshness_days})
    return rows


def _adopted(catalog: Catalog, county: County, _: Audience) -> list[Row]:
    rows = catalog.rows(
        "SELECT d.site, d.id, listings.section, d.date, d.title FROM listings JOIN documents d ON path = document"
        " WHERE listings.site = ? AND d.site != listings.site ORDER BY listings.section, d.date DESC",
        county.portal.id,
    )
    return [{**dict(row), "date": row["date"][:10]} for row in rows]


def _submitted(catalog: Catalog, county: County, _: Audience) -> list[Row]:
    """Return what was offered to the portal and not adopted yet."""
    rows = catalog.rows(
        "SELECT d.site, d.id, s.section, d.date, d.title FROM submissions s JOIN documents d ON d.path = s.document"
        " WHERE d.is_listed AND NOT EXISTS (SELECT 1 FROM listings l WHERE l.document = d.path AND l.site = ?"
        " AND l.section = s.section) ORDER BY d.date DESC",
        county.portal.id,
    )
    return [{**dict(row), "date": row["date"][:10]} for row in rows]


_OTHERS: Mapping[str, Callable[[Catalog, County, Audience], list[Row]]] = {
    "stale": _stale,
    "adopted": _adopted,
    "submitted": _submitted,
}
