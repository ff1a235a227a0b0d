"""Tells which outputs must be made again: planned anew, or made from something that was touched."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from govgen.catalog.sources import loaded, stored
from govgen.catalog.store import ALL, Catalog, digest_of
from govgen.model.address import Addresses
from govgen.model.build import Job
from govgen.model.county import Site
from govgen.plan.assets import Asset
from govgen.plan.jobs import is_page, plan_site
from govgen.plan.scope import Scope, make_chrome

NEW = "new"
_INCLUDED = re.compile(r"""(?:\{%-?\s*(?:include|extends|import|from)\s|\bframe\()\s*(?:["']([^"']+)["'])?""")
"""A template named in another one; no name where it is only known when the page is made."""

_JOBS_AT_ONCE = 2000
_OTHER_WAYS = (NEW, ALL, "site:", "chrome:", "template:", "county", "theme")
"""Reasons to make an output again from the same values: it is framed, laid out or addressed otherwise."""


def note_theme(catalog: Catalog, theme: str, root: Path) -> None:
    """Note which templates differ from those the last build used, each with all that it includes."""
    versions = {
        loaded(row["path"])[len(theme) + 1 :]: row["version"]
        for row in catalog.rows(
            "SELECT path, version FROM sources WHERE path > ? AND path < ?", stored(f"{theme}/"), stored(f"{theme}0")
        )
    }
    templates = {n.removeprefix("templates/"): v for n, v in versions.items() if n.startswith("templates/")}
    others = {n: v for n, v in versions.items() if not n.startswith("templates/")}
    catalog.set_fact("theme", digest_of(others))
    included = {name: _included(root / "templates" / name) for name in templates}
    for name in sorted(templates):
        closure = _closure(name, included)
        used = templates if closure is None else {n: templates.get(n) for n in closure}
        catalog.set_fact(f"template:{name.removesuffix('.html')}", digest_of(sorted(used.items())))


def _included(file: Path) -> list[str] | None:
    """Return the names of the templates one names; None where one of them is only known when a page is made."""
    names = _INCLUDED.findall(file.read_text(encoding="utf-8", errors="replace"))
    return names if all(names) else None


def _closure(name: str, included: Mapping[str, list[str] | None]) -> set[str] | None:
    found, waiting = set(), [name]
    while waiting:
        step = waiting.pop()
        if step in found:
            continue
        found.add(step)
        names = included.get(step, [])
        if names is None:
            return None
        waiting += names
    return found


def plan(catalog: Catalog, addresses: Addresses, sites: Iterable[Site], assets: Mapping[str, Asset]) -> None:
    """Write the outputs of the sites whose pages may be others than before; what is not planned any more is gone."""
    known_sites = {site.id for site in addresses.county.sites}
    for row in catalog.rows("SELECT DISTINCT site FROM artifacts"):
        if row["site"] not in known_sites:
            _drop(
                catalog, [r["output"] for r in catalog.rows("SELECT output FROM artifacts WHERE site = ?", row["site"])]
            )
    for site in sites:
        if not any(catalog.is_touched(key) for key in (f"plan:{site.id}", f"site:{site.id}", "county", "theme")):
            continue
        known = {
            row["output"]: tuple(row)
            for row in catalog.rows("SELECT output, path, kind, subject, month FROM artifacts WHERE site = ?", site.id)
        }
        jobs = plan_site(catalog, addresses, site, assets)
        differing = [
            job for job in jobs if known.get(job.output) != (job.output, job.path, job.kind, job.subject, job.month)
        ]
        _drop(catalog, known.keys() - {job.output for job in jobs})
        catalog.connection.executemany(
            "INSERT OR REPLACE INTO artifacts (output, site, path, kind, subject, month, is_page)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(j.output, j.site, j.path, j.kind, j.subject, j.month, is_page(j)) for j in differing],
        )
        catalog.connection.executemany(
            "INSERT OR REPLACE INTO dirty VALUES (?, ?)", [(job.output, NEW) for job in differing]
        )
        catalog.connection.executemany("DELETE FROM gone WHERE output = ?", [(job.output,) for job in differing])


def _drop(catalog: Catalog, outputs: Iterable[str]) -> None:
    rows = [(output,) for output in outputs]
    for statement in (
        "DELETE FROM artifacts WHERE output = ?",
        "DELETE FROM uses WHERE output = ?",
        "DELETE FROM dirty WHERE output = ?",
        "INSERT OR IGNORE INTO gone VALUES (?)",
    ):
        catalog.connection.executemany(statement, rows)


def find_outdated(catalog: Catalog, scopes: Sequence[Scope]) -> None:
    """Mark every output as dirty that was made from something touched, with the key that says so."""
    _note_chromes(catalog, scopes)
    mark = "INSERT OR IGNORE INTO dirty SELECT output, {} FROM artifacts"
    portal = next(scope.county.portal.id for scope in scopes)
    for key in (ALL, "county", "theme", f"site:{portal}"):
        if catalog.one("SELECT 1 FROM touched WHERE key = ?", key):
            catalog.run(mark.format("?"), key)
            catalog.run("DELETE FROM touched")
            return
    for prefix, condition in (
        ("site", "site = ?"),
        ("chrome", "site = ? AND is_page"),
        ("template", "kind = ? AND is_page"),
    ):
        for name in catalog.touched(prefix):
            catalog.run(f"{mark.format('?')} WHERE {condition}", f"{prefix}:{name}", name)
    for prefix in ("document", "relating"):
        catalog.run(
            "INSERT OR IGNORE INTO dirty SELECT output, key FROM touched"
            " CROSS JOIN artifacts ON subject = substr(key, ?) WHERE key >= ? AND key < ?",
            *(len(prefix) + 2, f"{prefix}:", f"{prefix};"),
        )
    # Frames use keys too, and are no outputs.
    catalog.run(
        "INSERT OR IGNORE INTO dirty SELECT output, key FROM touched CROSS JOIN uses USING (key)"
        " CROSS JOIN artifacts USING (output)"
    )
    catalog.run("DELETE FROM touched")


def _note_chromes(catalog: Catalog, scopes: Iterable[Scope]) -> None:
    """Make the frames of the sites' pages again where they may be others; one that is touches all its site's pages."""
    is_all = any(catalog.is_touched(key) for key in ("county", "theme"))
    due = {
        row["output"]
        for row in catalog.rows(
            "SELECT DISTINCT output FROM touched CROSS JOIN uses USING (key) WHERE output LIKE 'chrome:%'"
        )
    }
    for scope in scopes:
        node = f"chrome:{scope.site.id}"
        if not is_all and node not in due and catalog.fact(node):
            continue
        scope.used.clear()
        catalog.set_fact(node, digest_of(make_chrome(scope)))
        catalog.run("DELETE FROM uses WHERE output = ?", node)
        catalog.connection.executemany("INSERT INTO uses VALUES (?, ?)", [(key, node) for key in scope.used])


def count_jobs(catalog: Catalog, sites: Collection[str]) -> int:
    """Return how many jobs `read_jobs` yields."""
    rows = catalog.rows("SELECT site, count(*) AS number FROM dirty CROSS JOIN artifacts USING (output) GROUP BY site")
    return sum(row["number"] for row in rows if row["site"] in sites)


def read_jobs(catalog: Catalog, sites: Collection[str]) -> Iterator[Job]:
    """Yield the jobs for all dirty outputs of these sites; with the value known where only that can have changed.

    They are read a few at a time, so that a county's jobs never are in memory at once; what is made in the meantime may
    stop being dirty.
    """
    last = ""
    while rows := catalog.rows(
        "SELECT a.*, dirty.reason AS why FROM dirty CROSS JOIN artifacts a USING (output)"
        " WHERE dirty.output > ? ORDER BY dirty.output LIMIT ?",
        last,
        _JOBS_AT_ONCE,
    ):
        for row in rows:
            if row["site"] in sites:
                is_same_way = not row["why"].startswith(_OTHER_WAYS)
                known = row["value"] if is_same_way else ""
                yield Job(row["site"], row["path"], row["kind"], row["output"], row["subject"], row["month"], known)
        last = rows[-1]["output"]
