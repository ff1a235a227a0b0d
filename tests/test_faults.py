"""Broken files: each is named with its rule and line and held, and nothing else in the county changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govgen.content.load import parse_files
from govgen.content.parse import Parser
from govgen.content.settings import read_markdown_settings
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.repo.checkout import Checkout, Entry
from govgen.sites.load import load_county
from tests.conftest import require
from tests.world import QINGSHUI, Built, World

FOLDER = "content/qingshui/notices"
HEAD = "---\ntitle: 有问题的通知\ndate: 2026-11-21\naliases: [/old/wenti.html]\nsubmit: [notices]\n---\n"
"""Would stand first in every list; a body begins on line 7."""

GOOD = """
-- content/qingshui/notices/chungeng.md --
---
title: 春耕通知
date: 2026-03-01
attachments: [biao.csv]
---
正文，见[规定](mzj:policies/jiuzhu)。
-- content/qingshui/notices/biao.csv --
一,二
-- content/qingshui/notices/gongshi.md --
title: 公示
date: 2026-03-02

名单。
-- content/mzj/policies/jiuzhu.md --
title: 临时救助办法
date: 2026-02-03
validity: 现行有效

第一条。
-- content/portal/news/2026-11-01-huiyi.md --
title: 会议

开会。
"""


@dataclass(frozen=True)
class Wrong:
    """A broken file, and what is to be found in it."""

    content: str | bytes
    rule: str
    line: int | None


def head(*lines: str) -> str:
    """Return a sound front matter but for these lines, the first of which is the file's line 4."""
    return "\n".join(["---", "title: 有问题的通知", "date: 2026-11-21", *lines, "---", "正文。\n"])


