"""Pictures as pages show them: the sizes there are, and how much room is kept for them while they load."""

from __future__ import annotations

import html
import re
import sqlite3

from govgen.content.variants import LIST_WIDTH, plain_address, variant_address
from govgen.model.county import Site
from govgen.model.figures import Picture
from govgen.plan.scope import Scope

_ARTICLE_PIXELS = 720
"""As wide as the theme sets an article: 40 characters of 18 pixels."""

_EDGES_PIXELS = 32
_GIVEN_WIDTH = re.compile(r'\swidth="(\d+)"')
_GIVEN_HEIGHT = re.compile(r"\sheight=")


def picture_of(scope: Scope, file: sqlite3.Row, owner: Site | None = None, *, is_in_list: bool = False) -> Picture:
    """Return a picture, by its row in `files`, as a page of this site shows it."""
    widths = tuple(map(int, file["widths"].split()))
    ending, address, width = file["type"].lower(), file["address"], file["width"]
    wanted = [step for step in widths if step <= LIST_WIDTH or not is_in_list] or widths[:1]
    files = ((step, scope.href(variant_address(address, f"{step}.webp"), owner)) for step in wanted)
    return Picture(
        src=scope.href(plain_address(address, ending, widths), owner),
        srcset=", ".join(f"{href} {step}w" for step, href in files),
        width=width,
        height=file["height"],
        sizes=_sizes(width),
    )


def find_picture(scope: Scope, site: Site, address: str, *, is_in_list: bool = False) -> Picture | None:
    """Return the picture at an address of a site that some document carries; None if there is none."""
    row = scope.catalog.one("SELECT * FROM files WHERE site = ? AND address = ? LIMIT 1", site.id, address)
    return picture_of(scope, row, site, is_in_list=is_in_list) if row else None


def picture_html(picture: Picture, attributes: str, *, is_first: bool) -> str:
    """Return a picture of a body, with the attributes its author gave it; all but the first load when they are near."""
    room, sizes = _room(picture, attributes)
    later = "" if is_first else ' loading="lazy"'
    img = f'<img src="{html.escape(picture.src)}"{attributes}{room}{later} decoding="async">'
    if not picture.srcset:
        return img
    source = f'<source type="image/webp" srcset="{html.escape(picture.srcset)}" sizes="{sizes}">'
    return f"<picture>{source}{img}</picture>"


def _room(picture: Picture, attributes: str) -> tuple[str, str]:
    """Return what keeps a picture's room on the page, where its author said nothing or only how wide; and `sizes`."""
    given = _GIVEN_WIDTH.search(attributes)
    sizes = _sizes(int(given[1])) if given else picture.sizes
    if not picture.width or _GIVEN_HEIGHT.search(attributes):
        return "", sizes
    if given:
        return f' height="{max(1, round(int(given[1]) * picture.height / picture.width))}"', sizes
    return f' width="{picture.width}" height="{picture.height}"', sizes


def _sizes(width: int) -> str:
    pixels = min(width, _ARTICLE_PIXELS)
    return f"(min-width: {pixels + _EDGES_PIXELS}px) {pixels}px, 100vw"
