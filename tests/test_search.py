"""Searching as citizens do: a real browser, the real nginx configuration, the demo county as it is published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import launch_chromium
from tests.nginx import Server, county_of, serve
from tests.search_queries import QUERIES
from tests.world import MZJ, PORTAL, PROJECT, World

ENOUGH = 0.95
MOST_BYTES = 200_000


@dataclass
class Site:
    """The published demo county, and a browser."""

    server: Server
    browser: Browser

    def open(self, host: str, path: str, **context: object) -> Page:
        """Open a page of a host in a context of its own."""
        page = self.browser.new_context(**context).new_page()  # type: ignore[arg-type]
        page.goto(f"http://{host}:{self.server.port}{path}")
        return page

    def search(self, **asked: str) -> Page:
        """Ask the portal, and wait for its answer."""
        page = self.open(PORTAL, f"/search/?{urlencode(asked)}")
        page.wait_for_selector("#search[data-state=done]")
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Publish a copy of the demo county and serve it."""
    folder = tmp_path_factory.mktemp("search")
    county = World(folder / "county")
    for name in ("content", "sites"):
        shutil.rmtree(county.root / name, ignore_errors=True)
        shutil.copytree(PROJECT / name, county.root / name)
    county.commit()
    answer = county.run("publish")
    assert answer.returncode == 0, answer.stderr
    with serve(county.root / ".govgen", county_of(county), folder) as server, launch_chromium() as browser:
        yield Site(server, browser)


def titles(page: Page) -> list[str]:
    """Return the titles of a page's results."""
    return [title.inner_text() for title in page.query_selector_all("#search-results h2")]


def test_citizens_find_what_they_look_for(site: Site) -> None:
    assert len(QUERIES) >= 60
    missed, sizes = [], []
    for number, (query, wanted) in enumerate(QUERIES):
        if number % 8 == 0:
            # As for the first time: nothing is in the browser's cache.
            page = site.browser.new_context().new_page()
            taken: list[int] = []
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.on("Network.loadingFinished", lambda event, taken=taken: taken.append(event["encodedDataLength"]))
        page.goto(f"http://{PORTAL}:{site.server.port}/search/?{urlencode({'q': query})}")
        page.wait_for_selector("#search[data-state=done]")
        if not any(wanted in title for title in titles(page)):
            missed.append(query)
        if number % 8 == 0:
            sizes.append(sum(taken))
    assert len(missed) <= (1 - ENOUGH) * len(QUERIES), missed
    assert max(sizes) < MOST_BYTES


def test_a_result_shows_where_the_words_stand_and_leads_there(site: Site) -> None:
    page = site.search(q="高龄津贴")
    assert "条" in page.inner_text("#search-status")
    first = page.query_selector("#search-results > li")
    assert first and first.query_selector("h2 mark")
    assert page.query_selector("#search-results time[datetime]")
    with page.expect_request(f"http*://{MZJ}*/**") as request:
        page.click(f'#search-results a[href*="{MZJ}"]', no_wait_after=True)
    assert "/services/gaoling-jintie.html" in request.value.url


def test_results_are_those_of_the_site_kind_and_year_asked_for(site: Site) -> None:
    everything = titles(site.search(q="养老"))
    one_site = site.search(q="养老", site="mzj")
    assert 0 < len(titles(one_site)) < len(everything)
    links = [link.get_attribute("href") or "" for link in one_site.query_selector_all("#search-results a")]
    assert all(MZJ in link for link in links)
    policies = site.search(q="办法", kind="policy")
    assert all("政策文件" in note.inner_text() for note in policies.query_selector_all("#search-results .note"))
    for time in site.search(q="通知", year="2025").query_selector_all("#search-results time"):
        assert time.inner_text().startswith("2025")
    expired = site.search(q="通知", validity="expired")
    assert titles(expired)
    assert all("失效" in note.inner_text() for note in expired.query_selector_all("#search-results .note"))


