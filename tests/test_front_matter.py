"""What editors write at the top of a document, in every spelling, and what is said of what they got wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govgen.content.fault import Fault
from govgen.content.fields import parse_time
from govgen.content.front_matter import read_plain_lines, split_front_matter
from govgen.content.keys import KEYS, find_key
from govgen.content.parse import Parser, Verdict
from govgen.content.settings import read_markdown_settings
from govgen.model.document import Document, Status
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.texts import load_texts
from tests.world import QINGSHUI, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
PATH = "content/qingshui/notices/chungeng.md"
NINE = datetime(2026, 3, 1, 9, tzinfo=SHANGHAI)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    """Return the parser of a small county."""
    checkout = Checkout(World(tmp_path_factory.mktemp("county")).root)
    return Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))


def read(parser: Parser, text: str, path: str = PATH) -> Verdict:
    """Return the verdict on a file that holds `text`."""
    return parser.parse(path, text.encode())


def read_head(parser: Parser, *lines: str) -> Verdict:
    """Return the verdict on a sound notice that has these lines too; the first of them is the file's line 4."""
    return read(parser, "\n".join(["---", "title: 春耕备耕通知", "date: 2026-03-01", *lines, "---", "正文。"]))


def accepted(verdict: Verdict) -> Document:
    """Return the document of a verdict that found nothing."""
    assert verdict.findings == ()
    assert verdict.document is not None
    return verdict.document


def faults(verdict: Verdict) -> list[tuple[str, int | None]]:
    """Return rule and line of all that was found, in the order of the file."""
    return [(finding.rule, finding.line) for finding in verdict.findings]


SPELLINGS = {
    "yaml": """---
title: 春耕备耕通知
date: 2026-03-01 09:00
updated: 2026-03-02
source: 县农业农村局
author: [张某某, 李某某]
summary: 今年春耕的安排。
keywords: [春耕, 农资]
status: withdrawn
expires_at: 2027-01-01
slug: chungeng-2026
aliases: [/old/1.html, /old/2.html]
order: 3
---
正文。
""",
    "chinese yaml": """---
标题: 春耕备耕通知
发布日期: 2026年3月1日 09:00
更新日期: 2026年3月2日
来源: 县农业农村局
作者: 张某某、李某某
摘要: 今年春耕的安排。
关键词: 春耕，农资
状态: 撤回
到期下线: 2027年1月1日
网址名: chungeng-2026
旧网址: /old/1.html, /old/2.html
排序: 3
---
正文。
""",
    "toml": """+++
title = "春耕备耕通知"
date = 2026-03-01T09:00:00
updated = 2026-03-02
source = "县农业农村局"
author = ["张某某", "李某某"]
summary = "今年春耕的安排。"
keywords = ["春耕", "农资"]
status = "withdrawn"
expires_at = 2027-01-01
slug = "chungeng-2026"
aliases = ["/old/1.html", "/old/2.html"]
order = 3
+++
正文。
""",
    "pelican": """Title: 春耕备耕通知
Date: 2026-03-01 09:00
Modified: 2026-03-02
Source: 县农业农村局
Authors: 张某某,
    李某某
Summary: 今年春耕的安排。
Tags: 春耕, 农资
Status: withdrawn
Expires_at: 2027-01-01
Slug: chungeng-2026
Aliases: /old/1.html, /old/2.html
Order: 3

正文。
""",
    "hugo": """---
title: "春耕备耕通知"
date: 2026-03-01T09:00:00+08:00
lastmod: 2026-03-01T16:00:00Z
source: '县农业农村局'
authors:
  - 张某某
  - 李某某
description: 今年春耕的安排。
tags:
  - 春耕
  - 农资
  - 春耕
status: withdrawn
expiryDate: 2026-12-31T16:00:00Z
slug: chungeng-2026
aliases: ["/old/1.html", "/old/2.html"]
weight: 3
---
正文。
""",
}
SPELLINGS["windows"] = "\ufeff" + SPELLINGS["yaml"].replace("\n", "\r\n")
SPELLINGS["old mac"] = SPELLINGS["toml"].replace("\n", "\r")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_gives_the_same_document(parser: Parser, spelling: str) -> None:
    document = accepted(read(parser, SPELLINGS[spelling]))
    assert document.title == "春耕备耕通知"
    assert document.date == NINE
    assert document.updated == datetime(2026, 3, 2, tzinfo=SHANGHAI)
    assert document.expires_at == datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert document.author == "张某某、李某某"
    assert document.keywords == ("春耕", "农资")
    assert document.aliases == ("/old/1.html", "/old/2.html")
    assert document.address == "/notices/chungeng-2026.html"
    assert (document.order, document.status) == (3, Status.WITHDRAWN)
    yaml = accepted(read(parser, SPELLINGS["yaml"]))
    assert replace(document, digest="") == replace(yaml, digest="")


