"""The faults in their order: how many of each, on how many processors, and what is asked of the figures."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from typing import TypeVar

from benchmarks.corpora import PROJECT
from benchmarks.faults import damage, full, load, points, power, rush, soak
from benchmarks.faults.county import make_place
from benchmarks.faults.figures import Figure, LeftOut
from benchmarks.faults.mutants import MUTANTS
from benchmarks.faults.points import BLOWS, Try
from benchmarks.faults.scenes import SCENES
from benchmarks.faults.speed import time_publishes
from benchmarks.faults.watch import KILL
from tests.cut import cut_often
from tests.sshd import Sshd

Done = TypeVar("Done")
KILLED, FAILING, POWER, MUTANTS_CAUGHT = "随时杀死", "磁盘出错", "断电", "断电测试抓得住错误"
GOING_BACK, FAR, TAMPERED, HEADERS = "边看边回退", "发布到服务器", "线上的被人改动", "网站服务器的回答"
SWITCHING, RUSHING, DAMAGED, LONG = "边看边切换", "同时发布", "程序自己的文件坏了", "长期运行"
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
    scenes = (("edit", 1, 90), ("back", 1, 8), ("first", 4, 0))
    for scene, thorough, quick in scenes[: plan.every(3, 2)]:
        yield from _strike(plan, KILLED, scene, ("kill",), plan.every(thorough, quick))


def measure_errors(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Have the disk fail at a publish's calls."""
    once = tuple(id for id, blow in BLOWS.items() if blow.answer != KILL and not blow.lasts)
    lasting = tuple(id for id, blow in BLOWS.items() if blow.lasts)
    if plan.is_quick:
        yield from _strike(plan, FAILING, "edit", once + lasting, 240)
        return
    for scene, every in (("edit", 1), ("back", 1), ("first", 20)):
        yield from _strike(plan, FAILING, scene, once, every)
    for scene, every in (("edit", 2), ("back", 1), ("first", 40)):
        yield from _strike(plan, FAILING, scene, lasting, every)


def _strike(plan: Plan, group: str, scene: str, blows: tuple[str, ...], every: int) -> Iterator[Figure]:
    """Let each of these blows fall at every so many calls of a scene's publish."""
    parts = plan.every(_PARTS, plan.processors)
    found = plan.spread(points.try_points, [(scene, blows, every, (part, parts)) for part in range(parts)])
    note = "" if every == 1 else f"每 {every} 个系统调用取一个"
    for blow in blows:
        tries = [one for one in chain(*found) if one.blow == blow]
        yield _sum_up(group, f"{BLOWS[blow].name}：{SCENES[scene].name}", tries, note)


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
        examples=tuple(repr(one)[:500] for one in bad[:5]),
    )


def measure_power(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Cut the power."""
    scenes = (("edit", 1, 32, 30), ("back", 1, 8, 10), ("first", 10, 0, 10))
    for scene, thorough, quick, heals in scenes[: plan.every(3, 2)]:
        parts, every = plan.every(_PARTS, plan.processors), plan.every(thorough, quick)
        tasks = [(scene, (part * every, parts * every), plan.every(heals, 4)) for part in range(parts)]
        found = plan.spread(power.cut, tasks)
        yield _count(POWER, SCENES[scene].name, found, is_met=not any(cuts.torn or cuts.unhealed for cuts in found))


def measure_mutants(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Cut the power of programs with a mistake: each has to be noticed."""
    # Those that many states give away, where few are looked at.
    chosen = [mutant for mutant in MUTANTS if not plan.is_quick or mutant.is_plain]
    tasks = [(mutant.scene, (0, plan.every(1, 48)), plan.every(200, 0), mutant) for mutant in chosen]
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
    numbers, parts = range(0, _CASES, plan.every(1, 40)), plan.every(_PARTS, plan.processors)
    found = plan.spread(damage.damage, [(numbers[part::parts],) for part in range(parts)])
    cases = list(chain(*(damages.cases for damages in found)))
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
            examples=tuple(repr(one)[:500] for one in bad[:5]),
        )


