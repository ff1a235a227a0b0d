"""Publishes small edits two hundred times in one process, and looks whether anything grows that should not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.county import NEWS, NOON, County, load_program, news
from benchmarks.faults.live import find_waste, look
from benchmarks.faults.watch import LET, Watch

_KEPT = 5


@dataclass(frozen=True)
class Soak:
    """What was measured after each publish."""

    memory_kb: tuple[int, ...]
    files: tuple[int, ...]
    """Open ones."""

    objects: tuple[int, ...]
    releases: int
    faults: tuple[str, ...]
    waste: int
    """Objects no release needs, at the end."""

    @property
    def memory_growth(self) -> float:
        """How much more memory the second half of the publishes took than the first."""
        return _growth(self.memory_kb)

    def is_flat(self, margin: float) -> bool:
        """Tell whether nothing grew by more than so many times."""
        measured = (self.memory_kb, self.files, self.objects)
        return all(_growth(numbers) <= margin for numbers in measured) and self.releases == _KEPT


def _growth(numbers: Sequence[int]) -> float:
    """Return how many times the most of the first half is the most of the second."""
    half = len(numbers) // 2
    return max(numbers[half:]) / max(numbers[:half])


def soak(folder: Path, number: int) -> Soak:
    """Publish so many edits. Raises RuntimeError where one fails."""
    load_program()
    county = County(folder)
    county.write("targets.toml", f"[public]\nkeep = {_KEPT}\n")
    notes = folder / "notes"
    ending = Watch(county.root, lambda _: LET).run(lambda: _publish_often(county, number, notes))
    if ending.code:
        raise RuntimeError(ending.output[-2000:])
    memory, files, objects = zip(*json.loads(notes.read_text(encoding="utf-8")), strict=True)
    releases = len(list((county.store / "releases").glob("[!.]*")))
    return Soak(memory, files, objects, releases, look(county.store).faults, len(find_waste(county.store)))


def _publish_often(county: County, number: int, notes: Path) -> int:
    found = []
    for edit in range(number):
        county.write(NEWS, news(f"第{edit}次修改"))
        if code := county.call("publish", "--jobs", "1", clock=NOON):
            return code
        status = Path("/proc/self/status").read_text(encoding="ascii")
        memory_kb = int(status.partition("VmRSS:")[2].split()[0])
        numbers = [
            sum(1 for _ in folder) for folder in (Path("/proc/self/fd").iterdir(), county.store.glob("objects/*/*"))
        ]
        found.append((memory_kb, *numbers))
    notes.write_text(json.dumps(found), encoding="utf-8")
    return 0