MEANINGS = """
标题 title|日期 date|来源 source|栏目 section|摘要 summary|关键词 keywords|作者 author|状态 status|文号 document_number
索引号 index_number|附件 attachments|modified updated|lastmod updated|authors author|tags keywords|category section
description summary|publishDate publish_at|expiryDate expires_at|weight order|redirect_from aliases|language lang
Title title|Last-Modified-At updated|NAV-ORDER order
"""


@pytest.mark.parametrize("line", re.split(r"[|\n]", MEANINGS.strip()))
def test_chinese_pelican_and_hugo_names_of_a_key_mean_the_same(line: str) -> None:
    spelling, key = line.split()
    assert find_key(spelling) == key


def test_every_key_has_a_chinese_spelling_of_its_own() -> None:
    assert all(key.chinese for key in KEYS.values())
    spellings = [spelling for key in KEYS.values() for spelling in key.chinese]
    assert len(spellings) == len(set(spellings))
    assert not any(spelling.isascii() for spelling in spellings)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("状态: 草稿", Status.DRAFT),
        ("状态: 已撤回", Status.WITHDRAWN),
        ("status: Published", Status.PUBLISHED),
        ("status: hidden", Status.DRAFT),
        ("draft: true", Status.DRAFT),
        ("草稿: 是", Status.DRAFT),
        ("draft: false", Status.PUBLISHED),
    ],
)
def test_a_status_is_read_in_chinese_and_as_hugo_and_pelican_write_it(
    parser: Parser, line: str, status: Status
) -> None:
    assert accepted(read_head(parser, line)).status is status


LATIN_TYPOS = "keyword keywords|statu status|descripton description|sumary summary|expires_ta expires_at|Sourse source"
HOMOPHONES = "关键辞 关键词|日其 日期|标提 标题|来原 来源|文好 文号|负件 附件"


@pytest.mark.parametrize("line", [*LATIN_TYPOS.split("|"), *HOMOPHONES.split("|")])
def test_a_mistyped_key_holds_the_document_and_names_the_key_that_was_meant(parser: Parser, line: str) -> None:
    written, meant = line.split()
    lines = [line for line in ("title: 春耕", "date: 2026-03-01") if find_key(line.split(":")[0]) != find_key(meant)]
    verdict = read(parser, "\n".join(["---", f"{written}: x", *lines, "---", "正文。"]))
    typo = next(finding for finding in verdict.findings if finding.rule == "FM-TYPO")
    assert verdict.document is None
    assert (typo.line, typo.values) == (2, {"key": written, "guess": meant})
    assert f"是不是“{meant}”" in load_texts("zh").message(typo)


@pytest.mark.parametrize("key", ["color", "经办人", "map", "会议地点", "url"])
def test_an_unknown_key_is_kept_with_an_advice(parser: Parser, key: str) -> None:
    verdict = read_head(parser, f"{key}: 红色")
    assert verdict.document is not None
    assert verdict.document.extra == {key: "红色"}
    assert faults(verdict) == [("FM-UNKNOWN", 4)]


def test_an_unknown_key_reaches_the_theme(world: Callable[..., World]) -> None:
    county = world("""
-- themes/county/templates/article.html --
{% extends '_document.html' %}
{% block lead %}<p class="clerk">{{ document.extra['经办人'] }}，{{ document.extra.rooms[1] }}</p>{% endblock %}
-- content/qingshui/notices/chungeng.md --
---
title: 春耕备耕通知
date: 2026-03-01
经办人: 王某某
rooms: [101, 102]
---
正文。
""")
    clerk = county.build().page(f"{QINGSHUI}/notices/chungeng.html").select_one("p.clerk")
    assert clerk and clerk.get_text() == "王某某，102"