def measure_soak(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Publish two hundred times."""
    (found,) = plan.spread(soak.soak, [(plan.every(200, 40),)])
    is_met = not found.faults and found.is_flat(1.3 if plan.is_quick else 1.05)
    growth = f"{(found.memory_growth - 1) * 100:+.1f}%"
    note = f"后一半比前一半：内存 {growth}；打开的文件最多 {max(found.files)} 个，保留 {found.releases} 版"
    yield Figure(LONG, "一个进程里连续发布", len(found.files), torn=len(found.faults), note=note, is_met=is_met)


def measure_returns(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Go back while citizens read."""
    if not load.is_possible():
        yield LeftOut(GOING_BACK, "回退", "没有 nginx")
        return
    times, requests = (4, 1_000) if plan.is_quick else (20, 5_000)
    (found,) = plan.spread(load.go_back_under_load, [(times, requests)])
    heard = found.heard
    for name, seconds in (("全县回退", found.county_seconds), ("一个站点回退", found.site_seconds)):
        bad = heard.failed + len(heard.mixed) + found.unequal
        note = f"最慢 {max(seconds):.2f} 秒；同时 {heard.requests} 次请求，{heard.failed} 次不是 200"
        yield Figure(GOING_BACK, name, len(seconds), torn=bad, note=note, is_met=not bad and max(seconds) <= 1)


def measure_cuts(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Cut publishes to a server."""
    if not shutil.which("sshd", path="/usr/sbin:/usr/bin"):
        yield LeftOut(FAR, "断开", "没有 sshd")
        return
    with make_place() as place, Sshd(place / "sshd") as sshd:
        (place / "work").mkdir()
        cuts = cut_often(place / "work", sshd, plan.every(200, 5), seed=7)
        speed = time_publishes(place / "speed", plan.every(9, 1))
    more = sum(travelled > lacking for _, lacking, travelled in cuts.resent)
    note = f"{len(cuts.resent)} 次续传，{more} 次多传了；{cuts.switched} 次断开时已经切换"
    yield Figure(
        FAR,
        "在随机的时刻杀死发布的程序、它的 ssh、服务器上的接收程序",
        points=cuts.number,
        torn=cuts.torn,
        stuck=cuts.stuck,
        unclear=cuts.unkept,
        note=note,
        is_met=not (cuts.torn or cuts.stuck or cuts.unkept or more),
    )
    ratio, whole = speed.publish / speed.rsync, speed.publish / speed.build_and_rsync
    note = (
        f"发布 {speed.publish:.2f} 秒，是单用 rsync 的 {ratio:.1f} 倍，生成加 rsync 的 {whole:.1f} 倍；"
        f"回退 {speed.rollback:.2f} 秒"
    )
    yield Figure(FAR, "示范县改一页，发布到服务器，与 rsync 比（中位数）", speed.turns, note=note)


def measure_tampering(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Tamper with what is live; the tests do it, as often as they are asked to."""
    number = plan.every(1_000, 60)
    done = _run_tests("tests/test_verify.py", "byte_for_byte", GOVGEN_TAMPERINGS=str(number))
    note = "每次都查出，逐字节改回" if done.returncode == 0 else "有没有查出或改回的"
    yield Figure(
        TAMPERED, "改写、增加、删除、改权限、改链接等五十多种办法", number, note=note, is_met=done.returncode == 0
    )


def measure_headers(plan: Plan) -> Iterator[Figure | LeftOut]:
    """Look at the headers of every kind of answer; the tests do it."""
    done = _run_tests("tests/test_webserver.py", "every_kind or observatory", GOVGEN_REQUIRE="all")
    score = re.search(r"Observatory: (\S+) (\d+)", done.stdout)
    number = re.search(r"(\d+) passed", done.stdout)
    note = f"MDN Observatory：{score[1]}，{score[2]} 分" if score else "MDN Observatory 没有运行"
    yield Figure(
        HEADERS,
        "200、301、304、400、404、405、414、421 各种回答，逐个核对全部安全头",
        int(number[1]) - 1 if number else 0,
        note=note,
        is_met=done.returncode == 0 and score is not None,
    )


def _run_tests(file: str, chosen: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:xdist", "--timeout=0", "-o", "addopts=", file]
    environment = {**os.environ, **environment}
    return subprocess.run(
        [*command, "-k", chosen], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )


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
    "returns": measure_returns,
    "cuts": measure_cuts,
    "tampering": measure_tampering,
    "headers": measure_headers,
}
"""By the names one asks for them with."""
