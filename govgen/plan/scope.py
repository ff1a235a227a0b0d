"""The standpoint pages are made from: one site, its chrome, and the catalog they draw on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from govgen.catalog.store import Catalog
from govgen.model.address import Addresses
from govgen.model.county import County, Section, SectionKind, Site, SiteKind
from govgen.model.view import Chrome, Identity, Link, NavItem, SiteEntry, SiteGroup
from govgen.pinyin import pinyin_key
from govgen.texts import Texts

_POLICE_QUERY = "https://beian.mps.gov.cn/#/query/webSearch?code="


@dataclass(frozen=True)
class Scope:
    """One site's standpoint."""

    catalog: Catalog
    addresses: Addresses
    site: Site
    texts: Texts
    clock: datetime

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
        return site

    def word(self, key: str) -> str:
        """Return a word that stands on pages."""
        return self.texts.word("pages", key)


def has_documents(scope: Scope, section: Section) -> bool:
    """Tell whether a section has anything to show: its own documents, a standing text, or what it gathers."""
    if scope.catalog.one("SELECT 1 FROM listings WHERE site = ? AND section = ?", scope.site.id, section.id):
        return True
    if scope.site.is_portal and section.kind is not SectionKind.PAGES:
        own = (section.kind.value, scope.site.id)
        return scope.catalog.one("SELECT 1 FROM gathered WHERE section_kind = ? AND site != ?", *own) is not None
    row = scope.catalog.one(
        "SELECT 1 FROM documents WHERE site = ? AND section = ? AND name = 'index' AND is_listed AND html != ''",
        scope.site.id,
        section.id,
    )
    return row is not None


def shown_sections(scope: Scope, village: str = "") -> list[Section]:
    """Return the sections of the site, or of one of its villages, that are not blank."""
    return [s for s in scope.site.sections if s.village == village and has_documents(scope, s)]


def make_chrome(scope: Scope) -> Chrome:
    """Return what every page of the site has around its content."""
    county, site = scope.county, scope.site
    newest = scope.catalog.one("SELECT max(date) AS date FROM documents WHERE is_listed")
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
        home_href=scope.href("/"),
        site_map_href=scope.href("/sitemap.html"),
        feed_href=scope.href("/feed.xml"),
        phone=site.phone,
        address=site.address,
        hours=site.hours,
        nav=tuple(nav),
        identity=Identity(**vars(county.identity), police_href=_POLICE_QUERY + county.identity.police),
        consultation_url=county.channels.consultation,
        services_url=county.channels.services,
        year=int(newest["date"][:4]) if newest and newest["date"] else scope.clock.year,
    )


def site_entries(scope: Scope) -> list[SiteEntry]:
    """Return all sites of the county for its index, ordered as a reader looks names up."""
    return sorted(
        (_site_entry(scope, site) for site in scope.county.sites), key=lambda entry: pinyin_key(entry.short_name)
    )


def _site_entry(scope: Scope, site: Site) -> SiteEntry:
    standing = scope.catalog.one("SELECT summary FROM documents WHERE id = ? AND is_listed", f"{site.id}:index")
    return SiteEntry(
        id=site.id,
        name=site.name,
        short_name=site.short_name,
        kind=site.kind.value,
        href=scope.href("/", site),
        initial=pinyin_key(site.short_name.removeprefix(scope.county.name).removeprefix("县") or "#")[0].upper(),
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
