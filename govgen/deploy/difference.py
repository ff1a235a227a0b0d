"""Tells one listing by what differs from another: of a large site, a changed page is a few lines of a megabyte."""

from __future__ import annotations

from govgen.deploy.wire import garbled
from govgen.release.listing import Listing


def make_difference(before: Listing, after: Listing) -> bytes:
    """Return lines that make the one listing of the other: `+` and an entry that is new or other, `-` and a path."""
    old, new = _lines(before), _lines(after)
    gone = [b"-" + path for path in old if path not in new]
    come = [b"+" + line for path, line in new.items() if old.get(path) != line]
    return b"".join(part + b"\n" for part in (*gone, *come))


def apply_difference(before: Listing, difference: bytes) -> bytes:
    """Return the listing that a difference makes, as a file. Raises MachineryError for what is no difference.

    Whether it is the listing that was asked for, its digest tells.
    """
    lines = _lines(before)
    for part in difference.splitlines():
        mark, rest = part[:1], part[1:]
        fields = rest.split(b" ")
        if mark == b"-" and rest in lines:
            del lines[rest]
        elif mark == b"+" and len(fields) >= 3:
            lines[fields[2]] = rest
        else:
            raise garbled(part)
    return b"".join(lines[path] + b"\n" for path in sorted(lines))


def _lines(listing: Listing) -> dict[bytes, bytes]:
    paths = (entry.path.encode("ascii") for entry in listing.entries)
    return dict(zip(paths, listing.content.splitlines(), strict=True))
