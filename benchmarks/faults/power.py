"""Cuts the power in the middle of a publish, ten thousand times, and looks at what is live when it is back."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import PROJECT
from benchmarks.faults.calls import Call
from benchmarks.faults.county import NEWS, NOON, STORE, County, load_program, news
from benchmarks.faults.disk import Bytes, Disk, Loss
from benchmarks.faults.live import look
from benchmarks.faults.mutants import Mutant
from benchmarks.faults.scenes import SCENES, Scene, Wanted, open_scene
from benchmarks.faults.watch import LET, Watch

_RANDOM_CUTS = 4
"""At every call, besides those that follow a plan."""


@dataclass(frozen=True)
class Cuts:
    """What came of cutting the power."""

    states: int
    """Different states of the disk that were looked at."""

    torn: tuple[str, ...]
    healed: int
    """States from which the next publish was tried, and all was well."""

    unhealed: tuple[str, ...]


def cut_mutant(folder: Path, scene_id: str, part: tuple[int, int], heals: int, mutant: Mutant) -> Cuts:
    """Do the same with a program that has a mistake; the next publish is by the program as it is."""
    folder.mkdir()
    return cut(folder / "work", scene_id, part, heals, mutant.make(folder / "mutant"), is_one_enough=True)


def cut(
    folder: Path,
    scene_id: str,
    part: tuple[int, int],
    heals: int,
    package: Path = PROJECT,
    *,
    is_one_enough: bool = False,
) -> Cuts:
    """Record a scene's publish by the program in `package`, and look at one part of many of the states it may leave.

    The next publish is tried, by the program as it is, from so many of them. Where one fault is enough, the first one
    ends it.
    """
    load_program()
    scene = SCENES[scene_id]
    county, wanted = open_scene(scene, folder)
    disk = record(county, scene, package)
    county.save("after")
    states = [loss for number, loss in enumerate(plan_cuts(disk, seed=1)) if number % part[1] == part[0]]
    if is_one_enough:
        # A mistake shows in states that follow each other: here and there one of them is met early.
        random.Random(3).shuffle(states)
    pool = folder / "pool"
    pool.mkdir()
    torn: list[str] = []
    seen: dict[str, Loss] = {}
    for loss in states:
        remains = disk.after(loss)
        digest = remains.digest()
        if digest in seen:
            continue
        seen[digest] = loss
        place = folder / "remains"
        remains.lay_out(place, pool)
        torn += [f"{describe(loss)}: {fault}" for fault in _check(place, wanted)[:1]]
        shutil.rmtree(place)
        if torn and is_one_enough:
            return Cuts(len(seen), tuple(torn), 0, ())
    healed = 0
    unhealed: list[str] = []
    for number, digest in enumerate(random.Random(2).sample(sorted(seen), min(heals, len(seen)))):
        faults = _heal((county, scene, wanted), disk, seen[digest], number)
        healed += not faults
        unhealed += [f"{describe(seen[digest])}: {fault}" for fault in faults[:1]]
        if unhealed and is_one_enough:
            break
    return Cuts(len(seen), tuple(torn), healed, tuple(unhealed))


def record(county: County, scene: Scene, package: Path) -> Disk:
    """Publish, and write down what is done to the store. Raises RuntimeError where that misses anything."""
    county.restore()
    county.store.mkdir(exist_ok=True)
    disk = Disk(county.store)
    below = len(STORE) + 1

    def note(call: Call) -> int:
        if f"{call.path}/".startswith(f"{STORE}/"):
            disk.note(call, call.path[below:], call.goal[below:])
        return LET

    command = [sys.executable, "-m", "govgen", "--clock", NOON, *scene.command]
    environment = {**os.environ, "PYTHONPATH": str(package)}
    ending = Watch(county.root, note, with_content=True).run(lambda: os.execve(command[0], command, environment))
    if ending.code:
        raise RuntimeError(f"exit code {ending.code}: {ending.output}")
    everything = Loss(ending.calls, frozenset(), Bytes.WHOLE)
    if disk.after(everything).digest() != Disk(county.store).as_it_was().digest():
        raise RuntimeError("what was written down is not what happened")
    return disk


def plan_cuts(disk: Disk, seed: int) -> Iterator[Loss]:
    """Yield power cuts at every call: what is not synced is lost altogether, in part, or in the oddest way."""
    chance = random.Random(seed)
    nothing: frozenset[int] = frozenset()
    for at in sorted({change.at for change in disk.changes}):
        pending = disk.pending(at)
        yield Loss(at, nothing, Bytes.WHOLE)
        if not pending:
            continue
        yield Loss(at, frozenset(pending), Bytes.WHOLE)
        # Names first, bytes later: what a file system does that delays writing.
        yield from (Loss(at, nothing, damage) for damage in Bytes if damage is not Bytes.WHOLE)
        # The last change overtook all others; or was overtaken by what came after it.
        yield Loss(at, frozenset(pending[:-1]), Bytes.WHOLE)
        for _ in range(_RANDOM_CUTS):
            share, damage = chance.random(), chance.choice(list(Bytes))
            yield Loss(at, frozenset(place for place in pending if chance.random() < share), damage)
        names = [place for place in pending if disk.changes[place].names]
        if names:
            yield Loss(at, frozenset([chance.choice(names)]), chance.choice(list(Bytes)))


def describe(loss: Loss) -> str:
    """Return words for a power cut, by which it can be found again."""
    return f"after call {loss.at}, {len(loss.lost)} changes lost, bytes {loss.damage.value}"


def _check(store: Path, wanted: Wanted) -> list[str]:
    live = look(store)
    if not live.faults and live.trees not in (wanted.before, wanted.after):
        return [f"neither the old release nor the new one: {live.release or 'none'}"]
    return list(live.faults)


def _heal(where: tuple[County, Scene, Wanted], disk: Disk, loss: Loss, number: int) -> list[str]:
    """Publish from what a power cut left, with the build's own files as they were before or after, in turn.

    Every other time what was changed is changed back first, so that trees half made, or half taken away, are wanted.
    """
    county, scene, wanted = where
    county.restore(("before", "after")[number % 2])
    shutil.rmtree(county.store, ignore_errors=True)
    disk.after(loss).lay_out(county.store)
    is_back = number % 4 >= 2 and scene.command[0] == "publish" and bool(wanted.before)
    if is_back:
        county.write(NEWS, news("第一版"))
    ending = county.run(*scene.heal, clock=NOON)
    live = look(county.store)
    faults = [*live.faults, *(f"left behind: {path}" for path in county.unfinished())]
    if ending.code:
        faults.insert(0, f"exit code {ending.code}: {ending.output.strip()[-300:]}")
    if live.trees != (wanted.before if is_back else wanted.after):
        faults.append("the release that is wanted is not live")
    return faults
