"""Which sizes of a picture are published, and where each of them lies."""

from __future__ import annotations

from collections.abc import Sequence

WIDTHS = (480, 960, 1440)
"""A phone, a tablet or a list, a large or sharp screen; nothing is made larger than it is."""

LIST_WIDTH = 960
"""The widest that a list asks for: a home page stays light on the sharpest phone."""

STRIPPED_TYPES = frozenset({"png", "jpg", "jpeg", "gif", "webp"})
"""Types of pictures that are published without what their files tell besides."""

_STEP = 1.2
"""A size less than a fifth below the next one is not worth a file."""

_LEAST_BYTES = 10_000
"""Smaller files are published as they are."""

_LONGEST_EDGE = 16_383
"""WebP can hold no more pixels in one direction."""

_WITH_FALLBACK = frozenset({"jpg", "jpeg", "png"})
_FALLBACK = WIDTHS[1]


def scaled_widths(width: int, height: int, size_bytes: int) -> tuple[int, ...]:
    """Return the widths a still picture is published in besides its own file; none where that file will do."""
    if size_bytes < _LEAST_BYTES or max(width, height) > _LONGEST_EDGE:
        return ()
    widest = min(width, WIDTHS[-1])
    return (*(step for step in WIDTHS if step * _STEP < widest), widest)


def variants_of(ending: str, widths: Sequence[int]) -> tuple[str, ...]:
    """Return the names of the files made from a picture besides its own: 480.webp, …; 960.jpg for old browsers."""
    names = tuple(f"{width}.webp" for width in widths)
    return (*names, f"{_FALLBACK}.{ending}") if ending in _WITH_FALLBACK and _is_wide(widths) else names


def variant_address(address: str, variant: str) -> str:
    """Return where a variant lies of a picture at `address`."""
    return f"{address}-{variant}"


def plain_address(address: str, ending: str, widths: Sequence[int]) -> str:
    """Return what a browser without WebP loads: the picture itself unless that is a wide one."""
    if not _is_wide(widths) or ending not in _WITH_FALLBACK:
        return address
    return variant_address(address, f"{_FALLBACK}.{ending}")


def _is_wide(widths: Sequence[int]) -> bool:
    return _FALLBACK in widths and widths[-1] > _FALLBACK
