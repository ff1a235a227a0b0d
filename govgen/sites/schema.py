"""What may stand in the files of `sites/`, key by key, and how a file is held against it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from govgen.model.county import ACCENTS, BannerLevel, Mount, SectionKind, SiteKind
from govgen.model.finding import Finding
from govgen.model.moment import find_moment

ID = r"[a-z0-9]+(?:-[a-z0-9]+)*"
"""A site's or village's id: it becomes a folder, a host label and an address."""

SECTION_ID = rf"{ID}(?:/{ID})*"
HOST_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = rf"{HOST_LABEL}(?:\.{HOST_LABEL})+"
WEB_ADDRESS = r"https?://\S+"
DIVISION_CODE = r"\d{6}(?:\d{3})?(?:\d{3})?"
LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*"
SITE_CODE = r"\d{10}|bm\d{8}"
POLICE_NUMBER = r"\d{14}"
TIME = "2026-11-23 08:00"
"""What a moment looks like."""
_SSH_HOST = r"[A-Za-z0-9_][A-Za-z0-9._-]*@(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])"
SSH_ADDRESS = _SSH_HOST
"""Nothing in it can pass for an option of ssh's."""

RSYNC_ADDRESS = rf"{_SSH_HOST}:/(?:[A-Za-z0-9._-]+/?)*"

EXAMPLES: Mapping[str, str] = {
    ID: "qingshui",
    SECTION_ID: "news",
    HOST_LABEL: "qingshui",
    DOMAIN: "yunling.gov.example",
    WEB_ADDRESS: "https://www.example.org/",
    DIVISION_CODE: "530999",
    LANGUAGE: "zh-CN",
    SITE_CODE: "5309990001",
    POLICE_NUMBER: "53099902000001",
    SSH_ADDRESS: "govgen@www.yunling.gov.example",
    RSYNC_ADDRESS: "govgen@www.yunling.gov.example:/srv/www",
}
"""What a value of each form looks like: readers of a message don't read patterns."""


@dataclass(frozen=True)
class Key:
    """One key of a settings file."""

    type: str = "text"
    """text, texts (a list), number, time, table, tables (a list)."""

    required: bool = False
    missing: str = "CFG-REQUIRED"
    """The rule that is broken where it is required and missing."""

    form: str = ""
    """A pattern the whole text must match."""

    choices: tuple[str, ...] = ()
    keys: Mapping[str, Key] = field(default_factory=dict)


_MOUNTS = tuple(mount.value for mount in Mount)
_SECTION_KEYS = {
    "id": Key(required=True, form=SECTION_ID),
    "name": Key(),
    "kind": Key(choices=tuple(kind.value for kind in SectionKind)),
    "freshness_days": Key("number"),
}
_KIND_KEYS = {"sections": Key("tables", keys=_SECTION_KEYS)}

_PERIOD_KEYS = {"starts": Key("time"), "ends": Key("time", required=True, missing="CFG-ENDLESS")}
_BANNER_KEYS = {
    "text": Key(required=True),
    "url": Key(form=WEB_ADDRESS),
    "level": Key(choices=tuple(level.value for level in BannerLevel)),
    **_PERIOD_KEYS,
}

SITE_KEYS: Mapping[str, Key] = {
    "name": Key(required=True),
    "short_name": Key(),
    "kind": Key(required=True, choices=tuple(kind.value for kind in SiteKind)),
    "host": Key(form=HOST_LABEL),
    "mount": Key(choices=_MOUNTS),
    "editors": Key("texts"),
    "reviewers": Key("texts"),
    "phone": Key(),
    "address": Key(),
    "hours": Key(),
    "accent": Key(choices=ACCENTS),
    "villages": Key("tables", keys={"id": Key(required=True, form=ID), "name": Key(required=True)}),
    "sections": Key("tables", keys=_SECTION_KEYS),
    "banners": Key("tables", keys=_BANNER_KEYS),
}

