"""Converts the words of one paragraph, heading or cell where they hold only simple links, pictures and emphasis."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from govgen.content.addresses import Rewrite, rewrite_address

_MARK = re.compile(r"[*_\[&>]")
_LINK = re.compile(r"""(!?)\[([^\[\]]*)\]\(([^\s()\[\]<>"'\x02\x03]+)\)""")
_BRACKETS = re.compile(r"\[(?!\^)[^\[\]]*\](?!\s?[\[(\x02])")
"""Words in brackets that are no link: `[2021]`."""

_HALF_WORD = re.compile(r"(?<!\w)_|_(?!\w)")
_NEVER_ALT = re.compile(r'["<>=\n]')
_STARS = re.compile(r"(\*(?:(?<=[^\s*]\*)|(?<!\*\*)(?=\**[^\s*]))\**)")
"""Runs of stars, but for those with space on both sides, which are only stars.

Written so that it begins with a star, and the search skips to the next one.
"""

_ELEMENTS = {"*": "em", "**": "strong"}
_TAG = re.compile(r"<[^>]*>")

_HOST = r"(?:[a-z0-9]{1,60}(?:-[a-z0-9]{1,60})*\.)+[a-z]{2,20}"
_SURE_TARGET = re.compile(
    rf"(?![a-z][a-z0-9+.-]*:).*|https?://{_HOST}(?::\d{{1,4}})?(?:[/?#].*)?"
    r"|(?!(?:https?|ftp|file|wss?|javascript|vbscript|data):)[a-z][a-z0-9-]*:[a-z0-9].*",
    re.IGNORECASE | re.ASCII,
)
"""Addresses that any reader of URLs takes for one. The cleaner of the full way drops the others unasked."""

_LINK_MARK = "\x02"
_ADDRESS_MARK = "\x03"
_BREAK_MARK = "\x04"
_HARD_BREAK = "  \n"


class Declined(Exception):
    """The text holds something that is not plain enough."""


@dataclass(frozen=True)
class _Target:
    tag: str
    address: str
    alt: str


@dataclass
class Inline:
    """Converts the texts of one body in order; keeps their addresses until all is known to be plain."""

    targets: list[_Target] = field(default_factory=list)

    def convert(self, text: str) -> str:
        """Return a text as HTML with a mark for each address. Raises Declined."""
        if not has_marks(text):
            return text
        links: list[str] = []
        if "[" in text:
            text = _LINK.sub(lambda match: self._link(match, links), text)
            if ("[" in text and "[" in _BRACKETS.sub("", text)) or "[TOC]" in text:
                raise Declined
        text = text.replace("&", "&amp;").replace(">", "&gt;")
        html = _emphasise(text.replace(_HARD_BREAK, _BREAK_MARK))
        if _BREAK_MARK in html:
            html = _break_lines(html)
        return _interleave(html, _LINK_MARK, links) if links else html

    def _link(self, match: re.Match[str], links: list[str]) -> str:
        mark, words, address = match.groups()
        if not _SURE_TARGET.fullmatch(address) or _HARD_BREAK in words:
            raise Declined
        if mark:
            if _NEVER_ALT.search(words):
                raise Declined
            self.targets.append(_Target("img", address, words.replace("&", "&amp;")))
            links.append(_ADDRESS_MARK)
        else:
            self.targets.append(_Target("a", address, ""))
            inner = _emphasise(words.replace("&", "&amp;").replace(">", "&gt;"))
            links.append(f"<a{_ADDRESS_MARK}>{inner}</a>")
        return _LINK_MARK

    def fill(self, html: str, rewrite: Rewrite) -> str:
        """Return HTML with every mark replaced by what `rewrite` says of its address."""
        if not self.targets:
            return html
        return _interleave(html, _ADDRESS_MARK, [_attributes(target, rewrite) for target in self.targets])


def has_marks(text: str) -> bool:
    """Tell whether a text may hold anything but words."""
    return _MARK.search(text) is not None or _HARD_BREAK in text


def strip_tags(html: str) -> str:
    """Return the words of converted HTML, escaped as they are."""
    return _TAG.sub("", html) if "<" in html else html


def _interleave(html: str, mark: str, pieces: list[str]) -> str:
    parts = html.split(mark)
    return "".join(part + piece for part, piece in zip(parts, [*pieces, ""], strict=True))


def _attributes(target: _Target, rewrite: Rewrite) -> str:
    address = rewrite_address(target.tag, target.address, rewrite)
    if address is not None:
        for character, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
            address = address.replace(character, entity)
    if target.tag == "a":
        return "" if address is None else f' href="{address}"'
    return "" if address is None else f'<img alt="{target.alt}" src="{address}">'


def _emphasise(text: str) -> str:
    """Return a text with its stars as elements: each run is closed by the next, of the same length."""
    if "_" in text and _HALF_WORD.search(text):
        raise Declined
    if "*" not in text:
        return text
    parts = _STARS.split(text)
    if len(parts) % 4 != 1:
        raise Declined
    html = [parts[0]]
    for number in range(1, len(parts), 4):
        opening, words, closing, after = parts[number : number + 4]
        name = _ELEMENTS.get(opening)
        if name is None or opening != closing or words[:1].isspace() or words[-1:].isspace():
            raise Declined
        html.append(f"<{name}>{words}</{name}>{after}")
    return "".join(html)


def _break_lines(html: str) -> str:
    """Return HTML with its hard breaks as elements."""
    first, *others = html.split(_BREAK_MARK)
    for words in others:
        # Where nothing but space stands between a break and what follows, the full way loses it.
        if words[:1].isspace() and words.lstrip()[:1] in ("", "<", _LINK_MARK):
            raise Declined
    return "<br>\n".join([first, *others])
