"""Brings about all faults: `python -m benchmarks.faults [--quick] [--only kill,power] [--again]`.

All of them take hours. What was found of this very program is kept in `build/faults`, and a run that broke off goes on.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.corpora import PROJECT
from benchmarks.faults import watch
from benchmarks.faults.county import load_program
from benchmarks.faults.figures import Figure, LeftOut
from benchmarks.faults.kept import Kept
from benchmarks.faults.measures import MEASURES, Plan
from benchmarks.faults.report import write_report
from benchmarks.machine import describe_machine, find_system_versions

_CANNOT = 3


def main() -> int:
    """Bring about what was asked for; return 1 where a figure misses its goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="Breaks publishing in every way.")
    parser.add_argument("--quick", action="store_true", help="a few of each, in a minute")
    parser.add_argument("--only", default=",".join(MEASURES), metavar="NAMES", help="some faults, as in kill,power")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="processors to use")
    parser.add_argument("--output", type=Path, help="folder to write reliability.md to (all of it: docs/)")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if unknown := set(wanted) - set(MEASURES):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    if not watch.is_possible():
        print("faults can be brought about on Linux on x86-64 only", file=sys.stderr)
        return _CANNOT
    load_program()
    kept = Kept(PROJECT / "build" / "faults", is_used=not (options.quick or options.again))
    found = _measure(wanted, Plan(options.jobs, options.quick), kept)
    is_all = wanted == list(MEASURES) and not options.quick
    folder = options.output or (PROJECT / "docs" if is_all else None)
    if folder:
        page = write_report(found, describe_machine(), find_system_versions(), is_quick=options.quick)
        (folder / "reliability.md").write_text(page, encoding="utf-8")
    missed = [one.name for one in found if isinstance(one, Figure) and not one.is_met]
    left_out = [one.name for one in found if isinstance(one, LeftOut)]
    _say(f"left out: {'; '.join(left_out) or 'none'}")
    _say(f"goals missed: {'; '.join(missed) or 'none'}")
    return int(bool(missed))


def _measure(wanted: list[str], plan: Plan, kept: Kept) -> list[Figure | LeftOut]:
    found: list[Figure | LeftOut] = []
    started = time.monotonic()
    for name in wanted:
        if known := kept.find(name):
            found += known
            _say(f"{name}: measured before")
            continue
        own = []
        for one in MEASURES[name](plan):
            own.append(one)
            _say(f"{time.monotonic() - started:5.0f} s  {_describe(one)}")
        if not plan.is_quick:
            kept.keep(name, own)
        found += own
    return found


def _describe(one: Figure | LeftOut) -> str:
    if isinstance(one, LeftOut):
        return f"{one.group} {one.name}: left out, {one.reason}"
    words = f"{one.group} {one.name}: {one.points}, torn {one.torn}, stuck {one.stuck}, unclear {one.unclear}"
    healed = f", healed {one.healed}/{one.tried}" if one.tried else ""
    lines = [f"{words}{healed} {one.note} {'ok' if one.is_met else 'MISSED'}", *one.examples]
    return "\n         ".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