DAYS = "2026-03-01|2026/3/1|2026.03.01|2026年3月1日|2026 年 3 月 1 日|２０２６-０３-０１"
MINUTES = """
2026-03-01 09:00|2026-3-1 9:00:00|2026-03-01T09:00|2026-03-01 09：00|2026年3月1日 9:00|2026年3月1日09:00
2026-03-01T09:00:00.123|2026-03-01T09:00:00+08:00|2026-03-01 09:00:00 +0800|2026-03-01T01:00:00Z
2026-02-28 20:00-0500|2026-03-01 01:00 UTC
"""
NO_DATES = """
明天|2026-02-30|2026-13-01|2026-00-10|03/01/2026|26-03-01|20260301|2026-03|2026|2026年3月|2026-03-01-chungeng
2026-03-01 25:00|2026-03-01 9点|2026-03-01 09:00 Asia/Shanghai|2026-03-01 09:00+99:99|0000-01-01
9999-12-31 23:00-12:00
"""


@pytest.mark.parametrize("written", DAYS.split("|"))
def test_a_day_is_read_as_people_write_it_and_means_its_midnight(written: str) -> None:
    assert parse_time(written, SHANGHAI) == MIDNIGHT


@pytest.mark.parametrize("written", re.split(r"[|\n]", MINUTES.strip()))
def test_a_moment_is_read_as_people_and_machines_write_it(written: str) -> None:
    assert parse_time(written, SHANGHAI) == NINE
    assert parse_time(written, SHANGHAI).utcoffset() == NINE.utcoffset()


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 30)))
def test_every_minute_is_read_back_as_it_was_written(moment: datetime) -> None:
    minute = moment.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
    assert parse_time(f"{minute:%Y-%m-%d %H:%M}", SHANGHAI) == minute
    assert parse_time(f"{minute:%Y年%m月%d日 %H:%M}", SHANGHAI) == minute


@pytest.mark.parametrize("written", re.split(r"[|\n]", NO_DATES.strip()))
def test_a_date_that_is_none_is_refused_with_what_was_written(parser: Parser, written: str) -> None:
    with pytest.raises(Fault) as fault:
        parse_time(written, SHANGHAI)
    assert fault.value.rule == "FM-DATE"
    verdict = read(parser, f"---\ntitle: 春耕\n发布日期: '{written}'\n---\n正文。")
    assert [(f.rule, f.line, f.values) for f in verdict.findings] == [
        ("FM-DATE", 3, {"key": "发布日期", "value": written})
    ]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-01", MIDNIGHT),
        ("2026-03-01T09:00:00", NINE),
        ("2026-03-01 09:00:00.250", NINE),
        ("2026-03-01T09:00:00+08:00", NINE),
        ("2026-03-01T01:00:00Z", NINE),
        ('"2026年3月1日 9:00"', NINE),
    ],
)
def test_toml_dates_and_times_are_read(parser: Parser, written: str, moment: datetime) -> None:
    document = accepted(read(parser, f'+++\ntitle = "春耕"\ndate = {written}\n+++\n正文。'))
    assert document.date == moment


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("date = 09:00:00", ("FM-DATE", 3)),
        ("date = 20260301", ("FM-DATE", 3)),
        ("date = 2026-02-30", ("FM-SYNTAX", 3)),
        ("date = 明天", ("FM-SYNTAX", 3)),
        ("date = 2026-03-01\ntitle = '二'", ("FM-SYNTAX", 4)),
        ("date = 2026-03-01\n\"标题\" = '二'", ("FM-TWICE", 4)),
        ("date = 2026-03-01\n\n[keywords]\na = 'b'", ("FM-LIST", 5)),
    ],
)
def test_faults_in_toml_are_found_on_their_lines(parser: Parser, head: str, found: tuple[str, int]) -> None:
    assert faults(read(parser, f"+++\ntitle = '一'\n{head}\n+++\n正文。")) == [found]


