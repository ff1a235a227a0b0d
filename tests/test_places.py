"""Where a document lies, and what that makes of it: its site, section, kind, address and page."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from govgen.content.parse import Parser
from govgen.content.settings import read_markdown_settings
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests.world import QINGSHUI, Built, World

TOWNSHIP_SECTIONS = """
-- sites/qingshui.toml --
name = "清水镇人民政府"
short_name = "清水镇"
kind = "township"

[[villages]]
id = "shanghe"
name = "上河村"

[[sections]]
id = "tourism"
name = "乡村旅游"
kind = "news"

[[sections]]
id = "about/history"
name = "历史沿革"
kind = "pages"
"""
DATED = "---\ntitle: 题目\ndate: 2026-03-01\n{}---\n正文。\n"


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    """Return the parser of a county whose township has sections of its own."""
    checkout = Checkout(World(tmp_path_factory.mktemp("county"), TOWNSHIP_SECTIONS).root)
    return Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))


@pytest.mark.parametrize(
    ("path", "id", "address", "kind"),
    [
        ("qingshui/notices/chungeng.md", "qingshui:notices/chungeng", "/notices/chungeng.html", "article"),
        ("qingshui/notices/chungeng.markdown", "qingshui:notices/chungeng", "/notices/chungeng.html", "article"),
        ("qingshui/notices/Chun Geng.MD", "qingshui:notices/chun-geng", "/notices/chun-geng.html", "article"),
        ("qingshui/notices/2026/03/chungeng.md", "qingshui:notices/chungeng", "/notices/chungeng.html", "article"),
        ("qingshui/notices/chungeng/index.md", "qingshui:notices/chungeng", "/notices/chungeng.html", "article"),
        ("qingshui/notices/春耕备耕/index.md", "qingshui:notices/chun-geng-bei-geng", "", "article"),
        (
            "qingshui/notices/关于2026年春耕的通知.md",
            "qingshui:notices/guan-yu-2026-nian-chun-geng-de-tong-zhi",
            "",
            "",
        ),
        ("qingshui/notices/1.2版.md", "qingshui:notices/1.2-ban", "/notices/1.2-ban.html", "article"),
        ("qingshui/tourism/chaye.md", "qingshui:tourism/chaye", "/tourism/chaye.html", "article"),
        ("qingshui/about/jianjie.md", "qingshui:about/jianjie", "/about/jianjie.html", "page"),
        ("qingshui/about/history/ming.md", "qingshui:about/history/ming", "/about/history/ming.html", "page"),
        ("qingshui/about/history/index.md", "qingshui:about/history/index", "/about/history/", "page"),
        ("qingshui/notices/index.md", "qingshui:notices/index", "/notices/", "page"),
        ("qingshui/index.md", "qingshui:index", "/", "page"),
        ("qingshui/villages/shanghe/index.md", "qingshui:villages/shanghe/index", "/villages/shanghe/", "page"),
        ("qingshui/villages/shanghe/notices/dibao.md", "qingshui:villages/shanghe/notices/dibao", "", "article"),
        ("qingshui/villages/shanghe/news/index.md", "qingshui:villages/shanghe/news/index", "", "page"),
        ("portal/policies/jiuye.md", "portal:policies/jiuye", "/policies/jiuye.html", "policy"),
        ("mzj/interpretations/dibao.md", "mzj:interpretations/dibao", "/interpretations/dibao.html", "interpretation"),
        ("mzj/services/dibao.md", "mzj:services/dibao", "/services/dibao.html", "service"),
        ("mzj/letters/yanglao.md", "mzj:letters/yanglao", "/letters/yanglao.html", "letter"),
        ("mzj/consultations/dibao.md", "mzj:consultations/dibao", "/consultations/dibao.html", "consultation"),
        ("mzj/data/dibao.md", "mzj:data/dibao", "/data/dibao.html", "data"),
        ("portal/topics/yanglao.md", "portal:topics/yanglao", "/topics/yanglao.html", "page"),
    ],
)
def test_the_place_of_a_file_says_what_it_is(parser: Parser, path: str, id: str, address: str, kind: str) -> None:
    verdict = parser.parse(f"content/{path}", DATED.format("").encode())
    assert verdict.findings == ()
    assert verdict.document
    assert verdict.document.id == id
    assert verdict.document.address == (address or f"/{id.partition(':')[2]}.html".replace("/index.html", "/"))
    assert verdict.document.kind.value == (kind or "article")


@pytest.mark.parametrize(
    ("path", "key", "address"),
    [
        ("qingshui/notices/chungeng.md", "section: tourism", "/tourism/chungeng.html"),
        ("qingshui/notices/chungeng.md", "栏目: 乡村旅游", "/tourism/chungeng.html"),
        ("qingshui/chungeng.md", "category: notices", "/notices/chungeng.html"),
        ("qingshui/2019/chungeng.md", "category: notices", "/notices/chungeng.html"),
        ("qingshui/notices/chungeng.md", "slug: spring", "/notices/spring.html"),
        ("qingshui/notices/chungeng.md", "网址名: 春耕", "/notices/chun-geng.html"),
        ("qingshui/notices/chungeng/index.md", "slug: spring", "/notices/spring.html"),
        ("qingshui/villages/shanghe/chungeng.md", "栏目: 村务公开", "/villages/shanghe/notices/chungeng.html"),
    ],
)
def test_section_and_slug_keys_go_before_the_path(parser: Parser, path: str, key: str, address: str) -> None:
    verdict = parser.parse(f"content/{path}", DATED.format(key + "\n").encode())
    assert verdict.document and verdict.document.address == address


@pytest.mark.parametrize(
    ("path", "guess"),
    [
        ("content/qingsui/notices/chungeng.md", "content/qingshui/"),
        ("content/qingshui/notice/chungeng.md", "content/qingshui/notices/"),
        ("content/qingshui/turism/2026/chungeng.md", "content/qingshui/tourism/"),
        ("content/qingshui/villages/shange/notices/dibao.md", "villages/shanghe/"),
        ("content/qingshui/villages/shanghe/policies/dibao.md", "villages/shanghe/notices/"),
        ("content/qingshui/villages/dibao.md", "villages/shanghe/"),
        ("content/qingshui/chungeng.md", "content/qingshui/news/"),
        ("content/mzj/villages/shanghe/index.md", "villages/"),
        ("content/chungeng.md", "content/"),
    ],
)
def test_a_file_in_no_section_is_held_with_a_guess_where_it_belongs(parser: Parser, path: str, guess: str) -> None:
    verdict = parser.parse(path, DATED.format("").encode())
    assert verdict.document is None
    assert [finding.rule for finding in verdict.findings] == ["FILE-PLACE"]
    assert guess in verdict.findings[0].values["guess"]


@pytest.mark.parametrize("name", ["。.md", "---.md", "_.md", "a\u202eb.md", "a\u200bb.md", "a\nb.md", "😀.md"])
def test_a_file_name_that_gives_no_address_is_refused(parser: Parser, name: str) -> None:
    verdict = parser.parse(f"content/qingshui/notices/{name}", DATED.format("").encode())
    assert verdict.document is None
    assert [(finding.rule, finding.line) for finding in verdict.findings] == [("FILE-NAME", None)]


def test_a_file_name_that_is_not_unicode_holds_one_document_and_no_more(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/qingshui/notices/chungeng.md", DATED.format(""))
    (county.root / os.fsdecode(b"content/qingshui/notices/\xb4\xba\xb8\xfb.md")).write_text("x", encoding="utf-8")
    built = county.build()
    assert built.report.states == {"held": 1, "listed": 1}
    assert county.run("check").returncode == 1


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("content/qingshui/notices/chungeng.md", [("FM-DATE-MISSING", 1)]),
        ("content/mzj/policies/jiuzhu.md", [("FM-DATE-MISSING", 1)]),
        ("content/qingshui/notices/2026-02-30-chungeng.md", [("FM-DATE-MISSING", 1)]),
        ("content/qingshui/notices/2026-03-01-chungeng.md", []),
        ("content/qingshui/notices/2026-03-01-chungeng/index.md", []),
        ("content/mzj/services/jiuzhu.md", []),
        ("content/mzj/about/zhineng.md", []),
    ],
)
def test_only_dated_sections_ask_for_a_date_and_the_file_name_can_give_it(
    parser: Parser, path: str, found: list[tuple[str, int]]
) -> None:
    verdict = parser.parse(path, b"---\ntitle: Spring\n---\nText.")
    assert [(finding.rule, finding.line) for finding in verdict.findings] == found
    if "03-01" in path:
        assert verdict.document and verdict.document.date == datetime(2026, 3, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


STANDING = """
-- content/qingshui/index.md --
---
title: 清水镇
summary: 清水镇在清水河边。
---
本镇共五个村。
-- content/qingshui/notices/index.md --
---
title: 通知公告
---
这里公开全镇的通知。
-- content/qingshui/villages/shanghe/index.md --
---
title: 上河村
---
上河村在河的上游。
-- content/qingshui/villages/shanghe/notices/2026-03-01-dibao.md --
title: 低保名单公示
村主任: 不公开

