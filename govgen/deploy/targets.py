"""Reads `targets.toml`: where releases go, with which keys, and where they are looked at afterwards."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govgen.deploy.directory import DirectoryTarget
from govgen.deploy.target import Publisher, Target
from govgen.errors import ConfigurationError, UsageError
from govgen.model.finding import Finding
from govgen.sites.schema import Key, Source, check_table, index_lines

FILE = "targets.toml"
LOCAL = ""
"""The name of the target one gets without naming one."""

STORE, LINK = ".govgen", "public"
_KEPT_RELEASES = 10

TARGET_KEYS: Mapping[str, Key] = {
    "kind": Key(required=True, choices=("directory",)),
    "folder": Key(),
    "keep": Key("number"),
    "key": Key(),
    "url": Key(),
}
FILE_KEYS: Mapping[str, Key] = {
    "public": Key("table", keys={"keep": Key("number"), "key": Key(), "url": Key()}),
    "targets": Key("table"),
}


@dataclass(frozen=True)
class Destination:
    """A target, and what its settings say besides."""

    target: Target
    place: str
    """What people call it."""

    key: Path | None
    """The key its releases are signed with."""

    url: str
    """Where the pages it serves are looked at; empty where nobody said."""

    folder: Path | None = None
    """Where this machine finds what it serves; None where another machine does."""


def find_destination(repository: Path, name: str, publisher: Publisher) -> Destination:
    """Return a target by its name, or the repository's own `public/` without one.

    Raises UsageError for a name that is not there, ConfigurationError with all faults of `targets.toml`.
    """
    tables = _read(repository)
    if name == LOCAL:
        table = tables.get("public", {})
        kept = table.get("keep", _KEPT_RELEASES)
        target = DirectoryTarget(repository / STORE, publisher, kept, repository / LINK)
        return _destination(repository, target, f"{LINK}/", table)
    named = tables.get("targets", {})
    if name not in named:
        raise UsageError("no-target", target=name, targets="、".join(sorted(named)) or "—")
    table = named[name]
    folder = (repository / Path(table["folder"]).expanduser()).resolve()
    directory = DirectoryTarget(folder, publisher, table.get("keep", _KEPT_RELEASES))
    return _destination(repository, directory, name, table)


def _destination(repository: Path, target: DirectoryTarget, place: str, table: Mapping[str, Any]) -> Destination:
    key = repository / Path(table["key"]).expanduser() if "key" in table else None
    return Destination(target, place, key, table.get("url", ""), target.served)


def _read(repository: Path) -> Mapping[str, Any]:
    file = repository / FILE
    if not file.is_file():
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError([Finding("CFG-SYNTAX", FILE, None, {"reason": str(error)})]) from error
    source = Source(FILE, index_lines(text))
    named = tables.get("targets", {})
    keys = {**FILE_KEYS, "targets": Key("table", keys={name: Key("table", keys=TARGET_KEYS) for name in named})}
    if findings := list(check_table(tables, keys, source)):
        raise ConfigurationError(sorted(findings, key=Finding.sort_key))
    return tables
