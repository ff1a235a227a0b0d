"""Turns front-matter fields as written into typed values, and lists every fault at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from govgen.content.fault import Fault
from govgen.content.figures import EXAMPLE, read_figure
from govgen.content.front_matter import FrontMatter
from govgen.content.keys import KEYS, Key, find_key, guess_key, is_foreign
from govgen.model.figures import KeyFigure
from govgen.model.finding import Finding
from govgen.model.language import find_tag
from govgen.model.moment import DAY, find_moment

LIST_SEPARATORS = re.compile(r"[,，、;；]\s*")


@dataclass(frozen=True)
class FileField:
    """An attachment as the front matter names it."""

    target: str
    title: str
    line: int | None


@dataclass(frozen=True)
class Fields:
    """Typed fields by key, free fields as written, and what was wrong with the rest."""

    known: Mapping[str, Any]
    free: Mapping[str, object]
    lines: Mapping[str, int]
    """By key, not by spelling."""

    findings: tuple[Finding, ...] = field(default=())

    def text(self, key: str) -> str:
        """Return a text field; empty if it is not given."""
        return str(self.known.get(key, ""))


def read_fields(front: FrontMatter, path: str, timezone: ZoneInfo, *, may_be_free: bool) -> Fields:
    """Return the typed fields of a front matter; `may_be_free` says whether unknown keys are expected here."""
    known: dict[str, Any] = {}
    free: dict[str, object] = {}
    lines: dict[str, int] = {}
    findings = []
    for spelling in sorted(front.fields, key=is_foreign):
        value = front.fields[spelling]
        line = front.lines.get(spelling)
        name = find_key(spelling)
        if name == "status" and isinstance(value, str) and value.strip() in KEYS["validity"].choices:
            name = "validity"  # `状态: 有效` says whether a policy binds, not whether it is a draft.
        if name is None or (name in known and is_foreign(spelling)):
            free[spelling] = value
            guess = None if name else guess_key(spelling, value)
            if guess and guess not in front.fields:
                findings.append(Finding("FM-TYPO", path, line, {"key": spelling, "guess": guess}))
            elif not may_be_free:
                findings.append(Finding("FM-UNKNOWN", path, line, {"key": spelling}))
        elif name in known:
            findings.append(Finding("FM-TWICE", path, line, {"key": spelling}))
        elif value.strip() if isinstance(value, str) else value:
            lines[name] = line or 1
            try:
                known[name] = _read_value(value, KEYS[name], timezone, line)
            except Fault as fault:
                findings.append(fault.finding(path, line, key=spelling))
    return Fields(known, free, lines, tuple(findings))


def _read_value(value: object, key: Key, timezone: ZoneInfo, line: int | None) -> object:
    if key.type in ("texts", "references"):
        return _texts(value)
    if key.type == "files":
        return tuple(_file(entry, line) for entry in _entries(value))
    if key.type in _ENTRY_READERS:
        return tuple(_ENTRY_READERS[key.type](entry) for entry in _entries(value))
    if not isinstance(value, str):
        raise Fault("FM-VALUE", value=_short(value), expected="text")
    text = value.strip()
    if key.type == "time":
        return parse_time(text, timezone)
    if key.type == "day":
        return parse_time(text, timezone).date()
    if key.type == "number":
        if not re.fullmatch(r"-?\d{1,6}", text):
            raise Fault("FM-VALUE", value=_short(text), expected="1, 2, 3")
        return int(text)
    if key.type == "language":
        if not (tag := find_tag(text)):
            raise Fault("FM-VALUE", value=_short(text), expected="en、zh-CN、ug")
        return tag
    if key.type == "choice":
        if text.lower() not in key.choices:
            raise Fault("FM-VALUE", value=_short(text), expected="、".join(key.choices))
        return key.choices[text.lower()]
    return " ".join(text.split())


def parse_time(text: str, timezone: ZoneInfo) -> datetime:
    """Return the moment a date means, midnight where no time of day is given, in the county's time zone."""
    moment = find_moment(text, timezone)
    if moment is None:
        raise Fault("FM-DATE", value=_short(text))
    return moment


def _entries(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return value
    return LIST_SEPARATORS.split(value) if isinstance(value, str) else [value]


def _texts(value: object) -> tuple[str, ...]:
    entries = _entries(value)
    if not all(isinstance(entry, str) for entry in entries):
        raise Fault("FM-LIST", value=_short(value))
    return tuple(dict.fromkeys(" ".join(text.split()) for text in cast("Sequence[str]", entries) if text.strip()))


def _file(entry: object, line: int | None) -> FileField:
    if isinstance(entry, str):
        return FileField(entry.strip(), "", line)
    if isinstance(entry, dict):
        target = entry.get("file") or entry.get("文件")
        title = entry.get("title") or entry.get("名称") or entry.get("标题") or ""
        if isinstance(target, str) and isinstance(title, str):
            return FileField(target.strip(), title.strip(), line)
    raise Fault("FM-VALUE", value=_short(entry), expected="file.pdf / {file: file.pdf, title: 申请表}")


def _note(entry: object) -> tuple[str, str]:
    if isinstance(entry, dict):
        day, note = entry.get("date") or entry.get("日期") or "", entry.get("note") or entry.get("说明") or ""
        if isinstance(day, str) and isinstance(note, str) and note:
            return day, note
    if isinstance(entry, str) and (match := re.match(DAY + r"[\s:：]+(.+)", entry)):
        return f"{int(match[1]):04}-{int(match[2]):02}-{int(match[3]):02}", match[4]
    raise Fault("FM-VALUE", value=_short(entry), expected="{date: 2026-03-01, note: 更新了联系电话}")


def _figure(entry: object) -> KeyFigure:
    if figure := read_figure(entry):
        return figure
    raise Fault("FM-VALUE", value=_short(entry), expected=EXAMPLE)


_ENTRY_READERS: Mapping[str, Callable[[object], object]] = {"notes": _note, "figures": _figure}


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def day_or_none(value: object) -> date | None:
    """Return a day field's value, or None if it is not given."""
    return value if isinstance(value, date) else None
