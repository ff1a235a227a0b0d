"""The door to nh3: lets through the HTML an official document needs, and nothing that could run, track or restyle."""

from __future__ import annotations

import re
from dataclasses import dataclass

import nh3

from govgen.content.addresses import ID_PREFIX, SAFE_SCHEMES, Rewrite, rewrite_address
from govgen.content.front_matter import CONTROL

TAGS = frozenset(
    "h2 h3 h4 h5 h6 p br hr ul ol li dl dt dd table caption thead tbody tfoot tr th td blockquote pre code kbd samp em"
    " strong b i u s del ins sub sup small abbr cite q mark a img figure figcaption div span details summary ruby rt rp"
    " address".split()
)
_GLOBAL_ATTRIBUTES = {"class", "lang", "dir", "id"}
_ATTRIBUTES = {
    "*": _GLOBAL_ATTRIBUTES,
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "th": {"colspan", "rowspan", "align"},
    "td": {"colspan", "rowspan", "align"},
    "abbr": {"title"},
}
CLASSES = frozenset("footnote footnote-ref footnote-backref center left right note warning signature steps".split())
"""Class names the theme knows; the rest go."""

_ID_TAGS = frozenset({"h2", "h3", "h4", "h5", "h6", "li", "sup"})
_NUMBER_ATTRIBUTES = frozenset({"width", "height", "colspan", "rowspan", "start"})
_WRITTEN_SCHEMES = re.compile(r"""(?:href|src)\s*=\s*["']?\s*([A-Za-z][A-Za-z0-9+.-]*):""", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_WRITTEN_TAGS = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_NO_ELEMENTS = re.compile(r"<(!\[CDATA\[|\?[A-Za-z]*)")
"""What HTML takes for a comment, though it holds words: nobody would see that they are gone."""

_HARMLESS_TAGS = frozenset({"html", "head", "body", "colgroup", "col", "section", "article", "center", "font"})
"""Removed without a word: their content stays and nothing is lost."""


@dataclass(frozen=True)
class CleanHtml:
    """Safe HTML, and what was taken out of it."""

    html: str
    dropped: tuple[str, ...]


def sanitise(raw: str, rewrite: Rewrite) -> CleanHtml:
    """Return `raw` with only allowed elements, attributes and address schemes.

    Local targets, those of other sites (`site:section/name`) included, go through `rewrite`; so do the addresses of
    pictures that lie elsewhere.
    """
    ids: set[str] = set()

    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        if name == "id":
            return _id(tag, value, ids)
        if name == "class":
            return " ".join(word for word in value.split() if word in CLASSES) or None
        if name in _NUMBER_ATTRIBUTES:
            return value if value.isascii() and value.isdigit() and 0 < int(value[:5]) <= 10_000 else None
        if name == "align":
            return value if value in ("left", "center", "right") else None
        if name in ("href", "src"):
            # Asked of an iframe too, which goes as a whole: its address is no link of the document.
            return rewrite_address(tag, value, rewrite) if tag in ("a", "img") else None
        return value

    # nh3 drops unknown schemes before the filter sees them: `site:section/name` must get that far. The filter decides.
    schemes = SAFE_SCHEMES | {scheme.lower() for scheme in _WRITTEN_SCHEMES.findall(raw)}
    html = nh3.clean(
        raw,
        tags=set(TAGS),
        clean_content_tags={"script", "style", "template", "iframe", "object", "noscript"},
        attributes=_ATTRIBUTES,
        attribute_filter=filter_attribute,
        url_schemes=schemes,
        link_rel=None,
        strip_comments=True,
    )
    written = _COMMENT.sub("", raw)
    dropped = {tag.lower() for tag in _WRITTEN_TAGS.findall(written)} - TAGS - _HARMLESS_TAGS
    dropped |= set(_NO_ELEMENTS.findall(written))
    # Entities can still write control characters, which the file itself may not hold.
    return CleanHtml(_finish(CONTROL.sub("", html)), tuple(sorted(dropped)))


def _id(tag: str, value: str, seen: set[str]) -> str | None:
    """Keep the ids of headings and footnotes, each once; spaces can't be linked to."""
    id = ID_PREFIX + "".join(value.split())
    if tag not in _ID_TAGS or id in seen or id == ID_PREFIX:
        return None
    seen.add(id)
    return id


def _align_by_class(match: re.Match[str]) -> str:
    """Return a cell's tag with its alignment among its classes; HTML5 knows no attribute for it."""
    cell, before, alignment, after = match.groups()
    rest = before + after
    if ' class="' in rest:
        return cell + rest.replace(' class="', f' class="{alignment} ')
    return f'{cell}{rest} class="{alignment}"'


def _finish(html: str) -> str:
    """Write what HTML5 wants of tables, let wide ones scroll by themselves, and drop pictures without a source."""
    if "<table" in html:
        html = re.sub(r'(<t[hd])([^>]*?) align="(\w+)"([^>]*)', _align_by_class, html)
        html = re.sub(r"<th(?=[ >])", '<th scope="col"', html)
        html = re.sub(r"<table(?=[ >])", '<div class="table"><table', html).replace("</table>", "</table></div>")
    if "<img" in html:
        html = re.sub(r"<img(?![^>]*\ssrc=)[^>]*>", "", html)
        html = re.sub(r"<img(?![^>]*\salt=)", '<img alt=""', html)
    return html
