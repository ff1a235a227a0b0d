"""The calls by which a program changes a disk, as Linux numbers them on x86-64, and what one call is about."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURE = "x86_64"
_AUDIT_ARCHITECTURE = 0xC000003E
_HERE = -100
"""AT_FDCWD: the path is below the folder the program stands in."""


@dataclass(frozen=True)
class Form:
    """Where a call has what it is about; numbers are places among its arguments."""

    number: int
    path: int | None = None
    folder: int | None = None
    """The descriptor of the folder the path is below."""

    goal: int | None = None
    """A second path."""

    goal_folder: int | None = None
    descriptor: int | None = None
    flags: int | None = None
    """Of open(2): only what may write is looked at."""

    content: int | None = None
    """Bytes to be written; how many is the next argument."""

    size: int | None = None
    """Where in a file, or how long it is to be."""


FORMS: Mapping[str, Form] = {
    "write": Form(1, descriptor=0, content=1),
    "open": Form(2, path=0, flags=1),
    "pwrite64": Form(18, descriptor=0, content=1, size=3),
    "writev": Form(20, descriptor=0),
    "sendfile": Form(40, descriptor=0),
    "flock": Form(73, descriptor=0),
    "fsync": Form(74, descriptor=0),
    "fdatasync": Form(75, descriptor=0),
    "truncate": Form(76, path=0, size=1),
    "ftruncate": Form(77, descriptor=0, size=1),
    "rename": Form(82, path=0, goal=1),
    "mkdir": Form(83, path=0),
    "rmdir": Form(84, path=0),
    "creat": Form(85, path=0),
    "link": Form(86, path=0, goal=1),
    "unlink": Form(87, path=0),
    "symlink": Form(88, path=1, goal=0),
    "chmod": Form(90, path=0),
    "fchmod": Form(91, descriptor=0),
    "chown": Form(92, path=0),
    "fchown": Form(93, descriptor=0),
    "lchown": Form(94, path=0),
    "sync": Form(162),
    "utimes": Form(235, path=0),
    "openat": Form(257, folder=0, path=1, flags=2),
    "mkdirat": Form(258, folder=0, path=1),
    "fchownat": Form(260, folder=0, path=1),
    "unlinkat": Form(263, folder=0, path=1, flags=None),
    "renameat": Form(264, folder=0, path=1, goal_folder=2, goal=3),
    "linkat": Form(265, folder=0, path=1, goal_folder=2, goal=3),
    "symlinkat": Form(266, folder=1, path=2, goal=0),
    "fchmodat": Form(268, folder=0, path=1),
    "utimensat": Form(280, folder=0, path=1),
    "fallocate": Form(285, descriptor=0),
    "pwritev": Form(296, descriptor=0),
    "syncfs": Form(306, descriptor=0),
    "renameat2": Form(316, folder=0, path=1, goal_folder=2, goal=3),
    "copy_file_range": Form(326, descriptor=2),
}
_NAMES = {form.number: name for name, form in FORMS.items()}
_MAY_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_SYMLINKS = ("symlink", "symlinkat")


@dataclass(frozen=True)
class Call:
    """One call that changes the watched folder."""

    number: int
    """Its place among all of them, from 1."""

    name: str
    path: str
    """What it changes, below the watched folder."""

    goal: str = ""
    """The new name of a rename or link; what a symlink says."""

    content: bytes = b""
    size: int = 0
    flags: int = 0


def compile_filter() -> bytes:
    """Return the filter (seccomp(2)) that hands these calls over, and lets all others pass."""
    load, equal, has_bits, give = 0x20, 0x15, 0x45, 0x06
    hand_over, allow = 0x7FC00000, 0x7FFF0000
    steps = [(load, 0, 0, 4), (equal, 1, 0, _AUDIT_ARCHITECTURE), (give, 0, 0, allow), (load, 0, 0, 0)]
    for form in FORMS.values():
        if form.flags is None:
            steps += [(equal, 0, 1, form.number), (give, 0, 0, hand_over)]
        else:
            steps += [(equal, 0, 4, form.number), (load, 0, 0, 16 + 8 * form.flags)]
            steps += [(has_bits, 0, 1, _MAY_WRITE), (give, 0, 0, hand_over), (give, 0, 0, allow)]
    steps.append((give, 0, 0, allow))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


class Thread:
    """The thread that waits for an answer: its memory and its files."""

    def __init__(self, id: int) -> None:
        self.id = id

    def process(self) -> int:
        """Return the process it belongs to."""
        status = Path(f"/proc/{self.id}/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("Tgid:")[2].split()[0])

    def describe(self, number: int, arguments: tuple[int, ...], with_content: bool) -> Call:
        """Return what a call is about, paths in full. Raises OSError where the thread is gone."""
        name = _NAMES[number]
        form = FORMS[name]
        goal = content = b""
        if form.goal is not None and name in _SYMLINKS:
            goal = self._text(arguments[form.goal])
        elif form.goal is not None:
            goal = self._path(arguments, form.goal, form.goal_folder)
        if form.content is not None and with_content:
            content = self._read(arguments[form.content], arguments[form.content + 1])
        return Call(
            0,
            name,
            os.fsdecode(self._subject(form, arguments)),
            os.fsdecode(goal),
            content,
            arguments[form.size] if form.size is not None else -1,
            arguments[form.flags] if form.flags is not None else 0,
        )

    def _subject(self, form: Form, arguments: tuple[int, ...]) -> bytes:
        if form.descriptor is not None:
            return self._link(f"fd/{arguments[form.descriptor]}")
        return self._path(arguments, form.path, form.folder) if form.path is not None else b""

    def _path(self, arguments: tuple[int, ...], place: int, folder: int | None) -> bytes:
        # utimensat(2) takes a descriptor for the file itself where there is no path.
        path = self._text(arguments[place]) if arguments[place] else b""
        if path.startswith(b"/"):
            return os.path.normpath(path)
        descriptor = _HERE
        if folder is not None:
            descriptor = struct.unpack("=i", struct.pack("=I", arguments[folder] & 0xFFFFFFFF))[0]
        link = "cwd" if descriptor == _HERE else f"fd/{descriptor}"
        return os.path.normpath(self._link(link) + b"/" + path)

    def _link(self, name: str) -> bytes:
        return os.fsencode(Path(f"/proc/{self.id}/{name}").readlink())

    def _text(self, address: int) -> bytes:
        found = b""
        with suppress(OSError):
            # A page at a time: the one behind may not be there.
            while b"\0" not in found and len(found) <= 8192:
                found += self._read(address + len(found), 4096 - (address + len(found)) % 4096)
        return found.partition(b"\0")[0]

    def _read(self, address: int, size_bytes: int) -> bytes:
        with Path(f"/proc/{self.id}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(size_bytes)
