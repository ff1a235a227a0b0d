"""Reads `targets.toml`: where releases go, with which keys, and where they are looked at afterwards."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govgen.deploy.connection import Server
from govgen.deploy.directory import DirectoryTarget
from govgen.deploy.look import Showcase
from govgen.deploy.mirror import Mirrored
from govgen.deploy.rsync import RsyncTarget
from govgen.deploy.servers import Servers
from govgen.deploy.ssh import SshTarget
from govgen.deploy.standing import Publisher
from govgen.deploy.target import Target
from govgen.errors import ConfigurationError, UsageError
from govgen.model.finding import Finding
from govgen.release.store import Store
from govgen.sites.schema import ID, RSYNC_ADDRESS, SSH_ADDRESS, Key, Source, check_table, index_lines

FILE = "targets.toml"
LOCAL = ""
"""The name of the target one gets without naming one."""

STORE, LINK = ".govgen", "public"
_KEPT_RELEASES = 10

_ON_THIS_MACHINE = {"nginx": Key()}
_EVERYWHERE = {"keep": Key("number"), "key": Key(), "signers": Key(), "url": Key(), "mirror": Key()}
_REACHED = {"port": Key("number"), "identity": Key(), "known_hosts": Key()}
_SERVER_KEYS = {"address": Key(required=True, form=SSH_ADDRESS), "url": Key(), **_REACHED}
KINDS: Mapping[str, Mapping[str, Key]] = {
    "directory": {"folder": Key(required=True), **_ON_THIS_MACHINE},
    "ssh": {
        "address": Key(form=SSH_ADDRESS),
        "allow_missing": Key("number"),
        "servers": Key("tables", keys=_SERVER_KEYS),
        **_REACHED,
    },
    "rsync": {"address": Key(required=True, form=RSYNC_ADDRESS), **_REACHED},
}
"""What a target of each kind may be told; the rest holds for all."""


@dataclass(frozen=True)
class Destination:
    """A target, and what its settings say besides."""

    target: Target
    first: Target
    """The same without its mirror."""

    mirror: Target | None
    name: str
    """As in `targets.toml`; empty for the repository's own folder."""

    place: str
    """What people call it."""

    key: Path | None
    """The key its releases are signed with."""

    signers: Path | None
    """The keys whose releases are believed where a part of what is live is kept; None where nobody said."""

    showcases: tuple[Showcase, ...]
    """Where what it serves is looked at; none where nobody said, and another machine serves it."""

    kept_releases: int
    nginx: Path | None
    """The configuration, whole, of the nginx of this machine that serves it; None where nobody said."""


def find_destination(repository: Path, name: str, publisher: Publisher) -> Destination:
    """Return a target by its name, or the repository's own `public/` without one.

    Raises UsageError for a name that is not there or a key that is missing, ConfigurationError with all faults of
    `targets.toml`.
    """
    tables = _read(repository)
    named = tables.get("targets", {})
    if name != LOCAL and name not in named:
        raise UsageError("no-target", target=name, targets="、".join(sorted(named)) or "—")
    table = named[name] if name != LOCAL else tables.get("public", {})
    maker = _Maker(repository, publisher)
    first = target = maker.make(name, table)
    mirror = maker.make(table["mirror"], named[table["mirror"]]) if "mirror" in table else None
    if mirror:
        target = Mirrored(first, mirror, table["mirror"], maker.known)
    key = maker.path(table, "key")
    if target.is_signed:
        _check_key(key, name or LINK)
    return Destination(
        target=target,
        first=first,
        mirror=mirror,
        name=name,
        place=name or f"{LINK}/",
        key=key,
        signers=maker.path(table, "signers"),
        showcases=tuple(_showcases(first, table)),
        kept_releases=table.get("keep", _KEPT_RELEASES),
        nginx=maker.path(table, "nginx"),
    )


def _showcases(target: Target, table: Mapping[str, Any]) -> Iterator[Showcase]:
    urls = [place["url"] for place in (table, *table.get("servers", ())) if "url" in place]
    yield from (Showcase(url) for url in urls)
    if not urls and isinstance(target, DirectoryTarget):
        yield Showcase(folder=target.served)


def _check_key(key: Path | None, target: str) -> None:
    """Raise UsageError before anything is built where releases could not be signed."""
    if key is None:
        raise UsageError("no-key", target=target)
    if not key.is_file():
        raise UsageError("key-missing", file=str(key), target=target)


