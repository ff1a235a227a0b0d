"""Reads the figures that a dataset's front matter puts forward."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from govgen.model.figures import KeyFigure

EXAMPLE = (
    "{name: 粮食产量, value: 10.86, unit: 万吨, period: 2025年, trend: [10.51, 10.72, 10.86], trend_name: 2023年以来}"
)
"""What a figure looks like."""

_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?")
_TREND_LENGTH = 60
_NEEDED = ("name", "value", "period")
_TEXTS = (*_NEEDED, "unit", "change", "trend_name")
_SPELLINGS = {
    "名称": "name",
    "数值": "value",
    "时期": "period",
    "单位": "unit",
    "变化": "change",
    "走势": "trend",
    "走势说明": "trend_name",
}


def read_figure(entry: object) -> KeyFigure | None:
    """Return a figure as written; None where it does not say of what and when it is, or its trend can't be drawn."""
    if not isinstance(entry, dict):
        return None
    given = {_SPELLINGS.get(key, key): value for key, value in entry.items()}
    trend = given.pop("trend", [])
    if not isinstance(trend, list) or not all(isinstance(value, str) for value in (*trend, *given.values())):
        return None
    texts = {name: " ".join(text.split()) for name, text in given.items()}
    if texts.keys() - set(_TEXTS) or not all(texts.get(name) for name in _NEEDED):
        return None
    if bool(trend) != bool(texts.get("trend_name")) or not _is_drawable(trend):
        return None
    return KeyFigure(trend=tuple(cast("list[str]", trend)), **{name: texts.get(name, "") for name in _TEXTS})


def _is_drawable(trend: Sequence[str]) -> bool:
    return not trend or (2 <= len(trend) <= _TREND_LENGTH and all(_NUMBER.fullmatch(value) for value in trend))
