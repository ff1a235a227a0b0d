"""What a page carries besides words: pictures, files to take along, codes to scan, figures to be seen at a glance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A picture in the sizes there are of it."""

    src: str
    """What a browser without WebP loads."""

    srcset: str
    """The WebP files with their widths; empty where there is only the one file."""

    width: int
    """In pixels; 0 where nobody knows."""

    height: int
    sizes: str
    """How wide it stands in an article, as a page states it."""


@dataclass(frozen=True)
class Code:
    """A QR code."""

    path: str
    """Its dark modules as an SVG path, one unit a module."""

    modules: int
    """Along one side."""


@dataclass(frozen=True)
class Attachment:
    """A file a document carries."""

    name: str
    """What the reader sees: the title given, or the file's name."""

    href: str
    file_name: str
    """The name it is saved under."""

    type: str
    """PDF, DOCX, XLSX, CSV, …"""

    size_bytes: int


@dataclass(frozen=True)
class KeyFigure:
    """A figure that a dataset puts forward, as its editor wrote it."""

    name: str
    value: str
    unit: str
    period: str
    """What it is of: 2026年前三季度."""

    change: str
    """How it compares, in words."""

    trend: tuple[str, ...]
    """The values of the periods before it and its own, oldest first; or none."""

    trend_name: str
    """What the trend is of and since when."""
