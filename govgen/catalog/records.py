"""A document with all that its page draws on, read for many documents at once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from govgen.catalog.store import Catalog

_OF_BATCH = "FROM json_each(?) batch CROSS JOIN"

_NEXT_TO = """
SELECT l.document FROM listings l WHERE l.site = d.site AND l.section = d.section AND l.is_own
    AND (l.date, l.id) {comparison} (d.date, d.id) ORDER BY l.date {order}, l.id {order} LIMIT 1
"""
_NEIGHBOURS = f"""
SELECT known.path, p.title AS previous_title, p.address AS previous_address, p.language AS previous_language,
    n.title AS next_title, n.address AS next_address, n.language AS next_language
FROM (
    SELECT d.path AS path, ({_NEXT_TO.format(comparison="<", order="DESC")}) AS previous,
        ({_NEXT_TO.format(comparison=">", order="ASC")}) AS next
    {_OF_BATCH} documents d ON d.path = batch.value WHERE d.date != ''
) known LEFT JOIN documents p ON p.path = known.previous LEFT JOIN documents n ON n.path = known.next
"""


@dataclass(frozen=True)
class Record:
    """A document's row with its body's, and the rows that belong to it."""

    row: sqlite3.Row
    neighbours: sqlite3.Row | None
    """Titles and addresses of the next older and the next newer document of its section; None for undated ones."""

    references: list[sqlite3.Row] = field(default_factory=list)
    files: list[sqlite3.Row] = field(default_factory=list)
    named_in: set[str] = field(default_factory=set)
    """The relations in which other documents name it."""


def read_records(catalog: Catalog, paths: Iterable[str]) -> dict[str, Record]:
    """Return the documents at these paths, those that there are."""
    batch = json.dumps(list(paths))

    def rows(statement: str) -> Sequence[sqlite3.Row]:
        return catalog.rows(statement, batch)

    neighbours = {row["path"]: row for row in rows(_NEIGHBOURS)}
    records = {
        row["path"]: Record(row, neighbours.get(row["path"]))
        for row in rows(
            f"SELECT d.*, html, toc, details {_OF_BATCH} documents d ON d.path = batch.value"
            " JOIN bodies ON document = d.path"
        )
    }
    for row in rows(f"SELECT r.* {_OF_BATCH} refs r ON document = batch.value ORDER BY document, relation, number"):
        records[row["document"]].references.append(row)
    for row in rows(f"SELECT f.* {_OF_BATCH} files f ON document = batch.value ORDER BY document, place"):
        records[row["document"]].files.append(row)
    for row in rows(f"SELECT DISTINCT to_document, relation {_OF_BATCH} refs ON to_document = batch.value"):
        records[row["to_document"]].named_in.add(row["relation"])
    return records
