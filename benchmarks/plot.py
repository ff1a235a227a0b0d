"""Draws the ratios that were measured beside their goals, as one SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

from benchmarks.figures import Figures
from benchmarks.goals import Bound, Goal

_WIDTH, _ROW, _TOP, _NAMES, _NUMBERS = 860, 30, 56, 360, 130
_DECADES = 1.5
"""How far the scale reaches to either side of a goal, in powers of ten."""

_STYLE = "font-family='sans-serif' font-size='14'"
_MET, _MISSED, _INK, _RULE = "#2f5d8a", "#b3402e", "#1c1f23", "#c9c6bd"


def draw(goals: Sequence[Goal], figures: Figures) -> str:
    """Return a chart: a bar reaches right of the line of its goal where the figure is better, by its logarithm."""
    measured = [(goal, figure) for goal in goals if (figure := goal.figure(figures)) is not None]
    height = _TOP + _ROW * len(measured) + 16
    rows = [_row(number, goal, figure) for number, (goal, figure) in enumerate(measured)]
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' role='img' {_STYLE}>",
            "<title>各项指标与目标之比</title>",
            f"<rect width='{_WIDTH}' height='{height}' fill='#fbfaf6'/>",
            f"<text x='16' y='28' font-size='16' fill='{_INK}'>与目标相比：竖线是目标，越靠右越好，对数刻度</text>",
            *rows,
            *_scale(height),
            "</svg>\n",
        ]
    )


def margin(goal: Goal, figure: float) -> float:
    """Return how many times better than its limit a figure is; below 1 where it is worse."""
    ratio = figure / goal.limit if goal.bound is Bound.AT_LEAST else goal.limit / max(figure, 1e-9)
    return max(ratio, 1e-9)


def _row(number: int, goal: Goal, figure: float) -> str:
    y = _TOP + _ROW * number
    here = margin(goal, figure)
    goal_x, x = _place(1), _place(here)
    text = f"{here:.2g} 倍于目标" if here >= 1 else f"目标的 {here:.0%}"
    return (
        f"<text x='16' y='{y + 19}' fill='{_INK}'>{escape(goal.name)}</text>"
        f"<rect x='{min(goal_x, x):.1f}' y='{y + 6}' width='{max(abs(x - goal_x), 1.5):.1f}' height='18'"
        f" fill='{_MET if here >= 1 else _MISSED}'/>"
        f"<text x='{_WIDTH - _NUMBERS + 12}' y='{y + 19}' fill='{_INK}'>{text}</text>"
    )


def _scale(height: int) -> list[str]:
    marks = [(0.1, "1/10"), (1, "目标"), (10, "10 倍")]
    return [
        f"<line x1='{_place(at):.1f}' x2='{_place(at):.1f}' y1='{_TOP}' y2='{height - 12}'"
        f" stroke='{_INK if at == 1 else _RULE}'/>"
        f"<text x='{_place(at):.1f}' y='{_TOP - 6}' text-anchor='middle' font-size='12' fill='{_INK}'>{name}</text>"
        for at, name in marks
    ]


def _place(ratio: float) -> float:
    """Return the x of a ratio; what lies beyond the scale stands at its end."""
    share = (min(max(log10(ratio), -_DECADES), _DECADES) + _DECADES) / (2 * _DECADES)
    return _NAMES + share * (_WIDTH - _NUMBERS - _NAMES)
