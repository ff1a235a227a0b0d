"""The door to brotli: smaller forms of files, made once and sent as they are to browsers that understand them."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import brotli

_TYPES = (".html", ".htm", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".csv", ".ics", ".opml")
_LEAST_BYTES = 256
"""Below that the head of an answer is larger than what is saved."""

_WORTH = 0.9
_BEST_FROM_BYTES = 16 * 1024
"""The best compression takes twenty times as long and saves a tenth; a small page comes in one packet either way."""


def is_packable(path: str) -> bool:
    """Tell whether a file of that name gets smaller: pictures and archives are packed already."""
    return path.endswith(_TYPES)


def pack(content: bytes) -> Mapping[str, bytes]:
    """Return the smaller forms of some bytes by the endings of their names; equal bytes, equal forms."""
    if len(content) < _LEAST_BYTES:
        return {}
    quality = 11 if len(content) >= _BEST_FROM_BYTES else 7
    forms = {
        ".gz": gzip.compress(content, compresslevel=9, mtime=0),
        ".br": brotli.compress(content, mode=brotli.MODE_TEXT, quality=quality),
    }
    return {ending: form for ending, form in forms.items() if len(form) < _WORTH * len(content)}
