"""Asks the county's search what citizens ask, in headless Chromium, and times it: a part of `benchmarks.search`.

A county is published as its maintainers would, and served by the real nginx over https. All that is known of the search
page is its box, where results stand, and that `#search` is marked as done.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Page

from benchmarks.corpora import PROJECT
from govgen.catalog.store import Catalog
from govgen.model.address import SEARCH, SEARCH_CHARACTERS
from govgen.repo.checkout import Checkout
from govgen.search.index import FACT, update_index
from govgen.sites.load import load_county
from tests import real_zh, search_queries, search_queries_zh
from tests.browser import launch_chromium
from tests.citizen.demo import browser_flags
from tests.nginx import certificate_pin, make_certificate, serve
from tests.world import NOON

Queries = Sequence[tuple[str, str]]

BOX = "main form[role=search] input[name=q]"
DONE = "#search[data-state=done]"
TITLES = "#search-results h2"
FIRST_PAGE = 10
_STILL_MS = 500
"""Nobody presses Enter in the moment the last letter is written."""

_FILLS = 3
_SOME_HELD = 1
"""What `govgen publish` ends with where documents stay away for what is wrong with them."""

_CLOCK = """
(() => {
  addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    delete document.documentElement.dataset.answeredAfter;
    sessionStorage.setItem("asked-at", performance.timeOrigin + event.timeStamp);
  }, true);
  new MutationObserver(records => {
    const asked = sessionStorage.getItem("asked-at");
    if (!asked || !records.some(({ target }) => target.matches && target.matches("#search[data-state=done]"))) return;
    sessionStorage.removeItem("asked-at");
    document.documentElement.dataset.answeredAfter = performance.timeOrigin + performance.now() - asked;
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-state"] });
})();
"""
"""Runs in every page before anything of its own: from the key that asks until the page says that results are there."""


@dataclass
class Asked:
    """What came of asking a county all its queries."""

    name: str
    documents: int
    index_bytes: int
    index_seconds: float
    queries: int
    missed: list[str] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    """What a first query took with the page, its style sheet, scripts and pictures, headers included."""

    index_requests: list[int] = field(default_factory=list)
    of_index_bytes: list[int] = field(default_factory=list)
    from_home_ms: list[float] = field(default_factory=list)
    again_ms: list[float] = field(default_factory=list)
    load: tuple[float, float] = (0.0, 0.0)
    """How busy the machine was before and after: the load average of a minute."""

    browser: str = ""


def copy_demo(root: Path) -> None:
    """Write the demo county's repository."""
    root.mkdir()
    for part in ("content", "sites", "themes", "pelicanconf.py"):
        (shutil.copytree if (PROJECT / part).is_dir() else shutil.copy)(PROJECT / part, root / part)


def build_zh(root: Path) -> None:
    """Write the repository of the county of real Chinese documents."""
    real_zh.build_repository(root)


def counties() -> Iterator[tuple[str, Callable[[Path], None], Queries]]:
    """Yield the counties that can be asked here: what they are called, who writes them, what is asked."""
    yield "示范县", copy_demo, search_queries.QUERIES
    if real_zh.CORPUS.is_dir():
        yield "中文公文县", build_zh, search_queries_zh.QUERIES
    else:
        print("没有中文公文语料，只量示范县", flush=True)


def ask_county(folder: Path, name: str, write: Callable[[Path], None], queries: Queries) -> Asked:
    """Publish a county below a folder, serve it, ask everything, and return what came of it."""
    root = folder / "county"
    write(root)
    publish(root)
    county = load_county(Checkout(root))
    host = f"{county.portal.host}.{county.domain}"
    home = f"https://{host}"
    asked = Asked(name, *_index_figures(root, county.portal.id, host), len(queries))
    certificate = make_certificate(folder, county.domain)
    with serve(root / ".govgen", county, folder, certificate=certificate) as server:
        flags = browser_flags(server, certificate_pin(certificate))
        with launch_chromium(*flags) as browser:
            asked.browser = browser.version
            before = os.getloadavg()[0]
            # The first of all pays for the browser's own start.
            _weigh(browser, home, queries[0][0])
            for number, (query, wanted) in enumerate(queries):
                _note_weight(asked, _weigh(browser, home, query))
                _note_answer(asked, browser, home, (query, wanted, queries[number - 1][0]))
            asked.load = (before, os.getloadavg()[0])
    return asked


