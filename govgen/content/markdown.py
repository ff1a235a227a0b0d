"""The door to Python-Markdown: body text to raw HTML, not yet safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import markdown
from markdown.extensions.toc import slugify_unicode
from markdown.treeprocessors import Treeprocessor

from govgen.content.settings import SETTINGS_FAULTS
from govgen.errors import MachineryError

_BEFORE_TOC = 6
"""Priority of a tree processor that runs right before Python-Markdown's table of contents, which has 5."""


class _HeadingLevels(Treeprocessor):
    """Numbers headings by their place in the outline, from h2 down: the page's only h1 is the document's title.

    Some editors begin with `#`, some with `##`; neither may give a page two h1 or an outline with a gap.
    """

    def run(self, root: Element) -> None:
        above: list[int] = []
        for element in root.iter():
            if match := re.fullmatch(r"h([1-6])", str(element.tag)):
                written = int(match[1])
                while above and above[-1] >= written:
                    above.pop()
                above.append(written)
                element.tag = f"h{min(len(above) + 1, 6)}"


@dataclass(frozen=True)
class RawHtml:
    """What Python-Markdown made of a body; it may hold any HTML its author wrote."""

    html: str
    toc: str
    headings: int


class Converter:
    """Converts bodies with the Markdown settings of `pelicanconf.py`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        configs = {name: dict(config) for name, config in settings.get("extension_configs", {}).items()}
        configs.setdefault("markdown.extensions.toc", {}).update(slugify=slugify_unicode)
        configs.setdefault("markdown.extensions.tables", {}).update(use_align_attribute=True)
        extensions = dict.fromkeys([*settings.get("extensions", ()), *configs])
        try:
            self._markdown = markdown.Markdown(
                extensions=list(extensions), extension_configs=configs, output_format="html", tab_length=4
            )
        except SETTINGS_FAULTS as error:
            raise MachineryError("engine", reason=f"MARKDOWN: {type(error).__name__}: {error}") from error
        self._markdown.treeprocessors.register(_HeadingLevels(self._markdown), "govgen-headings", _BEFORE_TOC)

    def convert(self, body: str) -> RawHtml:
        """Return a body as HTML with its table of contents; time grows with the square of hostile input."""
        self._markdown.reset()
        html = self._markdown.convert(body)
        tokens = getattr(self._markdown, "toc_tokens", [])
        return RawHtml(html, getattr(self._markdown, "toc", ""), _count(tokens))


def _count(tokens: list[dict[str, Any]]) -> int:
    return sum(1 + _count(token["children"]) for token in tokens)
