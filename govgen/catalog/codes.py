"""Codes to scan, kept by the address they lead to: an edit changes the page, and rarely the address.

Those of addresses that are no more stay until the catalog is made anew: they are small.
"""

from __future__ import annotations

from collections.abc import Iterable

from govgen.catalog.store import Catalog


def find_code(catalog: Catalog, url: str) -> bytes | None:
    """Return the code kept for an address; None where there is none."""
    row = catalog.one("SELECT code FROM codes WHERE url = ?", url)
    return row["code"] if row else None


def keep_codes(catalog: Catalog, codes: Iterable[tuple[str, bytes]]) -> None:
    """Keep codes, each given with its address."""
    catalog.connection.executemany("INSERT OR REPLACE INTO codes VALUES (?, ?)", codes)
