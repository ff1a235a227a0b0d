"""Documents as rows of the catalog, and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from typing import Any

from govgen.model.document import Document, Status
from govgen.model.figures import KeyFigure


@dataclass(frozen=True)
class Rows:
    """A document as rows of the catalog: plain tuples, cheap to send between processes."""

    path: str
    site: str
    address: str
    digest: str
    document: tuple[Any, ...]
    """In the order of `DOCUMENT_COLUMNS`."""

    body: tuple[str, str, str, str]
    """path, html, toc, details"""

    refs: tuple[tuple[Any, ...], ...]
    """relation, number, target, line"""

    files: tuple[tuple[Any, ...], ...]
    topics: tuple[str, ...]
    submissions: tuple[str, ...]
    aliases: tuple[str, ...]
    moments: tuple[int, ...]
    """Seconds since 1970 at which something about the document changes by itself."""

    rank: tuple[Any, ...]
    """Among documents that claim one address the lowest keeps it: the one published first."""


def document_rows(document: Document, timezone: tzinfo) -> Rows:
    """Return a document as rows; what no query asks for goes into the body's `details`."""
    published = _iso(document.date)
    columns = (  # In the order of `DOCUMENT_COLUMNS`.
        *_plain_values(document),
        document.kind.value,
        document.status.value,
        figures_text(document.figures),
        document.validity.value if document.validity else "",
        document.document_number,
        document.order,
        published[:7],  # 2026-03: no document's year has fewer than four digits.
        published,
        *map(_iso, _later_times(document)),
        *map(_iso, document.days_of_letter),
    )
    details = _to_json(dict(zip(_DETAILS, _detail_values(document), strict=True)))
    return Rows(
        document.path,
        document.site,
        document.address,
        document.digest,
        columns,
        (document.path, document.html, document.toc, details),
        tuple((r.relation, r.number, r.target, r.line) for r in document.references),
        tuple(_file_row(document, place) for place in range(len(document.files))),
        tuple(dict.fromkeys(document.topics)),
        tuple(dict.fromkeys(document.submit)),
        tuple(dict.fromkeys(document.aliases)),
        _moments(document, timezone),
        (document.status is Status.DRAFT, published, document.path),
    )


def _moments(document: Document, timezone: tzinfo) -> tuple[int, ...]:
    """Return the ends of all windows of time a document speaks of; a day ends at the county's midnight."""
    moments = [document.date, document.publish_at, document.expires_at]
    for first, shift in ((document.opens_on, 0), (document.review_by, 0), (document.closes_on, 1)):
        if first and first < date.max:
            moments.append(datetime.combine(first + timedelta(days=shift), time(), timezone))
    return tuple(sorted({int(moment.timestamp()) for moment in moments if moment}))


_PLAIN = (
    "path id site section village name address digest title source author summary language image image_text replied_by"
    " life_event"
).split()
DOCUMENT_COLUMNS = (
    *_PLAIN,
    *"kind status figures own_validity number place month date updated publish_at expires_at".split(),
    *"opens_on closes_on review_by received_on replied_on".split(),
)
_TIMES = ["date", "updated", "publish_at", "expires_at"]
_DAYS = ["opens_on", "closes_on", "review_by"]
_LISTS = ["keywords", "topics", "submit", "aliases", "reviewed_by"]
_DETAILS = [*_LISTS, "changes", "facts", "extra"]

_plain_values = attrgetter(*_PLAIN)
_later_times = attrgetter(*_TIMES[1:], *_DAYS)
_detail_values = attrgetter(*_DETAILS)
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def _file_row(document: Document, place: int) -> tuple[object, ...]:
    """Return one of a document's files as a row of `files`."""
    file = document.files[place]
    head = (document.path, place, file.source, document.site, file.address, file.name, file.type, file.size_bytes)
    return (*head, file.is_picture, file.width, file.height, " ".join(map(str, file.widths)), file.is_listed)


def figures_text(figures: tuple[KeyFigure, ...]) -> str:
    """Return the figures a dataset puts forward as a column holds them; empty where there are none."""
    return _to_json([asdict(figure) for figure in figures]) if figures else ""


def read_figures(text: str) -> tuple[KeyFigure, ...]:
    """Return the figures a column holds."""
    return tuple(KeyFigure(**{**given, "trend": tuple(given["trend"])}) for given in json.loads(text or "[]"))


def _iso(moment: date | datetime | None) -> str:
    return moment.isoformat() if moment else ""


def read_time(text: str) -> datetime | None:
    """Return the moment a column holds; None where it is empty."""
    return datetime.fromisoformat(text) if text else None


def read_day(text: str) -> date | None:
    """Return the day a column holds; None where it is empty."""
    return date.fromisoformat(text) if text else None