WRONG: Mapping[str, Wrong] = {
    "empty": Wrong("", "FILE-EMPTY", None),
    "blank": Wrong(" \n\t\r\n", "FILE-EMPTY", None),
    "only-bom": Wrong(b"\xef\xbb\xbf\n", "FILE-EMPTY", None),
    "ten-megabytes": Wrong(HEAD + "很长。\n\n" * 1_000_000, "FILE-SIZE", None),
    "gbk": Wrong(HEAD.encode("gbk"), "FILE-ENCODING", 2),
    "gbk-pasted": Wrong(f"{HEAD}第一段。\n\n".encode() + "第二段。\n".encode("gbk"), "FILE-ENCODING", 9),
    "utf-16": Wrong(HEAD.encode("utf-16"), "FILE-ENCODING", 1),
    "utf-16-big": Wrong(b"\xfe\xff" + HEAD.encode("utf-16-be"), "FILE-ENCODING", 1),
    "utf-16-no-bom": Wrong("---\ntitle: a\n---\n".encode("utf-16-le"), "FILE-CONTROL", 1),
    "cut-off": Wrong((HEAD + "正文").encode()[:-1], "FILE-ENCODING", 7),
    "control": Wrong(HEAD + "第一段。\n\n第二\x0b段。\n", "FILE-CONTROL", 9),
    "bell-in-title": Wrong("---\r\ntitle: 通\x07知\r\n---\r\n", "FILE-CONTROL", 2),
    "picture": Wrong(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "FILE-ENCODING", 1),
    "no-front-matter": Wrong("# 通知\n\n正文。\n", "FM-MISSING", 1),
    "rule-first": Wrong("----\ntitle: 通知\n----\n", "FM-MISSING", 1),
    "unclosed": Wrong("---\ntitle: 通知\ndate: 2026-11-21\n\n正文。\n", "FM-UNCLOSED", 1),
    "unclosed-toml": Wrong("+++\ntitle = '通知'\n\n正文。\n", "FM-UNCLOSED", 1),
    "broken-yaml": Wrong(head("summary: 注意: 停水"), "FM-SYNTAX", 4),
    "broken-list": Wrong(head("keywords: [一, 二", "source: 县政府"), "FM-SYNTAX", 5),
    "tab-in-yaml": Wrong(head("changes:", "\t- 2026-03-01 更正"), "FM-SYNTAX", 5),
    "broken-toml": Wrong("+++\ntitle = '通知'\ndate = 今天\n+++\n正文。\n", "FM-SYNTAX", 3),
    "broken-pelican": Wrong("Title: 通知\nDate: 2026-11-21\n第三行\n\n正文。\n", "FM-FORM", 3),
    "yaml-list": Wrong("---\n- title\n- date\n---\n正文。\n", "FM-FORM", 2),
    "yaml-bomb": Wrong(head("a: &a [一, 一]", "b: &b [*a, *a]", "c: [*b, *b]"), "FM-ALIAS", 4),
    "yaml-deep": Wrong(head("a: " + "[" * 900 + "]" * 900), "FM-SYNTAX", 4),
    "long-head": Wrong(head("summary: " + "长" * 30_000), "FM-SIZE", 1),
    "twice": Wrong(head("source: 一", "source: 二"), "FM-TWICE", 5),
    "typo": Wrong(head("statu: draft"), "FM-TYPO", 4),
    "no-title": Wrong("---\ndate: 2026-11-21\n---\n正文。\n", "FM-TITLE", 1),
    "no-date": Wrong("---\ntitle: 通知\n---\n正文。\n", "FM-DATE-MISSING", 1),
    "bad-date": Wrong("---\ntitle: 通知\n\ndate: 2026-02-30\n---\n正文。\n", "FM-DATE", 4),
    "bad-day": Wrong("标题：通知\n日期：2026-11-21\n施行日期：年底\n\n正文。\n", "FM-DATE", 3),
    "bad-status": Wrong(head("status: 待审"), "FM-VALUE", 4),
    "bad-list": Wrong(head("topics: {一: 二}"), "FM-LIST", 4),
    "bad-section": Wrong(head("section: notice"), "FM-SECTION", 4),
    "bad-slug": Wrong(head("slug: ../../mzj/index"), "FM-SLUG", 4),
    "bad-alias": Wrong(head("aliases: [/ok.html, /../etc/passwd]"), "FM-ADDRESS", 4),
    "bad-window": Wrong(head("publish_at: 2026-05-02", "expires_at: 2026-05-01"), "FM-WINDOW", 5),
    "no-attachment": Wrong(HEAD + "第一段。\n\n见[附表](meiyou.pdf)。\n", "ATT-MISSING", 9),
    "deep": Wrong(HEAD + "词\n: 解释\n" * 3000, "FILE-DEPTH", None),
    "slow": Wrong(HEAD + "[" * 60_000, "FILE-TIME", None),
    "large": Wrong(HEAD + f"[一]: https://x.example/{'x' * 1_500_000}\n\n" + "[一] " * 1000, "FILE-MEMORY", None),
    "。": Wrong(HEAD + "正文。\n", "FILE-NAME", None),
    "../notice/elsewhere": Wrong(HEAD + "正文。\n", "FILE-PLACE", None),
    "gongshi/index": Wrong(HEAD + "与公示同网址。\n", "ADR-TWICE", None),
    "link": Wrong("", "FILE-SYMLINK", None),
}
"""By name of the file, without its ending; `link` is made a symlink to a sound document."""


def make_wrong_county(root: Path) -> World:
    """Return the sound county with all broken files put into it."""
    county = World(root, GOOD)
    for name, wrong in WRONG.items():
        county.write(f"{FOLDER}/{name}.md", wrong.content)
    county.remove(f"{FOLDER}/link.md")
    (county.root / FOLDER / "link.md").symlink_to(county.root / FOLDER / "chungeng.md")
    return county


