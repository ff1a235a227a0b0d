"""The preview: every site under its own name, rebuilt and reloaded on save, faults shown in the page."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.world import NOON, PROJECT, World

PATIENCE_SECONDS = 20.0
COUNTY = """
-- content/mzj/news/2026-01-01-a.md --
---
title: 甲篇
---
见[通知](qingshui:notices/2026-01-02-b)。
-- content/qingshui/notices/2026-01-02-b.md --
---
title: 乙篇
status: draft
---
正文。
"""


def eventually(condition: Callable[[], Any]) -> Any:
    """Return what a condition gives once it is true; fail where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Serving:
    """A preview at work."""

    county: World
    port: int
    process: subprocess.Popen[str]

    def request(self, host: str, path: str = "/", method: str = "GET") -> Answer:
        """Ask for a path, sent as it is written, under a host name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return Answer(answer.status, dict(answer.getheaders()), text)

    def get(self, site: str, path: str = "/") -> Answer:
        """Ask a site for a page as a browser does."""
        return self.request(f"{site}.localhost:{self.port}", path)

    def findings(self) -> list[dict[str, Any]]:
        """Return what the pages are told is wrong."""
        found: list[dict[str, Any]] = json.loads(self.get("www", "/-govgen/findings.json").text)
        return found

    def is_up(self) -> bool:
        """Tell whether it answers."""
        assert self.process.poll() is None, self.process.communicate()
        try:
            return self.get("www").status == 200
        except OSError:
            return False


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(county: World) -> Iterator[Serving]:
    """Serve a county until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "serve", "--port", str(port), "--jobs", "2"],
        cwd=county.root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    serving = Serving(county, port, process)
    try:
        eventually(serving.is_up)
        yield serving
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Return a preview that the tests of this file share, each with documents of its own."""
    with serve(World(tmp_path_factory.mktemp("serve") / "county", COUNTY)) as preview:
        yield preview


def test_every_site_is_served_under_its_own_name(serving: Serving) -> None:
    for site, words in {"www": "云岭县人民政府", "mzj": "云岭县民政局", "qingshui": "清水镇人民政府"}.items():
        answer = serving.get(site)
        assert answer.status == 200
        assert words in answer.text
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "no-store" in answer.headers["Cache-Control"]
        assert '<script src="/-govgen/reload.js" defer>' in answer.text
    assert serving.get("www", "/-govgen/reload.js").text.startswith("//")
    assert serving.get("mzj", "/robots.txt").headers["Content-Type"].startswith("text/plain")


def test_links_between_sites_stay_within_the_preview_and_drafts_are_shown(serving: Serving) -> None:
    page = serving.get("mzj", "/news/2026-01-01-a.html").text
    goal = f"http://qingshui.localhost:{serving.port}/notices/2026-01-02-b.html"
    assert goal in page
    assert "yunling.gov.example/notices" not in page
    draft = serving.get("qingshui", "/notices/2026-01-02-b.html")
    assert draft.status == 200
    assert "草稿" in draft.text


def test_the_bare_name_leads_to_the_portal(serving: Serving) -> None:
    for host in (f"localhost:{serving.port}", f"127.0.0.1:{serving.port}"):
        answer = serving.request(host)
        assert (answer.status, answer.headers["Location"]) == (302, f"http://www.localhost:{serving.port}/")


def test_a_folder_without_its_slash_leads_to_the_folder(serving: Serving) -> None:
    answer = serving.get("mzj", "/news")
    assert (answer.status, answer.headers["Location"]) == (302, "/news/")


def test_an_unknown_page_gets_the_sites_own_page_with_404(serving: Serving) -> None:
    answer = serving.get("mzj", "/nothing.html")
    assert answer.status == 404
    assert "没有找到这个页面" in answer.text
    assert serving.get("mzj", "/-govgen/secrets").status == 404


def test_a_head_request_gets_no_body(serving: Serving) -> None:
    answer = serving.request(f"mzj.localhost:{serving.port}", "/", "HEAD")
    assert (answer.status, answer.text) == (200, "")
    assert int(answer.headers["Content-Length"]) > 1000


@pytest.mark.parametrize(
    "host", ["evil.example", "nothing.localhost", "..localhost", "../www.localhost", "www.localhost.evil.example", ""]
)
def test_an_unknown_host_gets_nothing(serving: Serving, host: str) -> None:
    answer = serving.request(host)
    assert answer.status == 421
    assert "云岭" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/../../../content/mzj/news/2026-01-01-a.md",
        "/%2e%2e/%2e%2e/%2e%2e/sites/_county.toml",
        "/..%2f..%2f..%2fsites/_county.toml",
        "/..\\..\\..\\sites\\_county.toml",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/../www.localhost/index.html",
        "/.govgen-built",
        "/../.govgen-built",
        "/news/%00/index.html",
        "/index.html%00.md",
    ],
)
def test_no_path_leads_out_of_a_site(serving: Serving, path: str) -> None:
    answer = serving.get("mzj", path)
    assert answer.status == 404
    for words in ("title: 甲篇", "site_code =", "root:", "云岭县人民政府门户网站</h1>"):
        assert words not in answer.text


def test_a_link_put_into_the_preview_folder_is_not_followed(serving: Serving) -> None:
    link = serving.county.root / "build/preview/mzj.localhost/leak.txt"
    link.symlink_to("/etc/passwd")
    assert serving.get("mzj", "/leak.txt").status == 404


def next_event(serving: Serving) -> Callable[[], str]:
    """Listen as an open page does; the function returned waits for the next event and returns its name."""
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=PATIENCE_SECONDS)
    connection.request("GET", "/-govgen/events", headers={"Host": f"www.localhost:{serving.port}"})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/event-stream"

    def wait() -> str:
        while line := answer.readline().decode():
            if line.startswith("event: "):
                return line.removeprefix("event: ").strip()
        return ""

    return wait


def test_saving_a_file_rebuilds_its_page_and_reloads_what_is_open(serving: Serving) -> None:
    wait = next_event(serving)
    path = "/news/2026-02-01-saved.html"
    serving.county.write("content/mzj/news/2026-02-01-saved.md", "---\ntitle: 存一次\n---\n文\n")
    assert wait() == "reload"
    eventually(lambda: "存一次" in serving.get("mzj", path).text)
    serving.county.write("content/mzj/news/2026-02-01-saved.md", "---\ntitle: 存两次\n---\n文\n")
    assert wait() == "reload"
    eventually(lambda: "存两次" in serving.get("mzj", path).text)
    serving.county.remove("content/mzj/news/2026-02-01-saved.md")
    eventually(lambda: serving.get("mzj", path).status == 404)


def test_saving_the_theme_or_a_site_changes_the_pages(serving: Serving) -> None:
    template = serving.county.root / "themes/county/templates/_footer.html"
    good = template.read_text(encoding="utf-8")
    template.write_text(good.replace("<footer", "<!-- changed --><footer"), encoding="utf-8")
    eventually(lambda: "<!-- changed -->" in serving.get("mzj").text)
    template.write_text(good, encoding="utf-8")
    serving.county.write("sites/jtj.toml", 'name = "交通局"\nkind = "department"\n')
    eventually(lambda: serving.get("jtj").status == 200)
    serving.county.remove("sites/jtj.toml")
    eventually(lambda: serving.get("jtj").status == 421)


def test_a_broken_document_is_told_in_the_page_until_it_is_mended(serving: Serving) -> None:
    path = "content/qingshui/notices/2026-03-01-broken.md"
    serving.county.write(path, "---\ntitle: 坏的\ndate: 二月三十\n---\n文\n")
    (finding,) = eventually(lambda: [found for found in serving.findings() if found["path"] == path])
    assert (finding["rule"], finding["line"], finding["severity"]) == ("FM-DATE", 3, "error")
    assert "二月三十" in finding["message"]
    assert finding["remedy"]
    serving.county.write(path, "---\ntitle: 好了\ndate: 2026-03-01\n---\n文\n")
    eventually(lambda: serving.findings() == [])
    assert "好了" in serving.get("qingshui", "/notices/2026-03-01-broken.html").text


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("sites/mzj.toml", 'name = "局"\nkind = "departement"\n', "departement"),
        ("themes/county/templates/article.html", "\n{% if %}", "article.html:2"),
        ("pelicanconf.py", "1 / 0\n", "ZeroDivisionError"),
        ("pelicanconf.py", "def (\n", "SyntaxError"),
        ("pelicanconf.py", "MARKDOWN = {'extensions': ['nothing']}\n", "MARKDOWN: ModuleNotFoundError"),
    ],
)
def test_a_broken_setting_or_template_leaves_the_last_pages_and_is_told(
    serving: Serving, path: str, text: str, words: str
) -> None:
    good = (serving.county.root / path).read_text(encoding="utf-8")
    serving.county.write(path, text)
    try:
        eventually(lambda: any(words in found["message"] for found in serving.findings()))
        assert serving.get("mzj", "/news/2026-01-01-a.html").status == 200
    finally:
        serving.county.write(path, good)
    eventually(lambda: serving.findings() == [])


def test_a_preview_leaves_what_is_published_alone(serving: Serving) -> None:
    assert not (serving.county.root / "build/public").exists()
    assert not (serving.county.root / "public").exists()


def test_a_port_that_is_taken_is_a_wrong_usage_that_names_another(serving: Serving) -> None:
    answer = serving.county.run("serve", "--port", str(serving.port))
    assert answer.returncode == 2
    assert str(serving.port) in answer.stderr
    assert f"--port {serving.port + 1}" in answer.stderr


def test_the_preview_listens_to_this_machine_only(serving: Serving) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    hosts = {
        row[1].split(":")[0] for row in listening if row[3] == "0A" and int(row[1].split(":")[1], 16) == serving.port
    }
    assert hosts == {"0100007F"}


def children(parent: int) -> set[int]:
    """Return the ids of all processes below a process."""
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text().rpartition(") ")
        except OSError:
            continue
        found.setdefault(int(tail.split()[1]), []).append(int(head.split()[0]))
    waiting, below = [parent], set()
    while waiting:
        waiting += (more := found.get(waiting.pop(), []))
        below.update(more)
    return below


def is_running(process: int) -> bool:
    """Tell whether a process is there and not only waiting to be counted."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_the_preview_ends_within_two_seconds_and_leaves_no_process(
    world: Callable[..., World], sent: signal.Signals
) -> None:
    with serve(world(COUNTY)) as preview:
        below = children(preview.process.pid)
        assert below
        next_event(preview)
        started = time.monotonic()
        # Ctrl-C reaches every process of a terminal, a service manager's request the first one only.
        (os.killpg if sent is signal.SIGINT else os.kill)(preview.process.pid, sent)
        assert preview.process.wait(timeout=PATIENCE_SECONDS) == 0
        assert time.monotonic() - started < 2
        assert not [process for process in below if is_running(process)]
        assert "Traceback" not in preview.process.communicate()[1]


def test_the_builder_does_not_outlive_a_killed_preview(world: Callable[..., World]) -> None:
    with serve(world(COUNTY)) as preview:
        below = children(preview.process.pid)
        preview.process.kill()
        preview.process.wait()
        eventually(lambda: not [process for process in below if is_running(process)])
