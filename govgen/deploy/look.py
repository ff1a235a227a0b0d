"""Looks, after a switch, whether citizens get what was published: over HTTP, or through the link a server reads by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from govgen.deploy.http import find_unserved
from govgen.errors import MachineryError
from govgen.release.compare import SiteChange
from govgen.release.listing import COMPRESSED, Entry, Listing
from govgen.release.manifest import Manifest
from govgen.release.objects import digest_of

_MOST_ENTRIES = 2000
_SHOWN = 5


@dataclass(frozen=True)
class Showcase:
    """Where what is live can be looked at; nowhere, if nobody said."""

    url: str = ""
    folder: Path | None = None
    """The folder a web server of this machine shows."""


def check_served(
    showcase: Showcase, live: Manifest, changes: Iterable[SiteChange], find_listing: Callable[[str], Listing | None]
) -> None:
    """Raise MachineryError where a page that a switch changed, or a site's home page, is not served as published."""
    if not showcase.url and not showcase.folder:
        return
    listings = {id: listing for id, site in live.sites.items() if (listing := find_listing(site.tree))}
    homes = (home for listing in listings.values() if (home := find_home(listing)))
    entries = tuple(islice(chain(homes, _changed(changes, listings)), _MOST_ENTRIES))
    if showcase.url:
        others = {entry.path: entry for listing in listings.values() for entry in listing.entries}
        unserved = find_unserved(showcase.url, entries, others)
        shown = [f"{one.url} ({' '.join(filter(None, (one.fault, one.found)))})" for one in unserved]
    else:
        shown = find_unreadable(showcase.folder, entries) if showcase.folder else []
    if shown:
        addresses = "、".join(shown[:_SHOWN]) + (" …" if len(shown) > _SHOWN else "")
        raise MachineryError("not-served", release=live.id, addresses=addresses)


def find_unreadable(folder: Path, entries: Iterable[Entry]) -> list[str]:
    """Return the paths of entries that are not found in a folder as they are."""
    return [entry.path for entry in entries if not _is_there(folder / entry.path, entry)]


def find_home(listing: Listing) -> Entry | None:
    """Return the page that a site begins with."""
    pages = [entry for entry in listing.entries if entry.is_page and entry.path.endswith("/index.html")]
    return min(pages, key=lambda entry: (entry.path.count("/"), entry.path), default=None)


def _changed(changes: Iterable[SiteChange], listings: Mapping[str, Listing]) -> Iterator[Entry]:
    """Yield the pages that a switch changed, and their smaller forms."""
    for change in changes:
        listing = listings.get(change.site)
        for path in (*change.added, *change.changed) if listing else ():
            forms: Sequence[str] = (path, *(path + ending for ending in COMPRESSED))
            yield from (found for form in forms if listing and (found := listing.by_path.get(form)))


def _is_there(file: Path, entry: Entry) -> bool:
    with suppress(OSError):
        return digest_of(file.read_bytes()) == entry.digest
    return False