@pytest.fixture(scope="module")
def wrong_county(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a build of a county with every broken file."""
    return make_wrong_county(tmp_path_factory.mktemp("county")).build()


@pytest.mark.parametrize("name", WRONG)
def test_each_broken_file_is_held_by_its_own_rule_on_its_own_line(wrong_county: Built, name: str) -> None:
    path = f"{FOLDER}/{name}.md".replace("notices/../", "")
    assert path in wrong_county.report.held
    found = [(finding.rule, finding.line) for finding in wrong_county.findings(path=path)]
    # What takes too much memory may, on a busy machine, take too much time before.
    in_haste = [("FILE-TIME", None)] if WRONG[name].rule == "FILE-MEMORY" else []
    assert found in ([(WRONG[name].rule, WRONG[name].line)], in_haste)
    assert SEVERITIES[WRONG[name].rule] is Severity.ERROR


def test_broken_files_change_no_byte_of_the_county(wrong_county: Built, world: Callable[..., World]) -> None:
    sound = world(GOOD).build()
    assert sound.findings() == []
    assert wrong_county.files() == sound.files()


def test_every_file_found_is_accounted_for(wrong_county: Built) -> None:
    report = wrong_county.report
    assert report.documents == len(WRONG) + 4
    assert report.states == {"listed": 4, "held": len(WRONG)}
    assert len(report.held) == len(WRONG)


def test_a_file_that_vanishes_while_it_is_read_is_held(world: Callable[..., World]) -> None:
    checkout = Checkout(world().root)
    parser = Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))
    gone = Entry(f"{FOLDER}/gone.md", 10, is_regular=True)
    verdicts = list(parse_files([gone], parser, 1, lambda verdict: verdict, {}))
    assert [(verdict.document, verdict.findings[0].rule) for verdict in verdicts] == [(None, "FILE-READ")]


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    """Return the parser of a small county."""
    checkout = Checkout(World(tmp_path_factory.mktemp("county")).root)
    return Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))


MARKS = [
    "---\n",
    "+++\n",
    "title: ",
    "date = ",
    "\n\n",
    "[",
    "](",
    "![",
    "{: ",
    "}",
    "|",
    "<a ",
    "<!--",
    "&#",
    "`",
    "> ",
]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=8), st.binary(max_size=4)), max_size=30))
def test_whatever_a_file_holds_it_gives_a_document_or_a_fault(parser: Parser, pieces: list[str | bytes]) -> None:
    content = b"".join(p.encode("utf-8", "surrogatepass") if isinstance(p, str) else p for p in pieces)
    for text in (content, HEAD.encode() + content):
        verdict = parser.parse(f"{FOLDER}/anything.md", text)
        is_faulty = any(SEVERITIES[finding.rule] is Severity.ERROR for finding in verdict.findings)
        assert is_faulty == (verdict.document is None)


TWINS = """
-- content/qingshui/notices/公示.md --
title: 公示
date: 2026-03-02

先发布。
-- content/qingshui/notices/公式.md --
title: 公式
date: 2026-03-03

后发布。
-- content/qingshui/notices/gong-shi.md --
title: 草稿
date: 2026-03-01
status: draft

还没有写完。
"""


def test_of_documents_with_one_address_the_one_published_first_keeps_it(world: Callable[..., World]) -> None:
    county = world(TWINS)
    built = county.build()
    assert built.report.held == (f"{FOLDER}/gong-shi.md", f"{FOLDER}/公式.md")
    assert [finding.values for finding in built.findings("ADR-TWICE")] == [
        {"address": "qingshui:/notices/gong-shi.html", "other": f"{FOLDER}/公示.md"}
    ] * 2
    for path in built.report.held:
        county.remove(path)
    assert county.build("build/alone").files() == built.files()


LATER_EDITS = {
    "gbk": "---\ntitle: 改过的\ndate: 2026-03-01\n---\n改过。".encode("gbk"),
    "bad-date": "---\ntitle: 改过的\ndate: 明天\n---\n改过。",
    "empty": "",
    "lost-attachment": "---\ntitle: 改过的\ndate: 2026-03-01\n---\n[表](meiyou.pdf)",
    "slow": HEAD + "[" * 60_000,
}


@pytest.fixture
def committed(world: Callable[..., World]) -> World:
    """Return the sound county, committed to git."""
    require("git")
    county = world(GOOD)
    county.commit()
    return county


def test_a_committed_good_version_stays_when_later_edits_are_faulty(committed: World) -> None:
    for name in LATER_EDITS:
        committed.write(f"{FOLDER}/关于{name}.md", f"---\ntitle: 好的{name}\ndate: 2026-03-01\n---\n好的。")
    committed.commit()
    good = committed.build("build/good")
    for name, text in LATER_EDITS.items():
        committed.write(f"{FOLDER}/关于{name}.md", text)
    built = committed.build()
    assert built.files() == good.files()
    assert built.report.held == tuple(sorted(f"{FOLDER}/关于{name}.md" for name in LATER_EDITS))
    assert [finding.path for finding in built.findings("HELD-LAST-GOOD")] == list(built.report.held)
    assert built.report.states == {"listed": 4 + len(LATER_EDITS), "held": 0}


def test_the_newest_good_version_is_the_one_that_stays(committed: World) -> None:
    path = f"{FOLDER}/gongshi.md"
    for title in ("第二版", "第三版", ""):
        committed.write(path, f"---\ntitle: {title}\ndate: 2026-03-02\n---\n正文。")
        committed.commit(title or "broken")
    committed.write(path, "坏的")
    assert committed.build().page(f"{QINGSHUI}/notices/gongshi.html").title.get_text().startswith("第三版")  # type: ignore[union-attr]


def test_a_version_committed_as_executable_counts_too(committed: World) -> None:
    good = committed.build("build/good")
    (committed.root / FOLDER / "gongshi.md").chmod(0o755)
    committed.write(f"{FOLDER}/gongshi.md", "title: 公示\ndate: 2026-03-02\n\n改过的名单。\n")
    committed.commit()
    committed.write(f"{FOLDER}/gongshi.md", "坏的")
    built = committed.build()
    assert "改过的名单。" in built.words(f"{QINGSHUI}/notices/gongshi.html")
    assert built.files().keys() == good.files().keys()


def test_a_new_faulty_document_has_nothing_to_stay(committed: World) -> None:
    good = committed.build("build/good")
    committed.write(f"{FOLDER}/xin.md", "坏的")
    committed.commit()
    built = committed.build()
    assert built.files() == good.files()
    assert built.report.states == {"listed": 4, "held": 1}
    assert built.rules(f"{FOLDER}/xin.md") == {"FM-MISSING"}


def test_a_mended_document_is_shown_again(committed: World) -> None:
    committed.write(f"{FOLDER}/gongshi.md", "坏的")
    committed.build()
    committed.write(f"{FOLDER}/gongshi.md", "title: 公示\ndate: 2026-03-02\n\n改好的名单。\n")
    built = committed.build()
    assert "改好的名单。" in built.words(f"{QINGSHUI}/notices/gongshi.html")
    assert built.report.held == ()


def test_a_good_version_whose_address_another_document_took_is_accounted_for(committed: World) -> None:
    committed.write(f"{FOLDER}/gongshi.md", "坏的")
    committed.write(f"{FOLDER}/lao.md", "title: 更早的公示\ndate: 2025-03-02\nslug: gongshi\n\n早。\n")
    built = committed.build()
    assert built.report.states == {"listed": 4, "held": 1}
    assert built.report.held == (f"{FOLDER}/gongshi.md",)
    assert built.rules(f"{FOLDER}/gongshi.md") == {"FM-MISSING"}


def test_a_document_that_moves_to_a_taken_address_keeps_its_good_version(committed: World) -> None:
    good = committed.build("build/good")
    committed.write(f"{FOLDER}/gongshi.md", "title: 公示\ndate: 2026-03-02\nslug: chungeng\n\n名单。\n")
    built = committed.build()
    assert built.rules(f"{FOLDER}/gongshi.md") == {"ADR-TWICE", "HELD-LAST-GOOD"}
    assert built.files() == good.files()


def test_a_fault_nobody_foresaw_holds_one_document_and_no_more(world: Callable[..., World]) -> None:
    county = world("""
-- content/qingshui/notices/hao.md --
title: 好的
date: 2026-03-01

正文。
-- content/qingshui/notices/huai.md --
title: 坏的
date: 2026-03-01

正文里有一个词：引爆。
""")
    settings = county.root / "pelicanconf.py"
    extension = """
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

class Breaks(Preprocessor):
    def run(self, lines):
        if any("引爆" in line for line in lines):
            raise KeyError("nobody foresaw this")
        return lines

class Breaking(Extension):
    def extendMarkdown(self, md):
        md.preprocessors.register(Breaks(md), "breaks", 100)

MARKDOWN["extensions"] = [Breaking()]
"""
    settings.write_text(settings.read_text(encoding="utf-8") + extension, encoding="utf-8")
    built = county.build()
    assert built.rules("content/qingshui/notices/huai.md") == {"FILE-FAULT"}
    assert "好的" in built.words(f"{QINGSHUI}/notices/hao.html")
    assert built.report.states == {"held": 1, "listed": 1}
