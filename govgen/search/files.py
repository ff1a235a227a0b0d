"""The files of the index as they are published: what each holds, and which there are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from govgen.catalog.store import Catalog
from govgen.model.address import search_lists_path, search_texts_path
from govgen.search.blocks import PARTS, SLOTS, Leaf, blocks_of
from govgen.search.hanzi import SIMPLIFIED, TRADITIONAL

_ENTRY = struct.Struct("<BBBBI")


class IndexFile(NamedTuple):
    """A file of the index."""

    path: str
    """Below the portal's mount."""

    kind: str
    """search_lists, search_texts"""

    subject: str


def index_files(catalog: Catalog) -> Iterator[IndexFile]:
    """Yield the files of the catalog's index."""
    for row in catalog.rows("SELECT name, number FROM search_shards ORDER BY 1, 2"):
        path = search_lists_path(row["name"], row["number"])
        yield IndexFile(path, "search_lists", f"{row['name']}:{row['number']}")
    for row in catalog.rows("SELECT * FROM search_blocks ORDER BY 1"):
        for block in blocks_of(Leaf(*row)):
            yield IndexFile(search_texts_path(block), "search_texts", str(block))


def lists_file(catalog: Catalog, subject: str) -> bytes:
    """Return a shard of lists, named as name:number."""
    name, _, number = subject.partition(":")
    row = catalog.one("SELECT content FROM search_shards WHERE name = ? AND number = ?", name, int(number))
    return bytes(row["content"]) if row else b""


def texts_file(catalog: Catalog, block: int) -> bytes:
    """Return the texts of a block.

    First how many there are, two bytes; then for each its slot, a byte, its day, three, and the size of its deflated
    record, four; then the records, in the same order. All numbers are little-endian.
    """
    first = block // PARTS
    leaf = Leaf(*catalog.rows("SELECT * FROM search_blocks WHERE first = ?", first)[0])
    rows = catalog.rows(
        "SELECT day, place, record FROM searched WHERE day >= ? AND day < ? AND (place >> 8) % ? = ?"
        " ORDER BY place % ?, place, document",
        *(leaf.first, leaf.end, leaf.parts, block % PARTS, SLOTS),
    )
    head = [struct.pack("<H", len(rows))]
    head += [
        _ENTRY.pack(row["place"] % SLOTS, row["day"] & 255, row["day"] >> 8 & 255, row["day"] >> 16, len(row["record"]))
        for row in rows
    ]
    return b"".join([*head, *(row["record"] for row in rows)])


def characters_file() -> bytes:
    """Return the traditional characters on one line, and the simplified ones that stand for them on the next."""
    return f"{TRADITIONAL}\n{SIMPLIFIED}\n".encode()
