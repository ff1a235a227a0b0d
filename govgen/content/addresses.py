"""Decides what becomes of an address that a body writes, before anything is known about where it leads."""

from __future__ import annotations

import re
from collections.abc import Callable

ID_PREFIX = "s-"
"""Keeps ids of content apart from ids of the theme."""

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")

Rewrite = Callable[[str, str], str | None]
"""Given the element (`a` or `img`) and a local target, returns the address to write, or None to leave it out."""


def rewrite_address(tag: str, value: str, rewrite: Rewrite) -> str | None:
    """Return the address to write for one of the body, or None where the attribute goes.

    Local targets go through `rewrite`, those of other sites (`site:section/name`) included; so do the addresses of
    pictures that lie elsewhere.
    """
    value = re.sub(r"[\x00-\x20\x7f]+", " ", value).strip()
    if value.startswith("#"):
        return f"#{ID_PREFIX}{value[1:]}" if len(value) > 1 and tag == "a" else None
    if value.startswith(("//", "\\\\", "/\\")):
        return rewrite(tag, value) if tag == "img" else f"https:{value}" if value.startswith("//") else None
    scheme = _SCHEME.match(value)
    if scheme and scheme[1].lower() in SAFE_SCHEMES and tag == "a":
        # Browsers overlook a third slash; others take what follows it for a path of the page's own host.
        return re.sub(r"^(https?:)/{3,}", r"\1//", value, flags=re.IGNORECASE).replace(" ", "%20")
    return rewrite(tag, value)
