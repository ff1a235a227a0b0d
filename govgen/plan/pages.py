"""Turns a job into what its template is given: the page's own words about itself, and the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup

from govgen.model.address import SEARCH
from govgen.model.build import Job
from govgen.model.county import Section
from govgen.model.language import direction_of
from govgen.model.view import (
    Block,
    DocumentView,
    Link,
    NotFoundView,
    Page,
    SectionView,
    SiteGroup,
    SiteMapView,
    SitesView,
    TopicView,
    VillagesView,
)
from govgen.plan.design import design_view
from govgen.plan.documents import document_view, find_record, topic_view
from govgen.plan.found import Node, breadcrumb, document_node, open_graph, organisation_at_home, structured
from govgen.plan.homes import portal_home, site_home, village_home
from govgen.plan.items import standing_pages
from govgen.plan.scope import Scope, shown_sections, sites_by_initial, sites_by_kind, village_links
from govgen.plan.searching import search_numbers_view, search_view, search_year_view
from govgen.plan.sections import section_view
from govgen.plan.translations import find_editions

DOCUMENT_TEMPLATES = frozenset(
    ["article", "page", "policy", "interpretation", "service", "letter", "consultation", "data", "withdrawn", "topic"]
)


@dataclass(frozen=True)
class Composition:
    """All that one page is made from besides the site's chrome."""

    page: Page
    view_name: str
    """The template's variable: view, or document."""

    view: object


def compose(scope: Scope, job: Job) -> Composition:
    """Return what a page shows."""
    if job.kind in DOCUMENT_TEMPLATES:
        return _compose_document(scope, job)
    if job.kind in ("section", "archive"):
        return _compose_section(scope, job)
    return _STANDING_PAGES[job.kind](scope, job)


def _page(
    scope: Scope,
    job: Job,
    title: str,
    *,
    trail: tuple[Link, ...] = (),
    section_id: str = "",
    description: str = "",
    metas: tuple[tuple[str, str], ...] = (),
    feeds: tuple[Link, ...] = (),
    language: str = "",
    is_indexed: bool = True,
    about: Callable[[str], Node | None] = lambda _: None,
    document: DocumentView | None = None,
) -> Page:
    """Return what a page says about itself; `about` tells what it is about, once it is told the page's address."""
    home, site_feed, tags = scope.share("page", lambda: _site_parts(scope))
    language = language or scope.county.language
    page = Page(
        title=title,
        kind=job.kind,
        canonical=scope.addresses.url(scope.site, job.path),
        path=scope.addresses.prefix(scope.site) + job.path,
        description=description,
        section_id=section_id,
        breadcrumb=(home, *trail) if job.path != "/" else (),
        metas=(*tags, *(tag for tag in metas if tag[1])),
        feeds=(*feeds, site_feed),
        language=language,
        direction=direction_of(language),
        is_indexed=is_indexed,
    )
    if not is_indexed:
        return page
    way = breadcrumb(scope, page)
    return replace(page, graph=open_graph(scope, page, document), structured=structured(about(page.canonical), way))


def _site_parts(scope: Scope) -> tuple[Link, Link, tuple[tuple[str, str], ...]]:
    """Return what all pages of a site name alike: its home, its feed, and its page tags."""
    county = scope.county
    tags = (
        ("SiteName", county.portal.name),
        ("SiteDomain", f"www.{county.domain}"),
        ("SiteIDCode", county.identity.site_code),
    )
    home, feed = Link(scope.word("home"), scope.href("/")), Link(scope.site.short_name, scope.href("/feed.xml"))
    return home, feed, tuple(tag for tag in tags if tag[1])


def _trail(scope: Scope, section: Section | None) -> tuple[Link, ...]:
    """Return the links that lead from the home to a section, through the village it belongs to."""
    if section is None:
        return ()
    village = scope.site.find_village(section.village)
    steps = _village_trail(scope, section.village) if village else ()
    return (*steps, Link(section.name, scope.href(f"/{section.id}/")))


def _village_trail(scope: Scope, village_id: str) -> tuple[Link, ...]:
    village = scope.site.find_village(village_id)
    if village is None:
        return ()
    return (
        Link(scope.word("villages"), scope.href("/villages/")),
        Link(village.name, scope.href(f"/{village.folder}/")),
    )


def _section_feed(scope: Scope, section: Section) -> Link:
    return Link(f"{scope.site.short_name} · {section.name}", scope.href(f"/{section.id}/feed.xml"))


def _compose_document(scope: Scope, job: Job) -> Composition:
    record = find_record(scope, job.subject)
    row = record.row
    topic = topic_view(scope, record) if job.kind == "topic" else None
    document = topic.document if topic else document_view(scope, record)
    if job.kind == "withdrawn":
        # What was withdrawn must not live on in the page's tags, whatever the theme shows.
        document = replace(document, html=Markup(), toc=Markup(), summary="", author="", keywords=(), attachments=())
    language = row["language"] or scope.county.language
    trail, feeds, column = scope.share(f"page:{row['section']}", lambda: _section_parts(scope, row["section"]))
    page = _page(
        scope,
        job,
        document.title,
        trail=trail,
        section_id=row["section"],
        description=document.summary,
        metas=(*column, *_article_tags(scope, document)),
        feeds=feeds,
        language=language,
        is_indexed=job.kind != "withdrawn",
        about=lambda url: document_node(scope, record, document, url, language),
        document=document,
    )
    if document.translations and page.is_indexed:
        page = replace(page, alternates=find_editions(scope, record).alternates)
    view: DocumentView | TopicView = topic or document
    return Composition(page, "view" if topic else "document", view)


