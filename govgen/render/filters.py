"""The filters templates use: dates, sizes, where the reader is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape


def format_date(moment: datetime) -> str:
    """Return a date as 2026-03-01."""
    return f"{moment:%Y-%m-%d}"


def format_datetime(moment: datetime) -> str:
    """Return a moment as 2026-03-01 09:00, the form 《政府网站发展指引》 asks for."""
    return f"{moment:%Y-%m-%d %H:%M}"


def format_isotime(moment: datetime) -> str:
    """Return a moment as machines read it, 2026-03-01T09:00:00+08:00."""
    return moment.isoformat()


def format_filesize(size_bytes: int) -> str:
    """Return a size as readers read it: 512 B, 128 KB, 2.4 MB."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def mark_current(html: Markup, href: str) -> Markup:
    """Return links with the one to `href` marked as the page they stand on."""
    link = f'href="{escape(href)}"'
    return Markup(str(html).replace(link, f'{link} aria-current="page"', 1)) if href else html


FILTERS: Mapping[str, Callable[..., Any]] = {
    "date": format_date,
    "datetime": format_datetime,
    "isotime": format_isotime,
    "filesize": format_filesize,
    "current": mark_current,
}
