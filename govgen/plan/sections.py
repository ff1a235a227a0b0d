"""What section lists and archives show."""

from __future__ import annotations

from markupsafe import Markup

from govgen.model.county import Section, SectionKind
from govgen.model.view import Block, Month, SectionView
from govgen.plan.bodies import resolve_body
from govgen.plan.documents import find_standing
from govgen.plan.items import section_items, site_blocks, standing_pages
from govgen.plan.scope import Scope


def section_view(scope: Scope, section: Section, month: str = "") -> SectionView:
    """Return a section's first page, or one month (as 2026-03) of its archive."""
    is_dated = section.kind.is_dated
    months = _months(scope, section, is_counted=not month) if is_dated else ()
    standing = None if month else find_standing(scope, section.id)
    limit = -1 if month else scope.county.lists.section
    items = (
        section_items(scope, section.id, limit=limit, month=month) if is_dated else standing_pages(scope, section.id)
    )
    return SectionView(
        id=section.id,
        name=section.name,
        kind=section.kind.value,
        href=scope.href(f"/{section.id}/"),
        intro=resolve_body(scope, standing, standing.row["html"]) if standing else Markup(),
        items=items,
        months=months,
        month=next((entry for entry in months if entry.label == month), None),
        groups=() if month else _groups(scope, section),
        feed=scope.href(f"/{section.id}/feed.xml") if section.kind is not SectionKind.PAGES else "",
        owner=scope.site.short_name,
    )


def _months(scope: Scope, section: Section, *, is_counted: bool) -> tuple[Month, ...]:
    """Return the months of a section; only its first page counts them, so that a new document leaves old months be."""
    scope.use(f"months:{scope.site.id}:{section.id}")
    return scope.share(f"months:{section.id}:{is_counted}", lambda: _read_months(scope, section, is_counted))


def _read_months(scope: Scope, section: Section, is_counted: bool) -> tuple[Month, ...]:
    rows = scope.catalog.rows(
        "SELECT month, count(*) AS number FROM listings WHERE site = ? AND section = ? AND month != ''"
        " GROUP BY month ORDER BY month DESC",
        scope.site.id,
        section.id,
    )
    return tuple(
        Month(
            label=row["month"],
            year=int(row["month"][:4]),
            month=int(row["month"][5:]),
            href=scope.href(f"/{section.id}/{row['month'].replace('-', '/')}/"),
            count=row["number"] if is_counted else 0,
        )
        for row in rows
    )


def _groups(scope: Scope, section: Section) -> tuple[Block, ...]:
    """Return, on the portal, what other sites have in their sections of this kind: all services, a few of the rest."""
    if not scope.site.is_portal or section.kind is SectionKind.PAGES:
        return ()
    limit = -1 if section.kind is SectionKind.SERVICES else scope.county.lists.per_site
    return site_blocks(scope, section.kind, limit=limit)
