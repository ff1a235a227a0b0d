"""What was found about the county's files, by the step that found it, so that a step can replace its own."""

from __future__ import annotations

import json
from collections.abc import Iterable

from govgen.catalog.sources import loaded, stored
from govgen.catalog.store import Catalog
from govgen.model.finding import Finding


def put_findings(
    catalog: Catalog, origin: str, findings: Iterable[Finding], paths: Iterable[str] | None = None
) -> None:
    """Replace what one step found: about these files, or all of it."""
    if paths is None:
        catalog.run("DELETE FROM findings WHERE origin = ?", origin)
    else:
        catalog.connection.executemany(
            "DELETE FROM findings WHERE origin = ? AND path = ?", [(origin, stored(path)) for path in paths]
        )
    catalog.connection.executemany(
        "INSERT INTO findings VALUES (?, ?, ?, ?, ?)",
        [(stored(f.path), origin, f.rule, f.line, json.dumps(f.values)) for f in findings],
    )


def read_findings(catalog: Catalog) -> tuple[Finding, ...]:
    """Return all findings of all steps, by place."""
    findings = [
        Finding(row["rule"], loaded(row["path"]), row["line"], json.loads(row["details"]))
        for row in catalog.connection.execute("SELECT * FROM findings")
    ]
    return tuple(sorted(findings, key=Finding.sort_key))
