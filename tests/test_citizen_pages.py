"""Every type of page of the demo county, in Chromium, from the real nginx: on a phone and a desk, light, dark, elder.

Types come from the build itself, so a new type of page is looked at from its first day.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser import launch_chromium
from tests.citizen.demo import Demo, TypedPage, browser_flags, build_demo, serve_demo
from tests.citizen.looks import Look, axe_faults, dress, load_axe, open_eye

PARTS = 4
"""Types are looked at in so many tests, which two processes share."""

TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""Waits until what is there has been painted."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Build the demo county once."""
    return build_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def chromium(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Serve the county, and start a browser that finds its hosts there."""
    with (
        serve_demo(demo, tmp_path_factory.mktemp("nginx")) as server,
        launch_chromium(*browser_flags(server)) as browser,
    ):
        yield browser


def pages_with_pictures(demo: Demo) -> list[TypedPage]:
    """Return the pages with the most pictures, one a type; all types have the masthead's and the footer's."""

    def count(page: TypedPage) -> int:
        return (demo.output / page.path).read_text(encoding="utf-8").count("<img ")

    return [max(pages, key=count) for pages in demo.of_types.values()]


def keyboard_faults(tab: Page) -> Iterator[str]:
    """Yield what is wrong with a walk through a page by the keyboard alone, which begins at the skip link."""
    for _ in range(len(tab.evaluate("probe.reachable()"))):
        tab.keyboard.press("Tab")
    yield from tab.evaluate("probe.walked()")
    last = tab.evaluate_handle("document.activeElement")
    tab.keyboard.press("Tab")
    if tab.evaluate("last => document.activeElement === last", last):
        yield "the focus is not let go"
    first = tab.locator("a.skip")
    if not first.evaluate("first => first === probe.first()"):
        yield "the skip link is not the first"
    first.focus()
    tab.keyboard.press("Enter")
    if tab.evaluate("document.activeElement.tagName") != "MAIN":
        yield "the skip link leads elsewhere"
    tab.keyboard.press("Tab")
    if tab.evaluate("document.activeElement.closest('.masthead') !== null"):
        yield "the skip link skips nothing"


def faults_in_looks(tab: Page) -> Iterator[str]:
    """Yield what is wrong with a page in each look; by night only its colours differ from those by day."""
    load_axe(tab)
    for screen, mode in (
        *(("phone", "light"), ("phone", "dark"), ("desktop", "dark")),
        *(("desktop", "light"), ("desktop", "elder"), ("phone", "elder")),
    ):
        look = Look(screen, mode)
        dress(tab, look)
        found = axe_faults(tab, only_colours=mode == "dark")
        if mode != "dark":
            found += tab.evaluate("probe.overflows()")
            found += tab.evaluate("probe.small()") if screen == "phone" else []
        yield from (f"{look.name}: {fault}" for fault in found)


def size_faults(tab: Page) -> Iterator[str]:
    """Yield what is wider than a small screen, or becomes so where text is twice as large; elder mode stays off."""
    tab.emulate_media(color_scheme="light")
    for width, percent in ((320, 100), (768, 200)):
        tab.set_viewport_size({"width": width, "height": 740})
        tab.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
        yield from (f"{width} px, text {percent} %: {fault}" for fault in tab.evaluate("probe.overflows()"))
    tab.evaluate("document.documentElement.style.fontSize = ''")


@pytest.mark.parametrize("number", range(PARTS))
def test_every_type_of_page_is_for_everyone_in_every_look(demo: Demo, chromium: Browser, number: int) -> None:
    with open_eye(chromium) as eye:
        faults: list[str] = []
        for page in list(demo.fullest.values())[number::PARTS]:
            eye.tab.set_viewport_size({"width": 1440, "height": 900})
            tab = eye.open(page)
            found = [*keyboard_faults(tab), *size_faults(tab), *faults_in_looks(tab)]
            found += [f"content security policy: {violation}" for violation in tab.evaluate("probe.violations()")]
            tab.context.clear_cookies()
            faults += [f"{page.path}: {fault}" for fault in [*found, *eye.take_complaints()]]
        assert not faults, "\n".join([f"{len(faults)} faults", *faults[:40]])


def test_pictures_that_come_late_move_nothing(demo: Demo, chromium: Browser) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for width in (360, 1440):
        with open_eye(chromium, width) as eye:
            eye.tab.route("**/*.{svg,png,jpg,jpeg,webp,avif,gif}", hold)
            for page in pages_with_pictures(demo):
                # The page stands and is painted before its pictures come.
                tab = eye.open(page, wait_until="domcontentloaded")
                tab.evaluate(TWO_FRAMES)
                while held:
                    held.pop().continue_()
                    tab.evaluate(TWO_FRAMES)
                tab.wait_for_load_state("load")
                tab.evaluate(TWO_FRAMES)
                assert tab.evaluate("probe.shifts()") == [], page


def test_without_a_script_there_is_no_button_that_does_nothing(demo: Demo, chromium: Browser) -> None:
    with open_eye(chromium, java_script_enabled=False) as eye:
        for page in demo.fullest.values():
            tab = eye.open(page)
            assert tab.locator("main:visible").count() == 1, page
            assert tab.locator("button:visible").count() == tab.locator("form[action] button:visible").count(), page
