"""Links of the demo county without a script: all lead somewhere, and every document is a few clicks away."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

from tests.citizen.demo import PORTAL, Demo, build_demo, url_of
from tests.world import COUNTY, PROJECT, World

CLICKS = 4

_LINK = re.compile(r'<(?:a|area)\s[^>]*?\bhref="([^"]*)"')
_ANCHOR = re.compile(r'\s(?:id|name)="([^"]*)"')


@dataclass(frozen=True)
class Text:
    """The text of a built page, and its address."""

    path: str
    html: str

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Where its links lead: `host/path` of the file, and the fragment."""
        return tuple(self._find_links())

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a fragment may name on it."""
        return frozenset(html.unescape(name) for name in _ANCHOR.findall(self.html))

    def _find_links(self) -> Iterator[tuple[str, str]]:
        for link in _LINK.findall(self.html):
            address, fragment = urldefrag(urljoin(url_of(self.path), html.unescape(link)))
            parts = urlsplit(address)
            if parts.scheme in ("http", "https"):
                path = unquote(parts.path) or "/"
                yield f"{parts.netloc}{path}{'index.html' if path.endswith('/') else ''}", unquote(fragment)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Build the demo county once."""
    return build_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def texts(demo: Demo) -> Mapping[str, Text]:
    """Read every page of the county, by `host/path`."""
    paths = [file.relative_to(demo.output).as_posix() for file in sorted(demo.output.rglob("*.html"))]
    return {path: Text(path, (demo.output / path).read_text(encoding="utf-8")) for path in paths}


def distances(texts: Mapping[str, Text]) -> Mapping[str, int]:
    """Return how many clicks away from the portal's home each page is that links lead to."""
    found = {f"{PORTAL}/index.html": 0}
    edge = list(found)
    while edge:
        reached = {goal for path in edge for goal, _ in texts[path].links if goal in texts and goal not in found}
        found |= dict.fromkeys(reached, found[edge[0]] + 1)
        edge = sorted(reached)
    return found


def test_every_link_and_every_fragment_of_the_county_leads_somewhere(demo: Demo, texts: Mapping[str, Text]) -> None:
    hosts = {folder.name for folder in demo.output.iterdir() if folder.is_dir()}
    dead = []
    for text in texts.values():
        for goal, fragment in text.links:
            if goal.partition("/")[0] not in hosts:
                continue
            if not (demo.output / goal).is_file():
                dead.append(f"{text.path}: {goal}")
            elif fragment and goal in texts and fragment not in texts[goal].anchors:
                dead.append(f"{text.path}: {goal}#{fragment}")
    assert not dead, "\n".join(dead[:20])


def test_every_page_is_four_clicks_from_the_portal_without_a_script(demo: Demo, texts: Mapping[str, Text]) -> None:
    found = distances(texts)
    # Sections without a document are not navigation, what was withdrawn is listed nowhere, and the page of the
    # design is for who makes the theme.
    linked = [page for page in demo.pages if page.is_document or page.is_list or not page.type.startswith("section")]
    left_out = {"404", "withdrawn", "design"}
    ways = {page.path: found.get(page.path, 99) for page in linked if page.type not in left_out}
    lost = sorted(path for path, clicks in ways.items() if clicks > CLICKS)
    deepest = max(ways, key=lambda path: ways[path])
    assert not lost, f"{len(lost)} pages, the deepest is {deepest}, {ways[deepest]} clicks away; {lost[:5]}"
    assert len({page.path for page in demo.pages if page.is_document} & found.keys()) > 250


def test_an_old_document_of_a_village_is_four_clicks_away_in_a_county_full_of_newer_ones(tmp_path: Path) -> None:
    county = World(tmp_path / "county")
    county.write("sites/_county.toml", f"{COUNTY}\n[lists]\nsection = 3\nhome = 3\nper_site = 3\n")
    for place in ("qingshui/villages/shanghe/news", "qingshui/news", "mzj/news", "portal/notices"):
        for month, day in product((3, 7, 11), range(1, 8)):
            county.write(
                f"content/{place}/2026-{month:02}-{day:02}-wen.md", f"---\ntitle: {place} {month} {day}\n---\n文\n"
            )
    output = county.build().output
    paths = [file.relative_to(output).as_posix() for file in sorted(output.rglob("*.html"))]
    found = distances({path: Text(path, (output / path).read_text(encoding="utf-8")) for path in paths})
    documents = {path: found.get(path, 99) for path in paths if path.endswith("-wen.html")}
    assert len(documents) == 84
    assert max(documents.values()) <= CLICKS, max(documents, key=lambda path: documents[path])


def test_every_attachment_and_picture_of_a_list_is_linked_from_a_page(demo: Demo, texts: Mapping[str, Text]) -> None:
    linked = {goal for text in texts.values() for goal, _ in text.links}
    files = {file.relative_to(demo.output).as_posix() for file in demo.output.rglob("files/**/*") if file.is_file()}
    assert files
    assert files - linked == set()


def test_every_host_has_the_icon_browsers_ask_for_by_themselves(demo: Demo) -> None:
    icon = (PROJECT / "themes/county/static/img/favicon.ico").read_bytes()
    hosts = [folder for folder in demo.output.iterdir() if folder.is_dir()]
    assert len(hosts) == len(demo.county.sites)
    assert all((host / "favicon.ico").read_bytes() == icon for host in hosts)


def test_another_icon_takes_its_place(tmp_path: Path) -> None:
    county = World(tmp_path / "county")
    county.build()
    county.write("themes/county/static/img/favicon.ico", b"another")
    assert (county.build().output / PORTAL / "favicon.ico").read_bytes() == b"another"
