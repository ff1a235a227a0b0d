"""How a county is served: from which folder, on which addresses, with which certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import UsageError
from govgen.model.address import Addresses
from govgen.model.county import County, Mount

LOCAL_DOMAIN = "localhost"
EVERY_ADDRESS = ("0.0.0.0", "[::]")
LOOPBACK = ("127.0.0.1", "[::1]")

_UNWRITABLE = re.compile(r"""[$"'`\\*?\[\]{}\x00-\x1f\x7f]""")
"""What means something else than itself in a server's configuration, even between quotes."""


@dataclass(frozen=True)
class Certificate:
    """A certificate for the domain and all hosts below it, and its key."""

    file: Path
    key: Path


@dataclass(frozen=True)
class Serving:
    """What a web server's configuration depends on besides the county."""

    root: Path
    """The folder that holds `current` and the releases."""

    http_port: int = 80
    https_port: int = 443
    certificate: Certificate | None = None
    """None serves plain http only: behind a proxy that has the certificate, or on this machine."""

    addresses: tuple[str, ...] = EVERY_ADDRESS
    """The addresses listened on; IPv6 in brackets."""

    is_local: bool = False
    """Whether it is looked at on this machine only: sites answer as `<host>.localhost` too, and redirects stay here."""

    has_brotli: bool = True
    """Whether nginx has the module that sends `.br` files."""


@dataclass(frozen=True)
class Hosts:
    """The county's host names, and which of its addresses lead to another host."""

    domain: str
    portal: str
    """The portal's full host name."""

    labels: tuple[str, ...]
    """What stands before the domain in every site's own host name, the portal's first."""

    below_portal: tuple[str, ...]
    """Labels of sites mounted below the portal: their own hosts lead there."""

    once_below_portal: tuple[str, ...]
    """Labels of sites that may have been mounted below the portal: those addresses lead to their own hosts."""

    def full(self, label: str) -> str:
        """Return the host name of a label, which is also the name of its folder in a release."""
        return f"{label}.{self.domain}"


def find_hosts(county: County) -> Hosts:
    """Return the county's host names."""
    sites = [site for site in county.sites if not site.is_portal]
    below = tuple(site.host for site in sites if site.mount is Mount.PATH)
    return Hosts(
        domain=county.domain,
        portal=Addresses(county, county.domain).host(county.portal),
        labels=tuple(site.host for site in county.sites),
        below_portal=below,
        once_below_portal=tuple(site.host for site in sites if site.is_mount_said and site.host not in below),
    )


def writable(path: Path) -> str:
    """Return a path between the quotes of a configuration. Raises UsageError where it cannot be written there."""
    if _UNWRITABLE.search(str(path)):
        raise UsageError("path-for-server", path=str(path))
    return f'"{path}"'
