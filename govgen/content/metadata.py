"""What a picture file tells besides the picture – where, when and with what it was taken – and the file without it.

Files are taken apart into pieces and put together again without those that no picture needs. Nothing is decoded, so
nothing is lost, and what is no proper file comes out as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

_SCAN_END = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
_PNG_KEPT = frozenset(
    "IHDR PLTE tRNS IDAT IEND cHRM gAMA sRGB iCCP cICP sBIT bKGD pHYs acTL fcTL fdAT".split(),
)
_WEBP_KEPT = frozenset(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"])
_WEBP_NOTES = 0x08 | 0x04
"""The bits of VP8X that announce EXIF and XMP."""

_ORIENTATION = 0x0112
_EXIF_HEAD = b"Exif\0\0"


class Piece(NamedTuple):
    """A part of a picture file."""

    name: str
    content: bytes
    """With the head that names it."""

    payload: bytes = b""


def strip_metadata(content: bytes, ending: str) -> bytes:
    """Return a picture's file with nothing in it but what the picture needs."""
    kept = b"".join(piece.content for piece in _take_apart(content, ending) if _IS_KEPT[ending](piece))
    return _mend_webp(kept) if ending == "webp" else kept


def is_animated(content: bytes, ending: str) -> bool:
    """Tell whether a picture moves."""
    if ending in ("jpg", "jpeg"):
        return False
    names = [piece.name for piece in _take_apart(content, ending)]
    return names.count("image") > 1 or "acTL" in names or "ANIM" in names


def read_orientation(content: bytes, ending: str) -> int:
    """Return how a camera was held, as EXIF says it: 1 for upright, up to 8."""
    for piece in _take_apart(content, ending):
        exif = piece.payload
        if piece.name == "ff e1" and exif.startswith(_EXIF_HEAD):
            return _orientation_of(exif.removeprefix(_EXIF_HEAD))
        if piece.name in ("eXIf", "EXIF"):
            return _orientation_of(exif.removeprefix(_EXIF_HEAD))
        if piece.name in ("ff da", "IDAT"):
            break
    return 1


def _orientation_of(tiff: bytes) -> int:
    if tiff[:2] not in (b"II", b"MM"):
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if tiff[:2] == b"II" else "big")

    start = number(4, 4)
    for at in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        if number(at, 2) == _ORIENTATION:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def _take_apart(content: bytes, ending: str) -> Iterator[Piece]:
    return _PIECES[ending](content)


def _jpeg_pieces(content: bytes) -> Iterator[Piece]:
    """Yield a JPEG's segments up to its end; what is hidden behind that, such as a film, is no part of it."""
    yield Piece("ff d8", content[:2])
    at = 2
    while True:
        at = content.find(b"\xff", at)
        while at >= 0 and content[at + 1 : at + 2] == b"\xff":
            at += 1
        if at < 0 or at + 2 > len(content):
            return
        name = f"ff {content[at + 1]:02x}"
        if name == "ff d9":
            yield Piece(name, b"\xff\xd9")
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        payload = content[at + 4 : end]
        if name == "ff da":
            match = _SCAN_END.search(content, end)
            end = match.start() if match else len(content)
        yield Piece(name, content[at:end], payload)
        at = max(end, at + 2)


def _png_pieces(content: bytes) -> Iterator[Piece]:
    yield Piece("signature", content[:8])
    at = 8
    while at + 8 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8].decode("latin-1")
        yield Piece(name, content[at:end], content[at + 8 : end - 4])
        at = end
        if name == "IEND":
            return


def _webp_pieces(content: bytes) -> Iterator[Piece]:
    yield Piece("RIFF", content[:12])
    at, last = 12, min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    while at + 8 <= last:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        yield Piece(content[at : at + 4].decode("latin-1"), content[at:end], content[at + 8 : at + 8 + size])
        at = end


def _gif_pieces(content: bytes) -> Iterator[Piece]:
    at = 13 + _table_bytes(content[10:11])
    yield Piece("head", content[:at])
    while at < len(content):
        start, kind = at, content[at]
        if kind == 0x2C:
            name = "image"
            at += 11 + _table_bytes(content[at + 9 : at + 10])
        elif kind == 0x21:
            name = content[at + 1 : at + 2].hex()
            at += 2
        else:
            yield Piece("end", b"\x3b")
            return
        blocks = at
        while at < len(content) and content[at]:
            at += 1 + content[at]
        at += 1
        yield Piece(name, content[start:at], content[blocks:at])


def _table_bytes(flags: bytes) -> int:
    """Return the size of the colour table that a GIF's flags announce."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _is_kept_jpeg(piece: Piece) -> bool:
    kind = int(piece.name[3:], 16)
    if kind == 0xE0:  # With a small picture in it, which may show what was cut away, it is longer.
        return piece.payload.startswith(b"JFIF\0") and len(piece.payload) == 14
    if kind == 0xE2:
        return piece.payload.startswith(b"ICC_PROFILE\0")
    return kind == 0xEE or not (0xE1 <= kind <= 0xEF or kind == 0xFE)


def _is_kept_gif(piece: Piece) -> bool:
    is_loop = piece.name == "ff" and piece.payload[1:12] in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
    return piece.name in ("head", "image", "f9", "end") or is_loop


def _mend_webp(content: bytes) -> bytes:
    """Return a WebP file whose head says how long it is now, and that nothing else is in it."""
    mended = bytearray(content)
    if len(mended) < 12:
        return content
    mended[4:8] = (len(content) - 8).to_bytes(4, "little")
    if mended[12:16] == b"VP8X" and len(mended) > 20:
        mended[20] &= ~_WEBP_NOTES & 0xFF
    return bytes(mended)


_PIECES: Mapping[str, Callable[[bytes], Iterator[Piece]]] = {
    "jpg": _jpeg_pieces,
    "jpeg": _jpeg_pieces,
    "png": _png_pieces,
    "webp": _webp_pieces,
    "gif": _gif_pieces,
}
_IS_KEPT: Mapping[str, Callable[[Piece], bool]] = {
    "jpg": _is_kept_jpeg,
    "jpeg": _is_kept_jpeg,
    "png": lambda piece: piece.name in _PNG_KEPT or piece.name == "signature",
    "webp": lambda piece: piece.name in _WEBP_KEPT or piece.name == "RIFF",
    "gif": _is_kept_gif,
}