def publish(root: Path) -> None:
    """Commit a repository and publish it as its maintainers do; documents may be held. Raises CalledProcessError."""
    git = ("git", "-c", "user.name=Benchmark", "-c", "user.email=benchmark@county.invalid", "-C", str(root))
    (root / ".gitignore").write_text("build/\npublic\n.govgen/\n", encoding="utf-8")
    for step in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "Made")):
        subprocess.run([*git, *step], check=True)
    command = (sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "publish")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    published = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True)
    if published.returncode not in (0, _SOME_HELD):
        sys.stderr.buffer.write(published.stderr)
        published.check_returncode()


def _index_figures(root: Path, portal: str, host: str) -> tuple[int, int, float]:
    """Return how many documents a published county's index has, its bytes, and in what time it is made anew."""
    published = root / ".govgen/current/sites" / host / SEARCH.strip("/")
    files = [*published.rglob("*.bin"), published / Path(SEARCH_CHARACTERS).name]
    with closing(_catalog_of(root)) as catalog:
        seconds = median(_fill(catalog, portal) for _ in range(_FILLS))
        documents = catalog.rows("SELECT count(*) AS number FROM searched")[0]["number"]
    return documents, sum(file.stat().st_size for file in files), seconds


def _catalog_of(root: Path) -> Catalog:
    """Return the catalog that publishing left, for writing; nobody goes on with it."""
    file = root / "build/cache/catalog.sqlite"
    with closing(Catalog.open(file)) as kept:
        identity = kept.fact("identity")
    catalog = Catalog.resume(file, identity)
    if not catalog:
        raise FileNotFoundError(file)
    return catalog


def _fill(catalog: Catalog, portal: str) -> float:
    catalog.remember({FACT: ""})
    catalog.finish()
    started = time.perf_counter()
    update_index(catalog, portal, len(os.sched_getaffinity(0)))
    return time.perf_counter() - started


def _weigh(browser: Browser, site: str, query: str) -> Mapping[str, int]:
    """Return what a query takes in a browser that was never here: bytes that came by address, again and again added."""
    with _new_page(browser) as page:
        addresses: dict[str, str] = {}
        taken: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")

        def note_request(event: Mapping[str, Any]) -> None:
            addresses[event["requestId"]] = event["request"]["url"]

        def note_end(event: Mapping[str, Any]) -> None:
            key = f"{event['requestId']} {addresses.get(event['requestId'], '')}"
            taken[key] = round(event["encodedDataLength"])

        session.on("Network.requestWillBeSent", note_request)
        session.on("Network.loadingFinished", note_end)
        page.goto(f"{site}{SEARCH}?{urlencode({'q': query})}")
        page.wait_for_selector(DONE)
        page.wait_for_load_state("networkidle")
        # What is in the page itself, as data:, did not travel.
        return {key: size for key, size in taken.items() if " http" in key}


def _note_weight(asked: Asked, taken: Mapping[str, int]) -> None:
    of_index = [size for key, size in taken.items() if _is_of_index(key.partition(" ")[2])]
    asked.requests.append(len(taken))
    asked.bytes.append(sum(taken.values()))
    asked.index_requests.append(len(of_index))
    asked.of_index_bytes.append(sum(of_index))


def _is_of_index(address: str) -> bool:
    path = urlsplit(address).path
    return path.startswith(SEARCH) and path != SEARCH


def _note_answer(asked: Asked, browser: Browser, home: str, words: tuple[str, str, str]) -> None:
    """Ask from the portal's home, look whether what is wanted is there, and ask something else from the search page."""
    query, wanted, other = words
    with _new_page(browser) as page:
        page.goto(home)
        asked.from_home_ms.append(_ask(page, query))
        titles = [title.inner_text() for title in page.query_selector_all(TITLES)[:FIRST_PAGE]]
        if not any(wanted in title for title in titles):
            asked.missed.append(query)
        asked.again_ms.append(_ask(page, other))


def _ask(page: Page, query: str) -> float:
    """Write a query into the page's box, press Enter, and return the milliseconds until results are there."""
    page.fill(BOX, query)
    page.wait_for_timeout(_STILL_MS)
    page.press(BOX, "Enter", no_wait_after=True)
    page.wait_for_selector("html[data-answered-after]", state="attached")
    return float(page.get_attribute("html", "data-answered-after") or "nan")


