"""Where each site is reached, and the one place where addresses and output paths are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from govgen.model.county import County, Mount, Site

_PLAIN = re.compile(r"[A-Za-z0-9_.~/#%-]*")
"""Paths that are written in addresses as they are."""


@dataclass(frozen=True)
class Addresses:
    """Addresses of a county's sites below one domain: the real one, or a preview's."""

    county: County
    domain: str
    scheme: str = "https"
    port: int | None = None
    _bases: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What stands before the paths of one site in the pages of another, by their ids, once it was asked for."""

    def host(self, site: Site) -> str:
        """Return the host a site is read at: its own, or the portal's if it is mounted there by path."""
        return self.own_host(self.county.portal if site.mount is Mount.PATH else site)

    def own_host(self, site: Site) -> str:
        """Return the site's own second-level host, whichever way it is mounted."""
        return f"{site.host}.{self.domain}"

    def prefix(self, site: Site) -> str:
        """Return what stands before a site's paths on its host: empty, or `/<host>`."""
        return f"/{site.host}" if site.mount is Mount.PATH else ""

    def output_path(self, site: Site, path: str) -> str:
        """Return where in the output folder the page at `path` below a site's mount is written."""
        return self.host(site) + self.prefix(site) + file_of(path)

    def url(self, site: Site, path: str) -> str:
        """Return the full address of `path` below a site's mount."""
        return self._base("", site) + _quote(path)

    def href(self, reader: Site, site: Site, path: str) -> str:
        """Return the address of a page of `site` for a page of `reader`: rooted on one host, full across hosts."""
        return self._base(reader.id, site) + _quote(path)

    def _base(self, reader_id: str, site: Site) -> str:
        base = self._bases.get((reader_id, site.id))
        if base is None:
            reader = self.county.find_site(reader_id)
            is_near = reader is not None and self.host(reader) == self.host(site)
            port = f":{self.port}" if self.port else ""
            base = ("" if is_near else f"{self.scheme}://{self.host(site)}{port}") + _quote(self.prefix(site))
            self._bases[reader_id, site.id] = base
        return base

    def former_paths(self, site: Site, path: str) -> Iterator[str]:
        """Yield where in the output folder a page was if its site was mounted the other way, which nobody remembers.

        A site whose mount nobody ever set was not (see docs/decisions/0004).
        """
        if site.is_portal or not site.is_mount_said:
            return
        if site.mount is Mount.PATH:
            yield self.own_host(site) + file_of(path)
        else:
            yield f"{self.own_host(self.county.portal)}/{site.host}{file_of(path)}"


def _quote(path: str) -> str:
    return path if _PLAIN.fullmatch(path) else quote(path, safe="/#%")


def calendar_of(path: str) -> str:
    """Return where the days of a consultation lie for calendars, by the address of its page."""
    return f"{path.removesuffix('.html').removesuffix('/')}.ics"


def file_of(path: str) -> str:
    """Return the file a page at `path` is served from."""
    return f"{path}index.html" if path.endswith("/") else path


SEARCH = "/search/"
"""The search page of a site, and below it on the portal what a search is answered from."""

SEARCH_CHARACTERS = "/search/characters.txt"
SEARCH_NUMBERS = "/search/numbers/"


def search_lists_path(name: str, number: int) -> str:
    """Return where a shard of the index's lists is read, below the portal's mount."""
    return f"{SEARCH}lists/{name}-{number}.bin"


def search_texts_path(block: int) -> str:
    """Return where a block of the index's texts is read, below the portal's mount."""
    return f"{SEARCH}texts/{block}.bin"


def search_year_path(year: str) -> str:
    """Return where a site's lists of a year are found, below its mount."""
    return f"{SEARCH}{year}/"