def _section_parts(
    scope: Scope, section_id: str
) -> tuple[tuple[Link, ...], tuple[Link, ...], tuple[tuple[str, str], ...]]:
    """Return what the pages of a section's documents name alike: the way there, its feed, and its page tags."""
    section = scope.site.find_section(section_id)
    if section is None:
        return (), (), ()
    column = (("ColumnName", section.name), ("ColumnType", scope.word(f"column_{section.kind.value}")))
    return _trail(scope, section), (_section_feed(scope, section),) if section.kind.is_dated else (), column


def _article_tags(scope: Scope, document: DocumentView) -> tuple[tuple[str, str], ...]:
    """Return the page tags of a document, as 《政府网站发展指引》 names them."""
    moment: datetime | None = document.date or document.updated
    return (
        ("ArticleTitle", document.title),
        ("PubDate", f"{moment:%Y-%m-%d %H:%M}" if moment else ""),
        ("ContentSource", document.source),
        ("Keywords", ",".join(document.keywords)),
        ("Author", document.author),
        ("Description", document.summary),
    )


def _compose_section(scope: Scope, job: Job) -> Composition:
    section = scope.site.find_section(job.subject)
    assert section is not None
    view: SectionView = section_view(scope, section, job.month)
    title = f"{section.name} {job.month}".strip()
    description = f"{scope.site.name}{title}"
    page = _page(
        scope,
        job,
        title,
        trail=_trail(scope, section) if job.month else _trail(scope, section)[:-1],
        section_id=section.id,
        description=description,
        metas=(
            ("ColumnName", section.name),
            ("ColumnDescription", description),
            ("ColumnKeywords", f"{scope.site.short_name},{section.name}"),
            ("ColumnType", scope.word(f"column_{section.kind.value}")),
        ),
        feeds=(_section_feed(scope, section),) if view.feed else (),
        is_indexed=bool(view.items or view.groups or view.intro),
    )
    return Composition(page, "view", view)


def _compose_home(scope: Scope, job: Job) -> Composition:
    view = portal_home(scope) if scope.site.is_portal else site_home(scope)
    page = _page(
        scope,
        job,
        scope.site.name,
        description=view.summary,
        about=lambda _: organisation_at_home(scope, view.summary),
    )
    return Composition(page, "view", view)


def _compose_villages(scope: Scope, job: Job) -> Composition:
    view = VillagesView(village_links(scope, scope.site))
    return Composition(_page(scope, job, scope.word("villages"), section_id="villages"), "view", view)


def _compose_village(scope: Scope, job: Job) -> Composition:
    village = scope.site.find_village(job.subject)
    assert village is not None
    view = village_home(scope, village)
    page = _page(
        scope,
        job,
        village.name,
        trail=_village_trail(scope, village.id)[:1],
        section_id="villages",
        description=view.document.summary if view.document else "",
    )
    return Composition(page, "view", view)


def _compose_sites(scope: Scope, job: Job) -> Composition:
    view = SitesView(_all_sites(scope), sites_by_initial(scope))
    return Composition(_page(scope, job, scope.word("sites")), "view", view)


def _compose_site_map(scope: Scope, job: Job) -> Composition:
    sections = tuple(
        Block(
            section.id,
            section.name,
            section.kind.value,
            scope.href(f"/{section.id}/"),
            () if section.kind.is_dated else standing_pages(scope, section.id),
        )
        for section in shown_sections(scope)
    )
    feeds_href = scope.href("/feeds.opml", scope.county.portal)
    view = SiteMapView(sections, village_links(scope, scope.site), _all_sites(scope), feeds_href)
    return Composition(_page(scope, job, scope.word("site_map")), "view", view)


def _compose_design(scope: Scope, job: Job) -> Composition:
    return Composition(_page(scope, job, scope.word("design"), is_indexed=False), "view", design_view(scope))


def _compose_not_found(scope: Scope, job: Job) -> Composition:
    page = _page(scope, job, scope.word("not_found"), is_indexed=False)
    return Composition(page, "view", NotFoundView(_all_sites(scope)))


def _all_sites(scope: Scope) -> tuple[SiteGroup, ...]:
    """Return all sites grouped by kind, read once for the pages of a site that show them."""
    groups, keys = scope.share("sites_by_kind", lambda: _read_all_sites(scope))
    scope.use(*keys)
    return groups


def _read_all_sites(scope: Scope) -> tuple[tuple[SiteGroup, ...], frozenset[str]]:
    """Return all sites grouped by kind, and the keys looked at for it."""
    apart = replace(scope, used=set())
    return sites_by_kind(apart), frozenset(apart.used)


def _compose_search(scope: Scope, job: Job) -> Composition:
    return Composition(_page(scope, job, scope.word("search"), is_indexed=False), "view", search_view(scope))


def _compose_search_year(scope: Scope, job: Job) -> Composition:
    page = _page(scope, job, scope.texts.word("pages", "search_year", year=job.subject), trail=_search_trail(scope))
    return Composition(page, "view", search_year_view(scope, job.subject))


def _compose_search_numbers(scope: Scope, job: Job) -> Composition:
    page = _page(scope, job, scope.word("search_numbers"), trail=_search_trail(scope))
    return Composition(page, "view", search_numbers_view(scope))


def _search_trail(scope: Scope) -> tuple[Link, ...]:
    return (Link(scope.word("search"), scope.href(SEARCH)),)


_STANDING_PAGES: Mapping[str, Callable[[Scope, Job], Composition]] = {
    "portal": _compose_home,
    "home": _compose_home,
    "villages": _compose_villages,
    "village": _compose_village,
    "sites": _compose_sites,
    "site_map": _compose_site_map,
    "404": _compose_not_found,
    "design": _compose_design,
    "search": _compose_search,
    "search_year": _compose_search_year,
    "search_numbers": _compose_search_numbers,
}
