"""What a template is given: plain values, complete, with every address already resolved.

A view holds all a page shows and nothing else, so equal views give equal bytes. `Markup` values are sanitised HTML and
may be printed as they are; every other text is escaped by the templates' autoescape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from govgen.model.figures import Attachment, Code, Picture
from govgen.model.highlights_view import FigureView, LifeEvent


@dataclass(frozen=True)
class Link:
    """A name and where it leads."""

    name: str
    href: str
    note: str = ""
    """A few words beside the name: a count, a role, a pinyin initial."""

    language: str = ""
    """The language of its name; empty for the county's."""


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
    language: str = ""
    """Its language; empty for the county's."""

    status: str = "published"
    """In previews also draft, future, expired."""

    picture: Picture | None = None
    """What `image` names, for lists: at most 960 pixels wide."""


@dataclass(frozen=True)
class Translation:
    """The same document in another language."""

    title: str
    href: str
    language: str
    name: str
    """What the language calls itself."""

    is_original: bool
    """Whether the others were translated from it."""


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
    direction: str = "ltr"
    """Which way its language is written: ltr or rtl."""

    alternates: tuple[tuple[str, str], ...] = ()
    """Language and full address of each edition of it, itself and x-default among them; none where there is but one."""

    graph: tuple[tuple[str, str], ...] = ()
    """Open Graph: property and content, never empty; none for pages that are not to be found."""

    structured: Markup = field(default_factory=Markup)
    """What search engines read: JSON-LD, safe inside a script element; empty where there is nothing to say."""

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
    translations: tuple[Translation, ...]
    """The same in other languages, the original first."""

    is_stale: bool
    """Whether this is a translation older than its original."""

    status: str
    extra: dict[str, object]
    """Front-matter keys the program does not know, as written."""

    cover: Picture | None = None
    """What `image` names, where the body does not show it itself."""

    report_href: str = ""
    """Where an error on this page is reported."""

    calendar_href: str = ""
    """A consultation's days for calendars."""

    code: Code | None = None
    """Leads to this page; only where documents are printed and put up."""


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
    """One block a department, its services as items; none where life events lead to them."""

    services_href: str
    life_events: tuple[LifeEvent, ...]
    letters: Block
    consultations: Block
    data: Block
    figures: tuple[FigureView, ...]
    topics: tuple[Link, ...]
    """Those that stand for no life event."""

    departments: tuple[Link, ...]
    townships: tuple[SiteEntry, ...]


@dataclass(frozen=True)
class SiteHome:
    """A department's or township's home (template `home`); `openings` are its office hours as machines read them."""

    summary: str
    intro: Markup
    picture: Item | None
    blocks: tuple[Block, ...]
    services: Block
    pages: tuple[Block, ...]
    """Standing pages by section: duties, leaders, disclosure."""

    villages: tuple[Link, ...]
    openings: tuple[str, ...]


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
    feeds_href: str
    """All feeds of the county, for feed readers."""


@dataclass(frozen=True)
class NotFoundView:
    """The page for an address that does not exist (template `404`)."""

    by_kind: tuple[SiteGroup, ...]


@dataclass(frozen=True)
class DesignView:
    """Samples of the theme's pieces (template `design`)."""

    rows: tuple[Item, ...]
    names: Block
    facts: tuple[Fact, ...]
    attachments: tuple[Attachment, ...]
    links: tuple[Link, ...]
    months: tuple[Month, ...]
    prose: Markup
