"""The days of a consultation for calendars (iCalendar, RFC 5545): the one on which it opens, and its last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from govgen.catalog.rows import read_day, read_time
from govgen.model.build import Job
from govgen.plan.documents import find_record
from govgen.plan.scope import Scope

_LINE_BYTES = 75
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def render_calendar(scope: Scope, job: Job) -> bytes:
    """Return a consultation's days; equal documents give equal bytes."""
    row = find_record(scope, job.subject).row
    url = scope.addresses.url(scope.site, row["address"])
    changed = read_time(row["updated"]) or read_time(row["date"]) or _LONG_AGO
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{scope.county.domain}//govgen//ZH", "METHOD:PUBLISH"]
    for which in ("opens", "closes"):
        day = read_day(row[f"{which}_on"])
        if day and day < date.max:
            title = f"{scope.word(f'calendar_{which}')}{row['title']}"
            lines += [
                "BEGIN:VEVENT",
                f"UID:{which}-{row['id'].replace(':', '-').replace('/', '-')}@{scope.county.domain}",
                f"DTSTAMP:{changed.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
                f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
                f"SUMMARY:{_escape(title)}",
                f"DESCRIPTION:{_escape(url)}",
                f"URL:{url}",
                "TRANSP:TRANSPARENT",
                "END:VEVENT",
            ]
    lines.append("END:VCALENDAR")
    return b"".join(folded + b"\r\n" for line in lines for folded in _fold(line))


def _escape(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())


def _fold(line: str) -> Iterator[bytes]:
    """Yield a line in pieces of at most 75 bytes, none of which ends within a character."""
    piece = b""
    for character in line:
        encoded = character.encode()
        if len(piece) + len(encoded) > _LINE_BYTES:
            yield piece
            piece = b" "
        piece += encoded
    yield piece
