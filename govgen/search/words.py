"""How words are written in the index and in queries alike, and the keys they are found under.

`themes/county/static/js/search-index.js` does the same to a query: what is changed here is changed there.
"""

from __future__ import annotations

import re
import unicodedata

from govgen.search.hanzi import SIMPLIFIED, TRADITIONAL

EVERYDAY = ("後於麽", "后于么")
"""Traditional characters that GB 2312 has too, and their simplified ones."""

_OPENING, _CLOSING = "([{〔【〖﹝", ")]}〕】〗﹞"
_SPACE_TO_DROP = re.compile(r"(?<![!-~]) | (?![!-~])")
_SPACES = re.compile(" {2,}")
_BRACKETS = re.compile(r"[()]")
_MASK = 0xFFFFFFFF

_BREAK = ord("\n")
_NO_KEY = -1

FILTER = "\x02"
"""Begins the word that a document's site, kind or validity is found under; no text holds it."""


class _Folding(dict[int, str]):
    """What stands for a character: one width, one case, one kind of bracket, simplified; each by itself."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if code == _BREAK:
            folded = "\n"
        elif category in ("Cc", "Cf", "Cs"):
            folded = ""
        elif category.startswith("Z"):
            folded = " "
        else:
            folded = "".join(map(self._plain, unicodedata.normalize("NFKC", character).lower()))
        self[code] = folded
        return folded

    def _plain(self, character: str) -> str:
        if character in _OPENING:
            return "("
        if character in _CLOSING:
            return ")"
        return _SIMPLIFIED.get(character, character)


_SIMPLIFIED = dict(zip(TRADITIONAL + EVERYDAY[0], SIMPLIFIED + EVERYDAY[1], strict=True))


def has_traditional(text: str) -> bool:
    """Tell whether a text holds characters that are compared as simplified ones."""
    return not _SIMPLIFIED.keys().isdisjoint(text)


class Keys(dict[int, int]):
    """The keys of pairs of characters, worked out once each.

    A pair is a number here, as it lies in memory: the first character's code, and the second's 32 bits above it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folding = _Folding()

    def __missing__(self, pair: int) -> int:
        first, second = pair & _MASK, pair >> 32
        key = self[pair] = _NO_KEY if _BREAK in (first, second) else hash_word(chr(first) + chr(second)) * 2
        return key

    def fold(self, text: str) -> str:
        """Return a text as it is compared: no space but between two Latin words."""
        folded = text.translate(self._folding)
        return _SPACE_TO_DROP.sub("", _SPACES.sub(" ", folded)) if " " in folded else folded

    def of_text(self, text: str) -> set[int]:
        """Return the keys of all pairs of characters that stand together on a line of a folded text."""
        codes = memoryview(text.encode("utf-32-le"))
        even, odd = len(codes) // 8 * 8, (len(codes) - 4) // 8 * 8
        pairs = {*codes[:even].cast("Q"), *codes[4 : 4 + max(odd, 0)].cast("Q")}
        keys = set(map(self.__getitem__, pairs))
        keys.discard(_NO_KEY)
        return keys

    def of_title(self, title: str) -> set[int]:
        """Return the keys under which a folded title is found as a title: its pairs, and each character alone."""
        return {key + 1 for key in self.of_text(title)} | {hash_word(character) * 2 + 1 for character in title}

    def of_filters(self, *filters: str) -> set[int]:
        """Return the keys of words that only filters ask for."""
        return {hash_word(FILTER + name) * 2 for name in filters}

    def bare_number(self, number: str) -> str:
        """Return a folded document number without its brackets, as it is often typed."""
        return _BRACKETS.sub("", number)


def hash_word(word: str) -> int:
    """Return 32 bits that stand for a word: FNV-1a over its characters, stirred so that the lowest bits serve too."""
    value = 0x811C9DC5
    for character in word:
        value = (value ^ ord(character)) * 0x01000193 & _MASK
    value = (value ^ value >> 15) * 0x2C1B3C6D & _MASK
    value = (value ^ value >> 12) * 0x297A2D39 & _MASK
    return value ^ value >> 15
