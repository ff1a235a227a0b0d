"""The short way for plain Markdown: gives what Python-Markdown and the cleaner would give, or declines.

Most official documents are headings, paragraphs, flat lists and simple tables. Nothing is guessed here: whatever could
mean more than it seems to is left to the full way. Time grows with the length of the body, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from govgen.content.addresses import ID_PREFIX, Rewrite
from govgen.content.plain_inline import Declined, Inline, has_marks, strip_tags

TOC_HEADINGS = 3
"""So many headings give a document a table of contents."""

_EXTENSIONS = frozenset(
    f"markdown.extensions.{name}"
    for name in ("tables", "footnotes", "attr_list", "def_list", "abbr", "fenced_code", "toc", "sane_lists")
)
_HARMLESS_OPTIONS = {"markdown.extensions.footnotes": {"BACKLINK_TITLE"}}

_HARMFUL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff<\\`{"
_HARMLESS = re.compile(rf"[^{_HARMFUL}]*")
_ENTITY = re.compile(r"&(?:#|[A-Za-z0-9][A-Za-z0-9.-]*;)")
_COMMENT = re.compile(r"(?:(?<=\n\n)|\A)<!--[^<>&`\\\-\x00-\x1f\x7f-\x9f]*-->(?=\n\n|\n?\Z)")
"""A comment on a line of its own, with empty lines around it; what else looks like HTML is for the full way."""

_SPACES_LINE = re.compile(r"(?<=\n) +\n")

_START = re.compile(r" *(?:[>#:=|<]|(?P<item>[-+*]|\d+\.) |[-*_][-*_ ]*(?:\n|\Z)|\*\[)| {4}")
"""A block that begins thus may be more than a paragraph."""

_MARKS = rf"{_HARMFUL}\t\n*_\[\]&>~"
_WORDS = re.compile(rf"[^{_MARKS}\s\d#:=|+\-][^{_MARKS}]*")
"""One line of words without a mark of any kind: a paragraph or an item as it stands, as most are."""

_LATER = re.compile(r"\n(?:#| *(?:[>:=]|[-*_][-*_ ]*(?:\n|\Z)|\*\[))")
_HEADING_LINE = re.compile(r"\n#")
_SEPARATOR_LINE = re.compile(r"\n[:\- ]*\|[|:\- ]*(?:\n|\Z)")
_TABLE = re.compile(r"[^\n|]*\|[^\n]*\n[|:\- ]+(?:\n|\Z)")
_RULE = re.compile(r"(?:-{3,}|\*{3,}|_{3,}) *")
_HEADING = re.compile(r"(#{1,6})([^#].*)")
_UNDERLINED = re.compile(r"([^\n]*)\n(=+|-+) *")
_BULLET = re.compile(r" {0,3}[-+*] +(.*)")
_NUMBER = re.compile(r" {0,3}(\d+)\. +(.*)")
_NESTED = re.compile(r" {4,}(?:[-+*]|\d+\.) ")
_DEFINITION = re.compile(r"([^\n]*)\n {0,3}: {1,3}(\S[^\n]*)")

_NEVER_ID = re.compile(r"[^\w\s-]")
_GAPS = re.compile(r"[-\s]+")

_TAB_LENGTH = 4
_CODE_INDENT = " " * _TAB_LENGTH
_COMMENT_LEFT = "\n"
"""What is left of a comment, by the two that make HTML: an empty line."""


@dataclass(frozen=True)
class Finished:
    """Safe HTML of a body and its table of contents, which is empty where there are few headings."""

    html: str
    toc: str
    headings: int


class PlainLane:
    """Converts bodies that are plain throughout."""

    def convert(self, body: str, rewrite: Rewrite) -> Finished | None:
        """Return a body as safe HTML, or None, before `rewrite` was asked anything, where it is not plain."""
        if body.startswith((" ", "\t")):
            return None
        text = body + "\n\n"
        blocks = text.split("\n\n")
        blocks[0] = blocks[0].lstrip("\n")
        # Blocks of words hold nothing that is asked for here.
        are_words = [_WORDS.fullmatch(block) is not None for block in blocks]
        odd = "\n\n".join([block for block, is_words in zip(blocks, are_words, strict=True) if not is_words])
        visible = _COMMENT.sub("", body) if "<" in odd else odd
        if not _HARMLESS.fullmatch(visible) or "]:" in odd or "~~~" in odd or ("&" in odd and _ENTITY.search(odd)):
            return None
        if "\t" in odd or " \n" in odd:
            blocks = _SPACES_LINE.sub("\n", text.expandtabs(_TAB_LENGTH)).split("\n\n")
            are_words = [False] * len(blocks)
        draft = _Draft()
        try:
            for block, is_words in zip(blocks, are_words, strict=True):
                if is_words:
                    draft.add_words(block)
                else:
                    draft.add(block.lstrip("\n"))
            draft.finish()
        except Declined:
            return None
        toc = _table_of_contents(draft.headings) if len(draft.headings) >= TOC_HEADINGS else ""
        html = draft.inline.fill("\n".join(draft.parts), rewrite)
        if "\xa0" in html:
            html, toc = html.replace("\xa0", "&nbsp;"), toc.replace("\xa0", "&nbsp;")
        return Finished(html, toc, len(draft.headings))


def make_plain_lane(settings: Mapping[str, Any]) -> PlainLane | None:
    """Return the lane, or None where the MARKDOWN settings ask for anything but what it was made for."""
    configs = settings.get("extension_configs")
    if settings.get("extensions") or not isinstance(configs, Mapping) or configs.keys() != _EXTENSIONS:
        return None
    is_standard = all(
        isinstance(config, Mapping) and config.keys() <= _HARMLESS_OPTIONS.get(name, set())
        for name, config in configs.items()
    )
    return PlainLane() if is_standard else None


@dataclass(frozen=True)
class _Heading:
    level: int
    id: str
    name: str


@dataclass
class _Draft:
    """A body's blocks as HTML so far; the last list, quote or list of terms is open, for the next block may join it."""

    parts: list[str] = field(default_factory=list)
    headings: list[_Heading] = field(default_factory=list)
    inline: Inline = field(default_factory=Inline)
    _ids: set[str] = field(default_factory=set)
    _levels: list[int] = field(default_factory=list)
    _open: str = ""
    _opening: str = ""
    _children: list[str] = field(default_factory=list)

    def add_words(self, block: str) -> None:
        """Take in a block that is one line of words without a mark."""
        if self._open:
            self._close()
        self.parts.append(f"<p>{block}</p>")

    def add(self, block: str) -> None:
        """Take in one block, which no empty line divides. Raises Declined."""
        if block.startswith("#") and "\n" not in block:
            self._hash_heading(block)
            return
        is_plain = not _START.match(block)
        if not is_plain and block.startswith(_CODE_INDENT):
            raise Declined
        if "\n" in block:
            if is_plain and _is_later_plain(block):
                self._paragraph(block)
            elif _TABLE.match(block):
                self._table(block)
            elif block[0] == "#" or _HEADING_LINE.search(block):
                self._headed(block)
            else:
                self._block(block)
        elif is_plain:
            self._paragraph(block)
        else:
            self._block(block)

    def finish(self) -> None:
        """Write what is open still. A comment leaves nothing at the end."""
        self._close()
        if self.parts and self.parts[-1] == _COMMENT_LEFT:
            self.parts[-1] = ""

    def _close(self) -> None:
        """Write the open list or quote, to which nothing can be added any more."""
        if self._open:
            self.parts.append(f"<{self._opening}>\n" + "\n".join(self._children) + f"\n</{self._open}>")
            self._open = ""

    def _begin(self, element: str, opening: str = "") -> bool:
        """Open a list or quote unless one of its kind is open; return whether it is a new one."""
        if self._open == element:
            return False
        self._close()
        self._open, self._opening, self._children = element, opening or element, []
        return True

    def _paragraph(self, block: str) -> None:
        if text := block.lstrip():
            if self._open:
                self._close()
            self.parts.append(f"<p>{self.inline.convert(text)}</p>")

    def _headed(self, block: str) -> None:
        """Take in a block with headings between its lines. One line of it may be the head of a table: declined."""
        if _SEPARATOR_LINE.search(block):
            raise Declined
        lines: list[str] = []
        for line in block.split("\n"):
            if not line.startswith("#"):
                lines.append(line)
                continue
            if lines:
                self.add("\n".join(lines))
                lines = []
            self._hash_heading(line)
        if lines:
            self.add("\n".join(lines))

    def _hash_heading(self, line: str) -> None:
        match = _HEADING.fullmatch(line)
        if not match:
            raise Declined
        self._heading(len(match[1]), match[2].rstrip("#").strip())

    def _heading(self, written: int, words: str) -> None:
        """Take in a heading, and number it by its place in the outline, as the full way does."""
        if not words or "![" in words:
            raise Declined
        self._close()
        html = self.inline.convert(words)
        name = " ".join(strip_tags(html).split())
        id = _slug(name)
        if not id or id in self._ids:
            raise Declined
        self._ids.add(id)
        while self._levels and self._levels[-1] >= written:
            self._levels.pop()
        self._levels.append(written)
        level = min(len(self._levels) + 1, 6)
        self.headings.append(_Heading(level, ID_PREFIX + id, name))
        self.parts.append(f'<h{level} id="{ID_PREFIX}{id}">{html}</h{level}>')

    def _block(self, block: str) -> None:
        """Take in a block that is neither heading, table nor paragraph."""
        start = _START.match(block)
        if start and start["item"]:
            self._list(block)
        elif block.startswith(">"):
            self._quote(block.split("\n"))
        elif not start and (match := _DEFINITION.fullmatch(block)):
            self._definition(match[1].strip(), match[2])
        elif not start and (match := _UNDERLINED.fullmatch(block)):
            self._heading(1 if match[2].startswith("=") else 2, match[1].strip())
        elif _RULE.fullmatch(block):
            self._close()
            self.parts.append("<hr>")
        elif _COMMENT.fullmatch(block):
            self._close()
            self.parts.append(_COMMENT_LEFT)
        else:
            raise Declined

    def _list(self, block: str) -> None:
        if not _is_later_plain(block):
            raise Declined
        if first := _NUMBER.match(block):
            element, opening, pattern = "ol", _opening_of(first[1]), _NUMBER
        elif _BULLET.match(block):
            element, opening, pattern = "ul", "ul", _BULLET
        else:
            raise Declined
        items: list[list[str]] = []
        for line in block.split("\n"):
            if match := pattern.fullmatch(line):
                items.append([match[match.lastindex or 1]])
            elif _NESTED.match(line):
                raise Declined
            else:
                items[-1].append(line)
        is_loose = not self._begin(element, opening)
        if is_loose and not self._children[-1].startswith("<li>\n<p>"):
            self._children[-1] = f"<li>\n<p>{self._children[-1][4:-5]}</p>\n</li>"
        for number, lines in enumerate(items):
            html = self._plain("\n".join(lines))
            self._children.append(f"<li>\n<p>{html}</p>\n</li>" if is_loose and not number else f"<li>{html}</li>")

    def _quote(self, lines: list[str]) -> None:
        if not all(line.startswith(">") for line in lines):
            raise Declined
        inner = "\n".join("" if line.strip() == ">" else line[1:].removeprefix(" ") for line in lines)
        blocks = [block.lstrip("\n") for block in inner.split("\n\n")]
        paragraphs = [f"<p>{self._plain(block)}</p>" for block in blocks if block]
        if not paragraphs:
            raise Declined
        self._begin("blockquote")
        self._children += paragraphs

    def _definition(self, term: str, meaning: str) -> None:
        if not term or _START.match(term):
            raise Declined
        self._begin("dl")
        self._children += [f"<dt>{self.inline.convert(term)}</dt>", f"<dd>{self._plain(meaning)}</dd>"]

    def _plain(self, block: str) -> str:
        """Return the text of a list item or of a quoted paragraph."""
        if _WORDS.fullmatch(block):
            return block
        text = block.lstrip()
        if not text or block.startswith("\n") or block.endswith("\n"):
            raise Declined
        if _START.match(block) or not _is_later_plain(block):
            raise Declined
        return self.inline.convert(text)

    def _table(self, block: str) -> None:
        lines = [line.strip(" ") for line in block.split("\n")]
        has_border = lines[0].startswith("|") or lines[0].endswith("|")
        head, separator, *rows = [_cells(line, has_border=has_border) for line in lines]
        # Short rows are filled up with empty cells: a wide head over many of them would make far more than was written.
        is_filled_up = len(head) * len(rows) > sum(map(len, lines))
        if len(head) < 2 or len(separator) != len(head) or not rows or is_filled_up:
            raise Declined
        classes = [_alignment(cell.strip(" ")) for cell in separator]
        self._close()
        convert = self.inline.convert if has_marks(block) else str
        heads, fields = ([f"<{cell}{alignment}>" for alignment in classes] for cell in ('th scope="col"', "td"))
        table = ['<div class="table"><table>', "<thead>", _row(head, heads, "</th>\n", convert), "</thead>"]
        table += ["<tbody>", *[_row(row, fields, "</td>\n", convert) for row in rows], "</tbody>", "</table></div>"]
        self.parts.append("\n".join(table))


