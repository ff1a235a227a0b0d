"""Writes the page on performance from the figures."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from benchmarks.corpora import SIZES
from benchmarks.figures import Figures
from benchmarks.goals import GOALS, Goal
from benchmarks.scenarios import SCENARIOS

_TOOL_NAMES = {"govgen": "govgen", "hugo": "Hugo", "pelican": "原样 Pelican"}
_VERDICTS = {True: "达到", False: "**没有达到**", None: "没有测"}


def write_report(figures: Figures, turns: int) -> str:
    """Return the page as Markdown; the picture is `performance.svg` beside it."""
    return "\n".join(
        [
            _HEAD.format(
                machine="，".join(f"{name} {value}" for name, value in figures.machine.items()),
                versions="，".join(f"{name} {value}" for name, value in figures.versions.items()),
                turns=turns,
            ),
            "## 目标\n",
            *_table("指标 目标 实测 结果", (_goal_row(goal, figures) for goal in GOALS)),
            "\n![各项指标与目标之比](performance.svg)\n",
            "## 冷构建\n",
            *_table("县 工具 页 每秒页数 秒 处理器秒 PSS峰值 RSS峰值 文件 字节 只写字节", _cold_rows(figures)),
            "\n“只写字节”：两个进程只把 govgen 的全部产物从内存写到磁盘所用的秒数，是任何程序的下限。\n",
            "## 有了变化之后\n",
            "秒，括号里是这次写出的文件数。\n",
            *_change_table(figures),
            "\n## 预览：保存到刷新\n",
            *_table("县 次数 中位数 最慢一次", _save_rows(figures)),
            "\n## 冷构建 M 的时间花在哪里\n",
            "单个进程里逐步量的处理器时间（微秒）；两个进程同时做时，缓存和内存带宽要分着用，还会再慢一些。\n",
            *_table("步骤 次数 每次微秒 合计秒", _profile_rows(figures)),
            _METHOD,
        ]
    )


def _table(head: str, rows: Iterable[list[str]]) -> list[str]:
    names = head.split()
    align = ["---"] + ["---:"] * (len(names) - 1)
    return [f"| {' | '.join(cells)} |" for cells in (names, align, *rows)]


def _goal_row(goal: Goal, figures: Figures) -> list[str]:
    figure = goal.figure(figures)
    shown = "—" if figure is None else f"{_number(figure)} {goal.unit}"
    return [goal.name, f"{goal.bound.value} {_number(goal.limit)} {goal.unit}", shown, _VERDICTS[goal.is_met(figures)]]


def _number(value: float) -> str:
    """Return a number with three digits that say something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _cold_rows(figures: Figures) -> Iterable[list[str]]:
    for size in SIZES:
        for tool, name in _TOOL_NAMES.items():
            seconds, output = figures.typical(f"cold/{size}/{tool}"), figures.outputs.get(f"{size}/{tool}")
            if seconds is None or output is None:
                continue
            memory = figures.memory.get(f"{size}/{tool}", {"pss": 0, "rss": 0})
            floor = figures.floor.get(size) if tool == "govgen" else None
            yield [
                size,
                name,
                str(output["pages"]),
                f"{output['pages'] / seconds:.0f}",
                f"{seconds:.2f}",
                f"{median(figures.cpu_seconds[f'cold/{size}/{tool}']):.2f}",
                f"{memory['pss'] / 1e6:.0f} MB",
                f"{memory['rss'] / 1e6:.0f} MB",
                str(output["files"]),
                f"{output['size_bytes'] / 1e6:.0f} MB",
                f"{median(floor):.2f}" if floor else "—",
            ]


def _change_table(figures: Figures) -> list[str]:
    columns = [
        (size, tool)
        for size in SIZES
        for tool in _TOOL_NAMES
        if any(figures.seconds.get(f"{scenario.id}/{size}/{tool}") for scenario in SCENARIOS)
    ]
    rows = [
        [scenario.name, *(_change_cell(figures, f"{scenario.id}/{size}/{tool}") for size, tool in columns)]
        for scenario in SCENARIOS
    ]
    heads = [f"{_TOOL_NAMES[tool].removeprefix('原样 ')}·{size}" for size, tool in columns]
    return _table(" ".join(["变化", *heads]), rows)


def _change_cell(figures: Figures, key: str) -> str:
    seconds = figures.typical(key)
    return "—" if seconds is None else f"{seconds:.3f}（{median(figures.written.get(key, [0])):.0f}）"


def _save_rows(figures: Figures) -> Iterable[list[str]]:
    for size, saves in figures.saves.items():
        yield [size, str(len(saves)), f"{median(saves) * 1000:.0f} 毫秒", f"{max(saves) * 1000:.0f} 毫秒"]


def _profile_rows(figures: Figures) -> Iterable[list[str]]:
    for name, number, microseconds in figures.profile:
        yield [name, str(number), f"{microseconds:.0f}", f"{number * microseconds / 1e6:.2f}"]


_HEAD = """# 性能

> In short: three made-up counties of growing size, built cold and after each kind of change, by govgen, Hugo and stock
> Pelican in turn on the same machine. The first table says what was asked and whether it is met.

由 `make bench`（`python -m benchmarks`）生成，请勿手改。目标写在 `benchmarks/goals.py`。

- 机器：{machine}。
- 版本：{versions}。
- 每项做 {turns} 轮，取中位数；各工具逐轮交替运行，比值按同一轮计算再取中位数。
"""

_METHOD = f"""
## 怎么测的

- 三个县：{"；".join(f"{name} 有 {size.sites} 个站点，每个 {size.articles} 篇" for name, size in SIZES.items())}。
  每篇约 1500 字，有小标题、列表、表格、加粗和站内链接，日期分布在三年里。
  内容由 `benchmarks/articles.py` 编出来，每次完全相同。
- Hugo：全县是一个 Hugo 站点，每个单位一个文件夹；页面与 govgen 一一对应（文章、栏目首页 30 篇、按月归档、各站点首页、
  门户首页、站点地图、404），另有各站点、各栏目的订阅源。模板与县主题等量，导航和页脚用 `partialCached`。
- 原样 Pelican：每个站点一份 `pelicanconf.py`，`xargs -P 2` 两个进程并行；栏目每页 30 篇、按月归档、Atom 订阅源。
  门户不汇集别的站点。改动之后只重建改动的那个站点。
- 页数只算网页，不算跳转页。govgen 检查每篇文稿和每个链接，过滤 HTML；别的工具不做这些，这些时间都算在 govgen 里。
- govgen 的“没有变化”“改一篇”“新增一篇”按提交生成（`govgen build --commit`，服务器上的用法）；“看遍工作区”的几行是
  `govgen build`，其中大半是 `git status` 看全县文件的时间。
- 冷构建之前删掉以前生成的一切和缓存；系统的文件缓存是热的。整条命令计时，包括启动。
- 内存另外运行一次来测，每 20 毫秒取样，把全部进程加起来：PSS 把共享的内存只算一次，RSS 每个进程都算。目标用 PSS。
- 每一轮的改动内容都不同，改完恢复原样，并不计时地重新生成一次。govgen 的改动提交到 git，提交不计时。
- 预览：`govgen serve` 启动后改同一篇文稿，从写文件之前到浏览器收到刷新事件。
"""
