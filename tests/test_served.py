"""What citizens get over HTTP is held against what was published: with a real nginx, and with servers that lie."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from govgen.deploy.http import find_unserved
from govgen.errors import UsageError
from govgen.release.listing import Entry
from govgen.release.store import Store
from tests.nginx import Server, county_of, make_certificate, serve
from tests.test_verify import serving, verify
from tests.world import MZJ, PORTAL, World

PAGE = f"{MZJ}/news/2026-01-01-a.html"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a published county, a township of which is mounted at a path; one page has an old address."""
    county = World(tmp_path_factory.mktemp("origin") / "county")
    text = (county.root / "sites/qingshui.toml").read_text(encoding="utf-8")
    county.write("sites/qingshui.toml", text.replace("kind =", 'mount = "path"\nkind ='))
    county.write("content/mzj/news/2026-01-01-a.md", "---\ntitle: 甲\naliases: [/old/a.html]\n---\n正文。\n")
    assert county.run("publish").returncode == 0
    return county


@pytest.fixture
def county(origin: World, tmp_path: Path) -> World:
    """Return a copy of the county."""
    return origin.copy(tmp_path / "county")


@contextmanager
def shown(county: World, folder: Path, root: Path | None = None, **changes: Any) -> Iterator[Server]:
    """Serve what is live in the county's store, or in another, with a real nginx."""
    with serve(root or county.root / ".govgen", county_of(county), folder, **changes) as server:
        yield server


def of_earlier_release(county: World, folder: Path) -> Path:
    """Return what a web server shows that was not told of the newest release."""
    folder.mkdir()
    (folder / "current").symlink_to(min((county.root / ".govgen/releases").iterdir()))
    return folder


def test_a_real_server_serves_what_was_published(county: World, tmp_path: Path) -> None:
    root = county.root / ".govgen"
    with shown(county, tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}"
        answer = verify("--root", root, "--url", url)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert f"与发布时一样：{url}" in answer.stdout
        # Every entry was asked for, in all its forms.
        count = sum(len(listing.entries) for listing in listings(root))
        assert count > 300
        page = next(p for p in root.glob(f"trees/*/{PAGE}.gz"))
        page.chmod(0o644)
        page.write_bytes(gzip.compress(b"<h1>defaced</h1>"))
        (root / "current/sites" / PORTAL / "index.html").resolve().unlink()
        answer = county.run("verify", "--url", url, "--json")
        assert answer.returncode == 1
        unserved = {(one["path"], one["fault"], one["found"][:3]) for one in json.loads(answer.stdout)["unserved"]}
        assert {path for path, _, _ in unserved} >= {f"{PAGE}.gz", f"{PORTAL}/index.html"}
        assert (f"{PORTAL}/index.html", "status", "404") in unserved
        assert county.run("verify", "--heal").returncode == 1
        assert county.run("verify", "--url", url).returncode == 0
    answer = county.run("verify", "--url", url)
    assert answer.returncode == 1
    assert "连不上" in answer.stdout


def listings(root: Path) -> list[object]:
    """Return the listings of what is live."""
    store = Store(root)
    live = store.find_live()
    assert live is not None
    return list(store.read_listings([site.tree for site in live.manifest.sites.values()]))


def test_names_and_certificates_are_checked_over_tls(county: World, tmp_path: Path) -> None:
    root = county.root / ".govgen"
    (tmp_path / "other").mkdir()
    certificate = make_certificate(tmp_path)
    other = make_certificate(tmp_path / "other", "elsewhere.example")
    with shown(county, tmp_path, certificate=certificate) as server:
        url = f"https://127.0.0.1:{server.tls_port}"
        answer = verify("--root", root, "--url", url, "--ca", certificate.file)
        assert answer.returncode == 0, answer.stdout
        answer = verify("--root", root, "--url", url)
        assert answer.returncode == 1
        assert "certificate verify failed" in answer.stdout
    with shown(county, tmp_path, certificate=other) as server:
        answer = verify("--root", root, "--url", f"https://127.0.0.1:{server.tls_port}", "--ca", other.file)
        assert answer.returncode == 1
        assert "Hostname mismatch" in answer.stdout


# A publish looks at what it put live


