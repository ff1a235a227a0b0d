"""Fills a real disk while a publish is on its way, or takes away the right to write on it: a small one in memory."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.calls import Call
from benchmarks.faults.county import LATER, MORNING, NEWS, NOON, County, load_program, news
from benchmarks.faults.live import find_waste, look
from benchmarks.faults.watch import LET

_DISK = "disk"
_SIZE_MB = 48
"""More than a publish wants to see free before it begins."""

_TARGET = f'[targets.{_DISK}]\nkind = "directory"\nfolder = "{_DISK}/store"\nkeep = 2\n'
_PUBLISH = ("publish", "--target", _DISK, "--jobs", "1")
_LEFT_BYTES = (*range(0, 200_000, 10_000), *range(200_000, 800_000, 50_000))


@dataclass(frozen=True)
class Full:
    """What came of it."""

    tries: int
    failed: int
    """Publishes that did not fit."""

    torn: tuple[str, ...]
    unhealed: tuple[str, ...]
    kept: tuple[str, ...]
    unclear: tuple[str, ...]


def is_possible() -> bool:
    """Tell whether one may mount a disk here."""
    if os.geteuid() != 0:
        return False
    with suppress(subprocess.CalledProcessError, OSError):
        subprocess.run(["unshare", "-m", "true"], check=True, capture_output=True)
        return True
    return False


def fill(folder: Path, every: int) -> Full:
    """Publish to a disk that gets full at the first byte written, with one amount left after the other."""
    load_program()
    county = County(folder)
    county.write("targets.toml", _TARGET)
    (county.root / _DISK).mkdir()
    store = county.root / _DISK / "store"
    torn: list[str] = []
    unhealed: list[str] = []
    kept: list[str] = []
    unclear: list[str] = []
    failed = 0
    amounts = _LEFT_BYTES[::every]
    with _mounted(county.root / _DISK) as disk:
        county.run(*_PUBLISH, clock=MORNING)
        for number, left_bytes in enumerate(amounts):
            name = f"{left_bytes} bytes left"
            county.write(NEWS, news(f"第{number}次"))
            before, waste = look(store), find_waste(store)
            ending = county.run(*_PUBLISH, decide=_Filler(disk, left_bytes), clock=LATER)
            live = look(store)
            failed += ending.code != 0
            torn += [f"{name}: {fault}" for fault in live.faults]
            if ending.code == 3 and live.trees != before.trees:
                torn.append(f"{name}: it failed, and another release is live")
            if ending.code == 3 and os.strerror(errno.ENOSPC) not in ending.output:
                unclear.append(f"{name}: {ending.output}")
            kept += [f"{name}: {path}" for path in find_waste(store) - waste] if ending.code == 3 else []
            (disk / "ballast").unlink()
            ending = county.run(*_PUBLISH, clock=NOON)
            if ending.code or look(store).faults or list(store.rglob(".new-*")):
                unhealed.append(f"{name}: {ending.output}")
        county.write(NEWS, news("只读"))
        before = look(store)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        ending = county.run(*_PUBLISH, clock=NOON)
        if ending.code != 3 or os.strerror(errno.EROFS) not in ending.output:
            unclear.append(f"read-only: {ending.output}")
        if look(store) != before:
            torn.append("read-only: another release is live")
    return Full(len(amounts) + 1, failed + 1, tuple(torn), tuple(unhealed), tuple(kept), tuple(unclear))


@contextmanager
def _mounted(place: Path) -> Iterator[Path]:
    """Mount a disk in memory for as long as this lasts."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m,mode=755", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


class _Filler:
    """Somebody else who fills the disk as soon as the publish has looked how much room there is, and writes."""

    def __init__(self, disk: Path, left_bytes: int) -> None:
        self._disk = disk
        self._left_bytes = left_bytes

    def __call__(self, call: Call) -> int:
        """Let every call pass, having filled the disk at the first that brings bytes."""
        ballast = self._disk / "ballast"
        if call.name == "write" and f"{_DISK}/store/objects/" in call.path and not ballast.exists():
            free_bytes = shutil.disk_usage(self._disk).free
            ballast.write_bytes(bytes(max(0, free_bytes - self._left_bytes)))
        return LET
