"""Holds a store against what it should hold: finds what was changed, added, taken away or led elsewhere."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import accumulate
from pathlib import Path

from govgen.errors import MachineryError
from govgen.release.disk import BESIDE, READ_ONLY
from govgen.release.expected import Expectations, File, Leaf, Link, Part, Releases
from govgen.release.listing import Listing
from govgen.release.manifest import Manifest
from govgen.release.objects import digest_of
from govgen.release.signing import verify
from govgen.release.store import CURRENT, MANIFEST, SITES, SignedManifest, Store

FOLDER_MODE = 0o755
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OBJECT_FOLDER = re.compile(r"[0-9a-f]{2}")
_UNFINISHED_IN = ("", "ordered", "releases", "trees")
"""Where publishers leave unfinished things; citizens never see these places."""


class Kind(StrEnum):
    """What is wrong with a place in a store."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    REPLACED = "replaced"
    """A file, folder or link is another of these, or a device."""

    RETARGETED = "retargeted"
    MODE = "mode"
    OWNER = "owner"
    TOUCHED = "touched"
    """Right but for its time of change, by which web servers and browsers tell versions."""

    FORGED = "forged"
    """The manifest of another release, or signed by nobody who may."""

    STRAY = "stray"
    """In the root, where nobody is served from: left for a person to look at."""

    LOST = "lost"
    """There is no whole copy of it."""


@dataclass(frozen=True)
class Damage:
    """One place that is not what it should be."""

    kind: Kind
    path: str
    """Below the store's root."""

    found: str = ""
    """The goal, mode or owner that was found."""

    wanted: str = ""
    since: float | None = field(default=None, compare=False)
    """When it was done as far as the disk tells, in seconds of Unix time."""


@dataclass(frozen=True)
class Scope:
    """How much of a store is looked at."""

    parts: frozenset[str] | None = None
    """The places of the parts looked at; None for all."""

    named: frozenset[str] = frozenset()
    """Files whose bytes are read in any case; paths below the root."""

    is_deep: bool = True
    """Whether the bytes of all files are read; if not, size, time and mode must do."""

    objects: bool = False
    """Whether all objects are read too."""

    def has(self, part: str) -> bool:
        """Tell whether a part is looked at."""
        return self.parts is None or part in self.parts


