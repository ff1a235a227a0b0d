"""What a template is given: plain values, complete, with every address already resolved.

A view holds all a page shows and nothing else, so equal views give equal bytes. `Markup` values are sanitised HTML and
may be printed as they are; every other text is escaped by the templates' autoescape.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup


@dataclass(frozen=True)
class Link:
    """A name and where it leads."""

    name: str
    href: str
    note: str = ""
    """A few words beside the name: a count, a role, a pinyin initial."""


@dataclass(frozen=True)
class Item:
    """A document as a list shows it."""

    title: str
    href: str
    kind: str
    date: datetime | None
    source: str
    """Who issued it: the front matter's source, or the short name of the site that owns it."""

    site_id: str
    summary: str
    is_elsewhere: bool
    """True where the document belongs to another site than the page that lists it."""

    is_source_said: bool
    """True where a list shows the source: readers of the page that lists it would not expect it."""

    number: str = ""
    """A policy's document number."""

    validity: str = ""
    """A policy's validity: in_force, amended, repealed, expired."""

    image: str = ""
    image_text: str = ""
    replied_by: str = ""
    days: int | None = None
    """Days a letter waited for its reply."""

    opens_on: datetime | None = None
    closes_on: datetime | None = None
    phase: str = ""
    """A consultation's phase: coming, open, closed, answered."""

    is_interpreted: bool = False
    status: str = "published"
    """In previews also draft, future, expired."""


@dataclass(frozen=True)
class Block:
    """A named list on a page, with the way to the whole of it."""

    id: str
    name: str
    kind: str
    """The kind of its section: news, notices, policies, …; or topic, village."""

    href: str
    """Address of the whole list; empty where there is none."""

    items: tuple[Item, ...]
    feed: str = ""


@dataclass(frozen=True)
class Month:
    """One month of an archive."""

    label: str
    """As 2026-03."""

    year: int
    month: int
    href: str
    count: int
    """How many documents it has; 0 in the archives, whose pages must not change with every new document."""


@dataclass(frozen=True)
class Attachment:
    """A file a document carries."""

    name: str
    """What the reader sees: the title given, or the file's name."""

    href: str
    file_name: str
    """The name it is saved under."""

    type: str
    """PDF, DOCX, XLSX, CSV, …"""

    size_bytes: int


@dataclass(frozen=True)
class Fact:
    """A labelled value in a document's table of facts."""

    label: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Change:
    """A public change note."""

    date: str
    note: str


@dataclass(frozen=True)
class SiteGroup:
    """Sites of one kind, or under one pinyin initial."""

    name: str
    sites: tuple[SiteEntry, ...]


@dataclass(frozen=True)
class SiteEntry:
    """One site in the county's index of sites."""

    id: str
    name: str
    short_name: str
    kind: str
    href: str
    initial: str
    summary: str
    villages: tuple[Link, ...]


@dataclass(frozen=True)
class Page:
    """What every page says about itself."""

    title: str
    """Its heading; the browser's title adds the site's name."""

    kind: str
    """The template's name."""

    canonical: str
    """The one full address of what it shows."""

    path: str
    """Its address below the host, with a leading slash."""

    description: str
    section_id: str
    breadcrumb: tuple[Link, ...]
    metas: tuple[tuple[str, str], ...]
    """The page tags of 《政府网站发展指引》: name and content, never empty."""

    feeds: tuple[Link, ...] = ()
    language: str = "zh-CN"
    is_indexed: bool = True


@dataclass(frozen=True)
class DocumentView:
    """A document as its own page shows it."""

    id: str
    """site:section/name"""

    kind: str
    title: str
    html: Markup
    toc: Markup
    """A nested list of the headings; empty where there are fewer than three."""

    date: datetime | None
    updated: datetime | None
    source: str
    author: str
    summary: str
    keywords: tuple[str, ...]
    image: str
    image_text: str
    attachments: tuple[Attachment, ...]
    facts: tuple[Fact, ...]
    """Policies: the printed table of facts; services: the grid on top; letters and consultations: who and when."""

    topics: tuple[Link, ...]
    interprets: tuple[Item, ...]
    interpreted_by: tuple[Item, ...]
    repealed_by: Item | None
    amends: tuple[Item, ...]
    amended_by: tuple[Item, ...]
    outcome: Item | None
    validity: str
    number: str
    phase: str
    replied_by: str
    days: int | None
    changes: tuple[Change, ...]
    reviewed_by: tuple[str, ...]
    previous: Link | None
    """The next older document of its section."""

    next: Link | None
    translations: tuple[Link, ...]
    status: str
    extra: dict[str, object]
    """Front-matter keys the program does not know, as written."""


