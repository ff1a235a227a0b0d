"""Searching a county of real Chinese documents as citizens do: a real browser, the real nginx configuration."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from govgen.catalog.states import Audience
from govgen.events import Silence
from govgen.model.county import County
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests import real_zh
from tests.browser import launch_chromium
from tests.conftest import require_corpora
from tests.nginx import Server, serve
from tests.search_queries_zh import QUERIES
from tests.world import NOON

require_corpora()
ENOUGH = 0.95


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, County]]:
    """Build the county and serve it."""
    folder = tmp_path_factory.mktemp("zh")
    real_zh.build_repository(folder / "county")
    checkout = Checkout(folder / "county")
    output = folder / "root/releases/r1/sites"
    build(checkout, BuildOptions(output, folder / "catalog.sqlite", Audience(NOON)), Silence())
    (folder / "root/current").symlink_to("releases/r1")
    county = load_county(checkout)
    with serve(folder / "root", county, folder) as server:
        yield server, county


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser."""
    with launch_chromium() as browser:
        yield browser


def test_citizens_find_what_they_look_for_among_real_documents(
    served: tuple[Server, County], chromium: Browser
) -> None:
    assert len(QUERIES) >= 60
    page = chromium.new_page()
    missed = dict(QUERIES)
    # Twice: on a machine that is very busy the page may give up waiting for a file.
    for _ in range(2):
        missed = {query: wanted for query, wanted in missed.items() if not is_found(page, served, query, wanted)}
    assert len(missed) <= (1 - ENOUGH) * len(QUERIES), "、".join(missed)


def is_found(page: Page, served: tuple[Server, County], query: str, wanted: str) -> bool:
    """Tell whether a title that has `wanted` is on the first page of results."""
    server, county = served
    address = f"http://{county.portal.host}.{county.domain}:{server.port}/search/?{urlencode({'q': query})}"
    page.goto(address, wait_until="commit")
    page.wait_for_selector("#search[data-state=done]", state="attached")
    return any(wanted in title for title in page.locator("#search-results h2").all_inner_texts()[:10])
