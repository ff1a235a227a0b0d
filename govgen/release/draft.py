"""Drafts a release: the tree of every site, as built now or as it is live, and the manifest that names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata

from govgen.catalog.outputs import find_tree, keep_trees, read_outputs, theme_digest
from govgen.catalog.sources import program_identity
from govgen.catalog.store import Catalog
from govgen.errors import MachineryError
from govgen.model.address import Addresses
from govgen.model.build import BuildReport
from govgen.model.county import County, Site
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.release.compose import Composer
from govgen.release.listing import Entry, Listing
from govgen.release.manifest import Manifest, SiteTree
from govgen.release.store import Store

THEME = "themes/county"


@dataclass(frozen=True)
class Origin:
    """What a release is made from, and what it follows."""

    id: str
    live: Manifest | None
    """The release it would take the place of."""

    commit: str
    """Empty for a folder that git does not keep."""

    uncommitted: tuple[str, ...]
    report: BuildReport


@dataclass(frozen=True)
class Draft:
    """A release that is not made yet."""

    manifest: Manifest
    listings: Mapping[str, Listing]
    """By site, of the trees that differ from the live ones."""

    kept_back: tuple[str, ...]
    """Sites that a rollback took back, and that are built as they were then: they stay as they are live."""


def draft_release(county: County, options: BuildOptions, origin: Origin, store: Store) -> Draft:
    """Return the release that the built files make, with the sites that were not built as they are live.

    Only sites with a changed file are looked at file by file; what their trees need is kept as objects in the store.
    Raises MachineryError where the output folder is not as the build left it, OSError.
    """
    before = origin.live.sites if origin.live else {}
    sites = {site.id: before[site.id] for site in county.sites if site.id in before}
    listings: dict[str, Listing] = {}
    kept_back = []
    with _open(options) as catalog:
        composer = _SiteComposer(catalog, county, options, store)
        for site in county.sites:
            if options.sites and site.id not in options.sites:
                continue
            known = before.get(site.id)
            tree, listing = composer.find(site, known)
            if known and tree in known.taken_back:
                kept_back.append(site.id)
            elif known and tree == known.tree:
                sites[site.id] = replace(known, commit=origin.commit)
            else:
                listing = listing or composer.compose(site, known)
                listings[site.id] = listing
                sites[site.id] = _site_tree(listing, origin)
        theme = theme_digest(catalog, THEME)
    manifest = Manifest(
        id=origin.id,
        county=county.domain,
        made_at=county.localise(options.audience.clock).isoformat(timespec="seconds"),
        previous=origin.live.id if origin.live else "",
        commit=origin.commit,
        theme=theme,
        program=metadata.version("govgen"),
        sites=sites,
        uncommitted=origin.uncommitted,
        held=_held(origin.report),
    )
    return Draft(manifest, listings, tuple(kept_back))


class _SiteComposer:
    """Finds or composes the trees of sites as they were built."""

    def __init__(self, catalog: Catalog, county: County, options: BuildOptions, store: Store) -> None:
        self._catalog = catalog
        self._addresses = Addresses(county, county.domain)
        self._composer = Composer(options.output, store.objects, options.processes)
        self._store = store

    def find(self, site: Site, live: SiteTree | None) -> tuple[str, Listing | None]:
        """Return the digest of a site's tree, and its listing where it had to be composed or read."""
        tree = find_tree(self._catalog, site.id)
        if tree and live and tree in (live.tree, *live.taken_back):
            return tree, None
        listing = (self._find_whole(tree) if tree else None) or self.compose(site, live)
        return listing.digest, listing

    def _find_whole(self, tree: str) -> Listing | None:
        """Return the listing of a tree that was composed before and did not go live, if all it needs is still here.

        After a power cut the listing may be there, and of the objects only some.
        """
        listing, objects = self._store.trees.find_listing(tree), self._store.objects
        if listing and all(objects.find(entry.digest) is not None for entry in listing.entries):
            return listing
        return None

    def compose(self, site: Site, live: SiteTree | None) -> Listing:
        """Compose a site's tree from its built files. Raises MachineryError, OSError."""
        built = [
            Entry(o.path, o.digest, o.size_bytes, self._addresses.url(site, o.goal) if o.goal else "")
            for o in read_outputs(self._catalog, site.id)
        ]
        trees = self._store.trees
        earlier = [found for tree in self._earlier(site, live) if (found := trees.find_listing(tree))]
        listing = self._composer.compose(built, earlier)
        trees.keep_listing(listing)
        keep_trees(self._catalog, {site.id: listing.digest})
        return listing

    def _earlier(self, site: Site, live: SiteTree | None) -> list[str]:
        """Return the trees of a site whose objects are kept."""
        releases = (self._store.read(id).manifest.sites for id in self._store.ids())
        trees = {sites[site.id].tree for sites in releases if site.id in sites}
        return sorted(trees | ({live.tree} if live else set()))


@contextmanager
def _open(options: BuildOptions) -> Iterator[Catalog]:
    """Hold the catalog of the build that was just done; what is noted in it stays where nothing fails."""
    lock = Catalog.reserve(options.catalog)
    catalog = Catalog.resume(options.catalog, program_identity())
    if catalog is None:
        lock.close()
        raise MachineryError("output-changed", path=str(options.output))
    catalog.keep(lock)
    try:
        yield catalog
        catalog.finish()
    finally:
        catalog.close()


def _site_tree(listing: Listing, origin: Origin) -> SiteTree:
    pages, files = listing.number_of_pages, len(listing.entries)
    return SiteTree(listing.digest, pages, files, listing.size_bytes, origin.commit, since=origin.id)


def _held(report: BuildReport) -> tuple[tuple[str, str], ...]:
    held = set(report.held)
    rules = {f.path: f.rule for f in report.findings if f.path in held and SEVERITIES[f.rule] is Severity.ERROR}
    return tuple((path, rules.get(path, "")) for path in report.held)
