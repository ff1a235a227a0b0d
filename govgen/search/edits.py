"""Collects what changes in the lists when documents come, go, change or move to another block, and writes it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from govgen.catalog.store import Catalog
from govgen.search.blocks import SLOTS, Leaf, Shape, block_of, blocks_of
from govgen.search.postings import ALL, RECENT, RECENT_SHARDS, Changes, change_shard, shard_of, within
from govgen.search.records import Entry, keys_of
from govgen.search.words import Keys


@dataclass(frozen=True)
class Days:
    """Some days that follow each other, before or after a change."""

    leaves: Sequence[Leaf]
    kept: Sequence[Entry]
    """Entries that are there before and after."""

    others: Sequence[Entry]
    """Those that are gone, or come."""


class _Slot(NamedTuple):
    name: str
    block: int
    slot: int


class Edits:
    """Changes to the lists of an index."""

    def __init__(self, catalog: Catalog, before: Shape, after: Shape) -> None:
        self._catalog = catalog
        self._before = before
        self._after = after
        self._keys = Keys()
        self._found: dict[bytes, set[int]] = {}
        self._changes: dict[tuple[str, int], Changes] = {}
        self._blocks: set[int] = set()

    def note(self, before: Days, after: Days) -> None:
        """Note what differs between some days before and after."""
        old, new = _slots(before, self._before), _slots(after, self._after)
        touched = {place for place in old.keys() | new.keys() if old.get(place, ()) != new.get(place, ())}
        for place in touched:
            was, is_now = self._keys_in(old.get(place, ())), self._keys_in(new.get(place, ()))
            self._note(place, is_now - was, 0)
            self._note(place, was - is_now, 1)
        self._blocks.update(place.block for place in touched)
        if list(before.leaves) != list(after.leaves):
            self._blocks.update(block for leaf in (*before.leaves, *after.leaves) for block in blocks_of(leaf))

    def _keys_in(self, entries: Iterable[Entry]) -> set[int]:
        return set().union(*map(self._keys_of, entries))

    def _keys_of(self, entry: Entry) -> set[int]:
        found = self._found.get(entry.record)
        if found is None:
            found = self._found[entry.record] = keys_of(self._keys, entry.record)
        return found

    def _note(self, place: _Slot, keys: Iterable[int], side: int) -> None:
        shards = RECENT_SHARDS if place.name == RECENT else self._after.shards
        changes, name, block, slot = self._changes, place.name, place.block, place.slot
        for key in keys:
            shard = changes.setdefault((name, shard_of(key, shards)), {})
            by_block = shard.setdefault(within(key, shards), {})
            sides = by_block.get(block)
            if sides is None:
                sides = by_block[block] = (set(), set())
            sides[side].add(slot)

    def write(self) -> None:
        """Write the changed shards, and touch what of the index is another now."""
        for (name, number), changes in sorted(self._changes.items()):
            row = self._catalog.one("SELECT content FROM search_shards WHERE name = ? AND number = ?", name, number)
            assert row is not None
            content = change_shard(row["content"], changes)
            self._catalog.run(
                "UPDATE search_shards SET content = ? WHERE name = ? AND number = ?", content, name, number
            )
        self._catalog.touch(*(f"texts:{block}" for block in self._blocks))


def _slots(days: Days, shape: Shape) -> dict[_Slot, set[Entry]]:
    """Return which documents are in each slot."""
    starts = [leaf.first for leaf in days.leaves]
    slots: dict[_Slot, set[Entry]] = {}
    for entry in (*days.kept, *days.others):
        leaf = days.leaves[bisect_right(starts, entry.day) - 1]
        name = RECENT if entry.day >= shape.recent else ALL
        slots.setdefault(_Slot(name, block_of(leaf, entry.place), entry.place % SLOTS), set()).add(entry)
    return slots
