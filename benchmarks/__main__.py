"""Runs the benchmarks: `python -m benchmarks [--sizes S,M,L] [--runs N] [--quick]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.contenders import BENCH, TOOLS, Contender, find_programs, prepare
from benchmarks.corpora import PROJECT, SIZES
from benchmarks.figures import Figures
from benchmarks.floor import time_writing
from benchmarks.goals import GOALS
from benchmarks.machine import describe_machine, find_versions
from benchmarks.measure import measure_output, run, run_watched
from benchmarks.plot import draw
from benchmarks.profile import profile
from benchmarks.report import write_report
from benchmarks.saves import time_saves
from benchmarks.scenarios import SCENARIOS, Scenario, run_in_turn

_SAVES = 20
_SAVES_QUICK = 5
_TOOLS = {"S": TOOLS, "M": TOOLS, "L": ("govgen", "hugo")}
"""Stock Pelican would take long at L and no goal asks for it."""

_REBUILT_AT_L = "edited"
"""Hugo builds everything anew after any change, so at L one of the changes speaks for all."""


def main() -> int:
    """Measure what was asked for; return 1 where a goal that was measured is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measures govgen beside Hugo and Pelican."
    )
    parser.add_argument("--sizes", default="S,M,L", help="counties, as in S,M")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="turns of each measurement")
    parser.add_argument("--quick", action="store_true", help="the smallest county, one turn")
    parser.add_argument("--output", type=Path, default=PROJECT / "docs", help="folder of performance.md and .svg")
    options = parser.parse_args()
    sizes, turns, saves = options.sizes.split(","), options.runs, _SAVES
    if options.quick:
        sizes, turns, saves = ["S"], 1, _SAVES_QUICK
    if unknown := set(sizes) - set(SIZES):
        parser.error(f"no such size: {', '.join(sorted(unknown))}")
    programs = find_programs()
    figures = Figures(machine=describe_machine(), versions=find_versions(programs))
    contenders = []
    for size in sizes:
        _say(f"corpus {size}")
        contenders += prepare(BENCH, size, SIZES[size], _TOOLS[size], programs)
    measure_cold(figures, contenders, turns)
    measure_changes(figures, contenders, turns)
    for contender in contenders:
        if contender.tool == "govgen":
            _say(f"saves {contender.size}")
            figures.saves[contender.size] = time_saves(contender, saves)
        if contender.key == "M/govgen":
            figures.profile.extend(profile(contender.root, BENCH / "profile", datetime.now(UTC)))
    BENCH.mkdir(parents=True, exist_ok=True)
    (BENCH / "figures.json").write_text(figures.to_json(), encoding="utf-8")
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "performance.md").write_text(write_report(figures, turns), encoding="utf-8")
    (options.output / "performance.svg").write_text(draw(GOALS, figures), encoding="utf-8")
    missed = [goal.name for goal in GOALS if goal.is_met(figures) is False]
    _say(f"goals missed: {'; '.join(missed) or 'none'}")
    return int(bool(missed))


def measure_cold(figures: Figures, contenders: Sequence[Contender], turns: int) -> None:
    """Measure builds from nothing: the time in turn, then output, memory and floor once each."""
    for _ in range(turns):
        for contender in contenders:
            contender.clear()
            taken = run(contender.build)
            key = f"cold/{contender.key}"
            _say(f"{key} {taken.seconds:.2f} s")
            figures.seconds.setdefault(key, []).append(taken.seconds)
            figures.cpu_seconds.setdefault(key, []).append(taken.cpu_seconds)
    for contender in contenders:
        contender.clear()
        peak = run_watched(contender.build)
        figures.memory[contender.key] = {"pss": peak.peak_pss_bytes, "rss": peak.peak_rss_bytes}
        outputs = [measure_output(folder) for folder in contender.outputs]
        pages = sum(output.pages for output in outputs)
        figures.outputs[contender.key] = {
            "files": sum(output.files for output in outputs),
            "size_bytes": sum(output.size_bytes for output in outputs),
            "pages": pages,
        }
        if contender.tool == "govgen":
            scratch = BENCH / contender.size / "floor"
            figures.floor[contender.size] = [time_writing(contender.outputs[0], scratch) for _ in range(turns)]
        _say(f"output {contender.key} {pages} pages, {peak.peak_pss_bytes / 1e6:.0f} MB")


def measure_changes(figures: Figures, contenders: Sequence[Contender], turns: int) -> None:
    """Measure what follows each kind of change."""
    for scenario in SCENARIOS:
        chosen = [contender for contender in contenders if _takes_part(scenario, contender)]
        for key, measured in run_in_turn(scenario, chosen, turns).items():
            name = f"{scenario.id}/{key}"
            figures.seconds[name] = [turn.run.seconds for turn in measured]
            figures.cpu_seconds[name] = [turn.run.cpu_seconds for turn in measured]
            figures.written[name] = [turn.written for turn in measured]
            figures.written_bytes[name] = [turn.written_bytes for turn in measured]
            _say(f"{name} {figures.typical(name):.3f} s")


def _takes_part(scenario: Scenario, contender: Contender) -> bool:
    if contender.tool == "govgen":
        return True
    is_own = scenario.is_check or scenario.id.endswith("-tree")
    return not is_own and (contender.size != "L" or scenario.id == _REBUILT_AT_L)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