def test_more_results_follow_and_none_comes_twice(site: Site) -> None:
    page = site.search(q="云岭县")
    for _ in range(3):
        page.evaluate("document.getElementById('search').dataset.state = ''")
        page.click("#search-more")
        page.wait_for_selector("#search[data-state=done]")
    links = [link.get_attribute("href") for link in page.query_selector_all("#search-results a")]
    assert len(links) >= 40
    assert len(set(links)) == len(links)


def test_a_site_asks_the_portal_for_its_own_pages(site: Site) -> None:
    page = site.open(MZJ, "/search/")
    # The pages name their hosts without this test's port.
    page.route(f"https://{PORTAL}/**", lambda route: route.fulfill(body="the portal"))
    page.fill("#search-q", "低保")
    page.press("#search-q", "Enter")
    page.wait_for_url(f"https://{PORTAL}/search/**")
    assert page.url.endswith(f"/search/?{urlencode({'q': '低保', 'site': 'mzj'})}")


def test_asking_again_needs_no_new_page_and_going_back_shows_what_was_asked_before(site: Site) -> None:
    page = site.search(q="高龄津贴")
    first = titles(page)
    page.evaluate("window.isSamePage = true")
    for query in ("养老", "停水"):
        page.fill("#search-q", query)
        page.press("#search-q", "Enter")
        page.wait_for_selector("#search[data-state=done]")
        assert query in "".join(titles(page))
        assert page.title().startswith(f"{query} - ")
    assert page.url.endswith(f"/search/?{urlencode({'q': '停水'})}")
    assert page.evaluate("window.isSamePage")
    page.go_back()
    page.go_back()
    page.wait_for_selector("#search[data-state=done]")
    assert titles(page) == first
    assert page.input_value("#search-q") == "高龄津贴"


def test_a_failing_network_is_said_kindly_and_asking_again_is_answered(site: Site) -> None:
    page = site.browser.new_context().new_page()
    page.route("**/search/lists/**", lambda route: route.abort())
    page.goto(f"http://{PORTAL}:{site.server.port}/search/?{urlencode({'q': '低保'})}")
    page.wait_for_selector("#search[data-state=done]")
    assert "网络不畅" in page.inner_text("#search-status")
    page.unroute("**/search/lists/**")
    page.press("#search-q", "Enter")
    page.wait_for_selector("#search[data-state=done] #search-results h2")
    assert "网络不畅" not in page.inner_text("#search-status")


def test_nothing_found_is_said_kindly(site: Site) -> None:
    assert "没有找到" in site.search(q="qxzqxz").inner_text("#search-status")


def test_without_scripts_the_search_page_leads_to_everything(site: Site) -> None:
    page = site.open(PORTAL, "/search/?q=x", java_script_enabled=False)
    assert page.is_hidden("#search-filters")
    hrefs = [link.get_attribute("href") for link in page.query_selector_all("main a")]
    assert {"/search/2026/", "/search/numbers/", "/sitemap.html", "/sites/"} <= set(hrefs)
    assert f"https://{MZJ}/" in hrefs
    months = site.open(PORTAL, "/search/2026/", java_script_enabled=False)
    assert months.query_selector('main a[href="/news/2026/11/"]')
    numbers = site.open(PORTAL, "/search/numbers/", java_script_enabled=False)
    assert "云政发〔2026〕8号" in numbers.inner_text("main")
    assert numbers.query_selector(f'main a[href="https://{MZJ}/search/numbers/"]')


def test_the_strict_policy_is_enough(site: Site) -> None:
    answer = site.server.get(PORTAL, "/search/")
    assert "wasm" not in answer.headers["content-security-policy"]
    faults: list[str] = []
    page = site.browser.new_context().new_page()
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"http://{PORTAL}:{site.server.port}/search/?{urlencode({'q': '養老'})}")
    page.wait_for_selector("#search[data-state=done]")
    assert titles(page)
    assert faults == []


def test_the_scripts_are_no_larger_than_it_must_be() -> None:
    scripts = [file.read_bytes() for file in (PROJECT / "themes/county/static/js").glob("search*.js")]
    assert len(scripts) == 3
    assert sum(map(len, scripts)) < 40_000
