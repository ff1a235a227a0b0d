"""Pictures for small worlds: photographs as cameras and telephones write them, and what a build made of them."""

from __future__ import annotations

import io
import random

from bs4 import Tag
from PIL import Image

from tests.world import QINGSHUI, Built

FOLDER = "content/qingshui/news"
IMAGES = f"{QINGSHUI}/images/news"
SECRET = b"25.0438N 102.7066E"


def photo(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a picture that no two corners of are alike, with enough in it to be a photograph."""
    random.seed(width * height)
    small = Image.frombytes("RGB", (64, 48), random.randbytes(64 * 48 * 3))
    picture = small.resize((width, height), Image.Resampling.BICUBIC)
    picture.paste("#ff0000", (0, 0, width // 4, height // 4))
    return picture.convert(mode)


def file_of(picture: Image.Image, format: str, **options: object) -> bytes:
    """Return a picture's file."""
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """Return what a telephone writes into its pictures: how it was held, and where."""
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010E] = SECRET.decode()
    notes.get_ifd(0x8825)[2] = (25.0, 2.0, 37.0)
    return notes


def notice(body: str, head: str = "") -> str:
    """Return a news item."""
    return f"title: 题目\ndate: 2026-03-01\n{head}\n{body}\n"


def opened(built: Built, path: str) -> Image.Image:
    """Return a published picture."""
    return Image.open(io.BytesIO((built.output / path).read_bytes()))


def images(built: Built, page: str = f"{QINGSHUI}/news/wen.html") -> list[Tag]:
    """Return the pictures in the main part of a page."""
    return built.page(page).select("main img")


def published(built: Built) -> dict[str, bytes]:
    """Return all published files of pictures."""
    return {path: content for path, content in built.files().items() if path.startswith(IMAGES)}
