"""The door to Python-Markdown: body text to raw HTML, not yet safe to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import markdown
from markdown.extensions.toc import slugify_unicode


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
        # Headings shift down by one: the page's only h1 is the document's title.
        configs.setdefault("markdown.extensions.toc", {}).update(baselevel=2, slugify=slugify_unicode)
        configs.setdefault("markdown.extensions.tables", {}).update(use_align_attribute=True)
        extensions = dict.fromkeys([*settings.get("extensions", ()), *configs])
        self._markdown = markdown.Markdown(
            extensions=list(extensions), extension_configs=configs, output_format="html", tab_length=4
        )

    def convert(self, body: str) -> RawHtml:
        """Return a body as HTML with its table of contents; time grows with the square of hostile input."""
        self._markdown.reset()
        html = self._markdown.convert(body)
        tokens = getattr(self._markdown, "toc_tokens", [])
        return RawHtml(html, getattr(self._markdown, "toc", ""), _count(tokens))


def _count(tokens: list[dict[str, Any]]) -> int:
    return sum(1 + _count(token["children"]) for token in tokens)
