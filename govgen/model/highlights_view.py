"""What a template is given of what the portal's home puts forward; see `view.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LifeEvent:
    """Something that brings a citizen to the government, and the topic that has all about it."""

    name: str
    href: str
    sign: str
    """The id of its drawing."""

    services: tuple[str, ...]
    """The titles of its first services."""


@dataclass(frozen=True)
class Sparkline:
    """A trend, small enough to stand beside words."""

    name: str
    """What it is of and since when."""

    values: tuple[str, ...]
    width: int
    height: int
    line: str
    """As an SVG path; so is its end."""

    end: str


@dataclass(frozen=True)
class FigureView:
    """A figure of the county, and the dataset that says so."""

    name: str
    value: str
    unit: str
    period: str
    change: str
    href: str
    source: str
    trend: Sparkline | None
