"""What the portal's home puts forward: life events to begin an errand with, and the county's figures at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from govgen.catalog.listings import topic_rows
from govgen.catalog.rows import read_figures
from govgen.model.county import SectionKind
from govgen.model.document import Kind
from govgen.model.figures import KeyFigure
from govgen.model.highlights_view import FigureView, LifeEvent, Sparkline
from govgen.model.view import Link
from govgen.plan.scope import Scope

_NAMED_SERVICES = 2
"""Services that a life event names; the rest are on its page."""

_FIGURES = 3
_WIDTH, _HEIGHT, _MARGIN = 120, 32, 3
"""The box a sparkline is drawn in, and what it keeps free for the width of its own line."""


def topics_and_events(scope: Scope) -> tuple[tuple[Link, ...], tuple[LifeEvent, ...]]:
    """Return the portal's topics, and apart from them those that stand for a life event, in its editors' order."""
    rows = topic_rows(scope.catalog, scope.county)
    scope.use(f"listing:{scope.site.id}:topics", *(f"item:{row['path']}" for row in rows))
    topics = tuple(Link(row["title"], scope.href(row["address"])) for row in rows if not row["life_event"])
    events = tuple(
        LifeEvent(row["title"], scope.href(row["address"]), row["life_event"], _services_of(scope, row["name"]))
        for row in rows
        if row["life_event"]
    )
    return topics, events


def _services_of(scope: Scope, topic: str) -> tuple[str, ...]:
    """Return the titles of a topic's first services."""
    rows = scope.catalog.rows(
        "SELECT d.path, d.title FROM topics JOIN documents d ON d.path = topics.document"
        " WHERE topic = ? AND d.kind = ? AND d.is_listed ORDER BY d.place = 0, d.place, d.id LIMIT ?",
        topic,
        Kind.SERVICE.value,
        _NAMED_SERVICES,
    )
    # A service's place in the order of its editors counts among those of its kind.
    scope.use(f"topic:{topic}", f"kind:{SectionKind.SERVICES.value}", *(f"item:{row['path']}" for row in rows))
    return tuple(row["title"] for row in rows)


def key_figures(scope: Scope) -> tuple[FigureView, ...]:
    """Return the newest figures that the datasets on the first page of the portal's section `data` put forward."""
    scope.use(f"listing:{scope.site.id}:data")
    rows = scope.catalog.rows(
        "SELECT d.path, d.site, d.address, d.source, d.figures FROM listings JOIN documents d"
        " ON d.path = listings.document WHERE listings.site = ? AND listings.section = 'data'"
        " ORDER BY listings.date DESC, listings.id DESC LIMIT ?",
        scope.site.id,
        scope.county.lists.section,
    )
    scope.use(*(f"item:{row['path']}" for row in rows))
    shown: dict[str, FigureView] = {}
    for row in rows:
        if row["figures"]:
            owner = scope.site if row["site"] == scope.site.id else scope.site_of(row["site"])
            href, source = scope.href(row["address"], owner), row["source"] or owner.short_name
            for figure in read_figures(row["figures"]):
                shown.setdefault(figure.name, _figure_view(figure, href, source))
    return tuple(shown.values())[:_FIGURES]


def _figure_view(figure: KeyFigure, href: str, source: str) -> FigureView:
    return FigureView(
        name=figure.name,
        value=figure.value,
        unit=figure.unit,
        period=figure.period,
        change=figure.change,
        href=href,
        source=source,
        trend=_sparkline(figure) if figure.trend else None,
    )


def _sparkline(figure: KeyFigure) -> Sparkline:
    """Return a trend as a line from its lowest value at the bottom to its highest at the top."""
    values = [float(text) for text in figure.trend]
    low, high = min(values), max(values)
    reach = high - low
    steps = len(values) - 1
    points = [
        (
            _MARGIN + round(number * (_WIDTH - 2 * _MARGIN) / steps),
            _HEIGHT - _MARGIN - round((value - low) / reach * (_HEIGHT - 2 * _MARGIN)) if reach else _HEIGHT // 2,
        )
        for number, value in enumerate(values)
    ]
    return Sparkline(figure.trend_name, figure.trend, _WIDTH, _HEIGHT, _path(points), _path([points[-1], points[-1]]))


def _path(points: Sequence[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)