@pytest.mark.parametrize(
    "written",
    [
        "[春耕, 农资, 补贴]",
        "春耕，农资、补贴",
        "春耕; 农资；补贴",
        "\n  - 春耕\n  - 农资\n  - 补贴",
        "春耕, 农资, 春耕, , 补贴",
    ],
)
def test_a_list_is_read_from_brackets_dashes_and_separators(parser: Parser, written: str) -> None:
    assert accepted(read_head(parser, f"keywords: {written}")).keywords == ("春耕", "农资", "补贴")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("keywords: {春耕: 农资}", ("FM-LIST", 4)),
        ("关键词: [[春耕], 农资]", ("FM-LIST", 4)),
        ("summary: [一, 二]", ("FM-VALUE", 4)),
        ("status: 待审", ("FM-VALUE", 4)),
        ("order: 第一", ("FM-VALUE", 4)),
        ("validity: 不详", ("FM-VALUE", 4)),
        ("attachments: [{name: 表.pdf}]", ("FM-VALUE", 4)),
        ("changes: [改了电话]", ("FM-VALUE", 4)),
        ("color: red\nreview_by: 年底", ("FM-DATE", 5)),
        ("aliases: [/old/1.html, old/2.html]", ("FM-ADDRESS", 4)),
        ("旧网址: /old/../2.html", ("FM-ADDRESS", 4)),
        ("publish_at: 2026-05-01\nexpires_at: 2026-04-01", ("FM-WINDOW", 5)),
        ("slug: ../index", ("FM-SLUG", 4)),
        ("slug: a/b", ("FM-SLUG", 4)),
        ("slug: '。'", ("FM-SLUG", 4)),
        ("slug: index", ("FM-SLUG", 4)),
        ("栏目: 通知通告", ("FM-SECTION", 4)),
        ("标题: 又一个标题", ("FM-TWICE", 4)),
        ("Date: 2026-03-02", ("FM-TWICE", 4)),
        ("source: 甲\nsource: 乙", ("FM-TWICE", 5)),
        ("color: *red", ("FM-ALIAS", 4)),
        ("color: '红", ("FM-SYNTAX", 4)),
        ("summary: 注意: 停水", ("FM-SYNTAX", 4)),
        ("[a, b]: c", ("FM-FORM", 4)),
        ("摘要：停水", ("FM-FORM", 4)),
    ],
)
def test_a_faulty_field_holds_the_document_on_its_line(parser: Parser, lines: str, found: tuple[str, int]) -> None:
    verdict = read_head(parser, lines)
    assert found in faults(verdict)
    assert [rule for rule, _ in faults(verdict)] in ([found[0]], ["FM-UNKNOWN", found[0]])
    assert verdict.document is None


@pytest.mark.parametrize("title", ["", "title:", "title: ''", "title: '  '", "title: '　'", "标题: ~"])
def test_a_document_without_a_title_is_held(parser: Parser, title: str) -> None:
    assert faults(read(parser, f"---\n{title}\ndate: 2026-03-01\n---\n正文。")) == [("FM-TITLE", 1)]


def test_all_faults_of_a_front_matter_and_its_body_are_told_at_once(parser: Parser) -> None:
    text = """---
date: 昨天
keyword: 春耕
status: 待审
slug: a/b
栏目: 没有的
aliases: [old]
order: 一
attachments: [表.pdf]
---
见[附件](另表.xlsx)。
"""
    assert faults(read(parser, text)) == [
        *[("FM-TITLE", 1), ("FM-DATE", 2), ("FM-TYPO", 3), ("FM-VALUE", 4), ("FM-SLUG", 5), ("FM-SECTION", 6)],
        *[("FM-ADDRESS", 7), ("FM-VALUE", 8), ("ATT-MISSING", 9), ("ATT-MISSING", 11)],
    ]


def test_every_value_stays_the_text_that_was_written(parser: Parser) -> None:
    written = {"a": "010", "b": "1e3", "c": "no", "d": "2026-03-01", "e": "12:30", "f": "0x1F"}
    verdict = read_head(parser, *(f"{key}: {value}" for key, value in written.items()))
    assert verdict.document and verdict.document.extra == written


_PIECES = st.sampled_from(
    [
        *(
            "title",
            "标题",
            "date",
            ": ",
            ":",
            " ",
            '"',
            "'",
            "2026-03-01 09:00",
            "通知",
            "null",
            "~",
            "#",
            " #",
            "[",
            "]",
        ),
        *("- ", "\n", "\\", "《", "…", "\u3000", "\u2028", "a", "|", ">", "&x", "*x", "!t", "?", "%", "@", "`", "{"),
        *("}", ",", "yes", "1e3"),
    ]
)


@settings(max_examples=1500, deadline=None)
@given(head=st.lists(_PIECES, max_size=14).map("".join), start=st.booleans())
def test_plain_lines_are_read_as_a_yaml_parser_reads_them(head: str, start: bool) -> None:
    text = f"title: {head}" if start else head
    plain = read_plain_lines(text)
    if plain is not None:
        front = split_front_matter(f"---\n# 有注释就走全程\n{text}\n---\n正文\n")
        assert dict(front.fields) == plain[0]
        assert {key: line - 1 for key, line in front.lines.items()} == plain[1]
