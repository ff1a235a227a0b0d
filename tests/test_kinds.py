"""What each kind of document shows on its page, and what becomes of a document as the clock runs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup, Tag

from tests.world import MZJ, NOON, PORTAL, QINGSHUI, Built, World

KINDS = """
-- content/mzj/policies/jiuzhu-2026.md --
---
title: 临时救助办法
date: 2026-02-03
disclosure: 主动公开
document_number: 云民发〔2026〕2号
index_number: 530999-MZJ-2026-0002
issuer: 云岭县民政局
issued_on: 2026年1月30日
effective_on: 2026-03-01
expires_on: 2031-02-28
validity: 现行有效
theme: 民政、扶贫、救灾
genre: 办法
amends: mzj:policies/gaoling-2024
---
第一条。
-- content/mzj/policies/jiuzhu-2020.md --
---
title: 临时救助办法（试行）
date: 2020-02-03
文号: 云民发〔2020〕5号
有效性: 废止
替代文件: mzj:policies/jiuzhu-2026
---
第一条。
-- content/mzj/policies/gaoling-2024.md --
title: 高龄津贴办法
date: 2024-02-03
validity: amended

第一条。
-- content/mzj/policies/2021-02-03-yiqing.md --
title: 疫情期间救助通知
validity: 失效

一、
-- content/portal/interpretations/jiuzhu-jiedu.md --
---
title: 《临时救助办法》解读
date: 2026-02-05
interprets: [mzj:policies/jiuzhu-2026, mzj:policies/gaoling-2024]
---
哪些人可以申请？
-- content/mzj/services/jiuzhu.md --
---
title: 临时救助
summary: 突遇困难的家庭可申请。
服务对象: 本县居民
带什么: 身份证
收费: 不收费
咨询电话: 0000-1234567
---
## 受理条件

突遇困难。
-- content/mzj/letters/yanglao.md --
---
title: 养老金何时到账
date: 2026-11-05
ticket: YL20261103-017
received_on: 2026-11-03
replied_on: 2026-11-05
replied_by: 县民政局
---
## 答复内容

每月十日。
-- content/mzj/letters/2026-11-03-dangtian.md --
title: 几点上班
来信日期: 2026-11-03
答复日期: 2026年11月3日

八点半。
-- content/mzj/data/dibao.md --
---
title: 低保人数
date: 2026-10-08
summary: 三季度末数据。
attachments: [{file: dibao.csv, title: 低保人数（CSV）}]
---
| 乡镇 | 人数 |
| --- | ---: |
| 清水镇 | 412 |
-- content/mzj/data/dibao.csv --
乡镇,人数
清水镇,412
-- content/portal/topics/yilao.md --
---
title: 养老服务
summary: 办理、政策、动态。
---
专题介绍。
-- content/qingshui/news/2026-11-20-shitang.md --
title: 老年食堂开张
topics: yilao
keywords: 养老, 食堂
changes: 2026-11-21 改正了地址
reviewed_by: 张某、李某、王某

开张了。
-- content/mzj/services/gaoling.md --
title: 高龄津贴
topics: yilao

八十岁以上。
-- content/mzj/about/zhineng.md --
title: 机构职能
updated: 2026-09-01

本局负责民政工作。
"""
CONSULTATIONS = {
    "coming": ("opens_on: 2026-11-23", "未开始"),
    "opening": ("opens_on: 2026-11-22\ncloses_on: 2026-12-01", "征集中"),
    "closing": ("opens_on: 2026-11-01\ncloses_on: 2026-11-22", "征集中"),
    "closed": ("opens_on: 2026-11-01\ncloses_on: 2026-11-21", "已截止"),
    "answered": ("opens_on: 2026-10-01\ncloses_on: 2026-10-31\noutcome: mzj:consultations/fankui", "已反馈"),
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county with documents of all kinds, in which nothing is to be found."""
    built = World(tmp_path_factory.mktemp("county"), KINDS).build()
    assert built.findings() == []
    return built


