"""Pictures of every type of page in every look, for eyes: `make look` writes them to `build/look/`.

One browser, a context for each look, several looks at a time. `index.html` shows all; `sheet-*.png` is one look each.
"""

from __future__ import annotations

import asyncio
import html
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, async_playwright

from tests.browser import FLAGS
from tests.citizen.demo import TypedPage, browser_flags, build_demo, serve_demo, url_of
from tests.citizen.looks import ELDER, LOOKS, Look
from tests.conftest import require
from tests.world import PROJECT

FOLDER = PROJECT / "build/look"
AT_ONCE = 3
LONGEST = 4000
"""Pixels of a page that are pictured: below that, a list only goes on."""

THUMBNAILS = {"phone": (180, 370, 12), "desktop": (360, 370, 6)}
"""Width and height of a page on a sheet, and how many stand in a row."""

_LABEL = 16
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<title>所有页面的样子</title>
<style>
body {{ font: 14px/1.5 sans-serif; margin: 1rem; background: #ddd; }}
section {{ display: flex; gap: .5rem; overflow-x: auto; margin-bottom: 1.5rem; }}
figure {{ margin: 0; flex: none; }}
img {{ display: block; height: 480px; object-fit: cover; object-position: top; background: #fff; }}
.phone img {{ width: 240px; }} .desktop img {{ width: 480px; }}
</style>
<h1>所有页面的样子</h1>
<p>{sheets}</p>
{sections}
</html>
"""


def main() -> None:
    """Picture the demo county's pages; names given as arguments are the only types pictured."""
    started = time.monotonic()
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    FOLDER.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = build_demo(folder)
        wanted = sys.argv[1:]
        pages = {type: page for type, page in demo.fullest.items() if not wanted or type in wanted}
        with serve_demo(demo, folder) as server:
            asyncio.run(_picture_all(pages, browser_flags(server)))
    for look in LOOKS:
        _sheet(look, pages)
    (FOLDER / "index.html").write_text(_index(pages), encoding="utf-8")
    seconds = time.monotonic() - started
    print(f"{len(pages)} 种页面 × {len(LOOKS)} 种样子，{seconds:.0f} 秒：{FOLDER.relative_to(PROJECT)}/index.html")


async def _picture_all(pages: Mapping[str, TypedPage], flags: tuple[str, ...]) -> None:
    async with async_playwright() as playwright:
        arguments = [*FLAGS, *flags]
        browser = await playwright.chromium.launch(
            executable_path=require("chromium"), args=arguments, chromium_sandbox=False
        )
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(_picture_look(browser, look, pages, gate) for look in LOOKS))
        await browser.close()


async def _picture_look(browser: Browser, look: Look, pages: Mapping[str, TypedPage], gate: asyncio.Semaphore) -> None:
    """Picture the pages one after the other, in a tab and with a memory of this look's own."""
    async with gate:
        tab = await browser.new_page(
            viewport=look.size, color_scheme=look.colours, reduced_motion="reduce", locale="zh-CN"
        )
        for type, page in pages.items():
            await _picture(tab, look, type, page)
        await tab.close()


async def _picture(tab: Page, look: Look, type: str, page: TypedPage) -> None:
    await tab.set_viewport_size(look.size)
    await tab.goto(url_of(page.path), wait_until="load")
    if look.mode == "elder":
        await tab.evaluate(ELDER)
    # As tall as the page: pictures that are loaded when they are seen are seen.
    height = min(await tab.evaluate("document.documentElement.scrollHeight"), LONGEST)
    await tab.set_viewport_size({"width": look.size["width"], "height": max(height, look.size["height"])})
    await tab.evaluate("Promise.allSettled([...document.images].map((picture) => picture.decode()))")
    await tab.screenshot(path=FOLDER / _name(look, type))


def _name(look: Look, type: str) -> str:
    return f"{type}-{look.name}.png"


def _sheet(look: Look, pages: Mapping[str, TypedPage]) -> None:
    """Put all pages in one look on one picture, their tops as a citizen comes upon them."""
    width, height, columns = THUMBNAILS[look.screen]
    rows = -(-len(pages) // columns)
    sheet = Image.new("RGB", (columns * (width + 8), rows * (height + _LABEL + 8)), "#888")
    draw = ImageDraw.Draw(sheet)
    for number, type in enumerate(pages):
        left, top = (number % columns) * (width + 8), (number // columns) * (height + _LABEL + 8)
        with Image.open(FOLDER / _name(look, type)) as picture:
            seen = picture.crop((0, 0, picture.width, min(picture.height, picture.width * height // width)))
            small = seen.convert("RGB").resize((width, seen.height * width // seen.width), Image.Resampling.LANCZOS)
        draw.text((left + 2, top + 2), type, fill="white")
        sheet.paste(small, (left, top + _LABEL))
    sheet.save(FOLDER / f"sheet-{look.name}.png")


def _index(pages: Mapping[str, TypedPage]) -> str:
    sheets = " · ".join(f'<a href="sheet-{look.name}.png">{look.name}</a>' for look in LOOKS)
    sections = "\n".join(
        f"<h2>{html.escape(type)}</h2>\n<p>{html.escape(page.path)}</p>\n<section>"
        + "".join(
            f'<figure class="{look.screen}"><a href="{_name(look, type)}">'
            f'<img src="{_name(look, type)}" alt="{look.name}" loading="lazy"></a>{look.name}</figure>'
            for look in LOOKS
        )
        + "</section>"
        for type, page in pages.items()
    )
    return _PAGE.format(sheets=sheets, sections=sections)


if __name__ == "__main__":
    main()
