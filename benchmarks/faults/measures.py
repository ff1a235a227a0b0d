"""The faults in their order: how many of each, on how many processors, and what is asked of the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from typing import TypeVar

from benchmarks.faults import damage, full, load, points, power, rush, soak
from benchmarks.faults.county import make_place
from benchmarks.faults.figures import Figure, LeftOut
from benchmarks.faults.mutants import MUTANTS
from benchmarks.faults.points import BLOWS, Try
from benchmarks.faults.scenes import SCENES

Done = TypeVar("Done")
KILLED, FAILING, POWER, MUTANTS_CAUGHT = "随时杀死", "磁盘出错", "断电", "断电测试抓得住错误"
SWITCHING, RUSHING, DAMAGED, LONG = "边看边切换", "同时发布", "程序自己的文件坏了", "长期运行"
_CHUNK = 40
_PARTS = 8
_CASES = 520
"""A multiple of 13 kinds of files."""


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    processors: int
    is_quick: bool

    def every(self, thorough: int, quick: int) -> int:
        """Return how many to pass over to come to the next."""
        return quick if self.is_quick else thorough

    def spread(self, work: Callable[..., Done], tasks: Sequence[tuple[object, ...]]) -> list[Done]:
        """Do work on all processors, each task with a folder of its own; return what came of it, in order."""
        with ProcessPoolExecutor(self.processors, get_context("fork")) as pool:
            return list(pool.map(_in_a_place, [work] * len(tasks), tasks))


def _in_a_place(work: Callable[..., Done], task: tuple[object, ...]) -> Done:
    with make_place() as place:
        return work(place / "work", *task)


def measure_kills(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Kill a publish at its calls."""
    for scene, thorough, quick in (("edit", 1, 90), ("back", 1, 8), ("first", 4, 900)):
        yield _measure_blow(plan, KILLED, scene, "kill", plan.every(thorough, quick))


