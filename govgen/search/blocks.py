"""Puts documents into blocks of about a hundred whose days follow each other, so that one document changes few files.

Which blocks there are follows from the documents alone, not from the order in which they came: all days are halved, and
halved again, until no part has more than it may.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

BLOCK_DOCUMENTS = 128
SLOTS = 256
"""Places in a block, twice its documents: two that share one are told apart by their texts."""

PARTS = 64
"""A single day with more documents than a block may have is spread over at most so many."""

RECENT_DOCUMENTS = 1024
"""The newest documents, so many at most, have lists of their own: what is published today changes only these."""

_ROOT = 22
"""Two to this power days: all years there are."""

Count = Callable[[int, int, int], int]
"""Counts the documents from one day to before another, no further than a limit."""


class Leaf(NamedTuple):
    """Days that follow each other, and how many blocks their documents make: one, but for a single crowded day."""

    first: int
    level: int
    """Two to this power days."""

    parts: int

    @property
    def end(self) -> int:
        """The day after its last."""
        return self.first + (1 << self.level)


class Shape(NamedTuple):
    """What a search page must know of the index."""

    recent: int
    """The day from which on documents have lists of their own; the day after the last where none has."""

    shards: int
    """Over how many shards the lists of the others are spread."""

    first_day: int = 0
    """The oldest date of a document; 0 where none has one."""

    last_day: int = 0


def block_of(leaf: Leaf, place: int) -> int:
    """Return the number of the block a document is in; higher ones are of later days."""
    return leaf.first * PARTS + (place >> 8) % leaf.parts


def blocks_of(leaf: Leaf) -> list[int]:
    """Return the numbers of a leaf's blocks."""
    return [leaf.first * PARTS + part for part in range(leaf.parts)]


def split(days: Sequence[tuple[int, int]], first: int = 0, level: int = _ROOT) -> list[Leaf]:
    """Return the leaves below a node, for days and how many documents each has, in order."""
    low, high = bisect_left(days, (first, 0)), bisect_left(days, (first + (1 << level), 0))
    return _split(days, low, high, first, level)


def _split(days: Sequence[tuple[int, int]], low: int, high: int, first: int, level: int) -> list[Leaf]:
    number = sum(count for _, count in days[low:high])
    if not number:
        return []
    if number <= BLOCK_DOCUMENTS or level == 0:
        return [Leaf(first, level, parts_for(number))]
    middle = first + (1 << (level - 1))
    between = bisect_left(days, (middle, 0), low, high)
    return [*_split(days, low, between, first, level - 1), *_split(days, between, high, middle, level - 1)]


def parts_for(number: int) -> int:
    """Return how many blocks so many documents of one day make: a power of two."""
    return min(PARTS, power_of_two(-(-number // BLOCK_DOCUMENTS)))


def power_of_two(number: int) -> int:
    """Return the smallest power of two that is not below a number."""
    return 1 << max(number - 1, 0).bit_length()


def find_leaf(count: Count, day: int) -> Leaf | None:
    """Return the leaf a day is in, whether it has documents itself or not; None where its half of a node has none."""
    on_day = count(day, day + 1, PARTS * BLOCK_DOCUMENTS)
    if on_day > BLOCK_DOCUMENTS:
        return Leaf(day, 0, parts_for(on_day))
    level = _widest(count, day, BLOCK_DOCUMENTS)
    first = day >> level << level
    return Leaf(first, level, 1) if count(first, first + (1 << level), 1) else None


def find_recent(count: Count, newest: int) -> int:
    """Return the day from which on documents are recent: the beginning of the widest node that has few enough."""
    if count(newest, newest + 1, RECENT_DOCUMENTS + 1) > RECENT_DOCUMENTS:
        return newest + 1
    level = _widest(count, newest, RECENT_DOCUMENTS)
    return newest >> level << level


def find_recent_of(days: Sequence[tuple[int, int]]) -> int:
    """Return the same for days and how many documents each has, in order."""

    def count(first: int, end: int, limit: int) -> int:
        low, high = bisect_left(days, (first, 0)), bisect_left(days, (end, 0))
        return sum(number for _, number in days[low:high])

    return find_recent(count, days[-1][0] if days else 0)


def _widest(count: Count, day: int, limit: int) -> int:
    """Return the level of the widest node around a day that has no more documents than a limit."""
    level = 0
    while level < _ROOT:
        first = day >> (level + 1) << (level + 1)
        if count(first, first + (2 << level), limit + 1) > limit:
            break
        level += 1
    return level
