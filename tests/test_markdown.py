"""What a body written in Markdown becomes on its page, and what never gets there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings
from hypothesis import strategies as st

from govgen.content.parse import Parser, Verdict
from govgen.content.sanitise import CLASSES, TAGS, sanitise
from govgen.content.settings import read_markdown_settings
from govgen.model.document import Document
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests.world import MZJ, QINGSHUI, Built, World

PATH = "content/qingshui/notices/wen.md"
HEAD = "---\ntitle: 题目\ndate: 2026-03-01\n---\n"
"""A body begins on line 5."""


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    """Return the parser of a small county."""
    checkout = Checkout(World(tmp_path_factory.mktemp("county")).root)
    return Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))


def read(parser: Parser, body: str) -> Verdict:
    """Return the verdict on a notice with this body."""
    return parser.parse(PATH, (HEAD + body).encode())


def document(parser: Parser, body: str) -> Document:
    """Return the notice with this body, in which nothing is to be found."""
    verdict = read(parser, body)
    assert verdict.findings == ()
    assert verdict.document is not None
    return verdict.document


def soup(parser: Parser, body: str) -> BeautifulSoup:
    """Return the HTML of a body in which nothing is to be found."""
    return BeautifulSoup(document(parser, body).html, "html.parser")


TABLE = """
| 乡镇 | 类别 | 人数 | 备注 |
| --- | :---: | ---: | :--- |
| 清水镇 | 甲 | 412 | 一 |
"""


def test_a_table_has_scopes_and_alignment_and_scrolls_by_itself(parser: Parser) -> None:
    table = soup(parser, TABLE).table
    assert table and table.parent and (table.parent.name, table.parent["class"]) == ("div", ["table"])
    assert [cell["scope"] for cell in table.select("th")] == ["col"] * 4
    for cells in (table.select("th"), table.select("td")):
        assert [cell.get("class") for cell in cells] == [None, ["center"], ["right"], ["left"]]
    assert not table.select("[align], [style]")


def test_a_cell_that_has_a_class_already_keeps_it_beside_its_alignment(parser: Parser) -> None:
    cell = document(parser, '<table><tr><td class="note" align="right">412</td></tr></table>').html
    assert cell.count('class="right note"') == 1


def test_footnotes_lead_there_and_back(parser: Parser) -> None:
    page = soup(parser, "正文[^1]，再[^附注]。\n\n[^1]: 第一条注。\n[^附注]: 第二条注。\n")
    ids = {str(element["id"]) for element in page.select("[id]")}
    targets = [str(link["href"]).removeprefix("#") for link in page.select("a")]
    assert ids == {"s-fn:1", "s-fnref:1", "s-fn:附注", "s-fnref:附注"}
    assert set(targets) == ids
    assert [note["title"] for note in page.select("a.footnote-backref")] == [
        "回到正文第 1 处引用",
        "回到正文第 2 处引用",
    ]


def test_an_attribute_list_gives_known_classes_and_nothing_else(parser: Parser) -> None:
    body = "云岭县民政局\n{: .signature .evil #top style='color:red' onclick='x()' data-x=1 }\n\n[法](https://a.example){.note}"
    page = soup(parser, body)
    assert [paragraph.attrs for paragraph in page.select("p")] == [{"class": ["signature"]}, {}]
    link = page.a
    assert link and link.attrs == {"class": ["note"], "href": "https://a.example"}


def test_definition_lists_and_abbreviations_are_read(parser: Parser) -> None:
    page = soup(parser, "低保\n: 最低生活保障。\n\n本县 GDP 增长。\n\n*[GDP]: 国内生产总值\n")
    assert [(element.name, element.get_text()) for element in page.select("dt, dd")] == [
        ("dt", "低保"),
        ("dd", "最低生活保障。"),
    ]
    assert page.abbr and page.abbr["title"] == "国内生产总值"


def test_code_is_kept_as_it_was_written(parser: Parser) -> None:
    code = '<script src="x">{{ chrome }} & {% y %}</script>\n  [a](b.pdf) ![](c.png) <http://d> &amp;\n'
    fenced, indented = (
        soup(parser, f"```html\n{code}```").pre,
        soup(parser, f"    {code[:-1]}".replace("\n", "\n    ")).pre,
    )
    assert fenced and fenced.get_text() == code
    assert indented and indented.get_text() == code
    inline = soup(parser, "写作 `<b>{{ title }}</b>`。").code
    assert inline and inline.get_text() == "<b>{{ title }}</b>"


@pytest.mark.parametrize(
    ("headings", "levels"),
    [
        (["#", "##", "###"], ["h2", "h3", "h4"]),
        (["##", "###", "##"], ["h2", "h3", "h2"]),
        (["#", "#", "######"], ["h2", "h2", "h3"]),
        (["###", "##", "#"], ["h2", "h2", "h2"]),
        (["#", "##", "###", "####", "#####", "######"], ["h2", "h3", "h4", "h5", "h6", "h6"]),
    ],
)
def test_headings_begin_below_the_title_and_leave_no_gap(
    parser: Parser, headings: list[str], levels: list[str]
) -> None:
    page = soup(parser, "\n\n".join(f"{mark} 标题{number}" for number, mark in enumerate(headings)))
    found = page.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])
    assert [heading.name for heading in found] == levels
    assert len({heading["id"] for heading in found}) == len(headings)


def test_ids_of_a_body_are_prefixed_and_links_to_them_still_work(parser: Parser) -> None:
    page = soup(parser, "## 总则 {#main}\n\n## 总则\n\n## 总则\n\n见[上文](#main)、[下文](#总则_1)。\n")
    assert [heading["id"] for heading in page.select("h2")] == ["s-main", "s-总则", "s-总则_1"]
    assert [link["href"] for link in page.select("a")] == ["#s-main", "#s-总则_1"]


def test_a_table_of_contents_is_made_from_three_headings_up(parser: Parser) -> None:
    assert document(parser, "# 一\n\n# 二\n").toc == ""
    three = document(parser, "# 一 `甲`\n\n## 二 *乙*\n\n# 三 [丙](https://a.example)\n")
    headings = {heading["id"] for heading in BeautifulSoup(three.html, "html.parser").select("h2, h3")}
    links = BeautifulSoup(three.toc, "html.parser").select("a")
    assert [link.get_text() for link in links] == ["一 甲", "二 乙", "三 丙"]
    assert {str(link["href"]).removeprefix("#") for link in links} == headings


@pytest.mark.parametrize(
    ("html", "tag"),
    [
        ("<script>alert(1)</script>", "script"),
        ("<SCRIPT src=//x.example/a.js></SCRIPT>", "script"),
        ("<style>p { display: none }</style>", "style"),
        ('<iframe src="https://x.example/"></iframe>', "iframe"),
        ("<form action=x><input name=y></form>", "form"),
        ("<video src=a.mp4></video>", "video"),
        ('<svg onload="x()"><path/></svg>', "svg"),
        ("<object data=x></object>", "object"),
        ('<meta http-equiv="refresh" content="0;url=//x.example">', "meta"),
        ("<base href=//x.example/>", "base"),
        ("<h1>又一个标题</h1>", "h1"),
        ("<marquee>通知</marquee>", "marquee"),
        ("正文里 <button onclick=x()>按钮</button> 一个", "button"),
    ],
)
def test_html_that_could_run_load_or_restyle_is_dropped_with_a_warning_on_its_line(
    parser: Parser, html: str, tag: str
) -> None:
    verdict = read(parser, f"第一段。\n\n{html}\n\n最后一段。\n")
    assert verdict.document
    assert f"<{tag}" not in verdict.document.html.lower()
    assert "第一段。" in verdict.document.html and "最后一段。" in verdict.document.html
    first = next(finding for finding in verdict.findings if finding.values == {"tag": tag})
    assert (first.rule, first.line) == ("HTML-DROPPED", 7)


@pytest.mark.parametrize(
    "html",
    [
        '<p onclick="x()" style="position:fixed" id="main">字</p>',
        "<a href=\"javascript:alert('1')\">字</a>",
        "[字](javascript:alert(1))",
        "[字](<java\tscript:alert(1)>)",
        "[字](vbscript:x)",
        "[字](data:text/html,<b>x</b>)",
        '<a href="&#106;avascript:x">字</a>',
        '<details ontoggle="x()" open>字</details>',
        '<img src="x" onerror="x()">字',
        '<b title="a><script>alert(1)</script>">字</b>',
        '<abbr title="<table onmouseover=x() ">字</abbr>',
        '<img alt="><script>alert(1)</script>">字',
    ],
)
def test_nothing_of_a_body_can_run(parser: Parser, html: str) -> None:
    verdict = read(parser, html)
    page = BeautifulSoup(verdict.document.html if verdict.document else "字", "html.parser")
    assert "字" in page.get_text()
    assert not page.find_all(["script", "table"] if "<table" in html else "script")
    attributes = [(name, str(value)) for element in page.find_all() for name, value in element.attrs.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("style", "id")]
    assert not [value for name, value in attributes if name in ("href", "src") and "script:" in value]
    assert not [value for name, value in attributes if name in ("href", "src") and value.startswith("data:")]


HOSTILE = [
    *(
        "<",
        ">",
        '"',
        "'",
        "=",
        " ",
        "/",
        "&lt;",
        "&#0;",
        "<!--",
        "-->",
        "<a href=",
        "javascript:",
        "<table",
        "<td align=",
    ),
    *(
        "<img alt=",
        " src=",
        "</",
        "<svg>",
        "<math>",
        "<style>",
        "<title>",
        "<noscript>",
        "onerror=x()",
        "<p",
        "`",
        "\n",
    ),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(HOSTILE), max_size=14).map("".join))
def test_whatever_is_sanitised_holds_only_allowed_elements_and_attributes(raw: str) -> None:
    page = BeautifulSoup(sanitise(raw, lambda _, target: f"/-reference-/{len(target)}").html, "html.parser")
    allowed = {"class", "lang", "dir", "id", "href", "title", "src", "alt", "width", "height", "start", "colspan"}
    for element in page.find_all():
        assert element.name in TAGS
        assert element.attrs.keys() <= allowed | {"rowspan", "scope"}
        assert set(element.get("class") or []) <= CLASSES | {"table"}
        assert not str(element.get("href", "")).startswith("javascript")


def test_harmless_html_stays_without_a_word(parser: Parser) -> None:
    page = soup(
        parser, '<div class="steps evil"><p>一</p></div>\n\nH<sub>2</sub>O，<font color="red">红</font>，<u>线</u>'
    )
    steps = page.select_one("div.steps")
    assert steps and steps.attrs == {"class": ["steps"]}
    assert page.get_text().split() == ["一", "H2O，红，线"]


def test_a_document_without_a_body_is_published_with_a_warning(parser: Parser) -> None:
    for body in ("", "\n \n", "<!-- 待写 -->"):
        verdict = read(parser, body)
        assert verdict.document
        assert [(finding.rule, finding.line) for finding in verdict.findings] == [("BODY-EMPTY", 5)]


def test_a_picture_without_words_is_told_and_kept(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/qingshui/notices/tu.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>')
    county.write(PATH, HEAD + "第一段。\n\n![](tu.svg)\n\n![水渠](tu.svg)\n")
    built = county.build()
    assert [(finding.rule, finding.line) for finding in built.findings()] == [("IMG-TEXT", 7)]
    assert len(built.page(f"{QINGSHUI}/notices/wen.html").select(".prose img")) == 2


PAGE = """
-- content/qingshui/notices/wen.md --
---
title: "{{ chrome.identity }} <b>&</b> {% raw %}"
date: 2026-03-01
summary: "{{ 7*7 }}"
---
# 一

