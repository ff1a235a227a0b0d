"""Documents as lists show them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from govgen.catalog.rows import read_day, read_time
from govgen.model.county import SectionKind, Site, SiteKind
from govgen.model.view import Block, Item
from govgen.plan.pictures import find_picture
from govgen.plan.scope import Scope

COLUMNS = (
    "d.path, d.id, d.site, d.kind, d.title, d.address, d.date, d.source, d.summary, d.number, d.validity, d.image,"
    " d.image_text, d.replied_by, d.received_on, d.replied_on, d.opens_on, d.closes_on, d.state, d.phase,"
    " d.is_interpreted, d.language, d.updated"
)
_STANDING_ORDER = "ORDER BY d.place = 0, d.place, d.id"


def make_item(scope: Scope, row: sqlite3.Row) -> Item:
    """Return a document as a list of this site shows it."""
    path, site = row["path"], row["site"]
    scope.use(f"item:{path}")
    owner = scope.site if site == scope.site.id else scope.site_of(site)
    known = scope.items.get(path)
    if known:
        return known
    source = row["source"] or owner.short_name
    image = _picture(scope, owner, row["image"])
    item = scope.items[path] = Item(
        title=row["title"],
        href=scope.href(row["address"], owner),
        kind=row["kind"],
        date=read_time(row["date"]),
        source=source,
        site_id=owner.id,
        summary=row["summary"],
        is_elsewhere=owner is not scope.site,
        is_source_said=bool(source) and _is_source_said(scope, owner, source, row["number"]),
        number=row["number"],
        validity=row["validity"],
        image=image,
        image_text=row["image_text"],
        replied_by=row["replied_by"],
        days=days_waited(row),
        opens_on=day_moment(row["opens_on"], scope),
        closes_on=day_moment(row["closes_on"], scope),
        phase=row["phase"],
        is_interpreted=bool(row["is_interpreted"]),
        language=row["language"],
        status="published" if row["state"] == "listed" else row["state"],
        picture=find_picture(scope, owner, row["image"], is_in_list=True) if image else None,
    )
    return item


def _is_source_said(scope: Scope, owner: Site, source: str, number: str) -> bool:
    """Tell whether a list shows a source: not beside a number, which names it, nor where it is taken for granted."""
    if owner is not scope.site:
        return True
    return not number and (scope.site.is_portal or source != scope.site.short_name)


def days_waited(row: sqlite3.Row) -> int | None:
    """Return how many days a letter waited for its reply; None where there is none."""
    received, replied = read_day(row["received_on"]), read_day(row["replied_on"])
    return (replied - received).days if received and replied else None


def _picture(scope: Scope, owner: Site, address: str) -> str:
    """Return a document's picture for a list; none from another host, which the pages' security policy keeps out."""
    if not address:
        return ""
    is_near = scope.addresses.host(owner) == scope.addresses.host(scope.site)
    return scope.href(address, owner) if is_near else ""


def day_moment(text: str, scope: Scope) -> datetime | None:
    """Return midnight of the day a column holds, in the county's time zone."""
    day = read_day(text)
    return datetime.combine(day, time(), ZoneInfo(scope.county.timezone)) if day else None


def section_items(scope: Scope, section_id: str, *, limit: int = -1, month: str = "") -> tuple[Item, ...]:
    """Return what a section of this site lists, newest first; a `month` as 2026-03, -1 for no limit."""
    place = f"{scope.site.id}:{section_id}"
    scope.use(f"month:{place}:{month}" if month else f"listing:{place}")
    rows = scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings JOIN documents d ON d.path = listings.document"
        f" WHERE listings.site = ? AND listings.section = ? {'AND listings.month = ?' if month else ''}"
        " ORDER BY listings.date DESC, listings.id DESC LIMIT ?",
        *(scope.site.id, section_id, *([month] if month else ())),
        limit,
    )
    return make_items(scope, rows)


def standing_pages(scope: Scope, section_id: str) -> tuple[Item, ...]:
    """Return what an undated section of this site lists, in the order its editors gave."""
    scope.use(f"listing:{scope.site.id}:{section_id}")
    rows = scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings JOIN documents d ON d.path = listings.document"
        f" WHERE listings.site = ? AND listings.section = ? {_STANDING_ORDER}",
        scope.site.id,
        section_id,
    )
    return make_items(scope, rows)


def gathered_items(
    scope: Scope, kind: SectionKind, sites: Iterable[Site], *, limit: int, per_site: int
) -> tuple[Item, ...]:
    """Return the newest documents of a kind of section over several sites, at most `per_site` of each."""
    scope.use("sites", f"kind:{kind.value}")
    newest = [_newest_of(scope, kind, site, per_site) for site in sites]
    rows = sorted((row for rows in newest for row in rows), key=lambda row: (row["date"], row["id"]), reverse=True)
    return make_items(scope, rows[:limit])


def _newest_of(scope: Scope, kind: SectionKind, site: Site, limit: int) -> list[sqlite3.Row]:
    return scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings JOIN documents d ON d.path = listings.document"
        " WHERE listings.site = ? AND listings.kind = ? ORDER BY listings.date DESC, listings.id DESC LIMIT ?",
        site.id,
        kind.value,
        limit,
    )


def site_items(scope: Scope, kind: SectionKind, site: Site, *, limit: int = -1) -> tuple[Item, ...]:
    """Return what one other site has in its sections of a kind: newest first, or in the order its editors gave."""
    scope.use(f"kind:{kind.value}")
    if kind.is_dated:
        return make_items(scope, _newest_of(scope, kind, site, limit))
    rows = scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings JOIN documents d ON d.path = listings.document"
        f" WHERE listings.site = ? AND listings.kind = ? {_STANDING_ORDER} LIMIT ?",
        site.id,
        kind.value,
        limit,
    )
    return make_items(scope, rows)


def make_items(scope: Scope, rows: Iterable[sqlite3.Row]) -> tuple[Item, ...]:
    """Return rows selected with `COLUMNS` as items."""
    return tuple(make_item(scope, row) for row in rows)


def other_sites(scope: Scope, *kinds: SiteKind) -> list[Site]:
    """Return the county's sites of these kinds, all but the portal by default."""
    scope.use("sites")
    wanted = kinds or (SiteKind.DEPARTMENT, SiteKind.TOWNSHIP)
    return [site for site in scope.county.sites if site.kind in wanted]


def site_blocks(scope: Scope, kind: SectionKind, *, limit: int = -1) -> tuple[Block, ...]:
    """Return one block for each other site that has documents in sections of this kind."""
    blocks = []
    for site in other_sites(scope):
        items = site_items(scope, kind, site, limit=limit)
        section = next((s for s in site.sections if s.kind is kind and not s.village), None)
        if items and section:
            blocks.append(Block(site.id, site.short_name, kind.value, scope.href(f"/{section.id}/", site), items))
    return tuple(blocks)
