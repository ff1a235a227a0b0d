"""A disk as a power cut sees it: what was written, and what of it would surely be there afterwards.

No journal and no order is taken for granted: a rename comes whole or not at all, fsync(2) on a file keeps its bytes, on
a folder its names, syncfs(2) keeps everything. What was not synced may be there in part: names
without bytes, later changes without earlier ones, zeros or rubbish where bytes should be.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from benchmarks.faults.calls import Call

_NEVER = 1 << 60
_ROOT = 0


class Bytes(Enum):
    """What becomes of bytes that were written but not synced."""

    WHOLE = "whole"
    ABSENT = "absent"
    HALF = "half"
    ZEROS = "zeros"
    RUBBISH = "rubbish"


@dataclass
class Change:
    """One change that may be lost as long as it is not synced."""

    at: int
    """The call that made it."""

    names: tuple[tuple[int, str, int | None], ...] = ()
    """Folder, name, and what stands there afterwards, if anything: all of them at once."""

    file: int = -1
    """The file whose bytes change."""

    offset: int = 0
    content: bytes | None = None
    """None where the file is cut off at `offset`."""

    safe_from: int = _NEVER
    """The call after which it outlives a power cut."""


@dataclass(frozen=True)
class Node:
    """A file, a folder or a symlink."""

    kind: str
    """`file`, `folder` or `link`."""

    content: bytes = b""
    """What was in it at the beginning; where a symlink leads."""


@dataclass(frozen=True)
class Loss:
    """What a power cut takes."""

    at: int
    """The last call that was done."""

    lost: frozenset[int]
    """Which of the changes, by their places in the list."""

    damage: Bytes
    """What becomes of the bytes not synced, where their change is not lost altogether."""


class Disk:
    """A folder's history from one moment on."""

    def __init__(self, root: Path) -> None:
        self.nodes: dict[int, Node] = {}
        self.changes: list[Change] = []
        self._names: dict[int, dict[str, int]] = {}
        self._sizes: dict[int, int] = {}
        known: dict[int, int] = {}
        self._read(root, known)
        self._first = {folder: dict(names) for folder, names in self._names.items()}

    def _read(self, place: Path, known: dict[int, int]) -> int:
        status = place.lstat()
        if place.is_symlink():
            return self._add(Node("link", os.fsencode(place.readlink())))
        if place.is_dir():
            folder = self._add(Node("folder"))
            for entry in sorted(place.iterdir()):
                self._names[folder][entry.name] = self._read(entry, known)
            return folder
        if status.st_ino not in known:
            known[status.st_ino] = self._add(Node("file", place.read_bytes()))
        return known[status.st_ino]

    def _add(self, node: Node) -> int:
        id = len(self.nodes)
        self.nodes[id] = node
        self._sizes[id] = len(node.content)
        if node.kind == "folder":
            self._names[id] = {}
        return id

    # What happens to it

    def note(self, call: Call, path: str, goal: str) -> None:
        """Take a call in; paths are below the folder. What could not have done anything leaves no trace."""
        if call.name in ("fsync", "fdatasync"):
            self._sync(call.number, self._find(path))
        elif call.name in ("syncfs", "sync"):
            self._sync_all(call.number)
        elif call.name in ("openat", "open", "creat"):
            self._open(call, path)
        elif call.name in ("write", "pwrite64"):
            self._write(call, path)
        elif call.name in ("ftruncate", "truncate"):
            self._cut(call.number, self._find(path), call.size)
        elif call.name in ("mkdir", "mkdirat"):
            self._make(call.number, path, Node("folder"))
        elif call.name in ("symlink", "symlinkat"):
            self._make(call.number, path, Node("link", os.fsencode(call.goal)))
        elif call.name in ("link", "linkat"):
            self._link(call.number, self._find(path), goal)
        elif call.name in ("unlink", "unlinkat", "rmdir"):
            self._unlink(call.number, path)
        elif call.name in ("rename", "renameat", "renameat2"):
            self._rename(call.number, path, goal)

    def _find(self, path: str) -> int | None:
        node: int | None = _ROOT
        for name in path.split("/") if path else ():
            node = self._names.get(node, {}).get(name) if node is not None else None
        return node

    def _place(self, path: str) -> tuple[int | None, str]:
        folder, _, name = path.rpartition("/")
        return self._find(folder), name

    def _change_names(self, at: int, *names: tuple[int, str, int | None]) -> None:
        for folder, name, node in names:
            if node is None:
                self._names[folder].pop(name, None)
            else:
                self._names[folder][name] = node
        self.changes.append(Change(at, names))

    def _make(self, at: int, path: str, node: Node) -> None:
        folder, name = self._place(path)
        if folder is not None and name not in self._names[folder]:
            self._change_names(at, (folder, name, self._add(node)))

    def _open(self, call: Call, path: str) -> None:
        found = self._find(path)
        if found is None and (call.name == "creat" or call.flags & os.O_CREAT):
            self._make(call.number, path, Node("file"))
        elif found is not None and (call.name == "creat" or call.flags & os.O_TRUNC):
            self._cut(call.number, found, 0)

    def _write(self, call: Call, path: str) -> None:
        file = self._find(path)
        if file is None:
            return  # Its last name is gone.
        # Nobody here writes anywhere but at the end, unless it says where.
        offset = call.size if call.size >= 0 else self._sizes[file]
        self._sizes[file] = max(self._sizes[file], offset + len(call.content))
        self.changes.append(Change(call.number, file=file, offset=offset, content=call.content))

    def _cut(self, at: int, file: int | None, size: int) -> None:
        if file is not None and self._sizes[file] != size:
            self._sizes[file] = size
            self.changes.append(Change(at, file=file, offset=size))

    def _link(self, at: int, node: int | None, goal: str) -> None:
        folder, name = self._place(goal)
        if node is not None and folder is not None and name not in self._names[folder]:
            self._change_names(at, (folder, name, node))

    def _unlink(self, at: int, path: str) -> None:
        folder, name = self._place(path)
        if folder is not None and name in self._names[folder]:
            self._change_names(at, (folder, name, None))

    def _rename(self, at: int, path: str, goal: str) -> None:
        (old, old_name), (new, new_name) = self._place(path), self._place(goal)
        if old is None or new is None or old_name not in self._names[old]:
            return
        node = self._names[old][old_name]
        self._change_names(at, (old, old_name, None), (new, new_name, node))

    def _sync(self, at: int, node: int | None) -> None:
        for change in self.changes:
            is_covered = change.file == node or (change.names and all(folder == node for folder, _, _ in change.names))
            if is_covered:
                change.safe_from = min(change.safe_from, at)

    def _sync_all(self, at: int) -> None:
        for change in self.changes:
            change.safe_from = min(change.safe_from, at)

    # What is left of it

    def pending(self, at: int) -> list[int]:
        """Return the places of the changes that a power cut after this call may take."""
        return [place for place, c in enumerate(self.changes) if c.at <= at < c.safe_from]

    def as_it_was(self) -> Remains:
        """Return what was there at the beginning."""
        return self.after(Loss(0, frozenset(), Bytes.WHOLE))

    def after(self, loss: Loss) -> Remains:
        """Return what is found when the power is back."""
        names = {folder: dict(entries) for folder, entries in self._first.items()}
        contents: dict[int, bytes] = {}
        for place, change in enumerate(self.changes):
            if change.at > loss.at or place in loss.lost:
                continue
            for folder, name, node in change.names:
                entries = names.setdefault(folder, {})
                if node is None:
                    entries.pop(name, None)
                else:
                    entries[name] = node
            if change.file >= 0:
                damage = Bytes.WHOLE if change.safe_from <= loss.at else loss.damage
                before = contents.get(change.file, self.nodes[change.file].content)
                contents[change.file] = _apply(before, change, damage)
        return Remains(self.nodes, names, contents)


