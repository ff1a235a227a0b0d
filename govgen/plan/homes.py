"""What the home pages show: the portal's, a department's or township's, a village's."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from govgen.model.county import Section, SectionKind, Site, SiteKind, Village
from govgen.model.hours import opening_hours
from govgen.model.view import Block, Item, Link, PortalHome, SiteHome, VillageHome
from govgen.plan.bodies import resolve_body
from govgen.plan.documents import document_view, find_standing
from govgen.plan.highlights import key_figures, topics_and_events
from govgen.plan.items import (
    gathered_items,
    other_sites,
    section_items,
    site_blocks,
    standing_pages,
)
from govgen.plan.scope import Scope, shown_sections, site_entries, village_links

_SHORT_LIST = 3


def portal_home(scope: Scope) -> PortalHome:
    """Return the portal's home: its own and adopted news, and the newest of every kind from all sites."""
    summary, intro = _introduction(scope)
    news = _own_block(scope, "news")
    topics, life_events = topics_and_events(scope)
    entries = {entry.id: entry for entry in site_entries(scope)}
    return PortalHome(
        summary=summary,
        intro=intro,
        picture=_first_with_picture(news),
        news=news,
        notices=_county_block(scope, "notices"),
        departments_news=_gathered_block(
            scope, SectionKind.NEWS, other_sites(scope, SiteKind.DEPARTMENT), "departments"
        ),
        townships_news=_gathered_block(scope, SectionKind.NEWS, other_sites(scope, SiteKind.TOWNSHIP), "townships"),
        policies=_county_block(scope, "policies"),
        interpretations=_county_block(scope, "interpretations"),
        services=() if life_events else site_blocks(scope, SectionKind.SERVICES),
        services_href=scope.href("/services/"),
        life_events=life_events,
        letters=_county_block(scope, "letters", limit=_SHORT_LIST),
        consultations=_county_block(scope, "consultations", limit=_SHORT_LIST),
        data=_county_block(scope, "data", limit=_SHORT_LIST),
        figures=key_figures(scope),
        topics=topics,
        departments=tuple(
            Link(site.short_name, scope.href("/", site)) for site in other_sites(scope, SiteKind.DEPARTMENT)
        ),
        townships=tuple(entries[site.id] for site in other_sites(scope, SiteKind.TOWNSHIP)),
    )


def site_home(scope: Scope) -> SiteHome:
    """Return a department's or township's home."""
    summary, intro = _introduction(scope)
    sections = shown_sections(scope)
    dated = [section for section in sections if section.kind.is_dated]
    blocks = tuple(_section_block(scope, section, scope.county.lists.home) for section in dated)
    services = next((section for section in sections if section.kind is SectionKind.SERVICES), None)
    return SiteHome(
        summary=summary,
        intro=intro,
        picture=next((item for block in blocks if (item := _first_with_picture(block))), None),
        blocks=blocks,
        services=_section_block(scope, services, -1) if services else _empty_block("services"),
        pages=tuple(_section_block(scope, s, -1) for s in sections if s.kind is SectionKind.PAGES),
        villages=village_links(scope, scope.site),
        openings=opening_hours(scope.site.hours),
    )


def village_home(scope: Scope, village: Village) -> VillageHome:
    """Return a village's page."""
    standing = find_standing(scope, village.folder)
    return VillageHome(
        id=village.id,
        name=village.name,
        township=Link(scope.site.short_name, scope.href("/")),
        document=document_view(scope, standing) if standing else None,
        blocks=tuple(_section_block(scope, s, scope.county.lists.section) for s in shown_sections(scope, village.id)),
        neighbours=tuple(link for link in village_links(scope, scope.site) if link.name != village.name),
    )


def _introduction(scope: Scope) -> tuple[str, Markup]:
    standing = find_standing(scope, "")
    if standing is None:
        return "", Markup()
    return standing.row["summary"], resolve_body(scope, standing, standing.row["html"])


def _first_with_picture(block: Block) -> Item | None:
    return next((item for item in block.items if item.image), None)


def _section_block(scope: Scope, section: Section, limit: int) -> Block:
    is_dated = section.kind.is_dated
    items = section_items(scope, section.id, limit=limit) if is_dated else standing_pages(scope, section.id)
    feed = scope.href(f"/{section.id}/feed.xml") if is_dated else ""
    return Block(section.id, section.name, section.kind.value, scope.href(f"/{section.id}/"), items, feed)


def _empty_block(kind: str) -> Block:
    return Block(kind, "", kind, "", ())


def _own_block(scope: Scope, section_id: str) -> Block:
    section = scope.site.find_section(section_id)
    return _section_block(scope, section, scope.county.lists.home) if section else _empty_block(section_id)


def _county_block(scope: Scope, section_id: str, limit: int = 0) -> Block:
    """Return the newest of a kind from the portal itself and all other sites, no site filling the list alone."""
    limit = limit or scope.county.lists.home
    section = scope.site.find_section(section_id)
    if section is None:
        return _empty_block(section_id)
    own = section_items(scope, section.id, limit=limit)
    gathered = gathered_items(
        scope, section.kind, other_sites(scope), limit=limit, per_site=scope.county.lists.per_site
    )
    items = sorted({item.href: item for item in (*own, *gathered)}.values(), key=_newest_first)
    return replace(_section_block(scope, section, 0), items=tuple(items[:limit]))


def _newest_first(item: Item) -> tuple[float, str]:
    return (-item.date.timestamp() if item.date else 0.0, item.href)


def _gathered_block(scope: Scope, kind: SectionKind, sites: list[Site], name: str) -> Block:
    items = gathered_items(scope, kind, sites, limit=scope.county.lists.home, per_site=scope.county.lists.per_site)
    return Block(name, scope.word(f"{name}_news"), kind.value, scope.href("/news/"), items)
