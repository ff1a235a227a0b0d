"""Makes the index of all documents at once, in worker processes where there are many."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from govgen.catalog.store import Catalog
from govgen.processes import worker_pool
from govgen.search.blocks import SLOTS, Leaf, block_of, find_recent_of, split
from govgen.search.postings import pack_slots, shards_for, varint
from govgen.search.records import Entry, day_of, keys_of, make_entries, place_of
from govgen.search.words import Keys

_TASK_DOCUMENTS = 1000
_FEW_DOCUMENTS = 300
"""So few are done sooner than worker processes start."""

_Task = Sequence[tuple[int, Sequence[str]]]
"""Blocks in order, each with the paths of its documents."""

_Part = dict[int, tuple[int, int, bytes]]
"""By key: the first block of a part of a list, its last one, and what stands after the first block's number."""


@dataclass
class Built:
    """The index of all documents."""

    leaves: list[Leaf]
    recent: int
    shards: int
    entries: list[Entry] = field(default_factory=list)
    recent_postings: dict[int, bytes] = field(default_factory=dict)
    """Lists of the newest documents, by key."""

    postings: dict[int, bytes] = field(default_factory=dict)


def build_postings(catalog: Catalog, dates: Mapping[str, str], processes: int) -> Built:
    """Return the index of these documents, given with their dates. Raises MachineryError where a worker dies."""
    days = {path: day_of(date) for path, date in dates.items()}
    counted = sorted(Counter(days.values()).items())
    leaves = split(counted)
    recent = find_recent_of(counted)
    built = Built(leaves, recent, shards_for(sum(number for day, number in counted if day < recent)))
    newer, older = _Lists(), _Lists()
    tasks = list(_tasks(leaves, days, recent))
    for task, (entries, part) in zip(tasks, _work(catalog, tasks, len(days), processes), strict=True):
        built.entries += entries
        (newer if task[0][0] >= block_of(Leaf(recent, 0, 1), 0) else older).add(part)
    built.recent_postings, built.postings = newer.finish(), older.finish()
    return built


class _Lists:
    """Lists put together from parts in the order of their blocks."""

    def __init__(self) -> None:
        self._lists: dict[int, bytearray] = {}
        self._last: dict[int, int] = {}

    def add(self, part: _Part) -> None:
        """Add what comes next."""
        lists, last = self._lists, self._last
        for key, (first, end, rest) in part.items():
            known = lists.get(key)
            if known is None:
                lists[key] = bytearray(varint(first) + rest)
            else:
                known += varint(first - last[key])
                known += rest
            last[key] = end

    def finish(self) -> dict[int, bytes]:
        """Return the lists, which are kept no longer."""
        return {key: bytes(self._lists.pop(key)) for key in list(self._lists)}


def _tasks(leaves: Sequence[Leaf], days: Mapping[str, int], recent: int) -> Iterator[_Task]:
    """Yield the work in the order of the blocks; no task has both recent documents and others."""
    starts = [leaf.first for leaf in leaves]
    blocks: dict[int, list[str]] = {}
    for path, day in days.items():
        leaf = leaves[bisect_right(starts, day) - 1]
        blocks.setdefault(block_of(leaf, place_of(path)), []).append(path)
    task: list[tuple[int, Sequence[str]]] = []
    number, was_recent = 0, False
    border = block_of(Leaf(recent, 0, 1), 0)
    for block in sorted(blocks):
        if task and (number >= _TASK_DOCUMENTS or (block >= border) != was_recent):
            yield task
            task, number = [], 0
        task.append((block, blocks[block]))
        number += len(blocks[block])
        was_recent = block >= border
    if task:
        yield task


def _work(
    catalog: Catalog, tasks: Sequence[_Task], documents: int, processes: int
) -> Iterator[tuple[list[Entry], _Part]]:
    if documents <= _FEW_DOCUMENTS:
        keys = Keys()
        for task in tasks:
            yield _index(catalog, keys, task)
        return
    catalog.finish()
    with worker_pool(processes, _start_worker, catalog.file) as pool:
        yield from pool.map(_index_in_worker, tasks)


def _index(catalog: Catalog, keys: Keys, task: _Task) -> tuple[list[Entry], _Part]:
    """Return the entries of some blocks, and their part of the lists."""
    made = {entry.document: entry for entry in make_entries(catalog, [path for _, paths in task for path in paths])}
    lists: dict[int, bytearray] = {}
    firsts: dict[int, int] = {}
    lasts: dict[int, int] = {}
    for block, paths in task:
        for key, slots in _slots_by_key(keys, (made[path] for path in paths)).items():
            known = lists.get(key)
            if known is None:
                firsts[key] = block
                lists[key] = bytearray(pack_slots(slots))
            else:
                known += varint(block - lasts[key])
                known += pack_slots(slots)
            lasts[key] = block
    part = {key: (firsts[key], lasts[key], bytes(content)) for key, content in lists.items()}
    return list(made.values()), part


def _slots_by_key(keys: Keys, entries: Iterable[Entry]) -> dict[int, bytearray]:
    """Return, for one block, in which slots each key is found, in order."""
    slots: dict[int, set[int]] = {}
    for entry in entries:
        slot = entry.place % SLOTS
        found = keys_of(keys, entry.record)
        slots[slot] = slots[slot] | found if slot in slots else found
    by_key: dict[int, bytearray] = {}
    for slot in sorted(slots):
        for key in slots[slot]:
            known = by_key.get(key)
            if known is None:
                by_key[key] = bytearray((slot,))
            else:
                known.append(slot)
    return by_key


_at_hand: list[tuple[Catalog, Keys]] = []
"""This worker's catalog and keys; always empty in the main process."""


def _start_worker(file: Path) -> None:
    _at_hand.append((Catalog.open(file), Keys()))


def _index_in_worker(task: _Task) -> tuple[list[Entry], _Part]:
    return _index(*_at_hand[0], task)
