"""A document in its languages: the original, what was translated from it, and which of them fell behind."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from govgen.catalog.records import Record
from govgen.catalog.translations import is_behind, last_change
from govgen.model.language import own_name
from govgen.model.view import Translation
from govgen.plan.scope import Scope

_RELATION = "translation_of"
_COLUMNS = "d.path, d.site, d.title, d.address, d.language, d.date, d.updated"
_ORIGINAL = f"SELECT {_COLUMNS} FROM documents d WHERE path = ? AND is_listed"
_TRANSLATIONS = (
    f"SELECT DISTINCT {_COLUMNS} FROM refs r JOIN documents d ON d.path = r.document"
    f" WHERE r.to_document = ? AND r.relation = '{_RELATION}' AND d.is_listed ORDER BY d.language, d.id"
)


@dataclass(frozen=True)
class Editions:
    """A document in all its languages, itself among them."""

    translations: tuple[Translation, ...] = ()
    """The others, the original first."""

    alternates: tuple[tuple[str, str], ...] = ()
    """Language and full address of each, and x-default for the original; none where there is but one language."""

    is_stale: bool = False
    """Whether the document itself is a translation older than its original."""


def find_editions(scope: Scope, record: Record) -> Editions:
    """Return a document in all its languages; most have one, and nothing is asked."""
    path = record.row["path"]
    named = [r["to_document"] for r in record.references if r["relation"] == _RELATION and r["to_document"]]
    if not named and _RELATION not in record.named_in:
        return Editions()
    root = named[0] if named else path
    members = _translations_of(scope, root) if root != path else {}
    for row in _translations_of(scope, path).values():
        members.setdefault(row["path"], row)
    members.pop(path, None)
    scope.use(f"item:{root}")
    original = scope.catalog.one(_ORIGINAL, root)
    rows = [row for row in members.values() if row["path"] != root]
    if original and root != path:
        rows.insert(0, original)
    translations = tuple(_translation(scope, row, root) for row in rows)
    is_stale = root != path and original is not None and is_behind(*map(_last_change, (record.row, original)))
    return Editions(translations, _alternates(scope, [original, record.row, *rows]), is_stale)


def _translations_of(scope: Scope, path: str) -> dict[str, sqlite3.Row]:
    scope.use(f"relating:{path}")
    rows = {row["path"]: row for row in scope.catalog.rows(_TRANSLATIONS, path)}
    scope.use(*(f"item:{translation}" for translation in rows))
    return rows


def _translation(scope: Scope, row: sqlite3.Row, root: str) -> Translation:
    language = row["language"] or scope.county.language
    return Translation(
        title=row["title"],
        href=scope.href(row["address"], scope.site_of(row["site"])),
        language=language,
        name=own_name(language),
        is_original=row["path"] == root,
    )


def _last_change(row: sqlite3.Row) -> datetime | None:
    return last_change(row["date"], row["updated"])


def _alternates(scope: Scope, rows: list[sqlite3.Row | None]) -> tuple[tuple[str, str], ...]:
    """Return languages and addresses, `rows` having the original first; of two in one language the first counts."""
    found: dict[str, str] = {}
    for row in rows:
        if row:
            url = scope.addresses.url(scope.site_of(row["site"]), row["address"])
            found.setdefault(row["language"] or scope.county.language, url)
    if len(found) < 2:
        return ()
    default = (("x-default", next(iter(found.values()))),) if rows[0] else ()
    return (*sorted(found.items()), *default)
