"""Documents in, pages out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.world import MZJ, PORTAL, QINGSHUI, World

SPELLINGS = {
    "yaml": "---\ntitle: 春耕备耕通知\ndate: 2026-03-01 09:00\n---\n正文。\n",
    "toml": '+++\ntitle = "春耕备耕通知"\ndate = 2026-03-01T09:00:00\n+++\n正文。\n',
    "pelican": "Title: 春耕备耕通知\nDate: 2026-03-01 09:00\n\n正文。\n",
    "chinese": "---\n标题: 春耕备耕通知\n日期: 2026年3月1日 09:00\n---\n正文。\n",
    "chinese pelican": "标题：春耕备耕通知\n日期：2026-03-01 09:00\n\n正文。\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_the_front_matter_gives_the_same_page(world: Callable[..., World], spelling: str) -> None:
    county = world()
    county.write("content/qingshui/notices/chungeng.md", SPELLINGS[spelling])
    built = county.build()
    page = built.page(f"{QINGSHUI}/notices/chungeng.html")
    assert page.h1 and page.h1.get_text(strip=True) == "春耕备耕通知"
    assert page.find("meta", attrs={"name": "PubDate"})["content"] == "2026-03-01 09:00"
    assert not built.report.held


def test_homonym_titles_have_different_permalinks(world: Callable[..., World]) -> None:
    built = world("""
-- content/mzj/notices/2026-03-01-notice.md --
title: 公示
date: 2026-03-01

一
-- content/mzj/notices/2026-03-02-formula.md --
title: 公式
date: 2026-03-02

二
""").build()
    assert "公示" in built.words(f"{MZJ}/notices/2026-03-01-notice.html")
    assert "公式" in built.words(f"{MZJ}/notices/2026-03-02-formula.html")
    assert "公示" in built.words(f"{PORTAL}/index.html")


def test_a_policy_that_another_repeals_or_amends_is_marked_without_being_told(world: Callable[..., World]) -> None:
    built = world("""
-- content/mzj/policies/jiu.md --
title: 旧办法
date: 2025-03-01
repealed_by: mzj:policies/xin

旧。
-- content/mzj/policies/xin.md --
title: 新办法
date: 2026-03-01

新。
-- content/mzj/policies/gai.md --
title: 补充规定
date: 2026-04-01
amends: mzj:policies/xin

改。
""").build()
    assert "废止" in built.words(f"{MZJ}/policies/jiu.html")
    assert "已修改" in built.words(f"{MZJ}/policies/xin.html")
    assert "现行有效" not in built.words(f"{MZJ}/policies/gai.html")