def measure_errors(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Have the disk fail at a publish's calls."""
    for blow in BLOWS:
        if blow != "kill":
            yield _measure_blow(plan, FAILING, "edit", blow, plan.every(2 if BLOWS[blow].lasts else 1, 180))
            if not plan.is_quick:
                yield _measure_blow(plan, FAILING, "back", blow, 1)
                yield _measure_blow(plan, FAILING, "first", blow, 20)


def _measure_blow(plan: Plan, group: str, scene: str, blow: str, every: int) -> Figure:
    parts = plan.every(_PARTS, plan.processors)
    found = plan.spread(points.try_points, [(scene, blow, every, (part, parts)) for part in range(parts)])
    note = "" if every == 1 else f"每 {every} 个系统调用取一个"
    return _sum_up(group, f"{BLOWS[blow].name}：{SCENES[scene].name}", list(chain(*found)), note)


def _sum_up(group: str, name: str, tries: Sequence[Try], note: str) -> Figure:
    bad = [one for one in tries if not one.is_sound]
    unclear = sum(bool(one.unclear or one.kept) for one in tries)
    return Figure(
        group,
        name,
        points=len(tries),
        torn=sum(bool(one.torn) for one in tries),
        stuck=sum(bool(one.stuck) for one in tries),
        healed=sum(not one.unhealed for one in tries),
        tried=len(tries),
        unclear=unclear,
        note=note,
        is_met=not bad,
        examples=tuple(map(repr, bad[:5])),
    )


def measure_power(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Cut the power."""
    scenes = (("edit", 1, 8, 30), ("back", 1, 4, 10), ("first", 10, 600, 10))
    for scene, thorough, quick, heals in scenes:
        parts, every = plan.every(_PARTS, plan.processors), plan.every(thorough, quick)
        tasks = [(scene, (part * every, parts * every), plan.every(heals, 8)) for part in range(parts)]
        found = plan.spread(power.cut, tasks)
        yield _count(POWER, SCENES[scene].name, found, is_met=not any(cuts.torn or cuts.unhealed for cuts in found))


def measure_mutants(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Cut the power of programs with a mistake: each has to be noticed."""
    # Those that many states give away, where few are looked at.
    chosen = [mutant for mutant in MUTANTS if not plan.is_quick or mutant.is_plain]
    tasks = [(mutant.scene, (0, plan.every(1, 16)), plan.every(200, 0), mutant) for mutant in chosen]
    for mutant, cuts in zip(chosen, plan.spread(power.cut_mutant, tasks), strict=True):
        yield _count(MUTANTS_CAUGHT, mutant.name, [cuts], is_met=bool(cuts.torn or cuts.unhealed))


def _count(group: str, name: str, found: Sequence[power.Cuts], *, is_met: bool) -> Figure:
    torn, unhealed = [list(chain(*(getattr(cuts, kind) for cuts in found))) for kind in ("torn", "unhealed")]
    return Figure(
        group,
        name,
        points=sum(cuts.states for cuts in found),
        torn=len(torn),
        healed=sum(cuts.healed for cuts in found),
        tried=sum(cuts.healed for cuts in found) + len(unhealed),
        is_met=is_met,
        examples=() if is_met and group == MUTANTS_CAUGHT else (*torn[:3], *unhealed[:3]),
    )


def measure_full_disk(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Fill a real disk."""
    name = "真的小磁盘：发布中途被别的程序写满，最后变成只读"
    if not full.is_possible():
        yield LeftOut(FAILING, name, "要有 root 的权限才能挂载")
        return
    (found,) = plan.spread(full.fill, [(plan.every(1, 8),)])
    bad = (*found.torn, *found.unhealed, *found.kept, *found.unclear)
    yield Figure(
        FAILING,
        name,
        points=found.tries,
        torn=len(found.torn),
        healed=found.tries - 1 - len(found.unhealed),
        tried=found.tries - 1,
        unclear=len(found.unclear) + len(found.kept),
        note=f"其中 {found.failed} 次放不下",
        is_met=not bad and found.failed > 1,
        examples=bad[:5],
    )


def measure_switches(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Switch while citizens read."""
    if not load.is_possible():
        yield LeftOut(SWITCHING, "切换", "没有 nginx")
        return
    for is_careless in (False, True):
        switches, requests = (60, 4_000) if plan.is_quick else (500, 40_000)
        (found,) = plan.spread(load.switch_under_load, [(switches, requests, is_careless)])
        bad = found.failed + len(found.mixed)
        yield Figure(
            SWITCHING,
            "对照：先删去链接再建新的，应当出错" if is_careless else "切换",
            points=found.switches,
            torn=bad,
            note=f"{found.requests} 次请求，{found.failed} 次不是 200，{len(found.mixed)} 次内容混杂",
            is_met=bool(bad) == is_careless and found.switches >= switches and found.requests >= requests,
            examples=() if is_careless else found.mixed[:5],
        )


def measure_rush(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Have eight publish at once."""
    (found,) = plan.spread(rush.publish_at_once, [(plan.every(50, 3),)])
    yield Figure(
        RUSHING,
        f"{found.publishers} 人同时在一个仓库里发布",
        points=found.rounds,
        torn=len(found.faults),
        note="每次恰好一人成功，其余退出码 3，说出是谁、从何时开始",
        is_met=not found.faults,
        examples=found.faults[:5],
    )


def measure_damage(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Damage what the program keeps for itself."""
    numbers = range(0, _CASES, plan.every(1, 17))
    chunks = [numbers[start : start + _CHUNK] for start in range(0, len(numbers), _CHUNK)]
    cases = [case for found in plan.spread(damage.damage, [(chunk,) for chunk in chunks]) for case in found.cases]
    for kind in damage.KINDS:
        own = [case for case in cases if case.what == kind]
        bad = [case for case in own if case.wrong or case.unclear or case.is_stuck]
        refused = sum(case.code > 0 for case in own)
        yield Figure(
            DAMAGED,
            kind,
            points=len(own),
            torn=sum(bool(case.wrong) for case in own),
            healed=sum(not case.is_stuck for case in own),
            tried=len(own),
            unclear=sum(bool(case.unclear) for case in own),
            note=f"{refused} 次没有发布，照提示修复后再发布成功" if refused else "",
            is_met=not bad,
            examples=tuple(map(repr, bad[:5])),
        )


def measure_soak(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Publish two hundred times."""
    (found,) = plan.spread(soak.soak, [(plan.every(200, 40),)])
    is_met = not found.faults and found.is_flat(1.3 if plan.is_quick else 1.05)
    growth = f"{(found.memory_growth - 1) * 100:+.1f}%"
    note = f"后一半比前一半：内存 {growth}；打开的文件最多 {max(found.files)} 个，保留 {found.releases} 版"
    yield Figure(LONG, "一个进程里连续发布", len(found.files), torn=len(found.faults), note=note, is_met=is_met)


MEASURES: dict[str, Callable[[Plan], Iterator[Figure | LeftOut]]] = {
    "kill": measure_kills,
    "errors": measure_errors,
    "full": measure_full_disk,
    "power": measure_power,
    "mutants": measure_mutants,
    "switch": measure_switches,
    "rush": measure_rush,
    "damage": measure_damage,
    "soak": measure_soak,
}
"""By the names one asks for them with."""
