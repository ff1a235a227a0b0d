"""A store: objects, trees, and releases that point to one tree a site; `current` is the release that is live."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TextIO

from govgen.errors import MachineryError
from govgen.release.disk import BESIDE, flush_all, flush_folder, make_folder, put_link, write_new
from govgen.release.listing import Listing
from govgen.release.manifest import ID, Manifest, parse_manifest
from govgen.release.objects import Objects
from govgen.release.sent import Sent
from govgen.release.trees import Trees, pool_path
from govgen.release.union import link_trees

CURRENT = "current"
MANIFEST, SIGNATURE, REDIRECTS, SITES = "manifest.json", "manifest.json.sig", "redirects", "sites"
_LOOKS = 50
_GARBAGE_TREES = 20
"""After so many trees were taken away the objects only they had go too: to find those, all listings are read."""


@dataclass(frozen=True)
class SignedManifest:
    """A manifest as it travels: its very bytes, and the signature over them."""

    content: bytes
    signature: bytes = b""
    """Empty where none is asked for."""

    @property
    def manifest(self) -> Manifest:
        """What the manifest says. Raises MachineryError."""
        return parse_manifest(self.content)


class Source(Protocol):
    """Where a release's listings and objects come from: another store, or the other end of a line."""

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of these trees, in this order. Raises MachineryError."""

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests. Raises MachineryError."""


