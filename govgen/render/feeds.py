"""The door to feedgenerator: Atom feeds of a site and of its sections."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from feedgenerator import Atom1Feed

from govgen.catalog.translations import last_change
from govgen.model.build import Job
from govgen.plan.items import COLUMNS, make_items
from govgen.plan.scope import Scope

_NO_DOCUMENTS_YET = datetime(2000, 1, 1, tzinfo=UTC)


class _DatedFeed(Atom1Feed):  # type: ignore[misc]
    """A feed as new as its last change, not as the moment it was written: equal documents give equal bytes."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=_NO_DOCUMENTS_YET)


def render_feed(scope: Scope, job: Job) -> bytes:
    """Return the feed of a section, or of the whole site."""
    section = scope.site.find_section(job.subject)
    name = f"{scope.site.name} · {section.name}" if section else scope.site.name
    scope.use(f"listing:{scope.site.id}:{section.id}" if section else f"feed:{scope.site.id}")
    condition, values = ("listings.section = ?", [job.subject]) if section else ("1", [])
    rows = scope.catalog.rows(
        f"SELECT {COLUMNS} FROM listings JOIN documents d ON d.path = listings.document"
        f" WHERE listings.site = ? AND {condition} AND d.date != '' ORDER BY d.date DESC, d.id LIMIT ?",
        scope.site.id,
        *values,
        scope.county.lists.feed,
    )
    home = scope.addresses.url(scope.site, f"/{section.id}/" if section else "/")
    feed = _DatedFeed(
        title=name,
        link=home,
        description=name,
        language=scope.county.language,
        feed_url=scope.addresses.url(scope.site, job.path),
    )
    for row, item in zip(rows, make_items(scope, rows), strict=True):
        url = scope.addresses.url(scope.site_of(item.site_id), row["address"])
        feed.add_item(
            title=item.title,
            link=url,
            unique_id=url,
            description=item.summary or item.title,
            author_name=item.source,
            pubdate=item.date,
            updateddate=last_change(row["date"], row["updated"]),
        )
    stream = io.StringIO()
    feed.write(stream, "utf-8")
    return stream.getvalue().encode("utf-8")
