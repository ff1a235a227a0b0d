"""Where each site is reached, and the one place where addresses and output paths are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from govgen.model.county import County, Mount, Site


@dataclass(frozen=True)
class Addresses:
    """Addresses of a county's sites below one domain: the real one, or a preview's."""

    county: County
    domain: str
    scheme: str = "https"
    port: int | None = None

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
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host(site)}{port}{quote(self.prefix(site) + path, safe='/#%')}"

    def href(self, reader: Site, site: Site, path: str) -> str:
        """Return the address of a page of `site` for a page of `reader`: rooted on one host, full across hosts."""
        if self.host(reader) == self.host(site):
            return quote(self.prefix(site) + path, safe="/#%")
        return self.url(site, path)

    def former_paths(self, site: Site, path: str) -> Iterator[str]:
        """Yield where in the output folder a page would be if its site were mounted the other way."""
        if site.is_portal:
            return
        if site.mount is Mount.PATH:
            yield self.own_host(site) + file_of(path)
        else:
            yield f"{self.own_host(self.county.portal)}/{site.host}{file_of(path)}"


def file_of(path: str) -> str:
    """Return the file a page at `path` is served from."""
    return f"{path}index.html" if path.endswith("/") else path
