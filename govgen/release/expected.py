"""What a store should hold, file by file, following from its orders, manifests and listings alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from govgen.errors import MachineryError
from govgen.files import read_regular
from govgen.release.listing import ASSETS, Entry, Listing, parse_listing
from govgen.release.manifest import Manifest
from govgen.release.objects import digest_of, time_of
from govgen.release.orders import ORDERED, Order
from govgen.release.store import CURRENT, MANIFEST, REDIRECTS, SIGNATURE, SITES, SignedManifest, Store
from govgen.release.trees import ASSETS_LINK, pool_path

QUARANTINE = "quarantine"
ROOT_NAMES = frozenset(
    {ASSETS, CURRENT, ORDERED, QUARANTINE, "objects", "releases", "trees"}  # the store itself
    | {"lock", "publishing", "allowed_signers", "sent"}  # who publishes, who may sign, what was sent on
)
"""What may stand in the root of a store; whoever puts something else there names it here."""

_TREE_NAMES = re.compile(r"[0-9a-f]{64}(\.list|\.map)?")


class File(NamedTuple):
    """A file that should stand somewhere."""

    digest: str
    size_bytes: int
    time_seconds: int
    content: bytes | None = None
    """Its bytes, where they follow from something else and are no object."""


class Link(NamedTuple):
    """A symlink that should stand somewhere."""

    goal: str


Leaf = File | Link


def _nobody(_path: str) -> bool:
    return False


@dataclass(frozen=True)
class Part:
    """A folder of a store with all that should stand in it; deeper folders that are parts themselves are not."""

    place: str
    """Below the root; empty for the root itself."""

    leaves: Mapping[str, Leaf]
    """By their paths in the folder."""

    empty_folders: tuple[str, ...] = ()
    """Folders that stand there even if nothing is in them."""

    is_allowed: Callable[[str], bool] = _nobody
    """Tells of another path in the folder whether it may be there."""

    @cached_property
    def folders(self) -> Mapping[str, Mapping[str, Leaf | None]]:
        """What should stand in each folder by its path, `""` being the part's own; None for a folder."""
        folders: dict[str, dict[str, Leaf | None]] = {"": {}}
        for path, leaf in self.leaves.items():
            folder, _, name = path.rpartition("/")
            _add_folder(folders, folder)[name] = leaf
        for folder in self.empty_folders:
            _add_folder(folders, folder)
        return folders


def _add_folder(folders: dict[str, dict[str, Leaf | None]], path: str) -> dict[str, Leaf | None]:
    if path not in folders:
        parent, _, name = path.rpartition("/")
        _add_folder(folders, parent)[name] = None
        folders[path] = {}
    return folders[path]


def part_of(content: bytes, time_seconds: int | None = None) -> File:
    """Return what a file of these bytes should be."""
    digest = digest_of(content)
    return File(digest, len(content), time_of(digest) if time_seconds is None else time_seconds, content)


class Releases(NamedTuple):
    """The releases a store keeps, judged."""

    sound: Mapping[str, tuple[SignedManifest, Order | None]]
    """By id, with what was ordered; None for one that was staged only."""

    lost: tuple[str, ...]
    """Ordered, but their manifests are nowhere."""

    forged: tuple[str, ...]
    """Signed by nobody who may, or not at all."""

    @property
    def live(self) -> str:
        """The release that must be live: the newest that was ordered. Empty if none was."""
        return max((id for id, (_, order) in self.sound.items() if order), default="")


