"""The standpoint pages are made from: one site, its chrome, and the catalog they draw on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from govgen.catalog.records import Record
from govgen.catalog.store import Catalog
from govgen.model.address import SEARCH, Addresses
from govgen.model.chrome import BannerView, Chrome, Identity, NavItem
from govgen.model.county import County, Section, SectionKind, Site, SiteKind
from govgen.model.view import Item, Link, SiteEntry, SiteGroup
from govgen.texts import Texts

Part = TypeVar("Part")
_POLICE_QUERY = "https://beian.mps.gov.cn/#/query/webSearch?code="


@dataclass(frozen=True)
class Scope:
    """One site's standpoint."""

    catalog: Catalog
    addresses: Addresses
    site: Site
    texts: Texts
    clock: datetime
    records: Mapping[str, Record] = field(default_factory=dict)
    """Documents read ahead, by path."""

    used: set[str] = field(default_factory=set)
    """The keys of what was looked at so far: whoever made something from this standpoint depends on them."""

    codes: dict[str, bytes] = field(default_factory=dict)
    """Codes to scan, by address, that were made so far and that the catalog does not know."""

    items: dict[str, Item] = field(default_factory=dict)
    """Documents as this site's lists show them, by path: one stands in several lists."""

    parts: dict[str, Any] = field(default_factory=dict)
    """What many of this site's pages share; see `share`."""

    def use(self, *keys: str) -> None:
        """Note what is looked at, in the catalog's words (see `catalog/triggers.py`)."""
        self.used.update(keys)

    def share(self, name: str, make: Callable[[], Part]) -> Part:
        """Return what many pages of this site show alike, made the first time; the keys it uses are the caller's."""
        if name not in self.parts:
            self.parts[name] = make()
        part: Part = self.parts[name]
        return part

    @property
    def county(self) -> County:
        """The county the site belongs to."""
        return self.addresses.county

    def href(self, path: str, site: Site | None = None) -> str:
        """Return the address of a page of `site` – of this one by default – for a page of this site."""
        return self.addresses.href(self.site, site or self.site, path)

    def site_of(self, site_id: str) -> Site:
        """Return a site that a row of the catalog names."""
        site = self.county.find_site(site_id)
        assert site is not None
        if site is not self.site:
            self.use(f"site:{site.id}")
        return site

    def word(self, key: str) -> str:
        """Return a word that stands on pages."""
        return self.texts.word("pages", key)


def has_documents(scope: Scope, section: Section) -> bool:
    """Tell whether a section has anything to show: its own documents, a standing text, or what it gathers."""
    scope.use(f"listing:{scope.site.id}:{section.id}")
    if scope.catalog.one("SELECT 1 FROM listings WHERE site = ? AND section = ?", scope.site.id, section.id):
        return True
    if scope.site.is_portal and section.kind is not SectionKind.PAGES:
        scope.use("sites", f"kind:{section.kind.value}")
        others = (site.id for site in scope.county.sites if not site.is_portal)
        one = "SELECT 1 FROM listings WHERE site = ? AND kind = ?"
        return any(scope.catalog.one(one, site, section.kind.value) for site in others)
    scope.use(f"id:{scope.site.id}:{section.id}/index")
    row = scope.catalog.one(
        "SELECT path, html != '' AS has_words FROM documents JOIN bodies ON document = path WHERE id = ? AND is_listed",
        f"{scope.site.id}:{section.id}/index",
    )
    if row:
        scope.use(f"document:{row['path']}")
    return bool(row and row["has_words"])


def shown_sections(scope: Scope, village: str = "") -> list[Section]:
    """Return the sections of the site, or of one of its villages, that are not blank."""
    return [s for s in scope.site.sections if s.village == village and has_documents(scope, s)]


def make_chrome(scope: Scope) -> Chrome:
    """Return what every page of the site has around its content."""
    county, site = scope.county, scope.site
    scope.use("year", "county", f"site:{site.id}", f"site:{county.portal.id}", f"banners:{site.id}")
    nav = [NavItem("", scope.word("home"), scope.href("/"))]
    nav += [NavItem(s.id, s.name, scope.href(f"/{s.id}/")) for s in shown_sections(scope)]
    if site.villages:
        nav.append(NavItem("villages", scope.word("villages"), scope.href("/villages/")))
    return Chrome(
        language=county.language,
        county_name=county.name,
        county_full_name=county.full_name,
        domain=county.domain,
        portal_href=scope.href("/", county.portal),
        sites_href=scope.href("/sites/", county.portal),
        site_id=site.id,
        site_name=site.name,
        site_short_name=site.short_name,
        site_kind=site.kind.value,
        is_portal=site.is_portal,
        accent=site.accent,
        home_href=scope.href("/"),
        search_href=scope.href(SEARCH),
        site_map_href=scope.href("/sitemap.html"),
        feed_href=scope.href("/feed.xml"),
        phone=site.phone,
        address=site.address,
        hours=site.hours,
        timezone=county.timezone,
        nav=tuple(nav),
        identity=Identity(**vars(county.identity), police_href=_POLICE_QUERY + county.identity.police),
        consultation_url=county.channels.consultation,
        services_url=county.channels.services,
        year=int(scope.catalog.fact("year")),
        banners=tuple(BannerView(b.text, b.url, b.level.value) for b in county.banners_on(site, scope.clock)),
        is_mourning=county.is_mourning(site, scope.clock),
    )


def site_entries(scope: Scope) -> list[SiteEntry]:
    """Return all sites of the county for its index, ordered as a reader looks names up."""
    scope.use("sites")
    standing = {
        row["id"]: row
        for row in scope.catalog.rows(
            "SELECT d.id, d.path, d.summary FROM json_each(?) JOIN documents d ON d.id = value WHERE d.is_listed",
            json.dumps([f"{site.id}:index" for site in scope.county.sites]),
        )
    }
    sites = sorted(scope.county.sites, key=lambda site: site.pinyin)
    return [_site_entry(scope, site, standing.get(f"{site.id}:index")) for site in sites]


def _site_entry(scope: Scope, site: Site, standing: sqlite3.Row | None) -> SiteEntry:
    scope.use(f"id:{site.id}:index", *([f"item:{standing['path']}"] if standing else ()))
    return SiteEntry(
        id=site.id,
        name=site.name,
        short_name=site.short_name,
        kind=site.kind.value,
        href=scope.href("/", site),
        initial=site.initial,
        summary=standing["summary"] if standing else "",
        villages=village_links(scope, site),
    )


def village_links(scope: Scope, site: Site) -> tuple[Link, ...]:
    """Return the villages of a township."""
    return tuple(Link(village.name, scope.href(f"/{village.folder}/", site)) for village in site.villages)


def sites_by_kind(scope: Scope) -> tuple[SiteGroup, ...]:
    """Return all sites grouped by kind."""
    entries = site_entries(scope)
    groups = [(kind, tuple(entry for entry in entries if entry.kind == kind.value)) for kind in SiteKind]
    return tuple(SiteGroup(scope.word(f"kind_{kind.value}"), sites) for kind, sites in groups if sites)


def sites_by_initial(scope: Scope) -> tuple[SiteGroup, ...]:
    """Return all sites but the portal grouped by the first letter of their pinyin."""
    entries = [entry for entry in site_entries(scope) if entry.kind != SiteKind.PORTAL.value]
    initials = sorted({entry.initial for entry in entries})
    return tuple(SiteGroup(i, tuple(entry for entry in entries if entry.initial == i)) for i in initials)