名单见村委会。
-- content/qingshui/notices/2026-03-02-桥/index.md --
---
title: 修桥通知
slug: xiuqiao
---
![桥的样子](桥.svg)，见[低保](../../villages/shanghe/notices/2026-03-01-dibao.md)。
-- content/qingshui/notices/2026-03-02-桥/桥.svg --
<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20"/></svg>
-- content/qingshui/notices/公示.md --
title: 公示
date: 2026-03-03

见[修桥](qingshui:notices/xiuqiao)、[公式](公式.md)和[公示](qingshui:notices/公示)。
-- content/qingshui/notices/公式.md --
title: 公式
date: 2026-03-04
slug: gongshi-jisuan

如何计算。
"""


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a township with standing texts, a village's notice, a bundle and Chinese file names."""
    return World(tmp_path_factory.mktemp("county"), STANDING).build()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("index.html", "本镇共五个村。"),
        ("notices/index.html", "这里公开全镇的通知。"),
        ("villages/shanghe/index.html", "上游"),
    ],
)
def test_an_index_file_is_the_standing_text_of_its_place(standing: Built, page: str, words: str) -> None:
    assert words in standing.words(f"{QINGSHUI}/{page}")
    assert not standing.has(f"{QINGSHUI}/{page.removesuffix('.html')}/index.html")
    assert not standing.has(f"{QINGSHUI}/{page}".replace("index.html", "index/index.html"))