class Remains:
    """What is on a disk after a power cut."""

    def __init__(
        self, nodes: Mapping[int, Node], names: Mapping[int, Mapping[str, int]], contents: Mapping[int, bytes]
    ) -> None:
        self._nodes = nodes
        self._names = names
        self._contents = contents

    def digest(self) -> str:
        """Return what tells these remains from others."""
        summary = hashlib.sha256()
        for path, node in sorted(self._walk("", _ROOT, frozenset())):
            summary.update(f"{path} {self._nodes[node].kind} ".encode() + self._content(node))
        return summary.hexdigest()

    def lay_out(self, root: Path, pool: Path | None = None) -> None:
        """Write them down below a folder; equal files as links to one in `pool`, where there is one."""
        root.mkdir()
        for path, node in self._walk("", _ROOT, frozenset()):
            place, kind = root / path, self._nodes[node].kind
            if kind == "folder":
                place.mkdir(exist_ok=True)
            elif kind == "link":
                place.symlink_to(os.fsdecode(self._nodes[node].content))
            elif pool is None:
                place.write_bytes(self._content(node))
            else:
                kept = pool / hashlib.sha256(self._content(node)).hexdigest()
                if not kept.exists():
                    kept.write_bytes(self._content(node))
                place.hardlink_to(kept)

    def _content(self, node: int) -> bytes:
        return self._contents.get(node, self._nodes[node].content)

    def _walk(self, path: str, node: int, above: Collection[int]) -> list[tuple[str, int]]:
        found = [(path, node)] if path else []
        if node not in above:  # A folder in itself: such a disk can't be mounted.
            for name, inner in self._names.get(node, {}).items():
                found += self._walk(f"{path}/{name}" if path else name, inner, {*above, node})
        return found


def _apply(before: bytes, change: Change, damage: Bytes) -> bytes:
    if damage is Bytes.ABSENT:
        return before
    if change.content is None:
        return before[: change.offset].ljust(change.offset, b"\0")
    size = len(change.content)
    written = {
        Bytes.WHOLE: change.content,
        Bytes.HALF: change.content[: size // 2],
        Bytes.ZEROS: bytes(size),
        Bytes.RUBBISH: bytes(byte ^ 0x5A for byte in change.content),
    }[damage]
    return before[: change.offset].ljust(change.offset, b"\0") + written + before[change.offset + len(written) :]
