"""Fills a real disk while a publish is on its way, or takes away the right to write on it: a small one in memory."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.calls import Call
from benchmarks.faults.county import LATER, MORNING, NEWS, NOON, County, load_program, news
from benchmarks.faults.live import find_waste, look
from benchmarks.faults.watch import LET, Ending

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
    with _mounted(county.root / _DISK) as disk:
        county.run(*_PUBLISH, clock=MORNING)
        trial = _Trial(county, disk)
        for left_bytes in _LEFT_BYTES[::every]:
            trial.fill(left_bytes)
        trial.write_protect()
    return Full(trial.tries, trial.failed, *map(tuple, (trial.torn, trial.unhealed, trial.kept, trial.unclear)))


class _Trial:
    """Publishes to one disk, and what came of them."""

    def __init__(self, county: County, disk: Path) -> None:
        self._county = county
        self._disk = disk
        self._store = disk / "store"
        self.tries = self.failed = 0
        self.torn: list[str] = []
        self.unhealed: list[str] = []
        self.kept: list[str] = []
        self.unclear: list[str] = []

    def fill(self, left_bytes: int) -> None:
        """Have the disk get full but for so many bytes while a page is published; then publish with room again."""
        name = f"{left_bytes} bytes left"
        waste = find_waste(self._store)
        ending = self._publish(name, errno.ENOSPC, _Filler(self._disk, left_bytes))
        if ending.code:
            self.kept += [f"{name}: {path}" for path in find_waste(self._store) - waste]
        (self._disk / "ballast").unlink()
        ending = self._county.run(*_PUBLISH, clock=NOON)
        if ending.code or look(self._store).faults or list(self._store.rglob(".new-*")):
            self.unhealed.append(f"{name}: {ending.output}")

    def write_protect(self) -> None:
        """Publish once more when nothing may be written any longer."""
        subprocess.run(["mount", "-o", "remount,ro", str(self._disk)], check=True)
        if self._publish("read-only", errno.EROFS, lambda _: LET).code == 0:
            self.unclear.append("read-only: exit code 0")

    def _publish(self, name: str, reason: int, decide: Callable[[Call], int]) -> Ending:
        self.tries += 1
        self._county.write(NEWS, news(f"第{self.tries}次"))
        before = look(self._store)
        ending = self._county.run(*_PUBLISH, decide=decide, clock=LATER)
        live = look(self._store)
        self.torn += [f"{name}: {fault}" for fault in live.faults]
        if ending.code:
            self.failed += 1
            if live.trees != before.trees:
                self.torn.append(f"{name}: it failed, and another release is live")
            if ending.code != 3 or os.strerror(reason) not in ending.output:
                self.unclear.append(f"{name}: {ending.output}")
        return ending


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
