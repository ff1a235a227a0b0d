"""The looks of a page: on what screen, by day or night, or in elder mode; and a browser that has one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize

from tests.citizen.demo import DOMAIN, TypedPage, url_of
from tests.world import PROJECT

PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
AXE = PROJECT / "tests/node_modules/axe-core/axe.min.js"

SCREENS = {"phone": (360, 740), "desktop": (1440, 900)}
MODES = ("light", "dark", "elder")

_AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RULES_OF_COLOUR = ("color-contrast", "link-in-text-block")

ELDER = """() => {
    const root = document.documentElement, button = document.querySelector("[data-elder]");
    if (!root.classList.contains("elder")) button ? button.click() : root.classList.add("elder");
    return root.classList.contains("elder");
}"""
"""Turns elder mode on as a citizen does; a theme without the button is given its class."""


@dataclass(frozen=True)
class Look:
    """How pages are looked at."""

    screen: str
    mode: str

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"{self.screen}-{self.mode}"

    @property
    def colours(self) -> Literal["light", "dark"]:
        """What the browser says its reader prefers."""
        return "dark" if self.mode == "dark" else "light"

    @property
    def size(self) -> ViewportSize:
        """The size of its screen."""
        width, height = SCREENS[self.screen]
        return {"width": width, "height": height}


LOOKS = tuple(Look(screen, mode) for screen in SCREENS for mode in MODES)


@dataclass
class Eye:
    """A tab on the served county, and all its browser complained of."""

    tab: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, page: TypedPage, wait_until: Literal["load", "domcontentloaded"] = "load") -> Page:
        """Open a page."""
        self.tab.goto(url_of(page.path), wait_until=wait_until)
        return self.tab

    def take_complaints(self) -> list[str]:
        """Return what was complained of since the last time."""
        taken, self.complaints = self.complaints, []
        return taken

    def note_request(self, request: Request) -> None:
        """Complain of a request to anything but the county's hosts."""
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and not (parts.hostname or "").endswith(f".{DOMAIN}"):
            self.complaints.append(f"foreign request: {request.url}")

    def note_message(self, message: ConsoleMessage) -> None:
        """Complain of an error or a warning in the console."""
        # The page for addresses without one comes with 404, and a browser says so.
        is_about_404 = "status of 404" in message.text and message.location["url"].endswith("/404.html")
        if message.type in ("error", "warning") and not is_about_404:
            self.complaints.append(f"console: {message.text}")


@contextmanager
def open_eye(browser: Browser, width: int = 360, height: int = 740, **options: Any) -> Iterator[Eye]:
    """Open a tab in a context of its own, whose pages tell what they see; `options` are those of the context."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **options)
    context.add_init_script(PROBE)
    eye = Eye(context.new_page())
    context.on("request", eye.note_request)
    context.on("console", eye.note_message)
    context.on("weberror", lambda error: eye.complaints.append(f"script: {error.error}"))
    try:
        yield eye
    finally:
        context.close()


def dress(tab: Page, look: Look) -> None:
    """Give a page that is open a look; elder mode stays on once it is."""
    tab.set_viewport_size(look.size)
    tab.emulate_media(color_scheme=look.colours, reduced_motion="reduce")
    if look.mode == "elder":
        assert tab.evaluate(ELDER), "elder mode does not come on"


def load_axe(tab: Page) -> None:
    """Bring axe-core into a page."""
    tab.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")


def axe_faults(tab: Page, *, only_colours: bool = False) -> list[str]:
    """Return what axe-core finds wrong with a page, one line a place."""
    only = {"type": "rule", "values": _RULES_OF_COLOUR} if only_colours else {"type": "tag", "values": _AXE_TAGS}
    options = json.dumps({"runOnly": only, "resultTypes": ["violations"]})
    violations = tab.evaluate(f"axe.run({options}).then((result) => result.violations)")
    return [
        f"{violation['id']}: {node['html'][:120]} {(node['any'] or [{'message': violation['help']}])[0]['message']}"
        for violation in violations
        for node in violation["nodes"]
    ]
