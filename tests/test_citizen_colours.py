"""Every pair of colours that meet on a page differs enough, by day, by night and in elder mode, on every site.

WCAG 2.2, 1.4.3 and 1.4.11: 4.5 : 1 for text, 3 : 1 for the edges of controls and for what shows the focus.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page

from govgen.model.county import ACCENTS
from tests.browser import launch_chromium
from tests.citizen.demo import browser_flags, build_demo, serve_demo
from tests.citizen.looks import open_eye
from tests.world import PROJECT

CSS = (PROJECT / "themes/county/static/css/county.css").read_text(encoding="utf-8")

GROUNDS = ("paper", "sheet", "wash")
TEXTS = ("ink", "soft", "main", "main-deep")
STRONG = ("main", "main-deep", "vermilion", "ink")
"""What stands as text on paper and sheet, and is the ground of buttons and tags, whose text is `paper`."""

EDGES = ("rule-strong",)
ORNAMENTS = ("rule",)
"""Lines that tell nothing: without them everything is still where it was."""

SCANNED = ("scan-paper", "scan-ink")
"""Of the code for telephones, whose cameras want it black on white."""

PAIRS = {
    **dict.fromkeys(product(TEXTS, GROUNDS), 4.5),
    **dict.fromkeys(product(STRONG, ("paper", "sheet")), 4.5),
    **dict.fromkeys(product(EDGES, ("paper", "sheet")), 3.0),
    ("on-alert", "alert"): 4.5,
}

COLOURS_OF = """names => {
    const probe = document.body.appendChild(document.createElement("i"));
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    const entries = names.map((name) => {
        probe.style.color = `var(--${name})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        canvas.fillRect(0, 0, 1, 1);
        return [name, [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)];
    });
    probe.remove();
    return Object.fromEntries(entries);
}"""


def colour_tokens() -> set[str]:
    """Return the names of all custom properties that are colours."""
    written = re.findall(r"--([\w-]+):\s*(?:#[0-9a-fA-F]{3,8}|(?:rgb|hsl|oklch|oklab|lab|lch|color|color-mix)\()", CSS)
    return set(written)


def luminance(colour: list[int]) -> float:
    """Return how bright a colour is: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[int], other: list[int]) -> float:
    """Return how much two colours differ, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def faint_pairs(tab: Page) -> list[str]:
    """Return the pairs of a page as it is dressed that differ too little."""
    colours = tab.evaluate(COLOURS_OF, sorted({name for pair in PAIRS for name in pair}))
    found = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    return [
        f"{one} on {other}: {found[one, other]:.2f}" for one, other in PAIRS if found[one, other] < PAIRS[one, other]
    ]


def test_black_on_white_differs_most() -> None:
    assert contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)
    assert contrast([0x76, 0x76, 0x76], [255, 255, 255]) == pytest.approx(4.54, abs=0.005)


def test_every_colour_has_a_part_in_the_pairs() -> None:
    assert colour_tokens() == {*GROUNDS, *TEXTS, *STRONG, *EDGES, *ORNAMENTS, *SCANNED, "alert", "on-alert"}


def test_no_colour_is_written_but_as_a_token() -> None:
    screen = re.sub(r"/\*.*?\*/|--[\w-]+:[^;}]*|@media print.*", "", CSS, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\w*\s*\{)|\b(?:rgba?|hsla?|oklch)\([^)]*\)", screen) == []


def test_every_pair_of_colours_differs_enough_in_every_mode_and_accent(tmp_path: Path) -> None:
    demo = build_demo(tmp_path)
    with (
        serve_demo(demo, tmp_path) as server,
        launch_chromium(*browser_flags(server)) as browser,
        open_eye(browser) as eye,
    ):
        tab = eye.open(demo.fullest["portal"])
        own = tab.evaluate("document.documentElement.className")
        for accent, mode, colours in product(("", *ACCENTS), ("", "elder"), ("light", "dark")):
            tab.emulate_media(color_scheme=colours)
            classes = f"{own} {mode} {accent and f'accent-{accent}'}"
            tab.evaluate(f"document.documentElement.className = '{classes}'")
            assert faint_pairs(tab) == [], (accent, mode, colours)