def _is_later_plain(block: str) -> bool:
    """Say whether no line but the first can be more than text of its paragraph or item."""
    return "\n" not in block or not (_LATER.search(block) or _TABLE.match(block))


def _opening_of(number: str) -> str:
    is_kept = number.isascii() and number != "1" and 0 < int(number[:5]) <= 10_000
    return f'ol start="{number}"' if is_kept else "ol"


def _cells(row: str, *, has_border: bool) -> list[str]:
    return (row.removeprefix("|").removesuffix("|") if has_border else row).split("|")


def _row(cells: list[str], openings: list[str], closing: str, convert: Callable[[str], str]) -> str:
    cells += [""] * (len(openings) - len(cells))
    html = [opening + convert(cell.strip(" ")) for opening, cell in zip(openings, cells, strict=False)]
    return f"<tr>\n{closing.join(html)}{closing}</tr>"


def _alignment(separator: str) -> str:
    is_left, is_right = separator.startswith(":"), separator.endswith(":")
    if not (is_left or is_right):
        return ""
    return f' class="{"center" if is_left and is_right else "left" if is_left else "right"}"'


def _slug(name: str) -> str:
    """Return the id of a heading, as Python-Markdown forms it."""
    words = name.replace("&gt;", ">").replace("&amp;", "&") if "&" in name else name
    return _GAPS.sub("-", _NEVER_ID.sub("", words).strip().lower())


def _table_of_contents(headings: list[_Heading]) -> str:
    """Return nested lists of links; a level never lies more than one below the one above it."""
    html = ["<div>\n"]
    levels: list[int] = []
    for heading in headings:
        if not levels or heading.level > levels[-1]:
            levels.append(heading.level)
            html.append("<ul>\n")
        else:
            html.append("</li>\n")
            while heading.level < levels[-1]:
                levels.pop()
                html.append("</ul>\n</li>\n")
        html.append(f'<li><a href="#{heading.id}">{heading.name}</a>')
    return "".join([*html, "</li>\n</ul>\n" * len(levels), "</div>\n"])
