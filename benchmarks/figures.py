"""All that a run of the benchmarks measured, and what can be asked of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figures:
    """Measurements, by names as `scenario/size/tool` or `size/tool`."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    """By the wall clock; one for each turn. Turns of the same number were taken one after the other."""

    cpu_seconds: dict[str, list[float]] = field(default_factory=dict)
    written: dict[str, list[int]] = field(default_factory=dict)
    """Files made or changed."""

    written_bytes: dict[str, list[int]] = field(default_factory=dict)
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    """Peaks of a cold build, of all processes together: `pss` and `rss`, in bytes."""

    outputs: dict[str, dict[str, int]] = field(default_factory=dict)
    """What a cold build makes: `files`, `size_bytes`, `pages`."""

    saves: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from a save to the reload, by size."""

    floor: dict[str, list[float]] = field(default_factory=dict)
    """Seconds to write the bytes of govgen's output, by size."""

    profile: list[tuple[str, int, float]] = field(default_factory=list)
    """The steps of a cold build of M: what is done, how often, microseconds of processor time each."""

    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the figures as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"

    @staticmethod
    def from_json(text: str) -> Figures:
        """Return the figures that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        return Figures(**values)

    def typical(self, key: str) -> float | None:
        """Return the median time of a scenario, in seconds; None where it was not measured."""
        turns = self.seconds.get(key)
        return median(turns) if turns else None

    def ratio(self, above: str, below: str) -> float | None:
        """Return how many times the first takes the second's time: the median over the turns."""
        return median_ratio(self.seconds.get(above, ()), self.seconds.get(below, ()))

    def speedup(self, size: str, other: str) -> float | None:
        """Return how many times the pages another tool makes in a second govgen makes, in cold builds."""
        ratio = self.ratio(f"cold/{size}/{other}", f"cold/{size}/govgen")
        own, others = self.outputs.get(f"{size}/govgen"), self.outputs.get(f"{size}/{other}")
        if ratio is None or not own or not others:
            return None
        return ratio * own["pages"] / others["pages"]

    def memory_ratio(self, size: str, other: str) -> float | None:
        """Return what part of another tool's peak memory govgen needs in a cold build, by PSS."""
        own, others = self.memory.get(f"{size}/govgen"), self.memory.get(f"{size}/{other}")
        return own["pss"] / others["pss"] if own and others else None


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float | None:
    """Return the median of the ratios turn by turn; None where a turn is missing."""
    pairs = list(zip(above, below, strict=False))
    return median(one / other for one, other in pairs) if pairs else None
