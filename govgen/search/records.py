"""A document as the index keeps it: what a result shows, and all the words it is found by."""

from __future__ import annotations

import html
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from govgen.catalog.store import Catalog
from govgen.model.document import Kind
from govgen.search.words import Keys, has_traditional

UNDATED = 0
_RAW = -zlib.MAX_WBITS
_ATTRIBUTES = r"""[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*"""
_BREAKS = re.compile(
    rf"</?(?:p|div|li|ul|ol|h[1-6]|t[drh]|thead|tbody|table|caption|br|hr|pre|blockquote|d[ldt]|figure|figcaption"
    rf"|section|details|summary)\b{_ATTRIBUTES}>"
)
_TAG = re.compile(rf"<{_ATTRIBUTES}>")


class Entry(NamedTuple):
    """A document in the index."""

    document: str
    day: int
    """Its date, as days since the beginning of the year 1; 0 for what has none."""

    place: int
    """32 bits of its path, by which it is put among others of its day."""

    record: bytes
    """Deflated: a line of JSON with what a result shows and, where its words hold traditional characters, a 1; then
    its text."""


_OF_BATCH = "FROM json_each(?) batch CROSS JOIN"
_COLUMNS = "d.path, d.site, d.address, d.title, d.date, d.kind, d.source, d.number, d.validity"


_NO_DOCUMENT = (
    "NOT EXISTS (SELECT 1 FROM documents d WHERE (d.site, d.address) = (h.site, h.address) AND is_listed"
    " AND state = 'listed')"
)


def list_dates(catalog: Catalog) -> dict[str, str]:
    """Return the dates of all that the index has, by path: documents, and homes that no document speaks for."""
    rows = catalog.rows(
        "SELECT path, date FROM documents WHERE is_listed AND state = 'listed'"
        f" UNION ALL SELECT path, '' FROM homes h WHERE {_NO_DOCUMENT} ORDER BY path"
    )
    return {row["path"]: row["date"] for row in rows}


def make_entries(catalog: Catalog, paths: Iterable[str]) -> list[Entry]:
    """Return the entries of the documents at these paths, of those that citizens see in lists; and of homes."""
    batch = json.dumps(list(paths))
    names: dict[str, list[str]] = {}
    for row in catalog.rows(
        f"SELECT f.document, f.name {_OF_BATCH} files f ON document = batch.value"
        " WHERE f.is_listed OR NOT f.is_picture ORDER BY document, place",
        batch,
    ):
        names.setdefault(row["document"], []).append(row["name"])
    rows = catalog.rows(
        f"SELECT {_COLUMNS}, html, details {_OF_BATCH} documents d ON d.path = batch.value"
        " JOIN bodies ON document = d.path WHERE is_listed AND state = 'listed'",
        batch,
    )
    homes = catalog.rows(f"SELECT h.* {_OF_BATCH} homes h ON h.path = batch.value WHERE {_NO_DOCUMENT}", batch)
    return [*(_make_entry(row, names.get(row["path"], ())) for row in rows), *map(_make_home, homes)]


def _make_home(row: sqlite3.Row) -> Entry:
    words = [row["site"], row["address"], row["title"], "", Kind.PAGE.value, "", ""]
    return _pack(row["path"], "", words, "", row["text"].splitlines())


def _make_entry(row: sqlite3.Row, attachments: Sequence[str]) -> Entry:
    path, day = row["path"], row["date"][:10]
    words = [row["site"], row["address"], row["title"], day, row["kind"], row["source"], row["number"]]
    facts = json.loads(row["details"])["facts"]
    is_labelled = row["kind"] == Kind.SERVICE.value
    lines = [
        *text_of(row["html"]),
        *(" ".join(f"{label}：{text}".split() if is_labelled else text.split()) for label, text in facts),
        *attachments,
    ]
    return _pack(path, row["date"], words, row["validity"], lines)


def _pack(path: str, date: str, words: list[str], validity: str, lines: Sequence[str]) -> Entry:
    shown = [*words, validity, *([1] if has_traditional("".join([*words, *lines])) else [])]
    head = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    text = "\n".join([head, *lines]).encode("utf-8", "replace")
    return Entry(path, day_of(date), place_of(path), deflate(text))


def day_of(moment: str) -> int:
    """Return the number of the day that a column holds."""
    return date.fromisoformat(moment[:10]).toordinal() if moment else UNDATED


def place_of(path: str) -> int:
    """Return 32 bits of a document's path."""
    return zlib.crc32(path.encode())


def text_of(body: str) -> list[str]:
    """Return the words of a body, a line for each of its blocks."""
    plain = _TAG.sub("", _BREAKS.sub("\n", body.replace("\n", " ")))
    lines = (" ".join(line.split()) for line in html.unescape(plain).split("\n"))
    return [line for line in lines if line]


def deflate(content: bytes) -> bytes:
    """Return bytes as browsers inflate them."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    return packer.compress(content) + packer.flush()


def keys_of(keys: Keys, record: bytes) -> set[int]:
    """Return all keys under which a record is found."""
    head, _, text = zlib.decompress(record, _RAW).decode().partition("\n")
    site, _, title, _, kind, source, number, validity = json.loads(head)[:8]
    title, number = keys.fold(title), keys.fold(number)
    found = keys.of_text("\n".join((title, number, keys.bare_number(number), keys.fold(f"{source}\n{text}"))))
    found |= keys.of_title(title)
    found |= keys.of_filters(f"site:{site}", f"kind:{kind}", f"validity:{validity}")
    return found
