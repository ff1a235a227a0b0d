"""The county and its sites, as the files in `sites/` describe them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo


class SiteKind(Enum):
    """What kind of organisation owns a site."""

    PORTAL = "portal"
    DEPARTMENT = "department"
    TOWNSHIP = "township"


ACCENTS = ("indigo", "teal", "pine", "plum", "slate")
"""Main colours an organisation may choose from; the theme has each of them for light, dark and elder mode."""


class Mount(Enum):
    """Where a site is reached."""

    SUBDOMAIN = "subdomain"
    """At `<host>.<domain>`."""

    PATH = "path"
    """At `www.<domain>/<host>/`."""


class SectionKind(Enum):
    """What a section holds; it decides the documents' kind, template and required fields."""

    NEWS = "news"
    NOTICES = "notices"
    POLICIES = "policies"
    INTERPRETATIONS = "interpretations"
    SERVICES = "services"
    LETTERS = "letters"
    CONSULTATIONS = "consultations"
    PAGES = "pages"
    DATA = "data"

    @property
    def is_dated(self) -> bool:
        """Whether its documents are listed by date, and so must have one."""
        return self not in (SectionKind.PAGES, SectionKind.SERVICES)


@dataclass(frozen=True)
class Section:
    """A named place in a site that lists documents."""

    id: str
    """Its folder and address: `news`, or `villages/shanghe/news` for a village's."""

    name: str
    kind: SectionKind
    freshness_days: int
    """After so many days without a new document it counts as stale; 0 where there is no limit."""

    village: str = ""
    """The village it belongs to; empty for a section of the site itself."""


@dataclass(frozen=True)
class Village:
    """A village or community below a township."""

    id: str
    name: str

    @property
    def folder(self) -> str:
        """Its folder below the site's, and its address."""
        return f"villages/{self.id}"


@dataclass(frozen=True)
class Site:
    """One set of pages with one owner and one mount."""

    id: str
    name: str
    short_name: str
    kind: SiteKind
    host: str
    mount: Mount
    sections: tuple[Section, ...]
    villages: tuple[Village, ...] = ()
    editors: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    phone: str = ""
    address: str = ""
    hours: str = ""
    accent: str = ACCENTS[0]
    is_mount_said: bool = False
    """Whether the settings name its mount: it may have been another one, so the other one's addresses answer too."""

    pinyin: str = ""
    """Its short name romanised, by which lists of sites are ordered."""

    initial: str = ""
    """The letter it stands under in the index of sites: of its name without the county's."""

    @property
    def is_portal(self) -> bool:
        """Whether it is the county's portal."""
        return self.kind is SiteKind.PORTAL

    def find_section(self, section_id: str) -> Section | None:
        """Return the section with this id; None if there is none."""
        return next((section for section in self.sections if section.id == section_id), None)

    def find_section_of_folder(self, folder: str) -> Section | None:
        """Return the section a folder below the site's belongs to: the longest section id that begins it."""
        fitting = [s for s in self.sections if folder == s.id or folder.startswith(s.id + "/")]
        return max(fitting, key=lambda section: len(section.id), default=None)

    def find_village(self, village_id: str) -> Village | None:
        """Return the village with this id; None if there is none."""
        return next((village for village in self.villages if village.id == village_id), None)


@dataclass(frozen=True)
class CountyIdentity:
    """What the footer and the page tags of every page say."""

    site_code: str
    icp: str
    police: str
    sponsor: str
    phone: str
    address: str
    report_error_url: str


@dataclass(frozen=True)
class Channels:
    """Where citizens are received; a static page needs a real receiver."""

    consultation: str
    services: str


@dataclass(frozen=True)
class Lists:
    """How long lists are."""

    section: int = 30
    """Documents on a section's first page; older ones are in the archives by month."""

    home: int = 7
    """Documents in a list on a home page."""

    per_site: int = 2
    """Documents of one site in a list that gathers from many."""

    feed: int = 30
    """Documents in a feed."""


class BannerLevel(Enum):
    """How loudly a banner speaks."""

    ALERT = "alert"
    """Something citizens must know at once: a flood, a closed road, an outbreak."""

    NOTICE = "notice"


@dataclass(frozen=True)
class Period:
    """A time in which something is so by itself, and where; what has none of its own to say is mourning."""

    starts: datetime | None
    """None where it began before anybody asks."""

    ends: datetime
    """It is over from this moment on."""

    sites: tuple[str, ...]
    """The ids of the sites it is for."""

    path: str
    """The settings file that says so."""

    def covers(self, site_id: str, moment: datetime) -> bool:
        """Tell whether it holds for a site at a moment."""
        return site_id in self.sites and (self.starts is None or self.starts <= moment) and moment < self.ends


@dataclass(frozen=True)
class Banner(Period):
    """Words above every page of some sites, for a time."""

    text: str
    url: str
    """Where more is said; empty for none."""

    level: BannerLevel


@dataclass(frozen=True)
class Synonym:
    """What people of the county call something, and what documents call it."""

    word: str
    means: str


@dataclass(frozen=True)
class County:
    """The whole repository: all sites, one domain, one identity."""

    name: str
    full_name: str
    domain: str
    division_code: str
    language: str
    timezone: str
    identity: CountyIdentity
    channels: Channels
    lists: Lists
    sites: tuple[Site, ...]
    banners: tuple[Banner, ...] = ()
    """Alerts first, then the county's before a site's own, as written."""

    mourning: tuple[Period, ...] = ()
    """When pages are grey."""

    synonyms: tuple[Synonym, ...] = ()

    @property
    def portal(self) -> Site:
        """The site that collects from the others."""
        return next(site for site in self.sites if site.is_portal)

    def localise(self, moment: datetime) -> datetime:
        """Return a moment in the county's time zone; one that was given without a zone is the county's."""
        zone = ZoneInfo(self.timezone)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)

    def banners_on(self, site: Site, moment: datetime) -> tuple[Banner, ...]:
        """Return the banners that stand on a site's pages at a moment."""
        return tuple(banner for banner in self.banners if banner.covers(site.id, moment))

    def is_mourning(self, site: Site, moment: datetime) -> bool:
        """Tell whether a site's pages are grey at a moment."""
        return any(period.covers(site.id, moment) for period in self.mourning)

    def find_site(self, site_id: str) -> Site | None:
        """Return the site with this id; None if there is none."""
        return next((site for site in self.sites if site.id == site_id), None)
