"""Searching a county of real Chinese documents as citizens do: a real browser, the real nginx configuration."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

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
    server, county = served
    page = chromium.new_page()
    missed = []
    for query, wanted in QUERIES:
        page.goto(f"http://www.{county.domain}:{server.port}/search/?{urlencode({'q': query})}")
        page.wait_for_selector("#search[data-state=done]")
        found = [title.inner_text() for title in page.query_selector_all("#search-results h2")]
        if not any(wanted in title for title in found[:10]):
            missed.append(query)
    assert len(missed) <= (1 - ENOUGH) * len(QUERIES), missed
