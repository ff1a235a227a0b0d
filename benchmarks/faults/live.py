"""Looks at what citizens are served: which release, and whether every byte of it is there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import MachineryError
from govgen.release.listing import Entry, Listing, parse_listing
from govgen.release.manifest import Manifest, parse_manifest

NOTHING = ""


@dataclass(frozen=True)
class Live:
    """What is live."""

    release: str
    """Its id; empty where there is none."""

    trees: Mapping[str, str]
    """The tree of every site: two releases with the same ones show the same pages."""

    faults: tuple[str, ...]
    """What is missing, changed or too much."""


def look(store: Path) -> Live:
    """Walk through what is live as a web server does, and hold every file against the listings."""
    current = store / "current"
    if not current.is_symlink():
        return Live(NOTHING, {}, ())
    release = current.resolve()
    try:
        manifest = parse_manifest((release / "manifest.json").read_bytes())
        listings = {id: _read_listing(store, site.tree) for id, site in manifest.sites.items()}
    except (OSError, MachineryError) as error:
        return Live(release.name, {}, (f"{release.name}: {error}",))
    trees = {id: site.tree for id, site in manifest.sites.items()}
    faults = [*_check_files(release / "sites", listings), *_check_redirects(release / "redirects", listings)]
    if manifest.id != release.name:
        faults.append(f"{release.name} is {manifest.id}")
    return Live(release.name, trees, (*faults, *_check_trees(release, manifest)))


def serve(store: Path) -> dict[str, str]:
    """Return the digest of every file a web server would find in what is live, and of every redirect."""
    current = store / "current"
    found = {}
    for part in ("sites", "redirects"):
        for folder, _, names in os.walk(current / part, followlinks=True):
            for file in (Path(folder, name) for name in names):
                content = file.read_bytes() if file.is_file() else b"leads nowhere"
                found[str(file.relative_to(current))] = hashlib.sha256(content).hexdigest()
    return found


def find_waste(store: Path) -> set[str]:
    """Return the objects and trees that no release needs, and what was left unfinished."""
    manifests = [parse_manifest(file.read_bytes()) for file in store.glob("releases/*/manifest.json")]
    trees = {site.tree for manifest in manifests for site in manifest.sites.values()}
    needed = {entry.digest for tree in trees for entry in _read_listing(store, tree).entries} | trees
    # What a store says of itself is kept as objects too.
    own = (file for pattern in ("releases/*/manifest.json*", "ordered/*") for file in store.glob(pattern))
    needed |= {hashlib.sha256(file.read_bytes()).hexdigest() for file in own}
    objects = {file.name for file in store.glob("objects/*/*")}
    stale = {tree.name for tree in store.glob("trees/*") if tree.is_dir()} - trees
    return {*(objects - needed), *stale, *(file.name for file in store.rglob(".new-*"))}


def read_listings(store: Path, manifest: Manifest) -> list[Listing]:
    """Return the listings of a release. Raises OSError, MachineryError."""
    return [_read_listing(store, site.tree) for site in manifest.sites.values()]


def _read_listing(store: Path, tree: str) -> Listing:
    return parse_listing((store / "trees" / f"{tree}.list").read_bytes(), tree)


def _check_files(sites: Path, listings: Mapping[str, Listing]) -> Iterator[str]:
    wanted: dict[str, Entry] = {e.path: e for listing in listings.values() for e in listing.entries}
    found = set()
    for folder, _, names in os.walk(sites, followlinks=True):
        for name in names:
            file = Path(folder, name)
            path = file.relative_to(sites).as_posix()
            found.add(path)
            if path not in wanted:
                # The theme's files of earlier releases stay: a page may still be open that needs them.
                if path.split("/")[1:2] != ["assets"]:
                    yield f"{path} is too much"
            elif not file.is_file():
                yield f"{path} leads nowhere"
            elif hashlib.sha256(file.read_bytes()).hexdigest() != wanted[path].digest:
                yield f"{path} has other bytes"
    yield from (f"{path} is missing" for path in sorted(wanted.keys() - found))


def _check_redirects(folder: Path, listings: Mapping[str, Listing]) -> Iterator[str]:
    wanted = {f"{id}.map": listing.redirects for id, listing in listings.items() if listing.redirects}
    found = {file.name: file for file in folder.glob("*")}
    for name in wanted.keys() | found.keys():
        if name not in wanted or name not in found or not found[name].is_file():
            yield f"redirects/{name} is missing or too much"
        elif found[name].read_bytes() != wanted[name]:
            yield f"redirects/{name} has other bytes"


def _check_trees(release: Path, manifest: Manifest) -> Iterator[str]:
    """Find links that lead to another tree than the manifest's."""
    known = {site.tree for site in manifest.sites.values()}
    for link in (release / "sites").rglob("*"):
        if link.is_symlink() and link.resolve().relative_to(release.parent.parent).parts[:1] == ("trees",):
            tree = link.resolve().relative_to(release.parent.parent / "trees").parts[0]
            if tree not in known:
                yield f"{link.name} leads to the foreign tree {tree[:10]}"
