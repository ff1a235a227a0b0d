"""Tables wider than the screen are reached, scrolled and told apart by keyboard; words that would vanish are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from govgen.content.tables import name_tables
from tests.browser import launch_chromium, serve, visit
from tests.world import MZJ, Built, World

WIDE = "| " + " | ".join(f"第{n}列的名称" for n in range(12)) + " |\n" + "| --- " * 12 + "|\n" + "| 值 " * 12 + "|\n"
TABLES = f"""
-- content/mzj/news/plain.md --
title: 一张表
date: 2026-03-01

{WIDE}
-- content/mzj/news/many.md --
---
title: 几张表
date: 2026-03-02
---
{WIDE}
又一张：

{WIDE}
<table><caption>各乡镇 <em>“人口”</em></caption><tr><td>甲</td></tr></table>

<table><caption>各乡镇 “人口”</caption><tr><td>乙</td></tr></table>
-- content/mzj/news/english.md --
---
title: A table
date: 2026-03-03
lang: en
---
{WIDE}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county with tables."""
    return World(tmp_path_factory.mktemp("tables") / "county", TABLES).build()


NAMES = {
    "plain": ["表格，可左右滚动"],
    "many": [
        "表格，可左右滚动",
        "表格（第2个表格），可左右滚动",
        "表格：各乡镇 “人口”，可左右滚动",
        "各乡镇 “人口”（第4个表格），可左右滚动",
    ],
    "english": ["Table, scrolls sideways"],
}


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_a_region_with_a_name_of_its_own(built: Built, name: str) -> None:
    boxes = built.page(f"{MZJ}/news/{name}.html").select("div.table")
    assert [box["aria-label"] for box in boxes] == NAMES[name]
    assert all((box["role"], box["tabindex"]) == ("region", "0") for box in boxes)


def test_text_without_a_table_stays_as_it_is() -> None:
    assert name_tables("<p>正文</p>", "zh-CN") == "<p>正文</p>"


def test_a_caption_cannot_break_out_of_the_name() -> None:
    body = '<div class="table"><table><caption>&lt;b onclick="x"&gt;</caption></table></div>'
    assert 'aria-label="表格：&lt;b onclick=&quot;x&quot;&gt;，可左右滚动"' in name_tables(body, "zh-CN")


def test_a_keyboard_scrolls_a_wide_table(built: Built) -> None:
    screen = {"width": 360, "height": 800}
    with launch_chromium() as chromium, serve(built.output) as server, visit(chromium, server, viewport=screen) as v:
        page = v.open(f"{MZJ}/news/plain.html")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") == "table":
                break
        assert page.evaluate("document.activeElement.className") == "table"
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0", timeout=3000)


# What is lost is told

LOST = {
    "<![CDATA[没有人会看到]]>": "![CDATA[",
    "前面\n<![CDATA[\n没有人会看到\n\n两段\n]]>\n": "![CDATA[",
    "<?php echo '没有人会看到'; ?>": "?php",
}


@pytest.mark.parametrize("written", LOST)
def test_words_that_html_takes_for_a_comment_are_a_finding(world: Callable[..., World], written: str) -> None:
    built = world(f"-- content/mzj/news/a.md --\ntitle: 甲\ndate: 2026-01-01\n\n正文。\n\n{written}\n").build()
    [finding] = built.findings("HTML-DROPPED")
    assert (finding.values["tag"], finding.line is not None) == (LOST[written], True)
    assert "没有人会看到" not in built.text(f"{MZJ}/news/a.html")


def test_an_example_of_it_and_a_comment_are_none(world: Callable[..., World]) -> None:
    text = "title: 甲\ndate: 2026-01-01\n\n`<![CDATA[甲]]>` 与 `<?php`。\n\n<!-- <![CDATA[乙]]> -->\n"
    built = world(f"-- content/mzj/news/a.md --\n{text}").build()
    assert built.findings() == []
    assert "&lt;![CDATA[甲]]&gt;" in built.text(f"{MZJ}/news/a.html")


def test_a_list_of_adopted_documents_where_nothing_is_adopted_is_a_finding(world: Callable[..., World]) -> None:
    places = {"content/mzj/news/_adopted.toml", "content/portal/nowhere/_adopted.toml", "content/_adopted.toml"}
    county = world("-- content/portal/news/_adopted.toml --\ndocuments = []\n")
    assert county.build().findings() == []
    for place in places:
        county.write(place, "documents = []\n")
    found = county.build().findings()
    assert {finding.path for finding in found} == places
    assert {(finding.rule, finding.values["guess"]) for finding in found} == {
        ("ADOPT-PLACE", "content/portal/news/_adopted.toml")
    }
    county.remove("content/mzj/news/_adopted.toml")
    assert {finding.path for finding in county.build().findings()} == places - {"content/mzj/news/_adopted.toml"}
    county.write("sites/mzj.toml", 'name = "云岭县民政局"\nshort_name = "民政"\nkind = "department"\n')
    assert {finding.path for finding in county.build().findings()} == places - {"content/mzj/news/_adopted.toml"}
