"""The theme's static files under fingerprinted names, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import posixpath
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FINGERPRINT_CHARACTERS = 10
_CSS_ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#)([^"')]+)["']?\s*\)""")

_CSS_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|url\([^"')]*\)|/\*!.*?\*/)|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
"""A comment; or, as a group, what may look like one: a text, an address, a licence to be kept."""


@dataclass(frozen=True)
class Asset:
    """One static file of the theme as it is published."""

    path: str
    """Below the host, with a leading slash."""

    content: bytes

    @property
    def integrity(self) -> str:
        """Its digest as a page states it of a script: https://www.w3.org/TR/sri-2/."""
        return f"sha384-{b64encode(hashlib.sha384(self.content).digest()).decode()}"


class ThemeFiles:
    """The theme's static files as templates ask for them, by their name below `static/`."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._assets = assets

    def __call__(self, name: str) -> str:
        """Return the published address."""
        return self._assets[name].path

    def integrity(self, name: str) -> str:
        """Return what a browser holds the file against before it runs it."""
        return self._assets[name].integrity


def load_assets(theme: Path) -> Mapping[str, Asset]:
    """Return the theme's static files by their name below `static/`; style sheets point to fingerprinted names."""
    static = theme / "static"
    names = sorted(str(file.relative_to(static).as_posix()) for file in static.rglob("*") if file.is_file())
    assets: dict[str, Asset] = {}
    for name in sorted(names, key=lambda name: (name.endswith(".css"), name)):
        content = (static / name).read_bytes()
        if name.endswith(".css"):
            content = _point_to_assets(slim(content.decode("utf-8")), name, assets).encode("utf-8")
        assets[name] = Asset(f"/assets/{_fingerprinted(name, content)}", content)
    return assets


def slim(css: str) -> str:
    """Return a style sheet without its comments and indentation, which no browser reads."""
    bare = _CSS_COMMENT.sub(lambda match: match[1] or " ", css)
    return "".join(f"{line.strip()}\n" for line in bare.splitlines() if line.strip())


def _fingerprinted(name: str, content: bytes) -> str:
    stem, ending = posixpath.splitext(name)
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:_FINGERPRINT_CHARACTERS]}{ending}"


def _point_to_assets(css: str, name: str, assets: Mapping[str, Asset]) -> str:
    """Rewrite a style sheet's addresses to the fingerprinted names, relative so that they hold under any mount."""

    def rewrite(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[1]))
        if target not in assets:
            return match[0]
        here = posixpath.dirname(f"/assets/{name}")
        return f'url("{posixpath.relpath(assets[target].path, here)}")'

    return _CSS_ADDRESS.sub(rewrite, css)