class Inspector:
    """Looks at a store as often as it is asked."""

    def __init__(self, store: Store, signers: Path | None = None, link: Path | None = None) -> None:
        self.store = store
        self._signers = signers
        self._link = link
        """The link under which citizens' web server finds what is live."""

        self._expectations = Expectations(store, self._is_allowed)
        self.parts: list[Part] = []
        """What should stand there, as of the last look."""

    def find(self, scope: Scope) -> list[Damage]:
        """Return what is not as it should be. Raises MachineryError where nothing was ever ordered live, OSError."""
        releases = self._expectations.judge_releases()
        if not releases.live:
            raise MachineryError("nothing-ordered", path=str(self.store.root))
        trees = self._expectations.trees(releases)
        self._expectations.keep_only(releases, trees)
        self.parts = list(self._expectations.parts(releases))
        damage = list(self._find_lost(releases, trees))
        scope = self._with_twins(scope)
        look = _Look(self.store.root, scope)
        for part in self.parts:
            if scope.has(part.place):
                damage += look.at(part)
        damage += self._look_at_link()
        if scope.objects:
            damage += self._look_at_objects()
        return damage

    def live(self) -> SignedManifest:
        """Return the manifest of the release that must be live. Raises MachineryError where there is none."""
        releases = self._expectations.judge_releases()
        if not releases.live:
            raise MachineryError("nothing-ordered", path=str(self.store.root))
        return releases.sound[releases.live][0]

    def listings(self, manifest: Manifest) -> list[Listing]:
        """Return the listings of a release's trees. Raises MachineryError where one is lost."""
        found = []
        for site in manifest.sites.values():
            listing = self._expectations.find_listing(site.tree)
            if listing is None:
                raise MachineryError("bad-listing", tree=site.tree)
            found.append(listing)
        return found

    def leaf(self, path: str) -> Leaf | None:
        """Return what should stand at a path below the root; None for a folder, or for nothing."""
        for part in self.parts:
            inner = path.removeprefix(f"{part.place}/") if part.place else path
            if (inner != path or not part.place) and inner in part.leaves:
                return part.leaves[inner]
        return None

    def leaves_below(self, folder: str) -> Iterator[tuple[str, Leaf]]:
        """Yield all that should stand in a folder below the root, with its path below the root."""
        for part in self.parts:
            for inner, leaf in part.leaves.items():
                path = f"{part.place}/{inner}" if part.place else inner
                if path.startswith(f"{folder}/"):
                    yield path, leaf

    def folders_below(self, folder: str) -> Iterator[str]:
        """Yield all folders that should stand in a folder, and itself; above come before below."""
        for part in self.parts:
            for inner in sorted(part.folders):
                path = f"{part.place}/{inner}".strip("/")
                if path == folder or path.startswith(f"{folder}/"):
                    yield path

    def _with_twins(self, scope: Scope) -> Scope:
        """Return a scope with the same files in other trees: who writes into one of them has written into all."""
        inner = {path.split("/", 2)[2] for path in scope.named if path.startswith("trees/") and path.count("/") > 1}
        if scope.parts is None or not inner:
            return scope
        trees = [part for part in self.parts if part.place.startswith("trees/")]
        twins = {f"{part.place}/{path}": part.place for part in trees for path in inner & part.leaves.keys()}
        return replace(scope, parts=scope.parts.union(twins.values()), named=scope.named.union(twins))

    def _is_allowed(self, signed: SignedManifest) -> bool:
        if self._signers is None:
            return True
        try:
            verify(signed, self._signers)
        except MachineryError as error:
            if error.key in ("unsigned", "foreign-signed"):
                return False
            raise
        return True

    def _find_lost(self, releases: Releases, trees: Iterable[str]) -> Iterator[Damage]:
        for id in releases.lost:
            yield Damage(Kind.LOST, f"releases/{id}/{MANIFEST}")
        for id in releases.forged:
            yield _damage(Kind.FORGED, f"releases/{id}/{MANIFEST}", self.store.releases / id)
        for digest in trees:
            if self._expectations.find_listing(digest) is None:
                yield Damage(Kind.LOST, f"trees/{digest}.list")

    def _look_at_link(self) -> Iterator[Damage]:
        """Look at `public`: what else stands in its place is somebody's, and stays."""
        if self._link:
            goal = os.path.relpath(self.store.root / CURRENT / SITES, self._link.parent)
            path = os.path.relpath(self._link, self.store.root)
            if not self._link.is_symlink():
                kind = Kind.STRAY if self._link.exists() else Kind.MISSING
                yield _damage(kind, path, self._link, wanted=goal)
            elif (found := str(self._link.readlink())) != goal:
                yield _damage(Kind.RETARGETED, path, self._link, found, goal)

    def _look_at_objects(self) -> Iterator[Damage]:
        leaves = (leaf for part in self.parts for leaf in part.leaves.values())
        needed = {leaf.digest for leaf in leaves if isinstance(leaf, File) and leaf.content is None}
        needed |= {leaf.digest for part in self.parts for leaf in _own(part)}
        folder = self.store.objects.folder
        for digest in sorted(needed):
            if not self.store.objects.has(digest):
                yield Damage(Kind.MISSING, f"objects/{digest[:2]}/{digest}", since=_time(folder / digest[:2]))
        for path in sorted(Path(entry.path) for entry in _scan(folder)):
            if path.name.startswith(BESIDE):
                continue
            if not _OBJECT_FOLDER.fullmatch(path.name):
                yield _damage(Kind.ADDED, f"objects/{path.name}", path)
                continue
            for entry in sorted(_scan(path), key=lambda entry: entry.name):
                if not entry.name.startswith(BESIDE) and self.store.objects.find(entry.name) is None:
                    kind = Kind.CHANGED if entry.name in needed else Kind.ADDED
                    yield _damage(kind, f"objects/{path.name}/{entry.name}", Path(entry.path))


def _own(part: Part) -> Iterator[File]:
    """Yield the files of a part that are objects though their bytes are known: manifests, signatures, listings."""
    for path, leaf in part.leaves.items():
        is_own = (part.place.startswith("releases/") and path.startswith(MANIFEST)) or path.endswith(".list")
        if is_own and isinstance(leaf, File) and leaf.content:
            yield leaf


