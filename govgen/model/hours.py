"""Office hours as people write them, told as machines read them."""

from __future__ import annotations

import re

_DAYS = {"一": "Mo", "二": "Tu", "三": "We", "四": "Th", "五": "Fr", "六": "Sa", "日": "Su", "天": "Su"}
_NAMED = {"工作日": "Mo-Fr", "每天": "Mo-Su", "每日": "Mo-Su"}
_DAY = r"(?:周|星期|礼拜)([一二三四五六日天])"
_SPAN = re.compile(rf"{_DAY}(?:\s*(?:至|到|[-–—~～])\s*{_DAY})?|(工作日|每天|每日)")
_TIMES = re.compile(r"(\d{1,2})[:：](\d{2})\s*(?:至|到|[-–—~～])\s*(\d{1,2})[:：](\d{2})")
_BETWEEN = re.compile(r"[\s,，、;；和（）()上下午]*")


def opening_hours(text: str) -> tuple[str, ...]:
    """Return hours as schema.org writes them, `Mo-Fr 08:30-12:00`; nothing where a word of them is not understood."""
    found: list[str] = []
    days, position = "", 0
    while position < len(text):
        if match := _SPAN.match(text, position):
            days = _days(match)
        elif (match := _TIMES.match(text, position)) and days:
            first, second = (f"{int(match[n]):02}:{match[n + 1]}" for n in (1, 3))
            found.append(f"{days} {first}-{second}")
        elif not (match := _BETWEEN.match(text, position)) or not match[0]:
            return ()
        position = match.end()
    return tuple(found)


def _days(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    return _DAYS[match[1]] + (f"-{_DAYS[match[2]]}" if match[2] else "")
