"""Mends a store from its objects, byte for byte; what does not belong there goes into quarantine, as evidence."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import read_regular
from govgen.release.disk import make_folder, put_file, put_link
from govgen.release.expected import QUARANTINE, File, Leaf, Link
from govgen.release.inspect import FOLDER_MODE, Damage, Inspector, Kind, Scope
from govgen.release.objects import digest_of

_ROUNDS = 6
"""Where a folder was closed, what is in it comes to light only once it is open again."""

_BY_HAND = (Kind.STRAY, Kind.FORGED, Kind.LOST)


@dataclass(frozen=True)
class Outcome:
    """What became of a damage."""

    damage: Damage
    is_healed: bool
    reason: str = ""
    """Why it was not mended; empty where nothing was tried."""


def heal(inspector: Inspector, scope: Scope, when: str) -> list[Outcome]:
    """Mend what is damaged in a scope, and look again; `when` names the quarantine folder. Raises MachineryError.

    Whatever is served meanwhile is served on: each file is right or wrong as a whole, and right from then on.
    """
    healer = _Healer(inspector, when)
    seen: dict[Damage, str] = {}
    before: list[Damage] = []
    for _ in range(_ROUNDS):
        found = inspector.find(scope)
        if not found or found == before:
            break
        before = found
        for damage in found:
            seen[damage] = healer.mend(damage)
    healer.close()
    left = set(inspector.find(scope))
    seen.update({damage: "" for damage in left if damage not in seen})
    return [Outcome(damage, damage not in left, reason if damage in left else "") for damage, reason in seen.items()]


class _Healer:
    """Mends one damage after another."""

    def __init__(self, inspector: Inspector, when: str) -> None:
        self._inspector = inspector
        self._store = inspector.store
        self._root = inspector.store.root
        self._quarantine = self._root / QUARANTINE / when
        self._owner = self._root.stat()

    def mend(self, damage: Damage) -> str:
        """Mend a damage; return why it could not be."""
        try:
            if damage.path.startswith("objects/"):
                self._mend_object(damage)
            elif damage.kind is Kind.ADDED:
                self._take_away(self._root / damage.path)
            elif damage.kind not in _BY_HAND:
                self._restore(damage)
        except OSError as error:
            return error.strerror or str(error)
        except MachineryError as error:
            return error.key
        return ""

    def close(self) -> None:
        """Shut the quarantine: nobody reads or runs what is in it by mistake."""
        if self._quarantine.is_dir():
            self._quarantine.chmod(0)

    def _restore(self, damage: Damage) -> None:
        path, place = damage.path, self._root / damage.path
        leaf = self._inspector.leaf(path)
        if leaf is not None:
            self._restore_leaf(path, leaf, damage.kind)
        elif damage.kind is Kind.RETARGETED or (damage.kind is Kind.MISSING and damage.wanted):
            self._restore_link(place, Link(damage.wanted))
        elif damage.kind in (Kind.MISSING, Kind.REPLACED):
            if damage.kind is Kind.REPLACED:
                self._take_away(place)
            self._restore_folder(path)
        else:
            self._restore_status(place)

    def _restore_status(self, folder: Path) -> None:
        folder.chmod(FOLDER_MODE)
        self._own(folder)

    def _restore_folder(self, path: str) -> None:
        for folder in self._inspector.folders_below(path):
            make_folder(self._root / folder)
            self._own(self._root / folder)
        for inner, leaf in self._inspector.leaves_below(path):
            self._restore_leaf(inner, leaf, Kind.MISSING)

    def _restore_leaf(self, path: str, leaf: Leaf, kind: Kind) -> None:
        place = self._root / path
        content = self._find_bytes(leaf) if isinstance(leaf, File) else b""
        if kind is Kind.REPLACED and place.is_dir() and not place.is_symlink():
            self._take_away(place)
        elif kind in (Kind.CHANGED, Kind.REPLACED, Kind.RETARGETED):
            self._keep_evidence(place)
        make_folder(place.parent)
        if isinstance(leaf, File):
            put_file(place, content, leaf.time_seconds)
            self._own(place)
        else:
            self._restore_link(place, leaf)

    def _restore_link(self, place: Path, link: Link) -> None:
        put_link(place, link.goal)
        self._own(place)

    def _own(self, place: Path) -> None:
        """Give a mended thing to whom the store belongs, who publishes into it."""
        if os.geteuid() == 0 and self._owner.st_uid != 0:
            os.chown(place, self._owner.st_uid, self._owner.st_gid, follow_symlinks=False)

    # Evidence

    def _take_away(self, place: Path) -> None:
        """Move something into quarantine."""
        with suppress(OSError):
            if stat.S_ISDIR(place.lstat().st_mode):
                place.chmod(0o700)  # A folder that cannot be written to cannot be moved either.
        place.rename(self._make_room(place))

    def _keep_evidence(self, place: Path) -> None:
        """Have a changed file in quarantine too, where the disk allows; it is overwritten in its place."""
        with suppress(OSError):
            os.link(place, self._make_room(place), follow_symlinks=False)

    def _make_room(self, place: Path) -> Path:
        """Return a free name in quarantine for something."""
        self._quarantine.mkdir(parents=True, exist_ok=True)
        self._quarantine.chmod(0o700)
        inner = os.path.relpath(place, self._root).removeprefix("../")
        room = self._quarantine / inner
        number = 1
        while os.path.lexists(room):
            number += 1
            room = self._quarantine / f"{inner}.{number}"
        room.parent.mkdir(parents=True, exist_ok=True)
        return room

    # Bytes

    def _find_bytes(self, file: File) -> bytes:
        """Return the bytes of a file from wherever they are whole. Raises MachineryError where they are nowhere."""
        content = file.content if file.content is not None else self._store.objects.find(file.digest)
        if content is None:
            content = next(self._copies(file.digest), None)
        if content is None:
            raise MachineryError("object-lost", object=file.digest)
        return content

    def _copies(self, digest: str) -> Iterator[bytes]:
        """Yield the bytes with a digest as they are found in trees and in the pool, packed or not."""
        for part in self._inspector.parts:
            for path, leaf in part.leaves.items():
                if not isinstance(leaf, File) or leaf.digest != digest:
                    continue
                packed = part.leaves.get(f"{path}.gz")
                if leaf.content is not None:
                    yield leaf.content
                with suppress(OSError):
                    if digest_of(content := read_regular(self._root / part.place / path)) == digest:
                        yield content
                if isinstance(packed, File) and (whole := self._store.objects.find(packed.digest)):
                    with suppress(OSError, EOFError, zlib.error):
                        if digest_of(content := gzip.decompress(whole)) == digest:
                            yield content

    def _mend_object(self, damage: Damage) -> None:
        """Put an object anew; one without any whole copy goes, so that the next publish brings it."""
        place = self._root / damage.path
        content = next(self._copies(place.name), None) if damage.kind is not Kind.ADDED else None
        if content is not None:
            if os.path.lexists(place):
                self._keep_evidence(place)
                if place.is_dir() and not place.is_symlink():
                    self._take_away(place)
            self._store.objects.put(place.name, content)
            self._own(place)
            return
        if os.path.lexists(place):
            self._take_away(place)
        if damage.kind is not Kind.ADDED:
            raise MachineryError("object-lost", object=place.name)
