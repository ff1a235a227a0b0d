"""The other half of the door to Pillow: decodes pictures and makes smaller ones; runs in child processes only."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import PIL
from PIL import Image, ImageCms, ImageFile

from govgen.content.metadata import read_orientation, strip_metadata
from govgen.content.pictures import FORMATS, LYING, Size
from govgen.content.variants import WIDTHS, variants_of

_RECIPE = 1
"""One more whenever this file makes other bytes from the same picture."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_QUALITY_WEBP, _QUALITY_DRAWING, _QUALITY_JPEG, _QUALITY_WHOLE = 75, 85, 80, 90
_DRAWING_COLOURS = 1024
"""What has fewer is drawn, not photographed: its edges are kept sharp."""

_BLANK = (230, 230, 230)
_DECODING_FAULTS = (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, IndexError, TypeError)
"""What Pillow raises for pictures that break off or contradict themselves."""


@dataclass(frozen=True)
class Scaled:
    """The files made from a picture, by variant; the empty one is the picture's own."""

    files: Mapping[str, bytes]
    is_whole: bool
    """False where it could not be decoded to its end."""


def recipe() -> str:
    """Return what stands for how pictures are made: the same recipe makes the same bytes."""
    return f"{_RECIPE}-{PIL.__version__}"


def scale_picture(content: bytes, ending: str, size: Size) -> Scaled:
    """Return a picture without metadata, and in all the sizes it is published in; upright, in the colours of the web.

    What can't be decoded is grey from there on.
    """
    orientation = read_orientation(content, ending)
    if not size.widths and orientation == 1:
        return Scaled({"": strip_metadata(content, ending)}, is_whole=True)
    with warnings.catch_warnings():
        # Of faulty notes in the file; how large it may be was looked at before.
        warnings.simplefilter("ignore")
        picture, is_whole = _decode(content, ending, size, orientation)
    picture = _to_web_colours(picture)
    is_drawing = ending in ("png", "gif") and _is_drawing(picture)
    if orientation in _TURNS:
        picture = picture.transpose(_TURNS[orientation])
        files = {"": _encode(picture, ending, _QUALITY_WHOLE)}
    else:
        files = {"": strip_metadata(content, ending)}
    return Scaled({**files, **_make_variants(picture, ending, size, is_drawing=is_drawing)}, is_whole)


def blank_picture(content: bytes, ending: str, size: Size) -> Scaled:
    """Return what stands for a picture that can't be decoded at all."""
    picture = Image.new("RGB", (size.width, size.height), _BLANK)
    variants = _make_variants(picture, ending, size, is_drawing=True)
    return Scaled({"": strip_metadata(content, ending), **variants}, is_whole=False)


def _decode(content: bytes, ending: str, size: Size, orientation: int) -> tuple[Image.Image, bool]:
    """Return a picture as it lies in its file, as far as it can be decoded; and whether that is to its end."""
    for may_break_off in (False, True):
        ImageFile.LOAD_TRUNCATED_IMAGES = may_break_off
        try:
            with Image.open(io.BytesIO(content), formats=[FORMATS[ending]]) as picture:
                if orientation == 1:
                    # A JPEG decodes several times as fast to a half or a quarter.
                    picture.draft(None, (min(WIDTHS[-1], size.width), 1))
                picture.load()
                return picture, not may_break_off
        except _DECODING_FAULTS:
            continue
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
    lying = (size.height, size.width) if orientation in LYING else (size.width, size.height)
    return Image.new("RGB", lying, _BLANK), False


def _is_drawing(picture: Image.Image) -> bool:
    """Tell whether a picture has few colours; looked at in some of its pixels only."""
    some = picture.resize((min(picture.width, 256), min(picture.height, 256)), Image.Resampling.NEAREST)
    return some.getcolors(_DRAWING_COLOURS) is not None


def _to_web_colours(picture: Image.Image) -> Image.Image:
    """Return a picture in sRGB, with transparency if it has any."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        try:
            return _convert_profile(picture, profile)
        except (ImageCms.PyCMSError, *_DECODING_FAULTS):
            pass  # A profile nobody understands; browsers pass it over, too.
    if picture.mode.startswith("I") or picture.mode == "F":
        # Sixteen bits a pixel: the eight that can be seen.
        picture = picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _convert_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    web = ImageCms.createProfile("sRGB")
    mode = "RGB" if picture.mode == "CMYK" else picture.mode
    converted = ImageCms.profileToProfile(picture, known, web, outputMode=mode)
    assert converted is not None
    return converted


def _make_variants(picture: Image.Image, ending: str, size: Size, *, is_drawing: bool) -> dict[str, bytes]:
    files = {}
    # From the widest on, each made from the one before.
    for variant in sorted(variants_of(ending, size.widths), key=lambda name: -int(name.split(".")[0])):
        width, to = variant.split(".")
        height = max(1, round(int(width) * size.height / size.width))
        if picture.size != (int(width), height):
            picture = picture.resize((int(width), height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        if to != "webp":
            files[variant] = _encode(picture, to, _QUALITY_JPEG)
        elif is_drawing:
            # Without any loss, if that is not paid for: it is where the picture is no smaller than it was drawn.
            forms = _encode(picture, to, _QUALITY_DRAWING), _encode(picture, to, 0, is_exact=True)
            files[variant] = min(forms, key=len)
        else:
            files[variant] = _encode(picture, to, _QUALITY_WEBP)
    return files


def _encode(picture: Image.Image, ending: str, quality: int, *, is_exact: bool = False) -> bytes:
    """Return a picture's file, with nothing in it but pixels."""
    picture.info.clear()
    stream = io.BytesIO()
    if ending == "webp" and is_exact:
        picture.save(stream, "WEBP", lossless=True, quality=75, method=2)
    elif ending == "webp":
        picture.save(stream, "WEBP", quality=quality, method=4)
    elif ending in ("jpg", "jpeg"):
        picture.convert("RGB").save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
    else:
        picture.save(stream, FORMATS[ending])
    return stream.getvalue()