def facts(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Return the labelled values of a page, in its order."""
    rows = page.select("dl.facts > div")
    return [(row.dt.get_text(strip=True), row.dd.get_text(strip=True)) for row in rows if row.dt and row.dd]


def hrefs(page: BeautifulSoup, css: str) -> list[str]:
    """Return where the links below what matches `css` lead."""
    return [str(link["href"]) for element in page.select(css) for link in element.select("a[href]")]


def test_a_policy_shows_its_facts_in_the_order_of_the_regulation(kinds: Built) -> None:
    page = kinds.page(f"{MZJ}/policies/jiuzhu-2026.html")
    assert facts(page) == [
        ("文号", "云民发〔2026〕2号"),
        ("索引号", "530999-MZJ-2026-0002"),
        ("发文机关", "云岭县民政局"),
        ("成文日期", "2026-01-30"),
        ("施行日期", "2026-03-01"),
        ("失效日期", "2031-02-28"),
        ("主题分类", "民政、扶贫、救灾"),
        ("体裁", "办法"),
        ("公开方式", "主动公开"),
        ("有效性", "现行有效"),
    ]
    assert page.select("aside.lapse") == []


@pytest.mark.parametrize(
    ("name", "verdict", "successors"),
    [
        ("jiuzhu-2020", "本文件已废止", ["/policies/jiuzhu-2026.html"]),
        ("gaoling-2024", "本文件已修改", ["/policies/jiuzhu-2026.html"]),
        ("2021-02-03-yiqing", "本文件已失效", []),
    ],
)
def test_a_policy_that_no_longer_holds_says_so_first_and_leads_to_what_does(
    kinds: Built, name: str, verdict: str, successors: list[str]
) -> None:
    page = kinds.page(f"{MZJ}/policies/{name}.html")
    banner = page.select_one("article > *")
    assert banner and banner.name == "aside"
    assert verdict in banner.get_text()
    assert hrefs(page, "aside.lapse") == successors


def test_policy_and_interpretation_lead_to_each_other(kinds: Built) -> None:
    interpretation = kinds.page(f"{PORTAL}/interpretations/jiuzhu-jiedu.html")
    policies = [f"https://{MZJ}/policies/jiuzhu-2026.html", f"https://{MZJ}/policies/gaoling-2024.html"]
    assert hrefs(interpretation, "section.related ul.rows") == policies
    for name in ("jiuzhu-2026", "gaoling-2024"):
        policy = kinds.page(f"{MZJ}/policies/{name}.html")
        assert f"https://{PORTAL}/interpretations/jiuzhu-jiedu.html" in hrefs(policy, "section.related ul.rows")
    tagged = [tag for tag in kinds.page(f"{MZJ}/policies/index.html").select(".title .tag") if tag.get_text() == "解读"]
    assert len(tagged) == 2


def test_a_service_shows_its_own_keys_as_written_and_the_way_to_the_service_hall(kinds: Built) -> None:
    page = kinds.page(f"{MZJ}/services/jiuzhu.html")
    labels = [("服务对象", "本县居民"), ("带什么", "身份证"), ("收费", "不收费"), ("咨询电话", "0000-1234567")]
    assert facts(page) == labels
    assert len(page.select("dl.facts.as-grid")) == 1
    assert hrefs(page, "p.action") == ["https://zwfw.gov.example/"]


@pytest.mark.parametrize(("name", "days"), [("yanglao", "2 天答复"), ("2026-11-03-dangtian", "当天答复")])
def test_a_letter_says_who_replied_and_how_fast(kinds: Built, name: str, days: str) -> None:
    page = kinds.page(f"{MZJ}/letters/{name}.html")
    state = page.select_one("p.state")
    assert state and days in state.get_text()
    assert ("来信日期", "2026-11-03") in facts(page)
    assert days in kinds.words(f"{MZJ}/letters/index.html")


def test_a_letters_facts_are_its_ticket_and_its_days(kinds: Built) -> None:
    page = kinds.page(f"{MZJ}/letters/yanglao.html")
    days = [("来信日期", "2026-11-03"), ("答复日期", "2026-11-05"), ("答复单位", "县民政局")]
    assert facts(page) == [("信件编号", "YL20261103-017"), *days]
    assert hrefs(page, "p.action") == ["https://hudong.gov.example/"]


def test_data_show_their_table_and_their_file(kinds: Built) -> None:
    page = kinds.page(f"{MZJ}/data/dibao.html")
    table = page.select_one(".prose table")
    assert table and "412" in table.get_text()
    assert hrefs(page, "section.attachments") == ["/files/data/dibao.csv"]
    assert "低保人数（CSV）" in kinds.words(f"{MZJ}/data/dibao.html")


def test_a_topic_gathers_documents_of_all_sites_by_kind_and_they_lead_back(kinds: Built) -> None:
    topic = kinds.page(f"{PORTAL}/topics/yilao.html")
    blocks = [(block.h2.get_text(), hrefs(block, "ul")) for block in topic.select("section.block") if block.h2]
    news, service = f"https://{QINGSHUI}/news/2026-11-20-shitang.html", f"https://{MZJ}/services/gaoling.html"
    assert blocks == [("最新动态", [news]), ("办事指南", [service])]
    for path in (news, service):
        page = kinds.page(path.removeprefix("https://"))
        assert f"https://{PORTAL}/topics/yilao.html" in hrefs(page, "section.related")
    assert "养老服务" in kinds.words(f"{PORTAL}/index.html")


def test_an_article_tells_its_day_source_changes_and_reviewers(kinds: Built) -> None:
    said = ["2026-11-20 00:00", "来源：清水镇", "2026-11-21 改正了地址", "审核：张某、李某、王某"]
    words = kinds.words(f"{QINGSHUI}/news/2026-11-20-shitang.html")
    assert [saying for saying in said if saying not in words] == []
    keywords = kinds.page(f"{QINGSHUI}/news/2026-11-20-shitang.html").find("meta", attrs={"name": "Keywords"})
    assert isinstance(keywords, Tag) and keywords["content"] == "养老,食堂"


def test_a_standing_page_tells_when_it_was_updated(kinds: Built) -> None:
    assert "更新： 2026-09-01" in kinds.words(f"{MZJ}/about/zhineng.html")


def phases(built: Built) -> dict[str, str]:
    """Return what the consultations' pages say of how far they are."""
    states = {name: built.page(f"{MZJ}/consultations/{name}.html").select("p.state .tag") for name in CONSULTATIONS}
    return {name: " ".join(tag.get_text() for tag in tags) for name, tags in states.items()}


def test_a_consultation_goes_through_its_phases_with_the_clock(tmp_path_factory: pytest.TempPathFactory) -> None:
    county = World(tmp_path_factory.mktemp("county"))
    county.write("content/mzj/consultations/fankui.md", "title: 结果反馈\ndate: 2026-11-10\n\n采纳三条。\n")
    for name, (keys, _) in CONSULTATIONS.items():
        text = f"---\ntitle: 征集{name}\ndate: 2026-10-01\n{keys}\n---\n请提意见。\n"
        county.write(f"content/mzj/consultations/{name}.md", text)
    built = county.build()
    assert phases(built) == {name: phase for name, (_, phase) in CONSULTATIONS.items()}
    for name, (_, phase) in CONSULTATIONS.items():
        action = built.page(f"{MZJ}/consultations/{name}.html").select("p.action")
        assert bool(action) == (phase == "征集中")
    assert hrefs(built.page(f"{MZJ}/consultations/answered.html"), "p.state") == ["/consultations/fankui.html"]
    closed = dict.fromkeys(["opening", "closing", "closed"], "已截止")
    assert phases(county.build(clock=NOON + timedelta(days=10))) == closed | {"coming": "征集中", "answered": "已反馈"}


STATES = """
-- content/qingshui/notices/listed.md --
title: 照常发布
date: 2026-03-01

正文一。
-- content/qingshui/notices/withdrawn.md --
title: 撤回的名单
date: 2026-03-02
summary: 摘要里的张某某
keywords: 关键的张某某
author: 作者张某某
status: withdrawn
submit: news
topics: yanglao
attachments: mingdan.csv

正文里的张某某，见[名单](mingdan.csv)。
-- content/qingshui/notices/mingdan.csv --
张某某
-- content/qingshui/notices/draft.md --
title: 还在写的草稿
date: 2026-03-03
status: draft
aliases: /old/draft.html
attachments: caogao.csv

正文三。
-- content/qingshui/notices/caogao.csv --
草稿的附件
-- content/qingshui/notices/future.md --
title: 明天才发布
date: 2026-03-04
publish_at: 2026-11-23 09:00

正文四。
-- content/qingshui/notices/dated-future.md --
title: 落款在明天
date: 2026-11-23

正文五。
-- content/qingshui/notices/early.md --
title: 提前发布
date: 2026-12-01
publish_at: 2026-11-22 12:00

正文六。
-- content/qingshui/notices/expired.md --
title: 到期下线
date: 2026-03-06
expires_at: 2026-11-22 12:00

正文七。
-- content/portal/topics/yanglao.md --
title: 养老

养老服务。
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with a document in every state."""
    return World(tmp_path_factory.mktemp("county"), STATES)


def mentions(built: Built, *words: str) -> list[str]:
    """Return the built files that speak of any of these words, in their text or in their names."""
    return [
        path for path, content in built.files().items() if any(w.encode() in path.encode() + content for w in words)
    ]


@pytest.fixture(scope="module")
def citizens(states: World) -> Built:
    """Return what citizens see of it at noon."""
    return states.build("build/citizens")


def test_each_state_is_counted_and_shown_as_it_should_be(citizens: Built) -> None:
    assert citizens.report.states == {"listed": 3, "withdrawn": 1, "draft": 1, "future": 2, "expired": 1, "held": 0}
    titles = [link.get_text() for link in citizens.page(f"{QINGSHUI}/notices/index.html").select("ul.rows .title a")]
    assert titles == ["提前发布", "照常发布"]


def test_a_withdrawn_document_leaves_a_short_page_and_nothing_else(citizens: Built) -> None:
    page = f"{QINGSHUI}/notices/withdrawn.html"
    assert "已撤回" in citizens.words(page)
    assert mentions(citizens, "张某某", "mingdan") == []
    assert mentions(citizens, "撤回的名单", "notices/withdrawn.html") == [page]
    robots = citizens.page(page).find("meta", attrs={"name": "robots"})
    assert isinstance(robots, Tag) and "noindex" in str(robots["content"])


def test_a_draft_leaves_nothing(citizens: Built) -> None:
    assert mentions(citizens, "还在写的草稿", "正文三", "caogao", "old/draft", "notices/draft") == []


@pytest.mark.parametrize(
    ("option", "names"),
    [("drafts", ["draft"]), ("future", ["future", "dated-future"]), ("expired", ["expired"])],
)
def test_editors_may_see_what_citizens_do_not_yet_or_no_longer_see(
    states: World, citizens: Built, option: str, names: list[str]
) -> None:
    shown = states.build(f"build/{option}", **{option: True})
    paths = {f"{QINGSHUI}/notices/{name}.html" for name in names}
    pages = {path for path in shown.files() if path.startswith(f"{QINGSHUI}/notices/") and path.count("/") == 2}
    assert {path for path in pages if not citizens.has(path)} == paths
    for path in paths:
        assert shown.page(path).select_one("ul.meta .tag.of-status")
        assert path.removeprefix(QINGSHUI) in shown.text(f"{QINGSHUI}/notices/index.html")


def test_the_clock_brings_documents_and_takes_them_away(states: World) -> None:
    def pages(clock: datetime) -> set[str]:
        built = states.build(clock=clock)
        names = ("future", "dated-future", "early", "expired")
        return {name for name in names if built.has(f"{QINGSHUI}/notices/{name}.html")}

    assert pages(NOON - timedelta(minutes=1)) == {"expired"}
    assert pages(NOON) == {"early"}
    assert pages(NOON.replace(day=23, hour=9)) == {"early", "dated-future", "future"}
