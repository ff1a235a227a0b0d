"""Translations and their originals: which fell behind, and which do not say what language they are in.

A document changed last on the later of its two days, `date` and `updated`. What git knows of it is not asked: an editor
who corrects a typing error says nothing new, and one who changes what holds writes the day (see docs/editor.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, time

from govgen.catalog.rows import read_time
from govgen.catalog.store import Catalog
from govgen.model.finding import Finding
from govgen.model.language import is_same

_PAIRS = """
SELECT document, to_document FROM changed CROSS JOIN refs ON document = path
    WHERE relation = 'translation_of' AND to_document IS NOT NULL
UNION SELECT document, to_document FROM changed CROSS JOIN refs ON to_document = path WHERE relation = 'translation_of'
"""
_COLUMNS = "date updated language title".split()


def last_change(date: str, updated: str) -> datetime | None:
    """Return when a document changed last, from two columns of its row; None where it has no days."""
    moments = [moment for text in (date, updated) if (moment := read_time(text))]
    return max(moments, default=None)


def is_behind(translation: datetime | None, original: datetime | None) -> bool:
    """Tell whether a translation, changed last at one moment, is older than its original; on one day they are equal.

    Only a translation that says its time of day can be older than an original of the same day.
    """
    if translation is None or original is None:
        return False
    has_time = translation.time() != time()
    return original > translation if has_time else original.date() > translation.date()


def check_translations(catalog: Catalog, language: str) -> tuple[list[Finding], set[str]]:
    """Return what is wrong with the translations that a changed document is, or has; and which were looked at.

    `language` is the county's.
    """
    pair = ", ".join(f"{side}.{column} AS {side}_{column}" for side in ("t", "o") for column in _COLUMNS)
    rows = catalog.rows(
        f"SELECT t.path, {pair} FROM ({_PAIRS}) CROSS JOIN documents t ON t.path = document"
        " CROSS JOIN documents o ON o.path = to_document WHERE t.is_listed AND o.is_listed ORDER BY t.path, o.path"
    )
    looked_at = {row["document"] for row in catalog.rows(_PAIRS)}
    return list(_find(rows, language)), looked_at


def _find(rows: Iterable[sqlite3.Row], language: str) -> Iterable[Finding]:
    for row in rows:
        tag = row["t_language"] or language
        if is_same(tag, row["o_language"] or language):
            yield Finding("TRANS-LANG", row["path"], None, {"language": tag, "title": row["o_title"]})
        original = last_change(row["o_date"], row["o_updated"])
        if original and is_behind(last_change(row["t_date"], row["t_updated"]), original):
            values = {"title": row["o_title"], "day": original.date().isoformat()}
            yield Finding("TRANS-STALE", row["path"], None, values)
