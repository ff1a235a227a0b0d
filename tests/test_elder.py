"""Large print: chosen once with the keyboard, it holds on all sites of the county, reads aloud, and can be left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import STRICT_CSP, StaticServer, launch_chromium, serve, visit
from tests.world import MZJ, PORTAL, QINGSHUI, World

NEWS = "---\ntitle: 长者助餐点开张\ndate: 2026-03-01 09:00\n---\n第一段。\n\n- 第一条\n- 第二条\n\n第二段。\n"
ELDER = "document.documentElement.classList.contains('elder')"
SIZE = "parseFloat(getComputedStyle(document.documentElement).fontSize)"

VOICE = """
window.said = [];
const voice = {
    speak(words) { window.said.push(words.text); window.saying = words; },
    cancel() { window.said.push("cancel"); },
};
Object.defineProperty(window, "speechSynthesis", { value: voice });
"""
"""Stands in for the device's voice; a test lets it finish a sentence with `saying.onend()`."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticServer]:
    """Return a server with a small county."""
    county = World(tmp_path_factory.mktemp("elder") / "county")
    county.write("content/mzj/news/2026-03-01-a.md", NEWS)
    built = county.build()
    with serve(built.output, csp=STRICT_CSP) as server:
        yield server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a browser."""
    with launch_chromium() as browser:
        yield browser


def press_until(page: Page, selector: str, key: str = "Tab") -> None:
    """Press a key until an element has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is never reached")


def test_it_is_chosen_with_the_keyboard_and_holds_on_all_sites(chromium: Browser, server: StaticServer) -> None:
    with visit(chromium, server) as reader:
        page = reader.open(f"{PORTAL}/index.html")
        assert not page.evaluate(ELDER)
        assert page.evaluate(SIZE) == 16
        press_until(page, "[data-elder]")
        page.keyboard.press("Enter")
        assert page.evaluate(ELDER)
        assert page.evaluate(SIZE) == 22
        assert page.locator("[data-elder]").get_attribute("aria-pressed") == "true"
        page = reader.open(f"{QINGSHUI}/index.html")
        assert page.evaluate(ELDER), "another host of the county"
        page.get_by_role("button", name="再大一些").click()
        assert page.evaluate(SIZE) == 26
        page = reader.open(f"{MZJ}/news/2026-03-01-a.html")
        assert page.evaluate(SIZE) == 26
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="退出长者模式").click()
        assert not page.evaluate(ELDER)
        assert page.evaluate("document.activeElement.matches('[data-elder]')")
        assert not reader.open(f"{PORTAL}/index.html").evaluate(ELDER)


def test_a_page_is_read_block_by_block_and_stops_when_told(chromium: Browser, server: StaticServer) -> None:
    with visit(chromium, server) as reader:
        reader.context.add_init_script(VOICE)
        page = reader.open(f"{MZJ}/news/2026-03-01-a.html")
        page.get_by_role("button", name="长者模式").click()
        page.get_by_role("button", name="朗读本页").click()
        heard = []
        while not heard or page.evaluate("window.said.length") > len(heard):
            heard = page.evaluate("window.said")
            assert page.locator(".being-read").inner_text().strip() == heard[-1].strip()
            page.evaluate("window.saying.onend()")
            if "cancel" in page.evaluate("window.said"):
                break
        assert heard[0] == "长者助餐点开张"
        assert [words for words in heard if words in ("第一段。", "第一条", "第二条", "第二段。")] == [
            *("第一段。", "第一条", "第二条", "第二段。")
        ]
        assert page.locator(".being-read").count() == 0
        page.get_by_role("button", name="朗读本页").click()
        assert page.get_by_role("button", name="停止朗读").get_attribute("aria-pressed") == "true"
        page.keyboard.press("Escape")
        assert page.get_by_role("button", name="朗读本页").get_attribute("aria-pressed") == "false"
        assert page.evaluate("window.said.at(-1)") == "cancel"


def test_a_device_without_a_voice_says_so(chromium: Browser, server: StaticServer) -> None:
    with visit(chromium, server) as reader:
        reader.context.add_init_script(VOICE)
        page = reader.open(f"{MZJ}/news/2026-03-01-a.html")
        page.get_by_role("button", name="长者模式").click()
        page.get_by_role("button", name="朗读本页").click()
        page.evaluate("window.saying.onerror({ error: 'synthesis-unavailable' })")
        assert page.get_by_role("status").inner_text() == "这台设备没有中文语音，读不出来。"
        assert page.get_by_role("button", name="朗读本页").is_visible()


def test_without_scripts_nothing_is_offered_that_does_nothing(chromium: Browser, server: StaticServer) -> None:
    with visit(chromium, server, java_script_enabled=False) as reader:
        page = reader.open(f"{PORTAL}/index.html")
        assert page.locator("[data-elder], .elder-tools").count() == 2
        assert page.locator("[data-elder]:visible, .elder-tools:visible").count() == 0


def test_a_script_that_was_changed_on_its_way_does_not_run(chromium: Browser, server: StaticServer) -> None:
    with visit(chromium, server) as reader:

        def change(route: object) -> None:
            route.fulfill(body="document.title = 'changed'", content_type="text/javascript")  # type: ignore[attr-defined]

        reader.context.route("**/js/*.js", change)
        page = reader.open(f"{PORTAL}/index.html")
        assert page.title() != "changed"
        assert not page.evaluate("document.documentElement.classList.contains('scripted')")


def test_the_files_are_small() -> None:
    scripts = Path(__file__).parent.parent.joinpath("themes/county/static/js").glob("*.js")
    assert sum(script.stat().st_size for script in scripts if script.stem in ("early", "county")) < 6_000
