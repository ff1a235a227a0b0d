"""The object store: bytes named by their digest, each kept once, never served."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import read_regular
from govgen.release.disk import BESIDE, make_folder, put_file

_EARLIEST = 978_307_200
"""2001-01-01 as seconds of Unix time."""


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def time_of(digest: str) -> int:
    """Return the time of change that a file with this digest gets, in seconds of Unix time.

    Web servers and rsync tell two versions of a file by size and time, to the second. A time that follows from the
    bytes never makes two versions look equal, and is the same on all servers of a county.
    """
    return _EARLIEST + int(digest[:8], 16) % (1 << 29)


class Objects:
    """A folder of bytes named by their digest.

    Trees hold copies of their own: whoever writes over a published file does not reach what it is healed from.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known_folders: set[str] = set()

    def path(self, digest: str) -> Path:
        """Return where the bytes with this digest stand, if they do."""
        return self.folder / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Tell whether there is an object of that name; it may be damaged."""
        return os.path.lexists(self.path(digest))

    def find(self, digest: str) -> bytes | None:
        """Return the bytes with this digest; None where there are none, or others: disks and people damage files."""
        with suppress(OSError):
            content = read_regular(self.path(digest))
            if digest_of(content) == digest:
                return content
        return None

    def read(self, digest: str) -> bytes:
        """Return the bytes with this digest. Raises MachineryError where they are missing or damaged."""
        content = self.find(digest)
        if content is None:
            raise MachineryError("object-lost", object=digest)
        return content

    def put(self, digest: str, content: bytes) -> None:
        """Keep bytes, in place of damaged ones too. Raises MachineryError where they are not those named."""
        if digest_of(content) != digest:
            raise MachineryError("wrong-object", object=digest)
        if digest[:2] not in self._known_folders:
            make_folder(self.folder / digest[:2])
            self._known_folders.add(digest[:2])
        # What stands there soundly stays: a power cut might take it while it is replaced.
        if self.find(digest) is None:
            put_file(self.path(digest), content, time_of(digest), beside_in=self.folder)

    def find_unfinished(self) -> list[Path]:
        """Return what a broken-off publisher left half written."""
        return sorted(self.folder.glob(f"{BESIDE}*"))

    def sweep(self, kept: Collection[str]) -> int:
        """Take away all objects but those kept; return how many."""
        removed = 0
        for entry in self._scan():
            if entry.name not in kept:
                Path(entry.path).unlink()
                removed += 1
        return removed

    def _scan(self) -> Iterator[os.DirEntry[str]]:
        if self.folder.is_dir():
            for folder in os.scandir(self.folder):
                if not folder.name.startswith(BESIDE):
                    yield from os.scandir(folder.path)