class Store:
    """All that is kept of a county's releases in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = Objects(root / "objects")
        self.trees = Trees(root, self.objects)
        self.releases = root / "releases"
        self.sent = Sent(root / "sent")

    # What is there

    def ids(self) -> list[str]:
        """Return the ids of all releases, oldest first."""
        if not self.releases.is_dir():
            return []
        return sorted(e.name for e in os.scandir(self.releases) if ID.fullmatch(e.name) and is_whole(Path(e.path)))

    def find_live_id(self) -> str:
        """Return the id of the release that is live; empty if none is."""
        link = self.root / CURRENT
        name = link.readlink().name if link.is_symlink() else ""
        return name if ID.fullmatch(name) and is_whole(self.releases / name) else ""

    def find_live(self) -> SignedManifest | None:
        """Return the manifest of the release that is live; None if none is."""
        live = self.find_live_id()
        return self.read(live) if live else None

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release. Raises MachineryError where there is no such, or a damaged one."""
        if not ID.fullmatch(release) or not (self.releases / release / MANIFEST).is_file():
            raise MachineryError("no-release", release=release)
        folder = self.releases / release
        signature = folder / SIGNATURE
        return SignedManifest((folder / MANIFEST).read_bytes(), signature.read_bytes() if signature.is_file() else b"")

    # As a source for other stores

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of these trees. Raises MachineryError where one is missing or damaged."""
        for digest in digests:
            listing = self.trees.find_listing(digest)
            if listing is None:
                raise MachineryError("bad-listing", tree=digest)
            yield listing

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests. Raises MachineryError where some are missing or damaged."""
        for digest in digests:
            yield digest, self.objects.read(digest)

    # A new release

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Make a release, complete and on the disk before it gets its name. Raises MachineryError, OSError.

        The order is what a power cut is survived by: bytes, then the names of the trees, then the name of the release.
        """
        manifest = signed.manifest
        self.check_newer(manifest)
        self.remove_unfinished()
        live = self.find_live()
        earlier = live.manifest.sites if live else {}
        missing = {id: site.tree for id, site in manifest.sites.items() if not self.trees.has(site.tree)}
        listings = dict(zip(missing, source.read_listings(list(missing.values())), strict=True))
        before = {id: self.trees.find_listing(earlier[id].tree) if id in earlier else None for id in listings}
        needed = {digest for id, listing in listings.items() for digest in self._find_needed(listing, before[id])}
        for digest, content in source.read_objects(sorted(needed)):
            self.objects.put(digest, content)
        for id, listing in listings.items():
            self.trees.prepare(listing, before[id])
        if listings:
            flush_all(self.root)
        for listing in listings.values():
            self.trees.finish(listing)
        self._prepare_release(manifest, signed)
        flush_all(self.root)
        self._unfinished(manifest.id).rename(self.releases / manifest.id)
        flush_folder(self.releases)

    def switch(self, release: str) -> None:
        """Put a release live in one step. Raises MachineryError for one that is older than the one that is live."""
        if release < self.find_live_id():
            raise MachineryError("release-old", release=release, live=self.find_live_id())
        self.read(release)
        put_link(self.root / CURRENT, f"{self.releases.name}/{release}")
        flush_folder(self.root)

    def withdraw(self, release: str) -> None:
        """Take away a release that was staged and does not go live; what it brought stays for the one that will."""
        if release != self.find_live_id() and (self.releases / release).is_dir():
            self._remove_release(release)

    def collect(self, number_kept: int, *, is_thorough: bool = False) -> None:
        """Take away all but the newest releases and the live one, and the trees and objects only they had."""
        live = self.find_live_id()
        kept_ids = {live, *self.ids()[-number_kept:]}
        for release in [entry.name for entry in os.scandir(self.releases)]:
            if release not in kept_ids:
                self._remove_release(release)
        self.tidy(is_thorough=is_thorough)

    def tidy(self, *, is_thorough: bool = False) -> None:
        """Take away the trees no release has, and once they are many, the objects only they had.

        Of what was sent to other places the listings and objects stay, so that the next release is made of them.
        """
        kept = {site.tree for release in self.ids() for site in self.read(release).manifest.sites.values()}
        for digest in self.trees.names():
            if digest not in kept:
                self.trees.remove(digest)
        sent = self.sent.trees() - kept
        garbage = [digest for digest in self.trees.listed() if digest not in kept | sent]
        if is_thorough or len(garbage) > _GARBAGE_TREES:
            self._sweep(kept, sent, garbage)

    def _sweep(self, kept: set[str], sent: set[str], garbage: Sequence[str]) -> None:
        objects: set[str] = set()
        assets: set[str] = set()
        for digest in sent:
            # One of a site that was not built here was never here.
            if listing := self.trees.find_listing(digest):
                objects.update(entry.digest for entry in listing.entries)
        for listing in self.read_listings(sorted(kept)):
            objects.update(entry.digest for entry in listing.entries)
            assets.update(pool_path(entry) for entry in listing.entries if entry.is_asset)
        self.objects.sweep(objects)
        self.trees.sweep_assets(assets)
        for digest in garbage:
            self.trees.forget_listing(digest)

    def remove_unfinished(self) -> None:
        """Take away what a broken-off publisher left; objects stay, they are what the next one need not bring."""
        self.trees.remove_unfinished()
        (self.root / f"{BESIDE}{CURRENT}").unlink(missing_ok=True)
        if self.releases.is_dir():
            for entry in os.scandir(self.releases):
                if entry.name.startswith(BESIDE):
                    shutil.rmtree(entry.path)

    def check_newer(self, manifest: Manifest) -> None:
        """Raise MachineryError for what was published before, and what was composed before what is live here was.

        One that follows a newer release than the one here is taken: this place was away when that one went out.
        """
        newest, live = max(self.ids(), default=""), self.find_live_id()
        if manifest.id <= newest:
            raise MachineryError("release-old", release=manifest.id, live=newest)
        if manifest.previous < live:
            raise MachineryError("overtaken", previous=manifest.previous or "-", live=live or "-")

    def _find_needed(self, listing: Listing, before: Listing | None) -> Iterator[str]:
        """Yield the digests this store has no sound object of; those an earlier tree has are looked at when linked."""
        known = before.by_path if before else {}
        for entry in listing.entries:
            is_known = known.get(entry.path) == entry and self.objects.has(entry.digest)
            if not is_known and self.objects.find(entry.digest) is None:
                yield entry.digest

    def _prepare_release(self, manifest: Manifest, signed: SignedManifest) -> None:
        """Lay a release out under an unfinished name: the manifest, and links to the trees of its sites."""
        folder = self._unfinished(manifest.id)
        make_folder(folder / SITES)
        make_folder(folder / REDIRECTS)
        write_new(folder / MANIFEST, signed.content)
        if signed.signature:
            write_new(folder / SIGNATURE, signed.signature)
        trees = {id: self.trees.path(site.tree) for id, site in sorted(manifest.sites.items())}
        link_trees(folder / SITES, list(trees.values()))
        for id, tree in trees.items():
            if self.trees.redirects(tree.name).is_file():
                (folder / REDIRECTS / f"{id}.map").symlink_to(f"../../../trees/{tree.name}.map")

    def _remove_release(self, release: str) -> None:
        # Renamed first: one half gone must not bear a whole one's name.
        (self.releases / release).rename(self._unfinished(release))
        shutil.rmtree(self._unfinished(release))

    def _unfinished(self, release: str) -> Path:
        return self.releases / f"{BESIDE}{release}"


def is_whole(release: Path) -> bool:
    """Tell whether a folder is a release of this form; earlier versions of the program made others."""
    return (release / MANIFEST).is_file() and (release / SITES).is_dir()


@contextmanager
def lock(place: Path, who: str, clock: datetime) -> Iterator[None]:
    """Hold the lock that a file stands for; raise MachineryError naming the holder where another process has it.

    The kernel frees it when its holder dies, however that happens.
    """
    make_folder(place.parent)
    with place.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder, _, since = _read_holder(file).partition("\n")
            raise MachineryError("busy", holder=holder or "?", since=since or "?") from error
        file.truncate(0)
        file.write(f"{who}\n{clock:%Y-%m-%d %H:%M:%S %z}\n")
        file.flush()
        try:
            yield
        finally:
            with suppress(OSError):
                file.truncate(0)


def _read_holder(file: TextIO) -> str:
    """Return what the holder of a lock wrote; one who got it this very moment is about to write."""
    for _ in range(_LOOKS):
        file.seek(0)
        if text := file.read().strip():
            return text
        time.sleep(1 / _LOOKS)
    return ""