def test_a_standing_text_is_not_listed(standing: Built) -> None:
    titles = [link.get_text() for link in standing.page(f"{QINGSHUI}/notices/index.html").select("ul.rows .title a")]
    assert titles == ["公式", "公示", "修桥通知"]


def test_a_villages_notice_is_dated_by_its_name_and_listed_on_the_villages_page(standing: Built) -> None:
    page = standing.page(f"{QINGSHUI}/villages/shanghe/notices/2026-03-01-dibao.html")
    trail = [link["href"] for link in page.select("nav.breadcrumb a")]
    assert trail == ["/", "/villages/", "/villages/shanghe/", "/villages/shanghe/notices/"]
    row = standing.page(f"{QINGSHUI}/villages/shanghe/index.html").select_one("ul.rows li")
    assert row and row.time and row.time["datetime"] == "2026-03-01T00:00:00+08:00"
    assert row.a and row.a["href"] == "/villages/shanghe/notices/2026-03-01-dibao.html"
    assert "低保名单公示" not in standing.words(f"{QINGSHUI}/notices/index.html")


def test_a_bundle_keeps_its_pictures_and_is_dated_by_its_folder(standing: Built) -> None:
    page = standing.page(f"{QINGSHUI}/notices/xiuqiao.html")
    assert page.time and page.time["datetime"] == "2026-03-02T00:00:00+08:00"
    picture = page.select_one(".prose img")
    assert picture and (picture["alt"], picture["width"], picture["height"]) == ("桥的样子", "30", "20")
    assert standing.has(QINGSHUI + str(picture["src"]))
    link = page.select_one(".prose a")
    assert link and link["href"] == "/villages/shanghe/notices/2026-03-01-dibao.html"


def test_a_chinese_file_name_becomes_pinyin_and_is_linked_by_either(standing: Built) -> None:
    links = standing.page(f"{QINGSHUI}/notices/gong-shi.html").select(".prose a")
    hrefs = ["/notices/xiuqiao.html", "/notices/gongshi-jisuan.html", "/notices/gong-shi.html"]
    assert [link["href"] for link in links] == hrefs
    assert [finding.rule for finding in standing.findings()] == ["FM-UNKNOWN"]
