"""Small parts of pages: the code to scan, reporting an error, leaving the government, days for calendars, all feeds."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import segno
from bs4 import Tag

from tests.browser import STRICT_CSP, launch_chromium, serve, visit
from tests.world import COUNTY as SETTINGS
from tests.world import MZJ, PORTAL, QINGSHUI, Built, World

NOTICE = f"{QINGSHUI}/notices/wen.html"
POLICY = f"{PORTAL}/policies/wen.html"
COUNTY = """
-- content/qingshui/notices/wen.md --
title: 停水 & <检修>
date: 2026-03-01

见[省里](https://www.yn.gov.cn/a?b=1&c=2)、[本县](https://mzj.yunling.gov.example/)、[办事](https://ZWFW.gov.example/x)、
[政务](https://yunling.xn--zfr164b/)、[商家](https://shop.example.com/gov.cn)、[冒名](https://www.gov.cn.example.com/)、
[冒充](https://www.gov.cn@shop.example.com:8443/)、[站内](../news/xin.md)、<https://news.example.com/>。
-- content/qingshui/news/xin.md --
title: 新闻
date: 2026-03-01

文字。
-- content/portal/policies/wen.md --
title: 办法
date: 2026-03-01
document_number: 云政发〔2026〕3号

文字。
-- content/mzj/services/dibao.md --
title: 低保

文字。
-- content/mzj/consultations/yi.md --
title: 关于修改养老服务办法，征求意见；请\\反馈
date: 2026-03-01 09:00
opens_on: 2026-03-02
closes_on: 2026-03-31

文字。
-- content/mzj/consultations/er.md --
title: 没有日期的
date: 2026-03-01

文字。
"""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with documents of many kinds."""
    return World(tmp_path_factory.mktemp("county"), COUNTY)


@pytest.fixture(scope="module")
def built(county: World) -> Built:
    """Return it built."""
    return county.build()


def report_link(built: Built, path: str) -> dict[str, list[str]]:
    """Return what the link to report an error on a page says."""
    link = built.page(path).find("a", string=re.compile("我要纠错"))
    assert isinstance(link, Tag)
    address = urlsplit(str(link["href"]))
    assert (address.scheme, address.netloc) == ("https", "zhaocuo.gov.example")
    return parse_qs(address.query)


def test_an_error_is_reported_with_site_page_and_version(county: World, built: Built) -> None:
    said = report_link(built, NOTICE)
    file = county.root / "content/qingshui/notices/wen.md"
    id = subprocess.run(["git", "hash-object", "--no-filters", file], capture_output=True, text=True, check=True).stdout
    assert said == {"site_code": ["5309990001"], "url": [f"https://{NOTICE}"], "version": [id[:12]]}


def test_the_version_changes_with_the_document_and_what_is_said_is_not_said_again(world: Callable[..., World]) -> None:
    county = world(COUNTY)
    first = report_link(county.build(), NOTICE)["version"]
    settings = (county.root / "sites/_county.toml").read_text(encoding="utf-8")
    county.write("sites/_county.toml", settings.replace("zhaocuo.gov.example/", "zhaocuo.gov.example/?site=5309990001"))
    file = county.root / "content/qingshui/notices/wen.md"
    # Nothing that a reader sees: the version is another one all the same.
    county.write("content/qingshui/notices/wen.md", file.read_text(encoding="utf-8") + "\n\n")
    said = report_link(county.build(), NOTICE)
    assert said.keys() == {"site", "url", "version"}
    assert said["version"] != first


def test_a_blank_line_more_makes_only_that_page_again(world: Callable[..., World]) -> None:
    county = world(COUNTY)
    county.build()
    file = county.root / "content/qingshui/notices/wen.md"
    county.write("content/qingshui/notices/wen.md", file.read_text(encoding="utf-8") + "\n\n")
    again = county.build()
    assert again.report.written == 1
    (county.root / "build").rename(county.root / "before")
    assert county.build().files() == Built(again.report, county.root / "before/public").files()


def test_links_that_leave_the_government_say_so(built: Built) -> None:
    links = built.page(NOTICE).select(".prose a")
    marked = {str(link["href"]): bool(link.select(".outside")) for link in links}
    assert marked == {
        "https://www.yn.gov.cn/a?b=1&c=2": False,
        "https://mzj.yunling.gov.example/": False,
        "https://ZWFW.gov.example/x": False,
        "https://yunling.xn--zfr164b/": False,
        "https://shop.example.com/gov.cn": True,
        "https://www.gov.cn.example.com/": True,
        "https://www.gov.cn@shop.example.com:8443/": True,
        "/news/xin.html": False,
        "https://news.example.com/": True,
    }
    outside = links[4]
    assert outside.get_text() == "商家（外部网站）"
    assert outside["rel"] == ["external"]


def drawn(path: str, modules: int) -> list[list[int]]:
    """Return the squares that an SVG path of strokes covers."""
    squares = [[0] * modules for _ in range(modules)]
    x = y = 0
    for move, first, second, length in re.findall(r"([Mm])(\d+) ([\d.]+)h(\d+)", path):
        x, y = (int(first), int(float(second))) if move == "M" else (x + int(first), y)
        for _ in range(int(length)):
            squares[y][x] = 1
            x += 1
    return squares


@pytest.mark.parametrize("path", [NOTICE, POLICY, f"{MZJ}/services/dibao.html", f"{MZJ}/consultations/yi.html"])
def test_what_is_printed_and_posted_carries_a_code_to_scan(built: Built, path: str) -> None:
    (drawing,) = built.page(path).select("details.share svg")
    modules = int(str(drawing["viewbox"]).split()[2]) - 8
    assert str(drawing["viewbox"]) == f"-4 -4 {modules + 8} {modules + 8}"
    assert drawing["aria-label"]
    line = drawing.find("path")
    assert isinstance(line, Tag)
    wanted = segno.make_qr(f"https://{path}", error="l", mask=0)
    assert drawn(str(line["d"]), modules) == [list(row) for row in wanted.matrix]


def test_a_code_is_made_once_for_an_address(world: Callable[..., World]) -> None:
    county = world()

    def codes_made_by_an_edit(path: str, text: str) -> bool:
        county.write(path, f"title: 题目\ndate: 2026-03-01\n\n{text}\n")
        answer = county.run("build", PYTHONPROFILEIMPORTTIME="1")
        assert answer.returncode == 0, answer.stderr
        return "segno" in answer.stderr

    assert county.run("build").returncode == 0
    assert codes_made_by_an_edit("content/qingshui/notices/wen.md", "文字。")
    before = county.root.joinpath("build/public", NOTICE).read_text(encoding="utf-8")
    assert not codes_made_by_an_edit("content/qingshui/notices/wen.md", "别的文字。")
    after = county.root.joinpath("build/public", NOTICE).read_text(encoding="utf-8")
    code = r'(?s)<svg viewBox="-4 -4.*?</svg>'
    assert before != after
    assert re.findall(code, before) == re.findall(code, after) != []
    assert codes_made_by_an_edit("content/qingshui/notices/qita.md", "文字。")
    county.write("sites/_county.toml", SETTINGS.replace("yunling.gov", "yunxi.gov"))
    assert county.run("build", "--verify").returncode == 0


def test_no_content_passes_for_a_part_of_the_theme(world: Callable[..., World]) -> None:
    county = world(COUNTY)
    false = '<details class="share">甲<svg><path d="M0 0"/></svg></details><button class="copy">乙</button>'
    county.write("content/qingshui/notices/wen.md", f"title: 题目\ndate: 2026-03-01\n\n{false}\n\n文字。\n")
    prose = county.build().page(NOTICE).select(".prose")[0]
    assert prose.select(".share, .copy, svg, button") == []
    assert "文字。" in prose.get_text()


def test_news_carry_no_code(built: Built) -> None:
    assert built.page(f"{QINGSHUI}/news/xin.html").select("details.share") == []


def unfolded(content: bytes) -> list[str]:
    """Return the lines of a calendar file."""
    assert content.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    return content.replace(b"\r\n ", b"").decode().split("\r\n")


def test_a_consultation_gives_its_days_to_calendars(built: Built) -> None:
    page = f"{MZJ}/consultations/yi.html"
    (link,) = built.page(page).select('a[href$=".ics"]')
    lines = unfolded((built.output / f"{MZJ}{link['href']}").read_bytes())
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "DTSTART;VALUE=DATE:20260302" in lines
    assert lines[lines.index("DTSTART;VALUE=DATE:20260331") + 1] == "DTEND;VALUE=DATE:20260401"
    assert "DTSTAMP:20260301T010000Z" in lines
    assert "SUMMARY:征求意见最后一天：关于修改养老服务办法，征求意见；请\\\\反馈" in lines
    assert lines.count(f"URL:https://{page}") == 2
    assert len({line for line in lines if line.startswith("UID:")}) == 2
    assert not built.has(f"{MZJ}/consultations/er.ics")
    assert built.page(f"{MZJ}/consultations/er.html").select('a[href$=".ics"]') == []


def test_days_that_come_and_go_take_their_calendar_along(world: Callable[..., World]) -> None:
    county = world(COUNTY)
    county.build()
    text = (county.root / "content/mzj/consultations/er.md").read_text(encoding="utf-8")
    county.write("content/mzj/consultations/er.md", f"closes_on: 2026-05-01\n{text}")
    with_day = county.build()
    assert "DTSTART;VALUE=DATE:20260501" in unfolded((with_day.output / f"{MZJ}/consultations/er.ics").read_bytes())
    county.write("content/mzj/consultations/er.md", f"closes_on: 2026-05-02\n{text}")
    assert b"20260502" in (county.build().output / f"{MZJ}/consultations/er.ics").read_bytes()
    county.write("content/mzj/consultations/er.md", text)
    assert not county.build().has(f"{MZJ}/consultations/er.ics")


def test_all_feeds_of_the_county_are_in_one_file(built: Built) -> None:
    tree = ElementTree.fromstring((built.output / f"{PORTAL}/feeds.opml").read_bytes())
    feeds = [str(outline.get("xmlUrl")).removeprefix("https://") for outline in tree.iter() if outline.get("xmlUrl")]
    assert {f"{host}/feed.xml" for host in (PORTAL, MZJ, QINGSHUI)} <= set(feeds)
    assert len(feeds) == len(set(feeds)) > 10
    assert [feed for feed in feeds if not built.has(feed)] == []
    for host, href in ((PORTAL, "/feeds.opml"), (MZJ, f"https://{PORTAL}/feeds.opml")):
        assert built.page(f"{host}/sitemap.html").select(f'a[href="{href}"]')


CLIPBOARD = """
Object.defineProperty(navigator, "clipboard", {
  value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } },
});
"""


def test_a_document_number_is_copied_where_the_browser_can(built: Built) -> None:
    with launch_chromium() as chromium, serve(built.output, csp=STRICT_CSP) as server:
        with visit(chromium, server) as reader:
            page = reader.open(POLICY)
            assert not page.locator("button.copy").is_visible()
        with visit(chromium, server) as reader:
            reader.context.add_init_script(CLIPBOARD)
            page = reader.open(POLICY)
            button = page.locator("button.copy")
            button.click()
            page.locator("button.copy", has_text="已复制").wait_for()
            assert page.evaluate("window.copied") == "云政发〔2026〕3号"
            assert button.inner_text() == "已复制"
            assert reader.failed == []
