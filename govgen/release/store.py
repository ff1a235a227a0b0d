"""A store: objects, trees, and releases that point to one tree a site; `current` is the release that is live."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from govgen.catalog.store import CatalogFault, is_full_disk
from govgen.errors import MachineryError
from govgen.release.disk import BESIDE, flush_all, flush_folder, make_folder, put_link, write_new
from govgen.release.listing import Listing
from govgen.release.manifest import ID, Manifest, SiteTree, parse_manifest
from govgen.release.objects import Objects, digest_of, time_of
from govgen.release.orders import Orders
from govgen.release.sent import Sent
from govgen.release.trees import Trees, pool_path
from govgen.release.union import link_trees

CURRENT = "current"
MANIFEST, SIGNATURE, REDIRECTS, SITES = "manifest.json", "manifest.json.sig", "redirects", "sites"
_GARBAGE_TREES = 20
"""After so many trees were taken away the objects only they had go too: to find those, all listings are read."""
_ASKED_FOR_HOLDER, _MOMENT_SECONDS = 50, 0.01


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
        self.orders = Orders(root)
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
        self.forget_staged()
        self.check_newer(manifest)
        self.remove_unfinished()
        with self.giving_back():
            self._stage(manifest, signed, source)

    def _stage(self, manifest: Manifest, signed: SignedManifest, source: Source) -> None:
        live = self.find_live()
        earlier = live.manifest.sites if live else {}
        sites = manifest.sites.items()
        missing = {id: site.tree for id, site in sites if not self._has_sound(site.tree, earlier.get(id))}
        listings = dict(zip(missing, source.read_listings(list(missing.values())), strict=True))
        before = {id: self.trees.find_listing(earlier[id].tree) if id in earlier else None for id in listings}
        needed = {digest for id, listing in listings.items() for digest in self._find_needed(listing, before[id])}
        for digest, content in source.read_objects(sorted(needed)):
            self.objects.put(digest, content)
        self._keep_own(signed, listings.values())
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
        signed = self.read(release)
        # On the disk before the link: whoever looks whether the right release is live finds what was ordered last.
        try:
            with self.giving_back():
                self.orders.give(release, signed.content, signed.signature)
                flush_all(self.root)
                put_link(self.root / CURRENT, f"{self.releases.name}/{release}")
        except OSError:
            # What was live stays live, and is what should be.
            with suppress(OSError):
                self.orders.take_back(release)
            raise
        flush_folder(self.root)

    @contextmanager
    def giving_back(self) -> Iterator[None]:
        """Where the disk gets full meanwhile, take away what was written for a release that did not come about."""
        try:
            yield
        except (OSError, CatalogFault, MachineryError) as error:
            if is_full_disk(error):
                # Whatever else goes wrong now, it is the full disk that people must hear of.
                with suppress(OSError, MachineryError):
                    self.tidy(is_thorough=True)
            raise

    def withdraw(self, release: str) -> None:
        """Take away a release that was staged and does not go live; what it brought stays for the one that will."""
        if release != self.find_live_id() and (self.releases / release).is_dir():
            self._drop(release)
            self.tidy()

    def forget_staged(self) -> None:
        """Take away releases that a power cut kept from going live, so that the same ones can come once more."""
        live = self.find_live_id()
        for release in self.ids():
            if release > live and not self.orders.find(release):
                self._drop(release)

    def collect(self, number_kept: int, *, is_thorough: bool = False) -> None:
        """Take away all but the newest releases and the live one, and the trees and objects only they had."""
        kept_ids = {self.find_live_id(), *self.ids()[-number_kept:]}
        for release in self.releases.glob("[!.]*"):
            if release.name not in kept_ids:
                self._drop(release.name)
        self.tidy(is_thorough=is_thorough)

    def tidy(self, *, is_thorough: bool = False) -> None:
        """Take away the trees no release has, and once they are many, the objects only they had.

        Of what was sent to other places the listings and objects stay, so that the next release is made of them.
        """
        kept = {site.tree for release in self.ids() for site in self.read(release).manifest.sites.values()}
        for digest in self.trees.names():
            if digest not in kept:
                self.trees.drop(digest)
        # First the names, and those on the disk: what is half gone must not bear a whole one's name, after a power cut
        # either.
        for folder in filter(Path.is_dir, (self.releases, self.trees.folder)):
            flush_folder(folder)
        self.remove_unfinished()
        sent = self.sent.trees() - kept
        garbage = [digest for digest in self.trees.listed() if digest not in kept | sent]
        if is_thorough or len(garbage) > _GARBAGE_TREES:
            self._sweep(kept, sent, garbage)

    def _sweep(self, kept: set[str], sent: set[str], garbage: Sequence[str]) -> None:
        objects = kept | self._own_digests()
        assets: set[str] = set()
        for digest in sent:
            # One of a site that was not built here was never here.
            if listing := self.trees.find_listing(digest):
                objects.update(entry.digest for entry in listing.entries)
        for listing in self.read_listings(sorted(kept)):
            objects.update(entry.digest for entry in listing.entries)
            assets.update(pool_path(entry) for entry in listing.entries if entry.is_asset)
        # The listings first, on the disk too: where there is one, its objects are taken to be there.
        for digest in garbage:
            self.trees.forget_listing(digest)
        if self.trees.folder.is_dir():
            flush_folder(self.trees.folder)
        self.objects.sweep(objects)
        self.trees.sweep_assets(assets)

    def remove_unfinished(self) -> None:
        """Take away what a broken-off publisher left; objects stay, they are what the next one need not bring."""
        for path in self.find_unfinished():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def find_unfinished(self) -> list[Path]:
        """Return what a broken-off publisher, or one at work, has half done."""
        beside = [path for folder in (self.root, self.releases) for path in folder.glob(f"{BESIDE}*")]
        return [*beside, *self.orders.find_unfinished(), *self.trees.find_unfinished(), *self.objects.find_unfinished()]

    def _has_sound(self, tree: str, live: SiteTree | None) -> bool:
        """Tell whether a tree is there; one that goes live again after a while is looked at file by file."""
        return self.trees.has(tree) and ((live is not None and live.tree == tree) or self.trees.is_sound(tree))

    def _keep_own(self, signed: SignedManifest, listings: Iterable[Listing]) -> None:
        """Keep as objects what a store says of itself, so that it is healed as pages are."""
        for listing in listings:
            self.objects.put(listing.digest, listing.content)
        for content in filter(None, (signed.content, signed.signature)):
            self.objects.put(digest_of(content), content)

    def _own_digests(self) -> set[str]:
        """Return the digests of all manifests and signatures."""
        signed = [self.read(release) for release in self.ids()]
        parts = (part for one in signed for part in (one.content, one.signature))
        return {digest_of(part) for part in parts if part} | self.orders.digests()

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
        for name, content in ((MANIFEST, signed.content), (SIGNATURE, signed.signature)):
            if content:
                write_new(folder / name, content, time_of(digest_of(content)))
        trees = {id: self.trees.path(site.tree) for id, site in sorted(manifest.sites.items())}
        link_trees(folder / SITES, list(trees.values()))
        for id, tree in trees.items():
            if self.trees.redirects(tree.name).is_file():
                (folder / REDIRECTS / f"{id}.map").symlink_to(f"../../../trees/{tree.name}.map")

    def _drop(self, release: str) -> None:
        self.orders.forget(release)
        (self.releases / release).rename(self._unfinished(release))

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
        _take(file)
        file.truncate(0)
        file.write(f"{who}\n{clock:%Y-%m-%d %H:%M:%S %z}\n")
        file.flush()
        try:
            yield
        finally:
            # The next holder's name must not be taken for this one's.
            with suppress(OSError):
                file.truncate(0)


def _take(file: IO[str]) -> None:
    """Take the lock of an open file. Raises MachineryError naming the holder where another process has it.

    One who says nothing got it this very moment, and is about to say who it is, or is done, and about to let go.
    """
    for _ in range(_ASKED_FOR_HOLDER):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            if len(lines := file.read().splitlines()) == 2:
                raise MachineryError("busy", holder=lines[0], since=lines[1]) from error
            time.sleep(_MOMENT_SECONDS)
        else:
            return
    raise MachineryError("busy", holder="?", since="?")
