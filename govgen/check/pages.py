"""The door to Beautiful Soup: built pages, read back from disk as a citizen's browser would get them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag


@dataclass(frozen=True)
class BuiltPage:
    """One HTML file of an output folder."""

    root: Path
    path: str
    """Relative to the output folder; begins with its host."""

    soup: BeautifulSoup

    @property
    def host(self) -> str:
        """The host that serves it."""
        return self.path.split("/")[0]

    @property
    def is_redirect(self) -> bool:
        """Whether it only leads somewhere else."""
        return self.soup.find("meta", attrs={"http-equiv": "refresh"}) is not None

    def attributes(self, name: str, attribute: str) -> Iterator[str]:
        """Yield an attribute of all elements of a name that have it."""
        for element in self.soup.find_all(name):
            if isinstance(element, Tag) and isinstance(element.get(attribute), str):
                yield str(element[attribute])

    def find_file(self, href: str) -> Path | None:
        """Return the file an address leads to, whether it is there or not; None for addresses outside the county."""
        parts = urlsplit(href)
        host = parts.hostname or self.host
        if parts.scheme not in ("", "http", "https") or not (self.root / host).is_dir():
            return None
        path = unquote(parts.path)
        if not parts.netloc and not path.startswith("/"):
            base = "/" + self.path.partition("/")[2]
            path = base if not path else f"{base.rpartition('/')[0]}/{path}"
        path = path or "/"
        return self.root / host / (f"{path}index.html" if path.endswith("/") else path).lstrip("/")


def read_pages(output: Path) -> Iterator[BuiltPage]:
    """Yield every HTML page of an output folder, by path."""
    for file in sorted(output.rglob("*.html")):
        content = file.read_bytes()
        yield BuiltPage(output, file.relative_to(output).as_posix(), BeautifulSoup(content, "html.parser"))