class _Maker:
    """Makes targets of their tables."""

    def __init__(self, repository: Path, publisher: Publisher) -> None:
        self._repository = repository
        self._publisher = publisher
        self.known = Store(repository / STORE)

    def make(self, name: str, table: Mapping[str, Any]) -> Target:
        """Return the target a table tells of, without its mirror."""
        kept = table.get("keep", _KEPT_RELEASES)
        if name == LOCAL:
            return DirectoryTarget(self._repository / STORE, self._publisher, kept, self._repository / LINK)
        if table["kind"] == "directory":
            folder = self.path(table, "folder")
            assert folder
            return DirectoryTarget(folder.resolve(), self._publisher, kept)
        if table["kind"] == "rsync":
            server, folder_there = self._server(table, {}), table["address"].partition(":/")[2]
            return RsyncTarget(name, server, f"/{folder_there}", self._publisher, self.known, kept_releases=kept)
        if "address" in table:
            return SshTarget(name, self._server(table, {}), self._publisher, self.known)
        servers = [self._server(server, table) for server in table["servers"]]
        members = [SshTarget(_label(server), server, self._publisher, self.known) for server in servers]
        return Servers(name, members, self._publisher, self.known, table.get("allow_missing", 0))

    def path(self, table: Mapping[str, Any], key: str) -> Path | None:
        """Return a path of a table, from the repository on."""
        return self._repository / Path(table[key]).expanduser() if key in table else None

    def _server(self, table: Mapping[str, Any], common: Mapping[str, Any]) -> Server:
        whole = {**common, **table}
        address = whole["address"].partition(":/")[0]
        return Server(address, whole.get("port", 22), self.path(whole, "identity"), self.path(whole, "known_hosts"))


def _label(server: Server) -> str:
    return server.address if server.port == 22 else f"{server.address}:{server.port}"


# What may stand in the file


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
    if findings := [*check_table(tables, _keys(tables), source), *_check_targets(tables, source)]:
        raise ConfigurationError(sorted(findings, key=Finding.sort_key))
    return tables


def _keys(tables: Mapping[str, Any]) -> Mapping[str, Key]:
    """Return what may stand in the file: each target's table by its kind."""
    kind = Key(required=True, choices=tuple(KINDS))
    everything = {name: key for keys in KINDS.values() for name, key in keys.items()}
    targets = {
        name: Key("table", keys={"kind": kind, **KINDS.get(_kind_of(table), everything), **_EVERYWHERE})
        for name, table in _targets(tables)
    }
    public = Key("table", keys={**_EVERYWHERE, **_ON_THIS_MACHINE})
    return {"public": public, "targets": Key("table", keys=targets)}


def _check_targets(tables: Mapping[str, Any], source: Source) -> Iterator[Finding]:
    """Yield the faults of targets that no single key has."""
    names = [name for name, _ in _targets(tables)]
    for name, table in [("", tables.get("public")), *_targets(tables)]:
        where = f"targets.{name}" if name else "public"
        if name and not re.fullmatch(ID, name):
            yield source.finding("CFG-FORM", where, value=name, form="county")
        if isinstance(table, dict):
            yield from _check_target(table, where, [other for other in names if other != name], source)


def _check_target(table: Mapping[str, Any], where: str, others: list[str], source: Source) -> Iterator[Finding]:
    if (mirror := table.get("mirror")) is not None and mirror not in others:
        yield source.finding("CFG-CHOICE", f"{where}.mirror", value=str(mirror), guess="、".join(others) or "—")
    if _kind_of(table) == "ssh" and ("address" in table) == bool(table.get("servers")):
        yield source.finding("CFG-REQUIRED", f"{where}.address")
    for key, least in (("keep", 1), ("allow_missing", 0)):
        if type(table.get(key)) is int and table[key] < least:
            yield source.finding("CFG-FORM", f"{where}.{key}", value=str(table[key]), form=str(least))
    places: dict[tuple[object, object], str] = {}
    servers = table.get("servers")
    for number, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, dict):
            place = (server.get("address"), server.get("port", table.get("port")))
            at = f"{where}.servers.{number}.address"
            if place in places:
                yield source.finding("CFG-TWICE", at, value=str(place[0]), other=places[place])
            places[place] = at


def _targets(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    named = tables.get("targets")
    return list(named.items()) if isinstance(named, dict) else []


def _kind_of(table: Any) -> str:
    return str(table.get("kind")) if isinstance(table, dict) else ""
