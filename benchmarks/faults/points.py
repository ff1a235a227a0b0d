"""Breaks a publish at each of its calls in turn: kills it there, or has the disk fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.calls import Call
from benchmarks.faults.county import NOON, County, load_program
from benchmarks.faults.live import find_waste, look
from benchmarks.faults.scenes import SCENES, Scene, Wanted, open_scene
from benchmarks.faults.watch import KILL, LET, Ending

_TAKES_SPACE = ("write", "pwrite64", "mkdir", "link", "symlink", "creat", "fallocate", "ftruncate")


@dataclass(frozen=True)
class Blow:
    """What happens to a publish."""

    name: str
    answer: int
    lasts: bool = False
    """Whether all later calls fail too, as on a disk that stays full."""

    def decide(self, number: int) -> Callable[[Call], int]:
        """Return the answers to the calls where the blow falls at one with this number."""

        def answer(call: Call) -> int:
            if call.number == number:
                return self.answer
            if not self.lasts or call.number < number:
                return LET
            if self.answer == errno.ENOSPC:
                is_hit = call.name in _TAKES_SPACE or (call.name == "openat" and call.flags & os.O_CREAT)
                return self.answer if is_hit else LET
            return LET if call.name == "flock" else self.answer

        return answer


BLOWS = {
    "kill": Blow("kill -9", KILL),
    "ENOSPC": Blow("磁盘满（ENOSPC）", errno.ENOSPC),
    "EIO": Blow("读写出错（EIO）", errno.EIO),
    "EROFS": Blow("变成只读（EROFS）", errno.EROFS),
    "full": Blow("从这里起一直满（ENOSPC）", errno.ENOSPC, lasts=True),
    "read-only": Blow("从这里起一直只读（EROFS）", errno.EROFS, lasts=True),
}


@dataclass(frozen=True)
class Try:
    """What came of one blow."""

    scene: str
    blow: str
    number: int
    call: str
    torn: tuple[str, ...] = ()
    """What was wrong with what was live."""

    stuck: tuple[str, ...] = ()
    """Locks still held, and processes that went on."""

    unhealed: tuple[str, ...] = ()
    """What the next publish did not put right."""

    unclear: tuple[str, ...] = ()
    """What was wrong with the words or the exit code."""

    kept: tuple[str, ...] = ()
    """Space that was not given back."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.torn or self.stuck or self.unhealed or self.unclear or self.kept)


def try_points(folder: Path, scene_id: str, blow_id: str, every: int, part: tuple[int, int]) -> list[Try]:
    """Let a blow fall at every so many calls of a scene's publish, one publish a call; one part of all."""
    load_program()
    scene, blow = SCENES[scene_id], BLOWS[blow_id]
    county, wanted = open_scene(scene, folder)
    numbers = range(1 + part[0] * every, wanted.calls + 1, part[1] * every)
    return [_try(county, scene, wanted, blow, number) for number in numbers]


def _try(county: County, scene: Scene, wanted: Wanted, blow: Blow, number: int) -> Try:
    county.restore()
    seen: list[Call] = []
    decide = blow.decide(number)

    def answer(call: Call) -> int:
        if call.number == number:
            seen.append(call)
        return decide(call)

    ending = county.run(*scene.command, decide=answer, clock=NOON)
    struck = f"{seen[0].name} {seen[0].path}" if seen else "—"
    live = look(county.store)
    torn = list(live.faults)
    if live.trees not in (wanted.before, wanted.after):
        torn.append(f"neither the old release nor the new one: {live.release or 'none'}")
    stuck = [*(f"{lock} is held" for lock in county.held_locks()), *(["a process went on"] if ending.strays else [])]
    unclear = list(_check_words(ending, blow, seen, is_new=live.trees == wanted.after)) if seen else []
    is_full = blow.answer == errno.ENOSPC and ending.code == 3 and live.trees == wanted.before
    kept = sorted(find_waste(county.store) - wanted.waste) if is_full else []
    unhealed = list(_heal(county, scene, wanted))
    return Try(scene.name, blow.name, number, struck, tuple(torn), tuple(stuck), *map(tuple, (unhealed, unclear, kept)))


def _check_words(ending: Ending, blow: Blow, seen: Sequence[Call], *, is_new: bool) -> Iterator[str]:
    """Yield what is wrong with how a publish ended."""
    if ending.is_stuck:
        yield "it did not end"
    if blow.answer == KILL:
        return
    if "Traceback" in ending.output or "程序内部出错" in ending.output:
        yield ending.output.strip().splitlines()[-1]
    if ending.code == 0 and not is_new:
        yield "exit code 0, but the new release is not live"
    elif ending.code not in (0, 3):
        yield f"exit code {ending.code}: {ending.output}"
    elif ending.code == 3 and not any(word in ending.output for word in _names(blow, seen[0])):
        yield f"no word of what failed: {ending.output.strip().splitlines()[-1:]}"


def _names(blow: Blow, call: Call) -> tuple[str, ...]:
    """Return words one of which a message has that tells what failed: the reason or the file's name."""
    # SQLite says it in its own words, and names none of the files beside its own.
    names = (Path(call.path).name, Path(call.goal or call.path).name, "catalog.sqlite")
    return (os.strerror(blow.answer), *names)


def _heal(county: County, scene: Scene, wanted: Wanted) -> Iterator[str]:
    """Publish with nothing in the way, and yield what is not as it would be if nothing had happened."""
    ending = county.run(*scene.heal, clock=NOON)
    live = look(county.store)
    if ending.code:
        yield f"exit code {ending.code}: {ending.output.strip()}"
    if live.trees != wanted.after:
        yield "the new release is not live"
    yield from live.faults
    yield from (f"left behind: {path}" for path in county.unfinished())
