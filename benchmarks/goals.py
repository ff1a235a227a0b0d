"""What is asked of the program's speed, and whether it is met. The one place that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from statistics import median

from benchmarks.figures import Figures


class Bound(Enum):
    """On which side of its limit a figure has to lie."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


@dataclass(frozen=True)
class Goal:
    """One thing asked."""

    name: str
    bound: Bound
    limit: float
    unit: str
    """What a figure is followed by: 秒, 毫秒, or 倍 for a ratio."""

    figure: Callable[[Figures], float | None]
    """None where it was not measured."""

    def is_met(self, figures: Figures) -> bool | None:
        """Tell whether it is met; None where it was not measured."""
        figure = self.figure(figures)
        if figure is None:
            return None
        return figure >= self.limit if self.bound is Bound.AT_LEAST else figure <= self.limit


def _at_least(name: str, limit: float, figure: Callable[[Figures], float | None], unit: str = "倍") -> Goal:
    return Goal(name, Bound.AT_LEAST, limit, unit, figure)


def _at_most(name: str, limit: float, figure: Callable[[Figures], float | None], unit: str = "倍") -> Goal:
    return Goal(name, Bound.AT_MOST, limit, unit, figure)


def _large_beside_medium(scenario: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.ratio(f"{scenario}/L/govgen", f"{scenario}/M/govgen")


def _seconds(scenario: str, size: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.typical(f"{scenario}/{size}/govgen")


def _milliseconds(size: str, of: Callable[[list[float]], float]) -> Callable[[Figures], float | None]:
    return lambda figures: of(figures.saves[size]) * 1000 if figures.saves.get(size) else None


GOALS = (
    _at_least("冷构建 M，每秒页数，对 Hugo", 2.5, lambda f: f.speedup("M", "hugo")),
    _at_least("冷构建 M，每秒页数，对原样 Pelican（2 个进程）", 8, lambda f: f.speedup("M", "pelican")),
    _at_least("冷构建 L，每秒页数，对 Hugo", 2.5, lambda f: f.speedup("L", "hugo")),
    _at_most("冷构建 L，全部进程内存峰值，对 Hugo", 1 / 8, lambda f: f.memory_ratio("L", "hugo")),
    _at_most("没有变化，M", 0.1, _seconds("unchanged", "M"), "秒"),
    _at_most("没有变化，L", 0.1, _seconds("unchanged", "L"), "秒"),
    _at_most("没有变化，L 对 M", 1.3, _large_beside_medium("unchanged")),
    _at_most("改一篇并提交，M", 0.3, _seconds("edited", "M"), "秒"),
    _at_most("改一篇并提交，L", 0.3, _seconds("edited", "L"), "秒"),
    _at_most("改一篇并提交，L 对 M", 1.3, _large_beside_medium("edited")),
    _at_most("改一篇并提交，L，对 Hugo 重建", 1 / 200, lambda f: f.ratio("edited/L/govgen", "edited/L/hugo")),
    _at_most("新增一篇并提交，M", 0.4, _seconds("added", "M"), "秒"),
    _at_most("新增一篇并提交，L", 0.4, _seconds("added", "L"), "秒"),
    _at_most("新增一篇并提交，L 对 M", 1.3, _large_beside_medium("added")),
    _at_most("改主题模板，L，对冷构建", 0.6, lambda f: f.ratio("template/L/govgen", "cold/L/govgen")),
    _at_most("预览：保存到刷新，M，中位数", 120, _milliseconds("M", median), "毫秒"),
    _at_most("预览：保存到刷新，M，最慢一次", 300, _milliseconds("M", max), "毫秒"),
    _at_most("预览：保存到刷新，L，中位数", 120, _milliseconds("L", median), "毫秒"),
    _at_most("预览：保存到刷新，L，最慢一次", 300, _milliseconds("L", max), "毫秒"),
    _at_most("检查一篇改过的文稿，L", 0.5, _seconds("check", "L"), "秒"),
)
