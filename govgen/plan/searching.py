"""What search pages show: the values a search may be limited to, and lists for those who would rather look around."""

from __future__ import annotations

import json
from datetime import date

from govgen.catalog.listings import topic_rows
from govgen.model.address import SEARCH, SEARCH_NUMBERS, search_year_path
from govgen.model.county import SectionKind, Site
from govgen.model.document import Kind, Validity
from govgen.model.search_view import Choice, SearchNumbersView, SearchView, SearchYearView, YearSection
from govgen.model.view import Link
from govgen.plan.items import COLUMNS, make_items, other_sites
from govgen.plan.scope import Scope, sites_by_initial
from govgen.search.index import FACT, read_shape


def search_view(scope: Scope) -> SearchView:
    """Return a site's search page."""
    portal = scope.county.portal
    scope.use("sites", "synonyms", FACT)
    shape = read_shape(scope.catalog)
    years = range(_year(shape.last_day), _year(shape.first_day) - 1, -1) if shape.last_day else ()
    ordered = sorted(scope.county.sites, key=lambda site: (not site.is_portal, site.pinyin))
    return SearchView(
        county_href=scope.href(SEARCH, portal),
        lists_href=scope.href(SEARCH, portal) if scope.site.is_portal else "",
        recent=shape.recent,
        shards=shape.shards,
        sites=tuple(Choice(site.id, site.short_name, scope.href("/", site)) for site in ordered),
        kinds=tuple(Choice(kind.value, scope.word(f"topic_{kind.value}")) for kind in Kind),
        validities=tuple(Choice(value.value, scope.texts.word("validity", value.value)) for value in Validity),
        years=tuple(map(str, years)),
        synonyms=_synonyms(scope) if scope.site.is_portal else "",
        by_year=tuple(Link(year, scope.href(search_year_path(year))) for year in _years(scope)),
        numbers_href=scope.href(SEARCH_NUMBERS) if _policy_sections(scope.site) else "",
        topics=_topics(scope),
        by_initial=sites_by_initial(scope) if scope.site.is_portal else (),
    )


def _synonyms(scope: Scope) -> str:
    words = [(synonym.word, synonym.means) for synonym in scope.county.synonyms]
    return json.dumps(words, ensure_ascii=False, separators=(",", ":")) if words else ""


def _year(day: int) -> int:
    return date.fromordinal(day).year


def _years(scope: Scope) -> list[str]:
    scope.use(*(f"months:{scope.site.id}:{section.id}" for section in scope.site.sections))
    rows = scope.catalog.rows(
        "SELECT DISTINCT substr(month, 1, 4) AS year FROM listings WHERE site = ? AND month != '' ORDER BY 1 DESC",
        scope.site.id,
    )
    return [row["year"] for row in rows]


def _topics(scope: Scope) -> tuple[Link, ...]:
    portal = scope.county.portal
    rows = topic_rows(scope.catalog, scope.county)
    scope.use(f"listing:{portal.id}:topics", *(f"item:{row['path']}" for row in rows))
    return tuple(Link(row["title"], scope.href(row["address"], portal)) for row in rows)


def search_year_view(scope: Scope, year: str) -> SearchYearView:
    """Return what a site's sections have of a year, by month."""
    sections = []
    for section in scope.site.sections:
        scope.use(f"months:{scope.site.id}:{section.id}")
        rows = scope.catalog.rows(
            "SELECT DISTINCT month FROM listings WHERE site = ? AND section = ? AND month >= ? AND month < ?"
            " ORDER BY month DESC",
            *(scope.site.id, section.id, year, f"{year}~"),
        )
        months = tuple(
            Link(str(int(row["month"][5:])), scope.href(f"/{section.id}/{row['month'].replace('-', '/')}/"))
            for row in rows
        )
        if months:
            sections.append(YearSection(Link(section.name, scope.href(f"/{section.id}/")), months))
    return SearchYearView(year, tuple(sections))


def search_numbers_view(scope: Scope) -> SearchNumbersView:
    """Return a site's documents that have a number, in its order."""
    policies = _policy_sections(scope.site)
    scope.use(*(f"listing:{scope.site.id}:{section}" for section in policies))
    rows = scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings l JOIN documents d ON d.path = l.document"
        " WHERE l.site = ? AND l.kind = ? AND d.number != '' ORDER BY l.date DESC, d.number DESC, d.id",
        scope.site.id,
        SectionKind.POLICIES.value,
    )
    others = other_sites(scope) if scope.site.is_portal else []
    links = (Link(site.short_name, scope.href(SEARCH_NUMBERS, site)) for site in others if _policy_sections(site))
    return SearchNumbersView(make_items(scope, rows), tuple(links))


def _policy_sections(site: Site) -> list[str]:
    return [section.id for section in site.sections if section.kind is SectionKind.POLICIES]