COUNTY_KEYS: Mapping[str, Key] = {
    "county": Key(
        "table",
        required=True,
        keys={
            "name": Key(required=True),
            "full_name": Key(required=True),
            "domain": Key(required=True, form=DOMAIN),
            "division_code": Key(required=True, form=DIVISION_CODE),
            "language": Key(form=LANGUAGE),
            "timezone": Key(),
        },
    ),
    "identity": Key(
        "table",
        required=True,
        keys={
            "site_code": Key(required=True, form=SITE_CODE),
            "icp": Key(required=True),
            "police": Key(required=True, form=POLICE_NUMBER),
            "sponsor": Key(required=True),
            "phone": Key(required=True),
            "address": Key(required=True),
            "report_error_url": Key(required=True, form=WEB_ADDRESS),
        },
    ),
    "channels": Key(
        "table",
        required=True,
        keys={"consultation": Key(required=True, form=WEB_ADDRESS), "services": Key(required=True, form=WEB_ADDRESS)},
    ),
    "mount": Key("table", keys={"default": Key(choices=_MOUNTS)}),
    "lists": Key("table", keys={name: Key("number") for name in ("section", "home", "per_site", "feed")}),
    "banners": Key("tables", keys={**_BANNER_KEYS, "sites": Key("texts")}),
    "mourning": Key("tables", keys={**_PERIOD_KEYS, "starts": Key("time", required=True), "sites": Key("texts")}),
    "synonyms": Key("tables", keys={"word": Key(required=True), "means": Key(required=True)}),
    "kinds": Key("table", keys={kind.value: Key("table", keys=_KIND_KEYS) for kind in SiteKind}),
}

_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "texts": (list,),
    "number": (int,),
    "time": (str, date),
    "table": (dict,),
    "tables": (list,),
}


@dataclass(frozen=True)
class Source:
    """A settings file's path, and the line each key stands on."""

    path: str
    lines: Mapping[str, int]
    """By dotted key; entries of a list of tables are numbered: `sections.0.id`."""

    def finding(self, rule: str, where: str, **values: str) -> Finding:
        """Return a finding at the key `where`, or at the nearest table around it."""
        parts = where.split(".")
        lines = (self.lines.get(".".join(parts[:n])) for n in range(len(parts), 0, -1))
        return Finding(rule, self.path, next((line for line in lines if line), None), {"key": where, **values})


def index_lines(text: str) -> dict[str, int]:
    """Return the line of every key and table header of a TOML text."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            table = header[2]
            if header[1] == "[[":
                lines.setdefault(table, number)
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            lines.setdefault(table, number)
        elif key := re.match(r"""\s*["']?([\w-]+(?:\.[\w-]+)*)["']?\s*=""", line):
            lines.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return lines


def check_table(
    table: Mapping[str, object], keys: Mapping[str, Key], source: Source, prefix: str = ""
) -> Iterable[Finding]:
    """Yield every fault of a table: unknown and missing keys, wrong types, choices and forms."""
    for name in table.keys() - keys.keys():
        near = difflib.get_close_matches(name, keys, n=1, cutoff=0.5)
        yield source.finding("CFG-UNKNOWN", prefix + name, guess=near[0] if near else "、".join(keys))
    for name, key in keys.items():
        if name in table:
            yield from _check_value(table[name], key, source, prefix + name)
        elif key.required:
            yield source.finding(key.missing, prefix + name)


def _check_value(value: object, key: Key, source: Source, where: str) -> Iterable[Finding]:
    if not isinstance(value, _PYTHON_TYPES[key.type]) or isinstance(value, bool):
        yield source.finding("CFG-TYPE", where, type=key.type)
    elif key.type == "time":
        yield from _check_time(str(value), key, source, where)
    elif isinstance(value, dict):
        yield from check_table(value, key.keys, source, where + ".")
    elif isinstance(value, list):
        entry_type = dict if key.type == "tables" else str
        for number, entry in enumerate(value):
            if not isinstance(entry, entry_type):
                yield source.finding("CFG-TYPE", f"{where}.{number}", type=key.type)
            elif isinstance(entry, dict):
                yield from check_table(entry, key.keys, source, f"{where}.{number}.")
    elif isinstance(value, str):
        yield from _check_text(value, key, source, where)


def _check_time(value: str, key: Key, source: Source, where: str) -> Iterable[Finding]:
    if key.required and not value.strip():
        yield source.finding(key.missing, where)
    elif find_moment(value, ZoneInfo("UTC")) is None:
        yield source.finding("CFG-FORM", where, value=value, form=TIME)


def _check_text(value: str, key: Key, source: Source, where: str) -> Iterable[Finding]:
    if key.choices and value not in key.choices:
        near = difflib.get_close_matches(value, key.choices, n=1)
        yield source.finding("CFG-CHOICE", where, value=value, guess=near[0] if near else "、".join(key.choices))
    elif key.form and not re.fullmatch(key.form, value):
        yield source.finding("CFG-FORM", where, value=value, form=EXAMPLES[key.form])
    elif key.required and not value.strip():
        yield source.finding(key.missing, where)
