"""The benchmarks' own promises: the same county every time, without faults, and goals judged rightly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.contenders import TOOLS, Programs, prepare
from benchmarks.corpora import Size, county_digest, make_county
from benchmarks.figures import Figures
from benchmarks.goals import GOALS, Bound, Goal
from benchmarks.hugo import make_hugo_site
from benchmarks.measure import Command, run, run_watched
from benchmarks.plot import draw, margin
from benchmarks.report import write_report
from benchmarks.scenarios import SCENARIOS
from benchmarks.search import BROWSER, INDEX, write_page
from benchmarks.search_browser import Asked, percentile, write_table
from benchmarks.stock_pelican import make_pelican_sites
from tests.world import NOON, PROJECT

TINY = Size(sites=3, articles=5)
MADE_FIGURES = Figures(
    seconds={
        "cold/M/govgen": [1.0, 2.0, 1.0],
        "cold/M/hugo": [3.0, 6.0, 2.0],
        "cold/M/pelican": [5.0, 10.0, 5.0],
        "unchanged/M/govgen": [0.05, 0.09, 0.2],
        "unchanged/L/govgen": [0.06, 0.09, 0.3],
        "edited/L/govgen": [0.3, 0.31, 0.32],
    },
    cpu_seconds={f"cold/M/{tool}": [2.0] for tool in TOOLS},
    outputs={tool: {"files": 10, "size_bytes": 1000, "pages": 10} for tool in ("M/govgen", "M/hugo", "M/pelican")},
    memory={"L/govgen": {"pss": 100, "rss": 150}, "L/hugo": {"pss": 1000, "rss": 1000}},
    saves={"M": [0.1, 0.11, 0.35]},
)


def test_a_county_is_the_same_every_time(tmp_path: Path) -> None:
    make_county(tmp_path / "one", TINY)
    make_county(tmp_path / "two", TINY)
    assert county_digest(tmp_path / "one") == county_digest(tmp_path / "two")
    status = subprocess.run(["git", "-C", tmp_path / "one", "status", "--porcelain"], capture_output=True, check=True)
    assert status.stdout == b""


def test_a_county_has_no_faults(tmp_path: Path) -> None:
    make_county(tmp_path / "county", TINY)
    command = [sys.executable, "-m", "govgen", "--repo", str(tmp_path / "county"), "--clock", NOON.isoformat()]
    checked = subprocess.run([*command, "check", "--json"], capture_output=True, check=True, cwd=PROJECT)
    assert json.loads(checked.stdout) == []


def test_all_tools_are_given_the_same_documents(tmp_path: Path) -> None:
    make_county(tmp_path / "govgen", TINY)
    make_hugo_site(tmp_path / "hugo", TINY)
    make_pelican_sites(tmp_path / "pelican", TINY)
    names = [{path.name for path in (tmp_path / tool).rglob("*.md") if path.name[:2] == "20"} for tool in TOOLS]
    assert names[0] == names[1] == names[2]
    assert len(list((tmp_path / "hugo").rglob("20*-*.md"))) == TINY.sites * TINY.articles


def test_every_change_changes_a_file_in_every_tools_form(tmp_path: Path) -> None:
    programs = Programs(Path("govgen"), Path("hugo"), Path("pelican"))
    for contender in prepare(tmp_path, "T", TINY, TOOLS, programs):
        for scenario in SCENARIOS[1:]:
            for path, text in scenario.change(contender, 7).items():
                assert not path.exists() or path.read_text(encoding="utf-8") != text, (contender.tool, scenario.id)
                assert "7" in text


def goal(name: str) -> Goal:
    return next(goal for goal in GOALS if goal.name == name)


def test_goals_compare_turn_by_turn() -> None:
    hugo = goal("冷构建 M，每秒页数，对 Hugo")
    assert hugo.figure(MADE_FIGURES) == 3.0
    assert hugo.is_met(MADE_FIGURES) is True
    assert goal("冷构建 M，每秒页数，对原样 Pelican（2 个进程）").is_met(MADE_FIGURES) is False


def test_goals_know_met_missed_and_not_measured() -> None:
    assert goal("没有变化，M").is_met(MADE_FIGURES) is True
    assert goal("没有变化，L 对 M").is_met(MADE_FIGURES) is True
    assert goal("改一篇并提交，L").is_met(MADE_FIGURES) is False
    assert goal("改一篇并提交，M").is_met(MADE_FIGURES) is None
    assert goal("冷构建 L，全部进程内存峰值，对 Hugo").is_met(MADE_FIGURES) is True
    assert goal("预览：保存到刷新，M，中位数").is_met(MADE_FIGURES) is True
    assert goal("预览：保存到刷新，M，最慢一次").is_met(MADE_FIGURES) is False
    assert all(goal.is_met(Figures()) is None for goal in GOALS)


def test_a_margin_says_how_much_better_than_its_goal_a_figure_is() -> None:
    assert margin(Goal("", Bound.AT_LEAST, 2, "倍", lambda _: None), 4) == 2
    assert margin(Goal("", Bound.AT_MOST, 2, "秒", lambda _: None), 4) == 0.5


def test_the_page_and_the_picture_hold_every_goal_that_was_measured() -> None:
    page, picture = write_report(MADE_FIGURES, turns=3), draw(GOALS, MADE_FIGURES)
    ElementTree.fromstring(picture)
    for each in GOALS:
        assert each.name in page
        assert (each.name in picture) == (each.figure(MADE_FIGURES) is not None)
    assert "**没有达到**" in page
    assert str(PROJECT) not in page + picture


def test_figures_outlive_their_file() -> None:
    assert Figures.from_json(MADE_FIGURES.to_json()) == MADE_FIGURES


def test_memory_is_summed_over_all_processes(tmp_path: Path) -> None:
    hold = "import time; held = bytearray(60_000_000); time.sleep(0.8)"
    both = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; child.wait()"
    taken = run_watched(Command([sys.executable, "-c", both], tmp_path))
    assert taken.peak_pss_bytes > 115_000_000
    assert taken.peak_rss_bytes >= taken.peak_pss_bytes


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exit code 3"):
        run(Command([sys.executable, "-c", "raise SystemExit(3)"], tmp_path))


def test_the_page_on_searching_keeps_the_part_that_is_measured_another_time(tmp_path: Path) -> None:
    page = tmp_path / "search.md"
    asked = Asked("示范县", 310, 900_000, 0.5, 2, ["低保"], [20, 30], [70_000, 120_000], [15, 25], [50_000, 90_000])
    asked.from_home_ms, asked.again_ms = [90.0, 110.0], [40.0, 60.0]
    write_page({BROWSER: write_table([asked], {"核": "2"})}, page)
    write_page({INDEX: "| 1,000 |\n"}, page)
    before = page.read_text(encoding="utf-8")
    for row in (
        "| 第一页找到，% | 50.0 |",
        "| 从首页查，毫秒，中位 / 95% | 100 / 110 |",
        "- 示范县：低保",
        "| 1,000 |",
    ):
        assert row in before.splitlines()
    write_page({INDEX: "| 1,000 |\n"}, page)
    assert page.read_text(encoding="utf-8") == before


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(number) for number in range(1, 101)]
    assert percentile(values, 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
