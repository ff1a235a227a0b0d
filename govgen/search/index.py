"""Keeps the search index in the catalog up to date with the documents: only what changed is taken out and put in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from govgen.catalog.store import Catalog
from govgen.search.blocks import Leaf, Shape, blocks_of, find_leaf, find_recent
from govgen.search.build import build_postings
from govgen.search.edits import Days, Edits
from govgen.search.postings import ALL, RECENT, RECENT_SHARDS, all_shards, shards_for
from govgen.search.records import UNDATED, Entry, list_dates, make_entries

FACT = "search"
_INDEX_FILE = "/index.md"
"""A document that speaks for a home."""

_FEW = 2000
_SHARE = 8
"""Where more than one in so many documents changed, the whole index is made anew."""


def read_shape(catalog: Catalog) -> Shape:
    """Return the shape of the catalog's index."""
    fact = catalog.fact(FACT)
    return Shape(**json.loads(fact)) if fact else Shape(0, 0)


def update_index(catalog: Catalog, portal: str, processes: int) -> None:
    """Bring the index up to date with the documents that were touched; what of it changes is touched."""
    if not catalog.fact(FACT):
        _fill(catalog, portal, processes)
        return
    touched = catalog.touched("document")
    if catalog.is_touched("homes") or any(path.endswith(_INDEX_FILE) for path in touched):
        touched += _list_homes(catalog)
    if not touched:
        return
    known = {entry.document: entry for entry in _read_entries(catalog, touched)}
    found = {entry.document: entry for entry in make_entries(catalog, touched)}
    gone = [entry for path, entry in known.items() if found.get(path) != entry]
    come = [entry for path, entry in found.items() if known.get(path) != entry]
    if not gone and not come:
        return
    if max(len(gone), len(come)) > max(_FEW, _count_all(catalog) // _SHARE):
        _fill(catalog, portal, processes)
    else:
        _Update(catalog, gone, come).run(portal, processes)


def _fill(catalog: Catalog, portal: str, processes: int) -> None:
    """Make the whole index anew."""
    # Until all of it is there it counts as none: a build that is killed meanwhile must not go on with half of one.
    catalog.remember({FACT: ""})
    for table in ("searched", "search_shards", "search_blocks"):
        catalog.run(f"DELETE FROM {table}")
    built = build_postings(catalog, list_dates(catalog), processes)
    catalog.connection.executemany("INSERT INTO searched VALUES (?, ?, ?, ?)", built.entries)
    catalog.connection.executemany("INSERT INTO search_blocks VALUES (?, ?, ?)", built.leaves)
    for name, postings, shards in (
        (RECENT, built.recent_postings, RECENT_SHARDS),
        (ALL, built.postings, built.shards),
    ):
        contents = ((name, number, content) for number, content in enumerate(all_shards(postings, shards)))
        catalog.connection.executemany("INSERT INTO search_shards VALUES (?, ?, ?)", contents)
    _keep_shape(catalog, Shape(built.recent, built.shards))
    catalog.touch(f"plan:{portal}", *(f"texts:{block}" for leaf in built.leaves for block in blocks_of(leaf)))


def _list_homes(catalog: Catalog) -> list[str]:
    """Return the paths of all homes there are, or were."""
    rows = catalog.rows(
        "SELECT path FROM homes UNION SELECT document FROM searched WHERE document >= 'sites/' AND document < 'sites0'"
    )
    return [row["path"] for row in rows]


def _keep_shape(catalog: Catalog, shape: Shape) -> None:
    days = catalog.rows("SELECT min(day) AS first, max(day) AS last FROM searched WHERE day > ?", UNDATED)[0]
    shape = shape._replace(first_day=days["first"] or UNDATED, last_day=days["last"] or UNDATED)
    catalog.set_fact(FACT, json.dumps(shape._asdict()))


def _count_all(catalog: Catalog) -> int:
    return int(catalog.rows("SELECT count(*) AS number FROM searched")[0]["number"])


def _read_entries(catalog: Catalog, paths: Iterable[str]) -> Iterator[Entry]:
    batch = json.dumps(list(paths))
    select = "SELECT s.* FROM json_each(?) batch CROSS JOIN searched s ON document = batch.value"
    return (Entry(*row) for row in catalog.rows(select, batch))


class _Update:
    """One bringing up to date: entries that go, entries that come, and what follows for blocks and lists."""

    def __init__(self, catalog: Catalog, gone: list[Entry], come: list[Entry]) -> None:
        self._catalog = catalog
        self._gone = gone
        self._come = come
        self._shape = read_shape(catalog)

    def run(self, portal: str, processes: int) -> None:
        """Write all that follows; where the lists are to be spread over more shards, all is made anew."""
        days = {entry.day for entry in (*self._gone, *self._come)}
        before = {leaf for day in days if (leaf := self._leaf_before(day))}
        self._write_entries()
        after = {leaf for day in days if (leaf := find_leaf(self._count, day))}
        shape = self._shape_after(min(days))
        if shape.shards != self._shape.shards:
            _fill(self._catalog, portal, processes)
            return
        edits = Edits(self._catalog, self._shape, shape)
        coming = {entry.document for entry in self._come}
        for first, end in _widest_spans({*before, *after, *self._moved(shape)}):
            old, new = self._leaves_before(first, end), self._leaves_after(first, end)
            entries = self._entries_between(first, end)
            kept = [entry for entry in entries if entry.document not in coming]
            come = [entry for entry in entries if entry.document in coming]
            gone = [entry for entry in self._gone if first <= entry.day < end]
            edits.note(Days(old, kept, gone), Days(new, kept, come))
            if old != new:
                self._write_leaves(first, end, new)
                self._catalog.touch(f"plan:{portal}")
        edits.write()
        _keep_shape(self._catalog, shape)

    def _count(self, first: int, end: int, limit: int) -> int:
        row = self._catalog.one(
            "SELECT count(*) AS number FROM (SELECT 1 FROM searched WHERE day >= ? AND day < ? LIMIT ?)",
            *(first, end, limit),
        )
        return int(row["number"]) if row else 0

    def _write_entries(self) -> None:
        run = self._catalog.connection
        run.executemany("DELETE FROM searched WHERE document = ?", [(entry.document,) for entry in self._gone])
        run.executemany("INSERT INTO searched VALUES (?, ?, ?, ?)", self._come)

    def _shape_after(self, earliest: int) -> Shape:
        newest = self._catalog.rows("SELECT max(day) AS day FROM searched")[0]["day"]
        recent = find_recent(self._count, newest or 0)
        if recent == self._shape.recent and earliest >= recent:
            return self._shape
        others = self._catalog.rows("SELECT count(*) AS number FROM searched WHERE day < ?", recent)
        return Shape(recent, shards_for(others[0]["number"]))

    def _moved(self, shape: Shape) -> list[Leaf]:
        """Return the leaves whose documents were recent and are not any more, or the other way round."""
        low, high = sorted((self._shape.recent, shape.recent))
        return [*self._leaves_before(low, high), *self._leaves_after(low, high)]

    def _leaf_before(self, day: int) -> Leaf | None:
        row = self._catalog.one("SELECT * FROM search_blocks WHERE first <= ? ORDER BY first DESC LIMIT 1", day)
        leaf = Leaf(*row) if row else None
        return leaf if leaf and day < leaf.end else None

    def _leaves_before(self, first: int, end: int) -> list[Leaf]:
        rows = self._catalog.rows("SELECT * FROM search_blocks WHERE first >= ? AND first < ? ORDER BY 1", first, end)
        return [Leaf(*row) for row in rows]

    def _leaves_after(self, first: int, end: int) -> list[Leaf]:
        days = self._catalog.rows(
            "SELECT day, count(*) FROM searched WHERE day >= ? AND day < ? GROUP BY day", first, end
        )
        listed = [(row[0], row[1]) for row in days]
        leaves = {leaf for day, _ in listed if (leaf := find_leaf(self._count, day))}
        return sorted(leaves)

    def _entries_between(self, first: int, end: int) -> list[Entry]:
        rows = self._catalog.rows("SELECT * FROM searched WHERE day >= ? AND day < ?", first, end)
        return [Entry(*row) for row in rows]

    def _write_leaves(self, first: int, end: int, leaves: list[Leaf]) -> None:
        self._catalog.run("DELETE FROM search_blocks WHERE first >= ? AND first < ?", first, end)
        self._catalog.connection.executemany("INSERT INTO search_blocks VALUES (?, ?, ?)", leaves)


def _widest_spans(leaves: Iterable[Leaf]) -> list[tuple[int, int]]:
    """Return the days of some leaves, those within others left out: one always holds the other, or they are apart."""
    spans: list[tuple[int, int]] = []
    for leaf in sorted(leaves, key=lambda leaf: (leaf.first, -leaf.level)):
        if not spans or leaf.first >= spans[-1][1]:
            spans.append((leaf.first, leaf.end))
    return spans
