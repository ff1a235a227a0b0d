"""The files a catalog was filled from: which versions it knows, and which differ now."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from govgen.catalog.store import FORMAT, Catalog
from govgen.repo.survey import Survey

PROGRAM = Path(__file__).parent.parent


@cache
def program_identity() -> str:
    """Return what stands for this version of the program: another one trusts nothing this one has written."""
    return f"{FORMAT} {hash(tuple(sorted(_files(str(PROGRAM)))))}"


def _files(folder: str) -> Iterator[tuple[int, int, int]]:
    for entry in os.scandir(folder):
        if entry.is_dir():
            yield from _files(entry.path)
        elif entry.name.endswith((".py", ".toml")):
            status = entry.stat()
            yield (status.st_ino, status.st_size, status.st_mtime_ns)


def stored(path: str) -> bytes:
    """Return a path as tables hold it that also name files no document can come from: any bytes git knows."""
    return path.encode("utf-8", "surrogateescape")


def loaded(path: bytes) -> str:
    """Return a path that `stored` made."""
    return path.decode("utf-8", "surrogateescape")


def is_storable(path: str) -> bool:
    """Tell whether a path is text: documents come from no others."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def source_key(path: str) -> str:
    """Return the key that a change of a file which is no document touches."""
    return f"source:{path.encode('ascii', 'backslashreplace').decode()}"


def find_changed(catalog: Catalog, seen: Survey) -> Mapping[str, str | None]:
    """Return the versions of all files that differ from those the catalog knows; None where one is gone."""
    if seen.is_complete:
        known = {loaded(row["path"]): row["version"] for row in catalog.rows("SELECT path, version FROM sources")}
        gone: dict[str, str | None] = dict.fromkeys(known.keys() - seen.versions.keys())
    else:
        rows = (catalog.one("SELECT path, version FROM sources WHERE path = ?", stored(p)) for p in seen.versions)
        known, gone = {loaded(row["path"]): row["version"] for row in rows if row}, {}
    return {path: version for path, version in {**seen.versions, **gone}.items() if known.get(path) != version}


def find_version(catalog: Catalog, path: str) -> str:
    """Return the version known of a file; empty for one that is not known."""
    row = catalog.one("SELECT version FROM sources WHERE path = ?", stored(path))
    return str(row["version"]) if row else ""


def list_sources(catalog: Catalog, prefix: str = "") -> list[str]:
    """Return the paths of all known files, or of those that begin with a prefix that ends in a slash."""
    if not prefix:
        return [loaded(row["path"]) for row in catalog.rows("SELECT path FROM sources ORDER BY path")]
    between = (stored(prefix), stored(prefix[:-1] + "0"))
    rows = catalog.rows("SELECT path FROM sources WHERE path >= ? AND path < ? ORDER BY path", *between)
    return [loaded(row["path"]) for row in rows]
