"""Listings: every file of one site's tree with its digest and size, and where its redirects lead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from govgen.errors import MachineryError
from govgen.files import check_output_path

ASSETS = "assets"
"""The folder right below a host's that holds the theme's files, whose names say what is in them."""

COMPRESSED = (".gz", ".br")
_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,14}) (\S+)(?: (https?://[!-~]+))?")
_GOAL = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~:/?#@!&()*+,=%-]*")
"""RFC 3986's characters but for those that mean something in a web server's configuration, where goals stand too."""


class Entry(NamedTuple):
    """One file of a tree."""

    path: str
    """Where it is written, as in the build folder: `<host folder>/…`."""

    digest: str
    """SHA-256 of its bytes."""

    size_bytes: int
    goal: str = ""
    """The address a redirect leads to; empty for what is no redirect."""

    @property
    def is_page(self) -> bool:
        """Whether citizens read it as a page."""
        return self.path.endswith((".html", ".htm")) and not self.goal

    @property
    def is_asset(self) -> bool:
        """Whether it is a file of the theme, kept as long as a page that needs it may be open."""
        return self.path.split("/")[1] == ASSETS


@dataclass(frozen=True)
class Listing:
    """One site's tree."""

    entries: tuple[Entry, ...]
    """In the order of their paths, compressed forms among them."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Listing:
        """Return the listing of these entries."""
        return cls(tuple(sorted(entries)))

    @cached_property
    def content(self) -> bytes:
        """The listing as a file: a line an entry, so that equal trees have equal listings."""
        lines = (f"{e.digest} {e.size_bytes} {e.path}{f' {e.goal}' if e.goal else ''}\n" for e in self.entries)
        return "".join(lines).encode("ascii")

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the listing: the tree's name."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def redirects(self) -> bytes:
        """The redirects as nginx's `map` reads them, by host and path: `"host/old.html" "https://…/new.html";`."""
        named = [(address, entry.goal) for entry in self.entries if entry.goal for address in _addresses(entry.path)]
        if not named:
            return b""
        # nginx does not tell capitals from small letters here: a page would be hidden by a redirect named like it.
        pages = {address.lower() for entry in self.entries if not entry.goal for address in _addresses(entry.path)}
        lines = (f'"{address}" "{goal}";\n' for address, goal in named if address.lower() not in pages)
        return "".join(lines).encode("ascii")

    @cached_property
    def by_path(self) -> dict[str, Entry]:
        """The entries by their paths."""
        return {entry.path: entry for entry in self.entries}

    @property
    def number_of_pages(self) -> int:
        """How many pages citizens read in it."""
        return sum(entry.is_page for entry in self.entries)

    @property
    def size_bytes(self) -> int:
        """The bytes of all its files."""
        return sum(entry.size_bytes for entry in self.entries)


def parse_listing(content: bytes, digest: str) -> Listing:
    """Return the listing with this digest. Raises MachineryError for any other, and for paths that lead elsewhere.

    Nothing in it is trusted, whoever signed it: it decides where files are written.
    """
    if hashlib.sha256(content).hexdigest() != digest:
        raise MachineryError("bad-listing", tree=digest)
    entries = []
    for line in content.decode("ascii", "replace").splitlines():
        found = _LINE.fullmatch(line)
        if not found or (found[4] and not _GOAL.fullmatch(found[4])) or found[3].count("/") == 0:
            raise MachineryError("bad-listing", tree=digest)
        entries.append(Entry(check_output_path(found[3]), found[1], int(found[2]), found[4] or ""))
    if any(before.path >= after.path for before, after in pairwise(entries)):
        raise MachineryError("bad-listing", tree=digest)
    return Listing(tuple(entries))


def _addresses(path: str) -> tuple[str, ...]:
    """Return the addresses a file answers at: a folder's page has that of the folder too."""
    folder = path.removesuffix("index.html")
    return (path,) if folder == path else (folder, path)