class Expectations:
    """Finds out what a store should hold; remembers listings, which never change."""

    def __init__(self, store: Store, judge: Callable[[SignedManifest], bool]) -> None:
        self._store = store
        self._judge = judge
        """Tells whether a manifest is signed as it must be."""

        self._judged: dict[SignedManifest, Manifest | None] = {}
        self._listings: dict[str, Listing] = {}
        self._trees: dict[str, Part] = {}

    def judge_releases(self) -> Releases:
        """Return the releases that are kept, whoever has been at their manifests. Raises OSError."""
        sound: dict[str, tuple[SignedManifest, Order | None]] = {}
        lost: list[str] = []
        forged: list[str] = []
        store = self._store
        for id in sorted({*store.orders.ids(), *store.ids()}):
            orders = store.orders.find(id)
            found = [*self._find_ordered(id, orders), *(() if orders else self._find_staged(id))]
            good = [(signed, order) for signed, order in found if self._is_sound(id, signed)]
            if good:
                sound[id] = good[0]
            else:
                (forged if found else lost).append(id)
        return Releases(sound, tuple(lost), tuple(forged))

    def _find_ordered(self, id: str, orders: Iterable[Order]) -> Iterator[tuple[SignedManifest, Order | None]]:
        for order in orders:
            if signed := self._find_signed(id, order):
                yield signed, order

    def _find_staged(self, id: str) -> Iterator[tuple[SignedManifest, Order | None]]:
        with suppress(MachineryError, OSError):
            yield self._store.read(id), None

    def _is_sound(self, id: str, signed: SignedManifest) -> bool:
        if signed not in self._judged:
            self._judged[signed] = None
            with suppress(MachineryError):
                manifest = signed.manifest
                self._judged[signed] = manifest if self._judge(signed) else None
        known = self._judged[signed]
        return known is not None and known.id == id

    def manifest(self, signed: SignedManifest) -> Manifest:
        """Return what a sound manifest says."""
        return self._judged.get(signed) or signed.manifest

    def _find_signed(self, id: str, order: Order) -> SignedManifest | None:
        folder = self._store.releases / id
        content = self._find_bytes(order.manifest, folder / MANIFEST)
        signature = self._find_bytes(order.signature, folder / SIGNATURE) if order.signature else b""
        return None if content is None or signature is None else SignedManifest(content, signature)

    def _find_bytes(self, digest: str, file: Path) -> bytes | None:
        with suppress(OSError):
            if digest_of(content := read_regular(file)) == digest:
                return content
        return self._store.objects.find(digest)

    def find_listing(self, digest: str) -> Listing | None:
        """Return a tree's listing from wherever it is whole; None where it is lost."""
        if digest not in self._listings:
            content = self._find_bytes(digest, self._store.trees.listing_file(digest))
            if content is None:
                return None
            with suppress(MachineryError):
                self._listings[digest] = parse_listing(content, digest)
        return self._listings.get(digest)

    def keep_only(self, releases: Releases, trees: Iterable[str]) -> None:
        """Forget all but what these releases and trees are."""
        kept = set(trees)
        for known in (self._listings, self._trees):
            for digest in known.keys() - kept:
                del known[digest]
        signed = {signed for signed, _ in releases.sound.values()}
        self._judged = {one: manifest for one, manifest in self._judged.items() if one in signed}

    # The parts

    def parts(self, releases: Releases) -> Iterator[Part]:
        """Yield what should stand in a store, what the others are healed from first."""
        kept = self.trees(releases)
        listings = {digest: listing for digest in kept if (listing := self.find_listing(digest))}
        yield self._orders_part(releases)
        yield _trees_part(listings.values())
        yield self._pool_part(listings)
        for digest, listing in listings.items():
            if digest not in self._trees:
                self._trees[digest] = _tree_part(listing)
            yield self._trees[digest]
        known = {*releases.sound, *releases.lost, *releases.forged}
        yield Part("releases", {}, is_allowed=known.__contains__)
        for id, (signed, order) in releases.sound.items():
            yield self._release_part(id, signed, order)
        links = {CURRENT: Link(f"releases/{releases.live}")} if releases.live else {}
        yield Part("", links, is_allowed=ROOT_NAMES.__contains__)

    def trees(self, releases: Releases) -> list[str]:
        """Return the digests of all trees that the releases have."""
        manifests = (self.manifest(signed) for signed, _ in releases.sound.values())
        return sorted({site.tree for manifest in manifests for site in manifest.sites.values()})

    def _orders_part(self, releases: Releases) -> Part:
        orders = {id: order for id, (_, order) in releases.sound.items() if order}
        notes = {id: part_of(order.content, order.time_seconds) for id, order in orders.items()}
        return Part(ORDERED, notes, is_allowed=(*releases.lost, *releases.forged).__contains__)

    def _pool_part(self, listings: Mapping[str, Listing]) -> Part:
        entries = (entry for listing in listings.values() for entry in listing.entries if entry.is_asset)
        leaves = {pool_path(entry): _file(entry) for entry in entries}

        def is_leftover(path: str) -> bool:
            """Tell of a file that a release had which is gone: they stay a while."""
            trees = self._store.trees
            gone = (
                found for digest in trees.listed() if digest not in listings if (found := trees.find_listing(digest))
            )
            entries = (entry for listing in gone for entry in listing.entries if entry.is_asset)
            digests = {entry.digest for entry in entries if pool_path(entry) == path}
            with suppress(OSError):
                return digest_of(read_regular(trees.pool / path)) in digests
            return False

        return Part(ASSETS, leaves, is_allowed=is_leftover)

    def _release_part(self, id: str, signed: SignedManifest, order: Order | None) -> Part:
        leaves: dict[str, Leaf] = {MANIFEST: part_of(signed.content)}
        if signed.signature:
            leaves[SIGNATURE] = part_of(signed.signature)
        if order:
            leaves[ORDERED] = part_of(order.content, order.time_seconds)
        sites = self.manifest(signed).sites
        trees = [self._trees[site.tree] for site in sites.values() if site.tree in self._trees]
        if len(trees) < len(sites):
            # A listing is lost: which links there should be is not known.
            return Part(f"releases/{id}", leaves, is_allowed=lambda path: path.split("/")[0] in (SITES, REDIRECTS))
        for site, tree in ((name, sites[name].tree) for name in sites):
            listing = self.find_listing(tree)
            if listing and listing.redirects:
                leaves[f"{REDIRECTS}/{site}.map"] = Link(f"../../../trees/{tree}.map")
        leaves.update(_links(f"releases/{id}", SITES, [(tree, "") for tree in trees]))
        return Part(f"releases/{id}", leaves, (SITES, REDIRECTS))