正文 {{ chrome.site_name }}，{% include 'base.html' %}，{# 注释 #}，{{ 7*7 }}。

# 二 {{ page.title }}

见<a title="法" href="../policies/fa.md">法</a>、[办法](qingshui:policies/fa#一){.note}、[没有](meiyou.md){.note}。

# 三

[外站](https://a.example/?a=1&b=2)、[电话](tel:0000-1234567)、[信箱](mailto:a@b.example)。
-- content/qingshui/policies/fa.md --
title: 法
date: 2026-02-03
validity: 现行有效

# 一

第一条。
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a township with a notice full of braces and links."""
    return World(tmp_path_factory.mktemp("county"), PAGE).build()


def test_jinja_in_a_document_stays_text(built: Built) -> None:
    page = built.page(f"{QINGSHUI}/notices/wen.html")
    assert page.h1 and page.h1.get_text() == "{{ chrome.identity }} <b>&</b> {% raw %}"
    words = built.words(f"{QINGSHUI}/notices/wen.html")
    assert "正文 {{ chrome.site_name }}，{% include 'base.html' %}，{# 注释 #}，{{ 7*7 }}。" in words
    assert "49" not in words
    assert "{{ 7*7 }}" in built.text(f"{QINGSHUI}/feed.xml")


def test_a_page_has_one_h1_and_no_id_twice(built: Built) -> None:
    page = built.page(f"{QINGSHUI}/notices/wen.html")
    assert len(page.select("h1")) == 1
    ids = [str(element["id"]) for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    toc = [str(link["href"]) for link in page.select("nav.toc a")]
    assert toc == [f"#{heading['id']}" for heading in page.select(".prose h2")]


def test_links_are_resolved_whatever_attributes_stand_before_them(built: Built) -> None:
    prose = built.page(f"{QINGSHUI}/notices/wen.html").select_one(".prose")
    assert isinstance(prose, Tag)
    assert [link["href"] for link in prose.select("a")] == [
        *("/policies/fa.html", "/policies/fa.html#s-一"),
        *("https://a.example/?a=1&b=2", "tel:0000-1234567", "mailto:a@b.example"),
    ]
    assert "没有" in prose.get_text()
    assert [(f.rule, f.line) for f in built.findings()] == [("BODY-TEMPLATE", None), ("LNK-INT", 12)]
    assert not [path for path, content in built.files().items() if b"-reference-" in content]


def test_a_standing_text_may_have_its_own_table_of_contents_and_footnotes(world: Callable[..., World]) -> None:
    county = world("-- content/mzj/index.md --\ntitle: 民政局\n\n# 一\n\n注[^1]。\n\n# 二\n\n# 三\n\n[^1]: 内容。\n")
    page = county.build().page(f"{MZJ}/index.html")
    ids = [str(element["id"]) for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert len(page.select("h1")) == 1
