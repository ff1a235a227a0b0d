"""Has a publisher's own store hold all of a release that another place has."""

from __future__ import annotations

from govgen.release.manifest import Manifest
from govgen.release.store import Source, Store


def fetch_missing(store: Store, manifest: Manifest, source: Source) -> None:
    """Bring the listings and objects of a release that a store lacks. Raises MachineryError, OSError.

    A clone that never published all sites has not got what the others are made of.
    """
    trees = sorted({site.tree for site in manifest.sites.values()})
    for listing in source.read_listings([tree for tree in trees if store.trees.find_listing(tree) is None]):
        store.trees.keep_listing(listing)
    wanted = {entry.digest for listing in store.read_listings(trees) for entry in listing.entries}
    for digest, content in source.read_objects(sorted(d for d in wanted if not store.objects.has(d))):
        store.objects.put(digest, content)