def _file(entry: Entry) -> File:
    return File(entry.digest, entry.size_bytes, time_of(entry.digest))


def _trees_part(listings: Iterable[Listing]) -> Part:
    leaves: dict[str, Leaf] = {}
    for listing in listings:
        leaves[f"{listing.digest}.list"] = part_of(listing.content)
        if content := listing.redirects:
            leaves[f"{listing.digest}.map"] = part_of(content, time_of(listing.digest))
    return Part("trees", leaves, is_allowed=lambda path: bool(_TREE_NAMES.fullmatch(path)))


def _tree_part(listing: Listing) -> Part:
    leaves: dict[str, Leaf] = {entry.path: _file(entry) for entry in listing.entries if not entry.is_asset}
    for entry in listing.entries:
        if entry.is_asset:
            leaves[f"{entry.path.split('/')[0]}/{ASSETS}"] = Link(ASSETS_LINK)
    return Part(f"trees/{listing.digest}", leaves)


def _links(release: str, folder: str, trees: Sequence[tuple[Part, str]]) -> Iterator[tuple[str, Link]]:
    """Yield the links that show, in a folder of a release, what stands in these folders of trees."""
    owners: dict[str, list[tuple[Part, str]]] = {}
    for tree, place in trees:
        for name in tree.folders[place]:
            owners.setdefault(name, []).append((tree, f"{place}/{name}".lstrip("/")))
    for name, places in owners.items():
        if len(places) > 1:
            yield from _links(release, f"{folder}/{name}", places)
        else:
            [(tree, path)] = places
            yield f"{folder}/{name}", Link(os.path.relpath(f"{tree.place}/{path}", f"{release}/{folder}"))