class _Look:
    """One look at the parts of a store; a file that many trees share is read once."""

    def __init__(self, root: Path, scope: Scope) -> None:
        self._root = root
        self._scope = scope
        self._owners = {0, os.geteuid(), root.stat().st_uid}
        self._digests: dict[tuple[int, int, int], str] = {}

    def at(self, part: Part) -> Iterator[Damage]:
        """Yield what is wrong in a part."""
        yield from self._at_folder(part, "")

    def _at_folder(self, part: Part, folder: str) -> Iterator[Damage]:
        path = f"{part.place}/{folder}".strip("/")
        place = f"{self._root}/{path}".rstrip("/")
        status = _lstat(place)
        if status is None:
            if part.leaves:
                yield Damage(Kind.MISSING, path, since=_time(Path(place).parent))
            return
        if not stat.S_ISDIR(status.st_mode):
            yield Damage(Kind.REPLACED, path, since=status.st_ctime)
            return
        if path:
            yield from self._at_status(path, status, FOLDER_MODE)
        try:
            found = {entry.name for entry in os.scandir(place)}
        except PermissionError:
            return  # Its mode was named; what is in it is looked at once that is mended.
        except FileNotFoundError:
            found = set()
        for name, leaf in part.folders[folder].items():
            inner = f"{folder}/{name}".lstrip("/")
            if leaf is None:
                yield from self._at_folder(part, inner)
            else:
                yield from self._at_leaf(f"{path}/{name}".lstrip("/"), leaf)
        yield from self._others(part, folder, found - part.folders[folder].keys())

    def _others(self, part: Part, folder: str, names: Iterable[str]) -> Iterator[Damage]:
        for name in sorted(names):
            path = f"{part.place}/{folder}/{name}".replace("//", "/").lstrip("/")
            is_unfinished = name.startswith(BESIDE) and not folder and part.place in _UNFINISHED_IN
            if not is_unfinished and not part.is_allowed(f"{folder}/{name}".lstrip("/")):
                yield _damage(Kind.ADDED if part.place else Kind.STRAY, path, self._root / path)

    def _at_leaf(self, path: str, leaf: Leaf) -> Iterator[Damage]:
        place = f"{self._root}/{path}"
        status = _lstat(place)
        is_link = isinstance(leaf, Link)
        if status is None:
            yield Damage(Kind.MISSING, path, since=_time(Path(place).parent))
        elif not (stat.S_ISLNK(status.st_mode) if is_link else stat.S_ISREG(status.st_mode)):
            yield Damage(Kind.REPLACED, path, since=status.st_ctime)
        elif isinstance(leaf, Link):
            if (goal := _readlink(place)) != leaf.goal:
                yield Damage(Kind.RETARGETED, path, goal, leaf.goal, status.st_ctime)
        elif not self._has_bytes(path, leaf, status):
            yield Damage(Kind.CHANGED, path, since=status.st_ctime)
        else:
            yield from self._at_status(path, status, READ_ONLY)
            if status.st_mtime != leaf.time_seconds:
                yield Damage(Kind.TOUCHED, path, since=status.st_ctime)

    def _at_status(self, path: str, status: os.stat_result, mode: int) -> Iterator[Damage]:
        if (found := stat.S_IMODE(status.st_mode)) != mode:
            yield Damage(Kind.MODE, path, f"{found:04o}", f"{mode:04o}", status.st_ctime)
        if status.st_uid not in self._owners:
            yield Damage(Kind.OWNER, path, str(status.st_uid), "", status.st_ctime)

    def _is_named(self, path: str) -> bool:
        """Tell whether a file is named in the scope, or a folder it is in."""
        named = self._scope.named
        return bool(named) and any(step in named for step in accumulate(path.split("/"), "{}/{}".format))

    def _has_bytes(self, path: str, file: File, status: os.stat_result) -> bool:
        if status.st_size != file.size_bytes:
            return False
        is_trusted = status.st_mtime == file.time_seconds and not self._scope.is_deep
        if is_trusted and not self._is_named(path):
            return True
        key = (status.st_dev, status.st_ino, status.st_ctime_ns)
        if key not in self._digests:
            try:
                descriptor = os.open(f"{self._root}/{path}", _READ)
            except PermissionError:
                return True  # Its mode is named; its bytes are looked at once that is mended.
            except OSError:
                return False
            with os.fdopen(descriptor, "rb") as stream:
                self._digests[key] = digest_of(stream.read())
        return self._digests[key] == file.digest


def find_damage(store: Store, *, objects: bool = False, signers: Path | None = None) -> list[Damage]:
    """Return all that is not as it should be in a store. Raises MachineryError, OSError."""
    return Inspector(store, signers).find(Scope(objects=objects))


def narrowed(damage: Iterable[Damage]) -> Scope:
    """Return the scope in which damage is found again: the parts it is in, and whether objects are looked at."""
    paths = [one.path for one in damage]
    return scope_of(paths, objects=any(path.startswith("objects/") for path in paths))


def scope_of(paths: Iterable[str], *, objects: bool = False) -> Scope:
    """Return the scope in which something at one of these paths below the root is looked at."""
    named = frozenset(paths)
    parts = {"", "ordered", "releases", "trees"}
    for path in named:
        segments = path.split("/")
        parts.add(segments[0])
        parts.add("/".join(segments[:2]))
    return Scope(frozenset(parts), named, is_deep=False, objects=objects)


def _damage(kind: Kind, path: str, place: Path, found: str = "", wanted: str = "") -> Damage:
    return Damage(kind, path, found, wanted, _time(place))


def _time(place: Path) -> float | None:
    """Return when something was last done to a file or folder: unlike the time of change, it cannot be set."""
    status = _lstat(place)
    return status.st_ctime if status else None


def _lstat(place: str | Path) -> os.stat_result | None:
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        return os.lstat(place)
    return None


def _readlink(place: str) -> str:
    with suppress(OSError):
        return str(Path(place).readlink())
    return ""


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(OSError):
        return list(os.scandir(folder))
    return []
