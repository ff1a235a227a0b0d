"""The door to Pillow and defusedxml: looks at a picture's header before anyone decodes it, and into every SVG."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from govgen.content.fault import Fault
from govgen.content.metadata import is_animated, read_orientation
from govgen.content.variants import scaled_widths

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PICTURE_PIXELS = 50_000_000
SVG_BYTES = 200_000
LYING = frozenset({5, 6, 7, 8})
"""How a camera was held where the picture's height is its width."""

_SVG = "{http://www.w3.org/2000/svg}"
_SVG_TAGS = frozenset(
    "svg g defs title desc path rect circle ellipse line polyline polygon text tspan linearGradient radialGradient stop"
    " clipPath use symbol pattern mask".split()
)
_INSTRUCTION = re.compile(rb"<\?(?!xml\s)|\0")
"""`<?xml-stylesheet …?>` loads what it likes, and a parser shows no trace of it; zero bytes are UTF-16."""
_OTHER_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
"""In another encoding a browser may read another picture than the one checked here."""
_FOREIGN_ADDRESS = re.compile(r"""url\s*\((?!\s*["']?#)|\\""", re.IGNORECASE)
FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP"}


@dataclass(frozen=True)
class Size:
    """A picture's size in pixels as it is seen, upright; 0 where an SVG doesn't say."""

    width: int
    height: int
    widths: tuple[int, ...] = ()
    """The widths it is published in besides its own file."""


def measure_picture(content: bytes, ending: str) -> Size:
    """Return a picture's size from its header alone. Raises Fault where type, size or content is wrong."""
    if ending == "svg":
        return _measure_svg(content)
    try:
        with warnings.catch_warnings():
            # Pillow warns of huge pictures, whose limit here is lower and comes with words, and of their faulty notes.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=[FORMATS[ending]]) as picture:
                width, height = picture.size
    except Image.DecompressionBombError as error:
        raise Fault("IMG-SIZE", size=str(error).split("(")[1].split(" ")[0], limit="5000") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Fault("ATT-CONTENT", type=ending) from error
    if width * height > PICTURE_PIXELS:
        raise Fault("IMG-SIZE", size=f"{width} × {height}", limit=str(PICTURE_PIXELS // 10_000))
    if read_orientation(content, ending) in LYING:
        width, height = height, width
    is_still = not is_animated(content, ending)
    return Size(width, height, scaled_widths(width, height, len(content)) if is_still else ())


def _measure_svg(content: bytes) -> Size:
    # Imported here: few documents carry an SVG.
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if len(content) > SVG_BYTES:
        raise Fault("IMG-SVG", what=f"> {SVG_BYTES // 1000} KB")
    if _INSTRUCTION.search(content) or _OTHER_ENCODING.search(content):
        raise Fault("IMG-SVG", what="<?")
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise Fault("IMG-SVG", what=type(error).__name__) from error
    for element in root.iter():
        if fault := _find_svg_fault(element):
            raise Fault("IMG-SVG", what=fault)
    return Size(_pixels(root.get("width", "")), _pixels(root.get("height", "")))


def _find_svg_fault(element: Element) -> str:
    """Return the first part of an SVG element that could run, load or restyle; empty if there is none."""
    tag = str(element.tag)
    if not tag.startswith(_SVG) or tag.removeprefix(_SVG) not in _SVG_TAGS:
        return f"<{tag.rpartition('}')[2]}>"
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2].lower()
        is_foreign_address = _FOREIGN_ADDRESS.search(value) is not None
        if plain.startswith("on") or plain == "style" or (plain == "href" and value[:1] != "#") or is_foreign_address:
            return plain
    return ""


def _pixels(text: str) -> int:
    number = text.removesuffix("px").split(".")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
