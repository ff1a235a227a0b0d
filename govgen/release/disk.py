"""Puts files, links and folders on the disk so that a power cut finds them whole or not at all."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
READ_ONLY = 0o444
"""The mode of all files of a store: nobody but root writes into one again."""

BESIDE = ".new-"
"""What the name of anything unfinished begins with."""


def flush_all(folder: Path) -> None:
    """Wait until everything written to the file system that `folder` is on has reached the disk. Raises OSError.

    One call for thousands of files: fsync(2) on each would take a hundred times as long.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _LIBC.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder have reached the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with naming(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(file: Path | str) -> Iterator[None]:
    """Have an OSError say which file it is about: of a descriptor the system knows only the number."""
    try:
        yield
    except OSError as error:
        error.filename = str(file)
        raise


def write_new(file: Path | str, content: bytes, time_seconds: int | None = None) -> None:
    """Write a read-only file where there is none; its time of change is now unless one is given. Raises OSError."""
    descriptor = os.open(file, _NEW_FILE, READ_ONLY)
    try:
        with naming(file):
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            # Whatever the umask says: the web server reads it.
            os.fchmod(descriptor, READ_ONLY)
            if time_seconds is not None:
                os.utime(descriptor, (time_seconds, time_seconds))
    finally:
        os.close(descriptor)


def put_file(file: Path, content: bytes, time_seconds: int, beside_in: Path | None = None) -> None:
    """Put a read-only file in its place, over whatever file stands there, in one step. Raises OSError.

    Until it is whole it lies in the folder `beside_in`, or in its own.
    """
    # Two threads may put the same bytes at the same time.
    beside = (beside_in or file.parent) / f"{BESIDE}{threading.get_native_id()}-{file.name}"
    with suppress(FileNotFoundError):
        beside.unlink()
    write_new(beside, content, time_seconds)
    beside.rename(file)


def put_link(link: Path, goal: str) -> None:
    """Point a symlink at a goal in one step: readers see the old goal or the new one. Raises OSError."""
    # Not `ln -sf`: where it takes the old link away first, there is a moment without any.
    beside = link.with_name(f"{BESIDE}{link.name}")
    with suppress(FileNotFoundError):
        beside.unlink()
    beside.symlink_to(goal)
    beside.rename(link)


def make_folder(folder: Path) -> None:
    """Make a folder that everyone may read, and those above it. Raises OSError."""
    missing = list(takewhile(lambda place: not place.exists(), (folder, *folder.parents)))
    for place in reversed(missing):
        with suppress(FileExistsError):
            place.mkdir()
            # Whatever the umask says: the web server passes through it.
            place.chmod(0o755)
