"""The record of which releases were ordered live: two notes a release, so that neither can vanish unnoticed."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from govgen.files import read_regular
from govgen.release.disk import BESIDE, make_folder, put_file
from govgen.release.manifest import ID
from govgen.release.objects import digest_of, time_of

ORDERED = "ordered"
"""The folder with a note a release; and the name of the other note, in the release's own folder."""

_NOTE = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{64}|-)\n")


class Order(NamedTuple):
    """What was ordered: a manifest and its signature, by their digests."""

    manifest: str
    signature: str
    """Empty for a release without one."""

    @property
    def content(self) -> bytes:
        """The order as a file."""
        return f"{self.manifest} {self.signature or '-'}\n".encode()

    @property
    def time_seconds(self) -> int:
        """The time of change that the file gets."""
        return time_of(self.manifest)


class Orders:
    """The notes of a store. The newest release with one must be live; one without was staged only."""

    def __init__(self, root: Path) -> None:
        self._notes = root / ORDERED
        self._releases = root / "releases"

    def give(self, release: str, manifest: bytes, signature: bytes) -> None:
        """Note that a release is to be live. Raises OSError."""
        order = Order(digest_of(manifest), digest_of(signature) if signature else "")
        make_folder(self._notes)
        for file in self._files(release):
            put_file(file, order.content, order.time_seconds, beside_in=self._notes)

    def take_back(self, release: str) -> None:
        """Take an order back that could not be carried out. Raises OSError."""
        for file in self._files(release):
            file.unlink(missing_ok=True)

    def forget(self, release: str) -> None:
        """Drop the note of a release that goes, whose other note goes with its folder. Raises OSError."""
        self._files(release)[0].unlink(missing_ok=True)

    def find_unfinished(self) -> list[Path]:
        """Return what a broken-off publisher left half done."""
        return list(self._notes.glob(f"{BESIDE}*"))

    def ids(self) -> set[str]:
        """Return the ids of all releases of which a note says something."""
        if not self._notes.is_dir():
            return set()
        return {entry.name for entry in os.scandir(self._notes) if ID.fullmatch(entry.name)}

    def find(self, release: str) -> tuple[Order, ...]:
        """Return what the notes of a release say: one order, or none, or two where somebody changed a note."""
        orders = []
        for file in self._files(release):
            with suppress(OSError):
                if found := _NOTE.fullmatch(read_regular(file)):
                    orders.append(Order(found[1].decode(), found[2].decode().strip("-")))
        return tuple(dict.fromkeys(orders))

    def digests(self) -> set[str]:
        """Return the digests of all manifests and signatures that were ordered."""
        orders = (order for release in self.ids() for order in self.find(release))
        return {digest for order in orders for digest in order if digest}

    def _files(self, release: str) -> tuple[Path, Path]:
        return self._notes / release, self._releases / release / ORDERED
