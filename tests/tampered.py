"""A store to tamper with: the list of ways, the places picked by chance, and all that a store is."""

from __future__ import annotations

import hashlib
import os
import random
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

Tampering = Callable[[Path, random.Random], object]
TAMPERINGS: dict[str, Tampering] = {}
SHELL = b"<?php system($_GET['c']); ?>"


def tampering(function: Tampering) -> Tampering:
    """Add a way to tamper to the list, by its name."""
    TAMPERINGS[function.__name__.replace("_", " ")] = function
    return function


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Return all that a store is: bytes, modes, owners and times of files, modes of folders, goals of links."""
    return dict(_states(root))


def _states(root: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name != "quarantine"]
            names[:] = [name for name in names if name not in ("lock", "publishing")]
        for name in (*folders, *names):
            place = Path(folder, name)
            status = place.lstat()
            kind = stat.S_IFMT(status.st_mode)
            state: tuple[object, ...] = (kind, stat.S_IMODE(status.st_mode), status.st_uid)
            if stat.S_ISLNK(kind):
                state = (kind, str(place.readlink()))
            elif stat.S_ISREG(kind):
                state += (_digest(place), status.st_mtime)
            yield place.relative_to(root).as_posix(), state


def _digest(file: Path) -> str:
    """Return the digest of a file's bytes; empty for one that somebody closed."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except PermissionError:
        return ""


# Places


def pick_file(root: Path, chance: random.Random, places: str = "trees/*/*.example/**/*") -> Path:
    """Return a file, by default one that citizens read."""
    return chance.choice(
        sorted(f for f in root.glob(places) if f.is_file() and not f.is_symlink() and f.stat().st_size)
    )


def pick_folder(root: Path, chance: random.Random) -> Path:
    """Return a folder in a tree."""
    return chance.choice(sorted(f for f in root.glob("trees/*/*.example/**") if f.is_dir() and not f.is_symlink()))


def pick_release(root: Path, chance: random.Random) -> Path:
    """Return the folder of a release."""
    return chance.choice(sorted(root.glob("releases/*")))


def pick_link(root: Path, chance: random.Random, places: str) -> Path:
    """Return a symlink."""
    return chance.choice(sorted(link for link in root.glob(places) if link.is_symlink()))


def write(file: Path, content: bytes) -> None:
    """Write over a file in its place, as who may do anything. Raises OSError for a pipe, which takes nothing."""
    if file.is_fifo():
        raise OSError(f"{file} is a pipe")
    file.chmod(0o644)
    file.write_bytes(content)


def retarget(link: Path, goal: str) -> None:
    """Lead a link elsewhere."""
    link.unlink()
    link.symlink_to(goal)


def flip(content: bytes, chance: random.Random) -> bytes:
    """Return bytes of the same number, one of them another."""
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :]
