"""Romanises Chinese: names of addresses, and the letters that lists are ordered by."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PLAIN_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SEGMENT_CHARACTERS = 120
_KNOWN_NAMES = 4096
"""So many names' keys are remembered: the same sites and sections are ordered on many pages."""


def ascii_name(text: str) -> str:
    """Return `text` as a part of an address: lower-case letters, digits, dots and hyphens; empty if nothing is left."""
    if len(text) <= _SEGMENT_CHARACTERS and _PLAIN_NAME.fullmatch(text):
        return text
    romanised = " ".join(_syllables(text)) if _HAN.search(text) else text
    plain = unicodedata.normalize("NFKD", romanised).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9._]+", "-", plain.lower())
    name = re.sub(r"-*\.[-.]*", ".", re.sub(r"-{2,}", "-", name))
    return name[:_SEGMENT_CHARACTERS].strip("-._")


@lru_cache(_KNOWN_NAMES)
def pinyin_key(text: str) -> str:
    """Return a key that orders Chinese names as a reader looks them up."""
    return " ".join(_syllables(text)).lower()


def _syllables(text: str) -> list[str]:
    # Imported here: the dictionary costs more to load than a small build, and most names need none of it.
    from pypinyin import lazy_pinyin

    return list(lazy_pinyin(" ".join(text.split())))