@dataclass(frozen=True)
class PortalHome:
    """The portal's home (template `portal`)."""

    summary: str
    intro: Markup
    picture: Item | None
    news: Block
    notices: Block
    departments_news: Block
    townships_news: Block
    policies: Block
    interpretations: Block
    services: tuple[Block, ...]
    """One block a department, its services as items."""

    services_href: str
    letters: Block
    consultations: Block
    data: Block
    topics: tuple[Link, ...]
    departments: tuple[Link, ...]
    townships: tuple[SiteEntry, ...]


@dataclass(frozen=True)
class SiteHome:
    """A department's or township's home (template `home`)."""

    summary: str
    intro: Markup
    picture: Item | None
    blocks: tuple[Block, ...]
    services: Block
    pages: tuple[Block, ...]
    """Standing pages by section: duties, leaders, disclosure."""

    villages: tuple[Link, ...]


@dataclass(frozen=True)
class SectionView:
    """A section's list or one month of it (templates `section` and `archive`)."""

    id: str
    name: str
    kind: str
    href: str
    intro: Markup
    items: tuple[Item, ...]
    months: tuple[Month, ...]
    month: Month | None
    """The month shown; None on the section's first page."""

    groups: tuple[Block, ...]
    """On the portal: what the other sites have in their sections of this kind, one block a site."""

    feed: str
    owner: str
    """Who keeps it: named where it is empty."""


@dataclass(frozen=True)
class VillageHome:
    """A village's page (template `village`)."""

    id: str
    name: str
    township: Link
    document: DocumentView | None
    blocks: tuple[Block, ...]
    neighbours: tuple[Link, ...]
    """The township's other villages."""


@dataclass(frozen=True)
class VillagesView:
    """A township's villages (template `villages`)."""

    villages: tuple[Link, ...]


@dataclass(frozen=True)
class TopicView:
    """A topic and what was gathered for it (template `topic`)."""

    document: DocumentView
    blocks: tuple[Block, ...]
    """One block a kind of section."""


@dataclass(frozen=True)
class SitesView:
    """The county's index of sites (template `sites`): by kind, by pinyin, townships with their villages."""

    by_kind: tuple[SiteGroup, ...]
    by_initial: tuple[SiteGroup, ...]


@dataclass(frozen=True)
class SiteMapView:
    """The site map page (template `site_map`)."""

    sections: tuple[Block, ...]
    """Each section with its standing pages as items; long lists give their address only."""

    villages: tuple[Link, ...]
    by_kind: tuple[SiteGroup, ...]


@dataclass(frozen=True)
class Choice:
    """One of the values a search may be limited to."""

    value: str
    name: str
    href: str = ""
    """A site's home."""


@dataclass(frozen=True)
class SearchView:
    """A site's search page (template `search`): the portal's answers, the others' lead there."""

    county_href: str
    """The portal's search page."""

    lists_href: str
    recent: int
    shards: int
    """Where the index is read, empty but on the portal, and its shape: see `search/blocks.py`."""

    sites: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    validities: tuple[Choice, ...]
    years: tuple[str, ...]
    """Newest first."""

    by_year: tuple[Link, ...]
    numbers_href: str
    topics: tuple[Link, ...]
    by_initial: tuple[SiteGroup, ...]


@dataclass(frozen=True)
class YearSection:
    """A section, and the months of a year in which it has something."""

    section: Link
    months: tuple[Link, ...]


@dataclass(frozen=True)
class SearchYearView:
    """What a site published in a year (template `search_year`)."""

    year: str
    sections: tuple[YearSection, ...]


@dataclass(frozen=True)
class SearchNumbersView:
    """A site's documents by number (template `search_numbers`); on the portal also the way to the other sites'."""

    items: tuple[Item, ...]
    sites: tuple[Link, ...]


@dataclass(frozen=True)
class NotFoundView:
    """The page for an address that does not exist (template `404`)."""

    by_kind: tuple[SiteGroup, ...]
