"""Banners and mourning: on which pages they stand, and that they can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import Visit, launch_chromium, serve, visit
from tests.scheduled import FLOOD, MARKET, SECOND, SETTINGS, UPGRADE, at, banners, is_grey, scheduled
from tests.world import COUNTY, MZJ, PORTAL, QINGSHUI, World

# Pages


def test_banners_stand_on_the_pages_of_their_sites_in_their_time(world: Callable[..., World]) -> None:
    county = scheduled(world())
    pages = {site: f"{site}/index.html" for site in (PORTAL, MZJ, QINGSHUI)}
    shown = {
        "2026-11-23 07:59:59": {PORTAL: [], MZJ: [], QINGSHUI: [MARKET]},
        "2026-11-23 08:00:00": {PORTAL: [UPGRADE], MZJ: [UPGRADE], QINGSHUI: [UPGRADE, MARKET]},
        "2026-11-23 10:30:00": {PORTAL: [FLOOD, UPGRADE], MZJ: [UPGRADE], QINGSHUI: [FLOOD, UPGRADE, MARKET]},
        "2026-11-24 20:00:00": {PORTAL: [], MZJ: [], QINGSHUI: [MARKET]},
        "2026-11-28 18:00:00": {PORTAL: [], MZJ: [], QINGSHUI: []},
    }
    for moment, expected in shown.items():
        county.build(clock=at(moment))
        assert {site: [text for _, text in banners(county, page)] for site, page in pages.items()} == expected, moment
    county.build(clock=at("2026-11-23 12:00"))
    assert banners(county, pages[PORTAL]) == [("alert", FLOOD), ("notice", UPGRADE)]
    assert not banners(county, f"{MZJ}/sitemap.html")[1:], "each page has them once"


def test_mourning_greys_the_pages_of_its_sites(world: Callable[..., World]) -> None:
    county = scheduled(world())
    grey = {}
    pages = [f"{site}/{page}" for site in (MZJ, PORTAL) for page in ("index.html", "404.html")]
    for moment in ("2026-12-12 23:59:59", "2026-12-13", "2026-12-13 23:59:59", "2026-12-14"):
        county.build(clock=at(moment))
        grey[moment] = [is_grey(county, page) for page in pages]
    assert list(grey.values()) == [[False] * 4, [True, True, False, False], [True, True, False, False], [False] * 4]


def test_a_banner_makes_the_pages_of_its_sites_again_and_nothing_else(world: Callable[..., World]) -> None:
    county = scheduled(world())
    begins = at("2026-11-23 10:30")
    before = county.build(clock=begins - SECOND).files()
    built = county.build(clock=begins)
    after = built.files()
    differing = {path for path in before if before[path] != after.get(path)}
    hosts = (PORTAL, QINGSHUI)
    assert differing == {path for path in after if path.endswith(".html") and path.split("/")[0] in hosts}
    assert built.report.made == built.report.written == len(differing)
    assert county.build(clock=at("2026-11-23 18:00")).report.made == 0
    ends = at("2026-11-24 10:00")
    county.build(clock=ends - SECOND)
    assert county.build(clock=ends).report.made == len(differing)


def test_a_banner_just_written_makes_the_pages_of_its_sites_again_and_nothing_else(world: Callable[..., World]) -> None:
    county = scheduled(world())
    county.build()
    more = '\n[[banners]]\ntext = "停水通知"\nends = "2026-11-25"\nsites = ["mzj"]\n'
    county.write("sites/_county.toml", COUNTY + SETTINGS + more)
    built = county.build()
    pages = {path for path in built.files() if path.startswith(MZJ) and path.endswith(".html")}
    assert built.report.made == built.report.written == len(pages)
    assert banners(county, f"{MZJ}/index.html") == [("notice", "停水通知")]
    county.write("sites/_county.toml", COUNTY + SETTINGS)
    assert county.build().report.made == len(pages)


def test_words_of_a_banner_are_text(world: Callable[..., World]) -> None:
    county = world()
    more = "[[banners]]\ntext = '<b>甲</b>&{{ 乙 }}'\nurl = 'https://a.example/?\"><i>=1&b=2'\nends = '2027-01-01'\n"
    county.write("sites/_county.toml", COUNTY + more)
    page = county.build().page(f"{PORTAL}/index.html")
    (banner,) = page.select(".banner")
    assert banner.span and banner.span.get_text() == "<b>甲</b>&{{ 乙 }}"
    assert banner.a and banner.a["href"] == 'https://a.example/?"><i>=1&b=2'
    assert not page.select(".banner b, .banner i")


# For readers


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Return a visitor of a county that has both kinds of banner, and mourns in one site."""
    county = World(tmp_path_factory.mktemp("banners") / "county")
    mourning = '[[mourning]]\nstarts = "2026-11-22"\nends = "2026-11-25"\nsites = ["mzj"]\n'
    county.write("sites/_county.toml", COUNTY + SETTINGS.partition("[[mourning]]")[0] + mourning)
    built = county.build(clock=at("2026-11-23 12:00"))
    with serve(built.output) as server, launch_chromium() as browser, visit(browser, server) as visitor:
        yield visitor


_COLOURS = """() => [...document.querySelectorAll('.banner :is(strong, span, a)')].map(element => {
  const grey = getComputedStyle(document.documentElement).filter === 'grayscale(1)';
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  return [grey, getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
})"""


def luminance(color: str, *, is_grey: bool) -> float:
    """Return the relative luminance of a colour, or of the grey that a filter makes of it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    if is_grey:
        parts = [sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))] * 3
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str, *, is_grey: bool) -> float:
    """Return the contrast of two colours, as WCAG counts it."""
    dark, light = sorted(luminance(color, is_grey=is_grey) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("host", [PORTAL, MZJ])
def test_banners_can_be_read_in_colour_and_in_grey(visitor: Visit, host: str) -> None:
    page = visitor.open(f"{host}/index.html")
    colours = page.evaluate(_COLOURS)
    page.close()
    assert len(colours) >= 3
    assert {is_grey for is_grey, *_ in colours} == {host == MZJ}
    assert min(contrast(ink, paper, is_grey=is_grey) for is_grey, ink, paper in colours) >= 4.5


@pytest.mark.parametrize("width", [360, 1440])
def test_banners_come_first_and_fit(visitor: Visit, width: int) -> None:
    page: Page = visitor.open(f"{PORTAL}/index.html")
    page.set_viewport_size({"width": width, "height": 800})
    region = page.get_by_role("region", name="重要提示")
    box = region.bounding_box()
    assert box and (box["x"], box["y"], box["width"]) == (0, 0, width)
    assert page.evaluate("document.querySelector('.skip').nextElementSibling.className") == "banners"
    assert region.evaluate("element => element.scrollWidth") <= width
    link = region.get_by_role("link", name=f"查看详情：{UPGRADE}")
    target = link.bounding_box()
    assert target and target["height"] >= (44 if width == 360 else 24)
    assert target["x"] + target["width"] <= width
    page.close()
