"""Beside its office hours a home page says whether it is office hours now, by the county's clock, wherever one is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import STRICT_CSP, StaticServer, launch_chromium, serve
from tests.world import MZJ, QINGSHUI, World

HOURS = "周一至周五 8:30–12:00，14:00–17:30"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticServer]:
    """Return a server with two sites that say when they are open, one of them so that only people understand it."""
    county = World(tmp_path_factory.mktemp("hours") / "county")
    for site, hours in (("mzj", HOURS), ("qingshui", "赶集日全天，平时看门上的牌子")):
        file = county.root / f"sites/{site}.toml"
        county.write(f"sites/{site}.toml", f'hours = "{hours}"\n' + file.read_text(encoding="utf-8"))
    with serve(county.build().output, csp=STRICT_CSP) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser."""
    with launch_chromium() as browser:
        yield browser


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T08:29:00+08:00", "现在不是办公时间，周一 8:30 开门（节假日除外）"),
        ("2026-11-23T08:30:00+08:00", "现在是办公时间，12:00 止（节假日除外）"),
        ("2026-11-23T12:00:00+08:00", "现在不是办公时间，周一 14:00 开门（节假日除外）"),
        ("2026-11-26T23:30:00+08:00", "现在不是办公时间，周五 8:30 开门（节假日除外）"),
        ("2026-11-27T17:29:00+08:00", "现在是办公时间，17:30 止（节假日除外）"),
        ("2026-11-27T17:30:00+08:00", "现在不是办公时间，周一 8:30 开门（节假日除外）"),
        ("2026-11-29T10:00:00+08:00", "现在不是办公时间，周一 8:30 开门（节假日除外）"),
    ],
)
def test_it_says_whether_it_is_office_hours_now(
    chromium: Browser, server: StaticServer, moment: str, expected: str
) -> None:
    # The reader's own clock stands elsewhere.
    page = chromium.new_page(timezone_id="America/New_York")
    page.clock.set_fixed_time(moment)
    page.goto(server.url(f"{MZJ}/index.html"))
    assert page.locator(".now").inner_text() == expected
    page.close()


def test_it_follows_the_clock_while_the_page_is_open(chromium: Browser, server: StaticServer) -> None:
    page = chromium.new_page()
    page.clock.install(time="2026-11-23T11:58:30+08:00")
    page.goto(server.url(f"{MZJ}/index.html"))
    assert "12:00 止" in page.locator(".now").inner_text()
    page.clock.run_for(120_000)
    assert "14:00 开门" in page.locator(".now").inner_text()
    page.close()


def test_without_scripts_or_where_the_hours_are_not_understood_they_stand_alone(
    chromium: Browser, server: StaticServer
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url(f"{MZJ}/index.html"))
    assert page.locator(".contact dd").first.inner_text() == HOURS
    context.close()
    page = chromium.new_page()
    page.goto(server.url(f"{QINGSHUI}/index.html"))
    assert page.locator(".contact dd").first.inner_text() == "赶集日全天，平时看门上的牌子"
    assert page.locator("script[src*=hours]").count() == 0
    page.close()
