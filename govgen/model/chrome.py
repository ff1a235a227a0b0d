"""What every page of a site has around its content, as plain values; pages themselves stand in `view.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NavItem:
    """One entry of a site's main navigation."""

    section_id: str
    name: str
    href: str


@dataclass(frozen=True)
class Identity:
    """Who answers for the county's sites: the footer's elements and the page tags."""

    site_code: str
    icp: str
    police: str
    police_href: str
    sponsor: str
    phone: str
    address: str
    report_error_url: str


@dataclass(frozen=True)
class BannerView:
    """Words above every page of a site, for a time."""

    text: str
    url: str
    """Where more is said; empty for none."""

    level: str
    """alert or notice"""


@dataclass(frozen=True)
class Chrome:
    """What every page of a site has around its content; the same object for all of a site's pages."""

    language: str
    county_name: str
    county_full_name: str
    domain: str
    portal_href: str
    sites_href: str
    """The county's index of sites."""

    site_id: str
    site_name: str
    site_short_name: str
    site_kind: str
    is_portal: bool
    accent: str
    """The main colour, as in `model.county.ACCENTS`."""

    home_href: str
    search_href: str
    site_map_href: str
    feed_href: str
    phone: str
    address: str
    hours: str
    timezone: str
    nav: tuple[NavItem, ...]
    identity: Identity
    consultation_url: str
    services_url: str
    year: int
    """The year beside the sponsor in the footer; of the newest document, so that it does not depend on the clock."""

    banners: tuple[BannerView, ...]
    """Those in force when the page was made; alerts first."""

    is_mourning: bool
    """Whether pages are grey."""
