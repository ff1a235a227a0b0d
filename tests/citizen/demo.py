"""The demo county built and served as it will be, and one page of every type it has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.events import Silence
from govgen.model.build import BuildReport
from govgen.model.county import County
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.release.packing import is_packable, pack
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests import nginx
from tests.world import NOON, PROJECT

DOMAIN = "yunling.gov.example"
PORTAL = f"www.{DOMAIN}"

_PARTS = ("content", "sites", "themes", "pelicanconf.py")

_ADDED = {
    "content/qingshui/notices/2026-11-03-chehui.md": "---\ntitle: 关于调整赶集日的通知\nstatus: withdrawn\n---\n文\n",
    "content/portal/about/welcome.md": (
        "---\ntitle: Welcome to Yunling\nlang: en\n---\n## Where it is\n\nA county in the hills.\n\n"
        "## What to see\n\nThe river, and [the county's parts](xingzheng-quhua.md).\n"
    ),
}
"""What the demo county has not, since no county has it on an ordinary day, but citizens may meet."""

_BANNERS = """
[[banners]]
text = "云岭江超过警戒水位，沿江各村请按村里的通知转移。值班电话 0000-1234110"
url = "https://www.yunling.gov.example/notices/"
level = "alert"
ends = "2026-11-25 08:00"

[[banners]]
text = "11月28日零时至6时，网上办事暂停。"
ends = "2026-11-28 06:00"
"""

_TYPE = """
    SELECT artifacts.output, artifacts.kind, artifacts.size_bytes, sites.kind AS section_kind,
           documents.validity, documents.phase, documents.language, documents.path IS NOT NULL AS is_document,
           EXISTS(SELECT 1 FROM listings WHERE listings.site = artifacts.site AND section = subject) AS is_list
    FROM artifacts LEFT JOIN documents ON documents.path = artifacts.subject
    LEFT JOIN section_kinds AS sites ON sites.site = artifacts.site AND sites.section = artifacts.subject
    WHERE artifacts.is_page AND artifacts.digest != '' ORDER BY artifacts.output
"""


@dataclass(frozen=True)
class TypedPage:
    """A page and what citizens would call its type: a policy that was repealed, a list of letters."""

    path: str
    """Relative to the output folder; begins with its host."""

    type: str
    size_bytes: int
    is_document: bool
    is_list: bool
    """Whether documents are listed on it."""

    @property
    def is_missing(self) -> bool:
        """Whether it stands for addresses without a page: a server sends it with 404."""
        return self.path.endswith("/404.html")


@dataclass(frozen=True)
class Demo:
    """The demo county, built."""

    root: Path
    """The folder that holds `current`, as a web server is given it."""

    output: Path
    county: County
    report: BuildReport
    pages: tuple[TypedPage, ...]

    @property
    def of_types(self) -> Mapping[str, tuple[TypedPage, ...]]:
        """All pages by type, types by name."""
        names = sorted({page.type for page in self.pages})
        return {name: tuple(page for page in self.pages if page.type == name) for name in names}

    @property
    def fullest(self) -> Mapping[str, TypedPage]:
        """The page of each type that says most; nothing a type can have is likelier to be on another."""
        return {name: max(pages, key=lambda page: page.size_bytes) for name, pages in self.of_types.items()}


def build_demo(folder: Path, *, is_packed: bool = False, has_additions: bool = True) -> Demo:
    """Build the demo county below a folder; packed, as a publish packs it for the wire."""
    county = folder / "county"
    county.mkdir(parents=True)
    for part in _PARTS:
        (shutil.copytree if (PROJECT / part).is_dir() else shutil.copy)(PROJECT / part, county / part)
    if has_additions:
        for name, text in _ADDED.items():
            (county / name).write_text(text, encoding="utf-8")
        with (county / "sites/longtan.toml").open("a", encoding="utf-8") as site:
            site.write(_BANNERS)
    output = folder / "root/releases/r1/sites"
    options = BuildOptions(output, folder / "catalog.sqlite", Audience(NOON))
    report = build(Checkout(county), options, Silence())
    (folder / "root/current").symlink_to("releases/r1")
    if is_packed:
        _pack(output)
    with_kinds = load_county(Checkout(county))
    return Demo(folder / "root", output, with_kinds, report, tuple(_typed_pages(options.catalog, with_kinds)))


def _pack(output: Path) -> None:
    for file in [file for file in output.rglob("*") if file.is_file() and is_packable(file.name)]:
        for ending, content in pack(file.read_bytes()).items():
            file.with_name(file.name + ending).write_bytes(content)


def _typed_pages(catalog: Path, county: County) -> Iterator[TypedPage]:
    homes = {site.host: site.kind.value for site in county.sites}
    opened = Catalog.open(catalog)
    try:
        for row in opened.rows(_TYPE):
            of_section = row["section_kind"] if row["kind"] == "section" else ""
            # The portal's sections list what other sites have, even where it has nothing itself.
            if of_section not in ("", "pages") and not row["is_list"] and not row["output"].startswith(PORTAL):
                of_section = "blank"
            variant = of_section or row["validity"] or row["phase"] or row["language"] or ""
            if row["kind"] == "home":
                variant = homes[row["output"].partition(".")[0]]
            type = "-".join(filter(None, (row["kind"], variant)))
            yield TypedPage(row["output"], type, row["size_bytes"], bool(row["is_document"]), bool(row["is_list"]))
    finally:
        opened.close()


@contextmanager
def serve_demo(demo: Demo, folder: Path) -> Iterator[nginx.Server]:
    """Serve the demo county as a citizen gets it: the real nginx, the configuration the program writes, https."""
    with nginx.serve(demo.root, demo.county, folder, certificate=nginx.make_certificate(folder)) as server:
        yield server


def browser_flags(server: nginx.Server, pin: str = "") -> tuple[str, ...]:
    """Return the flags of a Chromium that finds the county's hosts on a server of this machine, and no other host.

    A certificate known by its pin is a good one; where any is let pass, nothing of its pages is kept in a cache.
    """
    ports = f"MAP *.example:80 127.0.0.1:{server.port}, MAP *.example:443 127.0.0.1:{server.tls_port}"
    rules = f"{ports}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    trust = f"--ignore-certificate-errors-spki-list={pin}" if pin else "--ignore-certificate-errors"
    return (f"--host-resolver-rules={rules}", trust)


def url_of(path: str) -> str:
    """Return the address of the page at `host/path`."""
    return f"https://{path.removesuffix('index.html')}"
