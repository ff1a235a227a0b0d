"""What stands in the output folder, site by site, and the tree it was composed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from govgen.catalog.sources import stored
from govgen.catalog.store import Catalog, digest_of


@dataclass(frozen=True)
class Output:
    """One built file."""

    path: str
    digest: str
    size_bytes: int
    goal: str
    """Where a redirect leads, as a path below its site's mount; empty for what is no redirect."""


def read_outputs(catalog: Catalog, site: str) -> list[Output]:
    """Return the built files of a site."""
    rows = catalog.rows(
        "SELECT output, digest, size_bytes, CASE kind WHEN 'redirect' THEN subject ELSE '' END AS goal"
        " FROM artifacts WHERE site = ? AND digest != ''",
        site,
    )
    return [Output(*row) for row in rows]


def find_tree(catalog: Catalog, site: str) -> str:
    """Return the tree a site's built files were composed to; empty where one of them is another since."""
    row = catalog.one("SELECT digest FROM site_trees WHERE site = ?", site)
    return str(row["digest"]) if row else ""


def keep_trees(catalog: Catalog, trees: Mapping[str, str]) -> None:
    """Keep which trees the sites' built files were composed to."""
    catalog.connection.executemany("INSERT OR REPLACE INTO site_trees VALUES (?, ?)", trees.items())


def theme_digest(catalog: Catalog, theme: str) -> str:
    """Return a digest over the files of a theme."""
    between = (stored(f"{theme}/"), stored(f"{theme}0"))
    rows = catalog.rows("SELECT path, version FROM sources WHERE path > ? AND path < ? ORDER BY path", *between)
    return digest_of([row["version"] for row in rows])
