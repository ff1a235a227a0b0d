"""Splits a file into its front matter and its body, in the three spellings, with the line of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from govgen.content.fault import Fault

if TYPE_CHECKING:
    from yaml import Node

FRONT_MATTER_BYTES = 65_536
_DEPTH = 50
"""How deep lists and tables may nest; far deeper ones break the C library that builds them."""
_DEEP_KEY = re.compile(rf"""\s*\[*(?:\s*[\w"'-]+\s*\.){{{_DEPTH}}}""")
"""A dotted TOML key of so many parts; tomllib's memory grows with the square of their number."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")

_ODD = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ud800-\udfff\ufffe\uffff"
_FIRST = r"[A-Za-z0-9\u4e00-\u9fff《（〔]"
_WORD = rf"{_FIRST}[^{_ODD}:#,\[\]{{}}]*"
_PLAIN_LINE = re.compile(
    rf"""([a-z_\u4e00-\u9fff]+):\ +(?:
        "([^{_ODD}"\\]*)"
        | ({_FIRST}[^{_ODD}:\#]*(?::(?=[0-9/])[^{_ODD}:\#]*)*)
        | \[({_WORD}(?:,\ *{_WORD})*)\]
    )\ *""",
    re.VERBOSE,
)
"""A key and a text in quotes without escapes, a text or a list of texts without anything YAML gives a meaning to."""

_ENDS = {mark: re.compile(rf"\n(?:{re.escape(mark)}|\.\.\.)[^\S\n]*(?=\n|\Z)") for mark in ("---", "+++")}
"""By the line that opens a front matter, the one that closes it."""

_NULLS = frozenset({"null", "Null", "NULL"})


@dataclass(frozen=True)
class FrontMatter:
    """The fields as written – texts, lists and tables of texts – with their lines, and the body below."""

    fields: Mapping[str, object]
    lines: Mapping[str, int]
    body: str
    body_line: int
    """The line of the file the body begins on."""


def split_front_matter(text: str) -> FrontMatter:
    """Return the front matter and the body of a file. Raises Fault."""
    opening = text.partition("\n")[0]
    first = opening.rstrip()
    if first in _ENDS:
        end = _ENDS[first].search(text, len(opening))
        if end is None:
            raise Fault("FM-UNCLOSED", 1, mark=first)
        head = text[len(opening) + 1 : end.start()]
        _check_size(head)
        fields, key_lines = _read_yaml(head) if first == "---" else _read_toml(head)
        # Where nothing follows, the body is empty and begins on the last line there is.
        body_line = text.count("\n", 0, end.end() + 1) + 1
        return FrontMatter(fields, key_lines, text[end.end() + 1 :], body_line)
    if re.match(r"[^\s:：#|>*\-][^:：]{0,40}[:：]", first):
        return _read_pelican(text.split("\n"))
    raise Fault("FM-MISSING", 1)


def _check_characters(text: str, line: int | None) -> None:
    """Raise Fault for a control character that was written as an escape: feeds can't hold one, terminals obey it."""
    if control := CONTROL.search(text):
        raise Fault("FILE-CONTROL", line, character=f"U+{ord(control[0]):04X}")


def _check_size(head: str) -> None:
    if len(head.encode()) > FRONT_MATTER_BYTES:
        raise Fault("FM-SIZE", 1, limit=str(FRONT_MATTER_BYTES // 1024))


def _read_yaml(head: str) -> tuple[dict[str, object], dict[str, int]]:
    """Read YAML without aliases, duplicate keys or tags: every scalar stays the text that was written."""
    return read_plain_lines(head) or _read_any_yaml(head)


def read_plain_lines(head: str) -> tuple[dict[str, object], dict[str, int]] | None:
    """Read YAML that is nothing but `key: text` lines, most front matter, to what a YAML parser gives; else None."""
    fields: dict[str, object] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(head.split("\n"), 2):
        match = _PLAIN_LINE.fullmatch(line)
        if match is None or match[1] in fields:
            return None
        key, quoted, plain, listed = match.groups()
        if quoted is not None:
            fields[key] = quoted
        else:
            words = [word.strip(" ") for word in (listed.split(",") if listed else [plain])]
            if not _NULLS.isdisjoint(words):
                return None
            fields[key] = words if listed else words[0]
        lines[key] = number
    return fields, lines


def _read_any_yaml(head: str) -> tuple[dict[str, object], dict[str, int]]:
    # Imported here: most front matter does without, and an edit should not wait for it.
    import yaml

    depth = 0
    try:
        for event in yaml.parse(head, Loader=yaml.CSafeLoader):
            line = event.start_mark.line + 2 if event.start_mark else None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise Fault("FM-ALIAS", line)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH:
                raise Fault("FM-SYNTAX", line, reason=f"nested more than {_DEPTH} deep")
        root = yaml.compose(head, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else None
        raise _find_form_fault(head) or Fault("FM-SYNTAX", line, reason=str(error.problem or error.context)) from error
    except yaml.YAMLError as error:
        raise Fault("FM-SYNTAX", None, reason=str(error).splitlines()[0]) from error
    if root is None:
        return {}, {}
    if not isinstance(root, yaml.MappingNode):
        raise _find_form_fault(head) or Fault("FM-FORM", 2)
    key_lines = {str(key.value): key.start_mark.line + 2 for key, _ in root.value}
    return _plain_mapping(root), key_lines


def _find_form_fault(head: str) -> Fault | None:
    """Return the fault of the first line with a full-width colon after its key, the likeliest slip in Chinese text."""
    for number, line in enumerate(head.splitlines(), 2):
        if re.match(r"[^\s:：\"'#]{1,20}\s*：", line):
            return Fault("FM-FORM", number)
    return None


def _plain(node: Node) -> object:
    if isinstance(node.value, str):
        _check_characters(node.value, node.start_mark.line + 2)
        return "" if node.tag == "tag:yaml.org,2002:null" else node.value
    if getattr(node, "id", "") == "mapping":
        return _plain_mapping(node)
    return [_plain(child) for child in node.value]


def _plain_mapping(node: Node) -> dict[str, object]:
    plain: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key.value, str):
            raise Fault("FM-FORM", key.start_mark.line + 2)
        if key.value in plain:
            raise Fault("FM-TWICE", key.start_mark.line + 2, key=key.value)
        _check_characters(key.value, key.start_mark.line + 2)
        plain[key.value] = _plain(value)
    return plain


def _read_toml(head: str) -> tuple[dict[str, object], dict[str, int]]:
    for number, line in enumerate(head.splitlines(), 2):
        if _DEEP_KEY.match(line):
            raise Fault("FM-SYNTAX", number, reason=f"nested more than {_DEPTH} deep")
    try:
        table = {key: _texts(value) for key, value in tomllib.loads(head).items()}
    except ValueError as error:  # TOMLDecodeError, and Python's own refusal to read or write a number of 5,000 digits
        place = re.search(r"line (\d+)", str(error))
        raise Fault("FM-SYNTAX", int(place[1]) + 1 if place else head.count("\n") + 2, reason=str(error)) from error
    key_lines: dict[str, int] = {}
    for number, line in enumerate(head.splitlines(), 2):
        if key := re.match(r"""\s*\[?\[?\s*["']?([^\s"'=\]]+)["']?\s*[=\]]""", line):
            key_lines.setdefault(key[1], number)
    _check_characters("".join(table), None)
    return table, key_lines


def _texts(value: object, depth: int = _DEPTH) -> object:
    """Return a TOML value with every scalar as text, as the other spellings give it."""
    if depth < 0:
        raise Fault("FM-SYNTAX", None, reason=f"nested more than {_DEPTH} deep")
    if isinstance(value, dict):
        _check_characters("".join(value), None)
        return {key: _texts(child, depth - 1) for key, child in value.items()}
    if isinstance(value, list):
        return [_texts(child, depth - 1) for child in value]
    if isinstance(value, bool):
        return str(value).lower()
    _check_characters(str(value), None)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _read_pelican(lines: list[str]) -> FrontMatter:
    """Read Pelican's `Title: …` lines up to the first empty one; an indented line continues the one above."""
    fields: dict[str, object] = {}
    key_lines: dict[str, int] = {}
    last = ""
    number = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            break
        if line[0].isspace() and last:
            fields[last] = f"{fields[last]} {line.strip()}"
            continue
        match = re.match(r"([^\s:：][^:：]{0,40}?)\s*[:：]\s*(.*)", line)
        if not match:
            raise Fault("FM-FORM", number)
        last = match[1].lower()
        if last in fields:
            raise Fault("FM-TWICE", number, key=match[1])
        fields[last], key_lines[last] = match[2].strip(), number
    _check_size("\n".join(lines[:number]))
    return FrontMatter(fields, key_lines, "\n".join(lines[number:]), number + 1)