def write_news(county: World, title: str) -> None:
    """Write the one document anew."""
    county.write("content/mzj/news/2026-01-01-a.md", f"---\ntitle: {title}\naliases: [/old/a.html]\n---\n正文。\n")


def test_a_publish_says_what_is_not_served_and_that_it_is_live(county: World, tmp_path: Path) -> None:
    store = Store(county.root / ".govgen")
    with shown(county, tmp_path) as server:
        county.write("targets.toml", f'[public]\nurl = "http://127.0.0.1:{server.port}"\n')
        write_news(county, "乙")
        answer = county.run("publish")
        assert answer.returncode == 0, answer.stderr
    before = store.find_live_id()
    with shown(county, tmp_path, of_earlier_release(county, tmp_path / "earlier")) as server:
        county.write("targets.toml", f'[public]\nurl = "http://127.0.0.1:{server.port}"\n')
        write_news(county, "丙")
        answer = county.run("publish")
        live = store.find_live_id()
        assert live > before
        assert answer.returncode == 3
        assert f"已经切换到 {live}" in answer.stderr
        assert f"/news/2026-01-01-a.html ({MZJ}) (bytes" in answer.stderr
        assert "govgen rollback" in answer.stderr
        assert "Traceback" not in answer.stderr
        answer = county.run("verify")
        assert answer.returncode == 1
        assert f"/news/2026-01-01-a.html ({MZJ})：内容与发布的不一样" in answer.stdout
        # What the server shows is what the county goes back to.
        answer = county.run("rollback", min(store.ids()))
        assert answer.returncode == 0, answer.stderr
        assert county.run("rollback", before).returncode == 3


def test_a_publish_without_an_address_reads_through_the_link(county: World) -> None:
    assert county.run("publish").returncode == 0
    folder = county.root / ".govgen/trees"
    county.write("content/mzj/news/2026-01-01-a.md", "---\ntitle: 乙\n---\n正文。\n")
    # A home page that nobody published goes on being wrong.
    page = next(folder.glob(f"*/{PORTAL}/index.html"))
    page.chmod(0o644)
    page.write_bytes(b"defaced")
    county.write("content/portal/news/_adopted.toml", "documents = []\n")
    answer = county.run("publish", "--site", "mzj")
    assert answer.returncode == 3
    assert f"{PORTAL}/index.html" in answer.stderr


# Servers that lie


BODY = b"<!doctype html><title>a</title>" + b"x" * 500


class Honest(BaseHTTPRequestHandler):
    """Serves one page of one host, packed for who wants it, and a page for what is not there."""

    protocol_version = "HTTP/1.1"
    status = 200
    body = BODY
    type = "text/html; charset=utf-8"
    extra: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[tuple[str, str, str]]] = []

    def do_GET(self) -> None:
        asked = (self.headers["Host"], self.path, self.headers["Accept-Encoding"])
        self.asked.append(asked)
        status, body, extra = self.answer(asked)
        self.send_response(status)
        for name, value in {"Content-Type": self.type, "Content-Length": str(len(body)), **extra}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers."""
        if asked[1] == "/moved.html":
            return 301, b"", {"Location": "https://a.example/"}
        if asked[1] != "/":
            return 404, b"not there", {}
        if "gzip" in asked[2]:
            return self.status, gzip.compress(self.body, mtime=0), {"Content-Encoding": "gzip", **self.extra}
        return self.status, self.body, self.extra

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def entry(path: str, content: bytes, goal: str = "") -> Entry:
    """Return a listing's entry."""
    return Entry(path, hashlib.sha256(content).hexdigest(), len(content), goal)


ENTRIES = {
    e.path: e
    for e in (
        entry("a.example/index.html", BODY),
        entry("a.example/index.html.gz", gzip.compress(BODY, mtime=0)),
        entry("a.example/404.html", b"not there"),
        entry("a.example/moved.html", b"moved", "https://a.example/"),
    )
}


class PlainRedirect(Honest):
    """Sends redirects as pages, packs nothing: as a server does that nobody configured."""

    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        """Return status, body and headers."""
        if asked[1] == "/moved.html":
            return 200, b"moved", {}
        return super().answer((asked[0], asked[1], ""))


class OtherBytes(Honest):
    body = BODY + b"<script src=//evil.example></script>"


