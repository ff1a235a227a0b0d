"""Says why an output stands as it does: who owns it, what it was made from, what it used, what changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from govgen.catalog.store import Catalog
from govgen.model.address import Addresses, file_of


@dataclass(frozen=True)
class Explanation:
    """What is known of one output."""

    output: str
    """Relative to the output folder."""

    site: str
    kind: str
    subject: str
    """The document or file it was made from; a redirect's goal."""

    uses: tuple[str, ...]
    """Keys of what else was looked at; see `catalog/triggers.py`."""

    made_for: str
    """The key that was the reason to make it the last time."""

    due_for: str
    """The key that is the reason to make it again; empty where nothing it used has changed."""


def find_outputs(catalog: Catalog, addresses: Addresses, asked: str) -> list[str]:
    """Return the outputs that an address, a built file's path or a repository file's path stands for.

    A document's are its own page first, then the pages and feeds that show it.
    """
    output = _output_of(addresses, asked)
    if catalog.one("SELECT 1 FROM artifacts WHERE output = ?", output):
        return [output]
    key = asked.encode("ascii", "backslashreplace").decode()
    rows = catalog.rows(
        "SELECT output FROM artifacts WHERE subject = ?1 AND kind != 'redirect'"
        " UNION ALL SELECT output FROM uses WHERE key IN ('item:' || ?1, 'document:' || ?1, 'source:' || ?2)"
        " AND output NOT LIKE 'chrome:%'",
        asked,
        key,
    )
    return list(dict.fromkeys(row["output"] for row in rows))


def _output_of(addresses: Addresses, asked: str) -> str:
    parts = urlsplit(asked if "//" in asked else f"//{asked}")
    host = (parts.hostname or "").removesuffix(f".{addresses.domain}") + f".{addresses.domain}"
    return host + unquote(file_of(parts.path or "/"))


def explain(catalog: Catalog, outputs: Iterable[str]) -> list[Explanation]:
    """Return what is known of each output; `catalog` has marked as dirty what must be made again."""
    explanations = []
    for output in outputs:
        row = catalog.one(
            "SELECT a.*, dirty.reason AS due FROM artifacts a LEFT JOIN dirty USING (output) WHERE output = ?", output
        )
        if row:
            uses = (use["key"] for use in catalog.rows("SELECT key FROM uses WHERE output = ? ORDER BY key", output))
            explanations.append(
                Explanation(
                    output, row["site"], row["kind"], row["subject"], tuple(uses), row["reason"], row["due"] or ""
                )
            )
    return explanations
