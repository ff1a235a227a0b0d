"""Reads moments as people write them, in documents and in settings alike."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

DAY = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
"""A day: year, month, day."""

_TIME = re.compile(
    DAY + r"(?:(?:[T\s]+|(?<=日))(\d{1,2})[:：](\d{1,2})(?:[:：](\d{1,2})(?:\.\d+)?)?"
    r"\s*(Z|UTC|([+-])(\d{1,2})(?::?(\d\d))?)?)?"  # Timestamps of YAML may end in `-5` or `+05:30`.
)
_FIRST_YEAR = 1000
"""Go's zero date, 0001-01-01, is no date at all; and strftime writes such years with fewer than four digits."""


def find_moment(text: str, timezone: ZoneInfo) -> datetime | None:
    """Return the moment a text means, midnight where no time of day is given; None where it is no moment.

    Without an offset of its own it is in `timezone`, and it is told in `timezone` anyway.
    """
    match = _TIME.fullmatch(text)
    if not match:
        return None
    try:
        moment = datetime(*(int(part or 0) for part in match.groups()[:6]), tzinfo=timezone)  # type: ignore[arg-type,misc]
        if match[7]:
            zone = f"{match[8]}{match[9]:0>2}{match[10] or '00'}" if match[8] else "+0000"
            moment = moment.replace(tzinfo=datetime.strptime(zone, "%z").tzinfo).astimezone(timezone)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= _FIRST_YEAR else None