@contextmanager
def _new_page(browser: Browser) -> Iterator[Page]:
    """Open a page in a context of its own, whose caches are empty."""
    context = browser.new_context()
    context.add_init_script(_CLOCK)
    try:
        yield context.new_page()
    finally:
        context.close()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that so large a share of the values does not exceed."""
    return sorted(values)[max(0, -(-len(values) * round(share * 100) // 100) - 1)]


def write_table(all_asked: Sequence[Asked], machine: Mapping[str, str]) -> str:
    """Return the part of the page on searching in a browser."""
    rows: list[tuple[str, Callable[[Asked], str]]] = [
        ("文稿", lambda asked: f"{asked.documents:,}"),
        ("索引，MB", lambda asked: f"{asked.index_bytes / 1e6:.1f}"),
        ("建立索引，秒", lambda asked: f"{asked.index_seconds:.1f}"),
        ("查询", lambda asked: str(asked.queries)),
        ("第一页找到，%", lambda asked: f"{100 * (1 - len(asked.missed) / asked.queries):.1f}"),
        ("请求，中位 / 最多", lambda asked: _spread(asked.requests, 1)),
        ("其中索引", lambda asked: _spread(asked.index_requests, 1)),
        ("第一次查传的，KB，中位 / 最多", lambda asked: _spread(asked.bytes, 1000)),
        ("其中索引", lambda asked: _spread(asked.of_index_bytes, 1000)),
        ("从首页查，毫秒，中位 / 95%", lambda asked: _times(asked.from_home_ms)),
        ("接着再查，毫秒，中位 / 95%", lambda asked: _times(asked.again_ms)),
        ("量前、量后的负载", lambda asked: " / ".join(f"{load:.1f}" for load in asked.load)),
    ]
    lines = [
        f"| | {' | '.join(asked.name for asked in all_asked)} |",
        f"| --- |{' ---: |' * len(all_asked)}",
        *(f"| {name} | {' | '.join(cell(asked) for asked in all_asked)} |" for name, cell in rows),
    ]
    missed = [f"- {asked.name}：{'、'.join(asked.missed) or '没有'}" for asked in all_asked]
    words = _WORDS.format(
        still=_STILL_MS / 1000,
        browser=all_asked[0].browser,
        machine="，".join(f"{name} {value}" for name, value in machine.items()),
    )
    return "\n".join([words, *lines, "", "第一页没有的：", "", *missed]) + "\n"


def _spread(values: Sequence[int], unit: int) -> str:
    return f"{median(values) / unit:.0f} / {max(values) / unit:.0f}"


def _times(values: Sequence[float]) -> str:
    return f"{median(values):.0f} / {percentile(values, 0.95):.0f}"


_WORDS = """按发布的步骤发布，用真正的 nginx 配置（HTTPS、HTTP/2、压缩、全部安全头）在本机打开，在无界面的 Chromium
{browser} 里问 `tests/search_queries.py` 和 `tests/search_queries_zh.py` 里的句子，问了几句见表。

- **第一页找到**：该有的那一篇，标题在前十条里。
- **第一次查传的**：缓存全空的浏览器直接打开 `/search/?q=…`，到网络静下来为止收到的全部：
  网页、样式表、脚本、图标、索引，压缩以后，连同回答的头。
- **从首页查**：缓存全空的浏览器打开门户首页，写好问题，停 {still} 秒，按回车；从按下回车（按键事件的时间）
  到搜索页标明结果已经列出（`data-state=done`）为止，打开搜索页、下载脚本、读索引、列出结果都在内，屏幕刷新不在内。
- **接着再查**：在同一个搜索页上换一句（单子上的前一句），写好，停 {still} 秒，按回车，起止同上。

机器：{machine}。
负载是一分钟里平均有几个进程要用处理器，连浏览器和 nginx 在内；没有别的事时在 1 上下，高出许多时，毫秒和秒都不作数。
"""


def main_part(machine: Mapping[str, str], folder: Path, every: int) -> str:
    """Ask all counties one of so many queries, and return the part of the page; `folder` is to work in."""
    all_asked: list[Asked] = []
    for name, write, queries in counties():
        (folder / str(len(all_asked))).mkdir()
        all_asked.append(ask_county(folder / str(len(all_asked)), name, write, queries[::every]))
        figures = {key: value for key, value in asdict(all_asked[-1]).items() if not isinstance(value, list)}
        print(json.dumps(figures, ensure_ascii=False), flush=True)
    return write_table(all_asked, machine)
