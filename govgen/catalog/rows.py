"""Documents as rows of the catalog, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from govgen.model.document import CarriedFile, Document, Kind, Reference, Status, Validity


def document_row(document: Document) -> dict[str, Any]:
    """Return a document as columns; what no query asks for goes into `details`."""
    received, replied = document.days_of_letter
    return {
        **{name: getattr(document, name) for name in _PLAIN},
        "kind": document.kind.value,
        "status": document.status.value,
        "validity": document.validity.value if document.validity else "",
        "number": document.document_number,
        "place": document.order,
        "month": f"{document.date:%Y-%m}" if document.date else "",
        **{name: _iso(getattr(document, name)) for name in (*_TIMES, *_DAYS)},
        "received_on": _iso(received),
        "replied_on": _iso(replied),
        "details": json.dumps({name: getattr(document, name) for name in _DETAILS}, ensure_ascii=False),
    }


_PLAIN = (
    "path id site section village name address digest title source author summary html toc language image image_text"
    " replied_by"
).split()
_TIMES = ["date", "updated", "publish_at", "expires_at"]
_DAYS = ["opens_on", "closes_on", "review_by"]
_LISTS = ["keywords", "topics", "submit", "aliases", "reviewed_by"]
_DETAILS = [*_LISTS, "changes", "facts", "extra"]


def file_row(document: Document, place: int) -> tuple[object, ...]:
    """Return one of a document's files as a row of `files`."""
    file = document.files[place]
    head = (document.path, place, file.source, document.site, file.address, file.name, file.type, file.size_bytes)
    return (*head, file.is_picture, file.width, file.height, file.is_listed)


def read_document(row: sqlite3.Row, references: Sequence[sqlite3.Row], files: Sequence[sqlite3.Row]) -> Document:
    """Return the document a row of `documents` holds, with the rows of its references and files."""
    details = json.loads(row["details"])
    times: dict[str, Any] = {name: read_time(row[name]) for name in _TIMES}
    days: dict[str, Any] = {name: read_day(row[name]) for name in _DAYS}
    lists: dict[str, Any] = {name: tuple(details[name]) for name in _LISTS}
    return Document(
        **{name: row[name] for name in _PLAIN},
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        validity=Validity(row["validity"]) if row["validity"] else None,
        document_number=row["number"],
        order=row["place"],
        **times,
        **days,
        **lists,
        days_of_letter=(read_day(row["received_on"]), read_day(row["replied_on"])),
        facts=tuple((name, text) for name, text in details["facts"]),
        changes=tuple((day, note) for day, note in details["changes"]),
        extra=details["extra"],
        references=tuple(Reference(r["number"], r["target"], r["line"], r["relation"]) for r in references),
        files=tuple(
            CarriedFile(
                **{name: f[name] for name in ("source", "address", "name", "type", "size_bytes", "width", "height")},
                is_picture=bool(f["is_picture"]),
                is_listed=bool(f["is_listed"]),
            )
            for f in files
        ),
    )


def _iso(moment: date | datetime | None) -> str:
    return moment.isoformat() if moment else ""


def read_time(text: str) -> datetime | None:
    """Return the moment a column holds; None where it is empty."""
    return datetime.fromisoformat(text) if text else None


def read_day(text: str) -> date | None:
    """Return the day a column holds; None where it is empty."""
    return date.fromisoformat(text) if text else None