class SoftNotFound(Honest):
    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        status, body, extra = super().answer(asked)
        return (200 if status == 404 else status), body, extra


class OtherNotFound(Honest):
    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        status, body, extra = super().answer(asked)
        return status, (b"nginx" if status == 404 else body), extra


class OtherGoal(Honest):
    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        if asked[1] == "/moved.html":
            return 301, b"", {"Location": "https://evil.example/"}
        return super().answer(asked)


class OldPacked(Honest):
    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        if asked[1] == "/" and "gzip" in asked[2]:
            return 200, gzip.compress(b"an old page", mtime=0), {"Content-Encoding": "gzip"}
        return super().answer(asked)


class PacksUnasked(Honest):
    def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
        return super().answer((asked[0], asked[1], "gzip"))


class Failing(Honest):
    status = 502


class NoType(Honest):
    type = ""


class WrongType(Honest):
    type = "application/octet-stream"


class HangsUp(Honest):
    def do_GET(self) -> None:
        self.close_connection = True


LIARS: dict[type[Honest], set[tuple[str, str]]] = {
    Honest: set(),
    PlainRedirect: set(),
    OtherBytes: {("index.html", "bytes"), ("index.html.gz", "bytes")},
    SoftNotFound: {("404.html", "status")},
    OtherNotFound: {("404.html", "bytes")},
    OtherGoal: {("moved.html", "goal")},
    OldPacked: {("index.html.gz", "bytes")},
    PacksUnasked: {("index.html", "header")},
    Failing: {("index.html", "status"), ("index.html.gz", "status")},
    NoType: {("index.html", "header"), ("index.html.gz", "header"), ("404.html", "header")},
    WrongType: {("index.html", "header"), ("index.html.gz", "header"), ("404.html", "header")},
    HangsUp: {(path.partition("/")[2], "connection") for path in ENTRIES},
}


@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.__name__)
def test_what_a_server_sends_is_judged(liar: type[Honest]) -> None:
    with serving(liar) as url:
        unserved = find_unserved(url, ENTRIES.values(), ENTRIES)
    assert {(one.path.partition("/")[2], one.fault) for one in unserved} == LIARS[liar]
    assert all(one.url.startswith(url) and one.url.endswith("(a.example)") for one in unserved)


def test_a_line_that_breaks_once_is_no_fault() -> None:
    class BreaksOnce(Honest):
        broken: ClassVar[list[bool]] = []

        def do_GET(self) -> None:
            if self.path == "/" and not self.broken:
                self.broken.append(True)
                self.close_connection = True
                return
            super().do_GET()

    with serving(BreaksOnce) as url:
        assert find_unserved(url, ENTRIES.values(), ENTRIES) == []
    assert BreaksOnce.broken


def test_looking_stops_where_much_is_wrong() -> None:
    class Nothing(Honest):
        asked: ClassVar[list[tuple[str, str, str]]] = []

        def answer(self, asked: tuple[str, str, str]) -> tuple[int, bytes, dict[str, str]]:
            return 500, b"", {}

    entries = {e.path: e for number in range(1000) if (e := entry(f"a.example/{number}.html", b"x"))}
    with serving(Nothing) as url:
        unserved = find_unserved(url, entries.values(), entries, limit=20)
    assert 20 <= len(unserved) < 40
    assert len(Nothing.asked) < 100


@pytest.mark.parametrize("url", ["", "ftp://a.example", "a.example", "http://", "file:///etc/passwd", "http://a/b/"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        find_unserved(url, ENTRIES.values(), ENTRIES)


def test_an_address_that_cannot_be_used_is_wrong_usage(origin: World) -> None:
    answer = verify("--root", origin.root / ".govgen", "--url", "http://127.0.0.1/sub/")
    assert answer.returncode == 2
    assert "https://{host}" in answer.stderr


def test_who_looks_on_a_server_needs_nothing_but_python(origin: World) -> None:
    program = (
        "import sys; from govgen.cli.main import main\n"
        f"assert main(['verify', '--root', {str(origin.root / '.govgen')!r}, '--heal', '--objects']) == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))\n"
    )
    answer = subprocess.run(
        ["/usr/bin/env", "python3", "-S", "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[-1] == "['__main__', 'govgen']"
