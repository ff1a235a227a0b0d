"""Links between documents, their relations, and the old addresses that lead to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from govgen.pipeline import read_artifacts
from tests.world import MZJ, PORTAL, QINGSHUI, Built, World

READER = "content/qingshui/news/2026-03-01-reader.md"
READER_PAGE = f"{QINGSHUI}/news/2026-03-01-reader.html"
READER_HEAD = "---\ntitle: 读者\n---\n"

COUNTY = """
-- content/mzj/notices/2026-01-01-aid.md --
---
title: 救助通知
aliases: [/old/1.html, /old/two, /Old/Three.HTM]
---
## 第一条 范围

本条。
-- content/mzj/policies/2026-01-02-pension.md --
---
title: 津贴办法
---
正文。
-- content/qingshui/notices/2026-01-03-春耕备耕.md --
---
title: 春耕备耕
aliases: [/old/chungeng.html]
---
正文。
-- content/qingshui/villages/shanghe/news/2026-01-04-road.md --
---
title: 修路
---
正文。
-- content/qingshui/notices/2026-01-05-draft.md --
---
title: 草稿
status: draft
---
正文。
-- content/qingshui/notices/2026-01-06-held.md --
---
title: 暂缓
date: 没有的日子
---
正文。
-- content/qingshui/notices/2026-01-07-withdrawn.md --
---
title: 撤回
status: withdrawn
---
正文。
"""

AID = f"https://{MZJ}/notices/2026-01-01-aid.html"
CHUNGENG = "/notices/2026-01-03-chun-geng-bei-geng.html"
ROAD = "/villages/shanghe/news/2026-01-04-road.html"
WITHDRAWN = "/notices/2026-01-07-withdrawn.html"

LIVING = {
    "another site's document": ("mzj:notices/2026-01-01-aid", AID),
    "with the ending": ("mzj:notices/2026-01-01-aid.md", AID),
    "with an anchor": ("mzj:notices/2026-01-01-aid#第一条-范围", f"{AID}#s-第一条-范围"),
    "a path into another site": ("../../mzj/notices/2026-01-01-aid.md", AID),
    "a path with an anchor": ("../../mzj/notices/2026-01-01-aid.md#第一条-范围", f"{AID}#s-第一条-范围"),
    "own site, Chinese file name": ("qingshui:notices/2026-01-03-春耕备耕", CHUNGENG),
    "own site, the pinyin of its name": ("qingshui:notices/2026-01-03-chun-geng-bei-geng", CHUNGENG),
    "relative path, Chinese file name": ("../notices/2026-01-03-春耕备耕.md", CHUNGENG),
    "relative path, percent-encoded": ("../notices/2026-01-03-%E6%98%A5%E8%80%95%E5%A4%87%E8%80%95.md", CHUNGENG),
    "rooted path to a file": ("/notices/2026-01-03-春耕备耕.md", CHUNGENG),
    "rooted address": (CHUNGENG, CHUNGENG),
    "relative address": ("../notices/2026-01-03-chun-geng-bei-geng.html", CHUNGENG),
    "itself": ("2026-03-01-reader.md", "/news/2026-03-01-reader.html"),
    "a village's document": ("qingshui:villages/shanghe/news/2026-01-04-road", ROAD),
    "a section": ("mzj:notices", f"https://{MZJ}/notices/"),
    "a section's address": ("/notices/", "/notices/"),
    "a section's address without its slash": ("/notices", "/notices/"),
    "a section's index page": ("/notices/index.html", "/notices/"),
    "a section's standing text nobody wrote": ("../notices/index.md", "/notices/"),
    "a village": ("qingshui:villages/shanghe", "/villages/shanghe/"),
    "a village's section": ("qingshui:villages/shanghe/notices", "/villages/shanghe/notices/"),
    "a site's home": ("mzj:index", f"https://{MZJ}/"),
    "the portal's home": ("portal:index", f"https://{PORTAL}/"),
    "the own home": ("/", "/"),
    "the list of villages": ("/villages/", "/villages/"),
    "the month of an archive": ("/notices/2026/01/", "/notices/2026/01/"),
    "the site map": ("mzj:sitemap.html", f"https://{MZJ}/sitemap.html"),
    "the county's sites": ("portal:sites", f"https://{PORTAL}/sites/"),
    "a section's feed": ("/notices/feed.xml", "/notices/feed.xml"),
    "an alias of the own site": ("/old/chungeng.html", CHUNGENG),
    "an alias of another site": ("mzj:old/1", AID),
    "an alias with its ending": ("mzj:old/1.html", AID),
    "an alias without an ending": ("mzj:old/two", AID),
    "an alias in capitals": ("mzj:Old/Three.HTM", AID),
    "a withdrawn document, whose page says so": ("../notices/2026-01-07-withdrawn.md", WITHDRAWN),
    "the web": ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
    "a mailbox": ("mailto:office@example.org", "mailto:office@example.org"),
}

DEAD = {
    "a name mistyped": ("mzj:notices/2026-01-01-aids", "mzj:notices/2026-01-01-aid"),
    "a site mistyped": ("mjz:notices/2026-01-01-aid", "mzj:notices/2026-01-01-aid"),
    "a path mistyped": ("../notices/2026-01-03-春耕备更.md", "content/qingshui/notices/2026-01-03-春耕备耕.md"),
    "an address mistyped": ("/notices/2026-01-03-chun-geng-bei-gen.html", CHUNGENG),
    "nothing like it": ("mzj:notices/zzzzzz", ""),
    "no such site": ("nowhere:notices/other", ""),
    "a draft": ("../notices/2026-01-05-draft.md", None),
    "a draft by id": ("qingshui:notices/2026-01-05-draft", None),
    "a held document": ("qingshui:notices/2026-01-06-held", None),
    "a month without documents": ("/notices/2026/02/", ""),
    "above the site": ("/../../portal/index.html", ""),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county in which one document links to everything in the two tables, each link on a line of its own."""
    county = World(tmp_path_factory.mktemp("links") / "county", COUNTY)
    county.write(READER, READER_HEAD + "\n".join(f"[{name}]({target})\n" for name, (target, _) in _all().items()))
    return county.build()


def _all() -> dict[str, tuple[str, str | None]]:
    return {**LIVING, **DEAD}


def _line(name: str) -> int:
    return len(READER_HEAD.splitlines()) + 2 * list(_all()).index(name) + 1


def hrefs(built: Built, page: str = READER_PAGE) -> dict[str, str]:
    """Return the links in a page's main part by their words."""
    main = built.page(page).find("main")
    assert main is not None
    links = main.select("a[href]:not(.neighbours a)")
    return {a.get_text(strip=True).removesuffix("（外部网站）"): str(a["href"]) for a in links}


@pytest.mark.parametrize("name", LIVING)
def test_a_link_leads_to_what_it_names(built: Built, name: str) -> None:
    target, href = LIVING[name]
    assert hrefs(built).get(name) == href
    assert _line(name) not in {finding.line for finding in built.findings("LNK-INT", READER)}, target


@pytest.mark.parametrize("name", DEAD)
def test_a_dead_link_leaves_its_words_and_a_finding_with_line_and_guess(built: Built, name: str) -> None:
    target, guess = DEAD[name]
    assert name not in hrefs(built)
    assert name in built.words(READER_PAGE)
    (finding,) = [finding for finding in built.findings("LNK-INT", READER) if finding.line == _line(name)]
    assert finding.values["target"].endswith(target.lstrip("./"))
    assert finding.values["guess"] != finding.values["target"]
    if guess is not None:
        assert finding.values["guess"] == guess


def test_dead_links_hold_no_document_back(built: Built) -> None:
    assert built.report.held == ("content/qingshui/notices/2026-01-06-held.md",)


def test_an_anchor_of_a_link_stands_on_the_page_it_leads_to(built: Built) -> None:
    fragment = hrefs(built)["with an anchor"].partition("#")[2]
    heading = built.page(f"{MZJ}/notices/2026-01-01-aid.html").find(id=fragment)
    assert heading is not None
    assert "第一条" in heading.get_text()


def test_a_link_dies_when_its_goal_is_withdrawn_from_the_repository(world: Callable[..., World]) -> None:
    county = world(COUNTY)
    county.write(READER, READER_HEAD + "见[救助](mzj:notices/2026-01-01-aid)。\n")
    assert "救助" in hrefs(county.build())
    county.remove("content/mzj/notices/2026-01-01-aid.md")
    built = county.build()
    assert "救助" not in hrefs(built)
    assert "见救助。" in built.words(READER_PAGE)
    assert [finding.line for finding in built.findings("LNK-INT", READER)] == [4]
    assert READER not in built.report.held


# Relations


RELATIONS = """
-- content/mzj/policies/2026-01-01-old.md --
---
title: 旧办法
validity: 废止
repealed_by: mzj:policies/2026-02-01-new
---
正文。
-- content/mzj/policies/2026-02-01-new.md --
---
title: 新办法
amends: [portal:policies/2026-01-05-basis]
---
正文。
-- content/portal/policies/2026-01-05-basis.md --
---
title: 县里的办法
validity: 已修改
---
正文。
-- content/qingshui/interpretations/2026-02-02-reading.md --
---
title: 新办法怎么读
interprets: mzj:policies/2026-02-01-new
---
正文。
-- content/mzj/consultations/2026-01-01-call.md --
---
title: 征求意见
opens_on: 2026-01-01
closes_on: 2026-01-10
outcome: mzj:consultations/2026-01-20-result
---
正文。
-- content/mzj/consultations/2026-01-20-result.md --
---
title: 采纳情况
---
正文。
-- content/mzj/policies/2026-02-03-new-en.md --
---
title: The new measures
lang: en
translation_of: mzj:policies/2026-02-01-new
---
Text.
"""

RELATED = {
    "interprets": (f"{QINGSHUI}/interpretations/2026-02-02-reading.html", "新办法"),
    "interprets, from the other side": (f"{MZJ}/policies/2026-02-01-new.html", "新办法怎么读"),
    "repealed_by": (f"{MZJ}/policies/2026-01-01-old.html", "新办法"),
    "amends": (f"{MZJ}/policies/2026-02-01-new.html", "县里的办法"),
    "amends, from the other side": (f"{PORTAL}/policies/2026-01-05-basis.html", "新办法"),
    "outcome": (f"{MZJ}/consultations/2026-01-01-call.html", "采纳情况"),
    "translation_of": (f"{MZJ}/policies/2026-02-03-new-en.html", "新办法"),
    "translation_of, from the other side": (f"{MZJ}/policies/2026-02-01-new.html", "The new measures"),
}


@pytest.fixture(scope="module")
def related(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county whose documents stand in every relation there is."""
    return World(tmp_path_factory.mktemp("relations") / "county", RELATIONS).build()


@pytest.mark.parametrize("relation", RELATED)
def test_a_relation_is_shown_on_both_sides_as_a_link(related: Built, relation: str) -> None:
    page, words = RELATED[relation]
    href = next((href for text, href in hrefs(related, page).items() if words in text), None)
    assert href is not None
    file = href.removeprefix("https://") if "://" in href else page.split("/")[0] + href
    assert related.page(file).h1.get_text(strip=True) == words  # type: ignore[union-attr]
    assert related.findings("REL-MISSING") == []


def test_a_relation_to_nothing_is_a_finding_with_line_and_guess(world: Callable[..., World]) -> None:
    county = world(RELATIONS)
    county.write(
        "content/qingshui/interpretations/2026-03-01-lost.md",
        "---\ntitle: 解读\ninterprets: [mzj:policies/2026-02-01-new, mzj:policies/2026-02-01-nev]\n---\n正文。\n",
    )
    for relation in ("repealed_by", "amends", "outcome", "translation_of"):
        head = f"title: 失联\n{relation}: mzj:policies/nil"
        county.write(f"content/mzj/policies/2026-03-01-{relation}.md", f"---\n{head}\n---\n文\n")
    built = county.build()
    found = {finding.values["key"]: finding for finding in built.findings("REL-MISSING")}
    assert set(found) == {"interprets", "repealed_by", "amends", "outcome", "translation_of"}
    assert found["interprets"].line == 3
    assert found["interprets"].values["target"] == "mzj:policies/2026-02-01-nev"
    assert found["interprets"].values["guess"] == "mzj:policies/2026-02-01-new"
    assert not built.report.held
    assert "新办法" in hrefs(built, f"{QINGSHUI}/interpretations/2026-03-01-lost.html")


def test_a_relation_to_a_draft_is_missing(world: Callable[..., World]) -> None:
    county = world(RELATIONS)
    county.write("content/mzj/policies/2026-02-01-new.md", "---\ntitle: 新办法\nstatus: draft\n---\n正文。\n")
    built = county.build()
    keys = {finding.values["key"] for finding in built.findings("REL-MISSING")}
    assert keys == {"interprets", "repealed_by", "translation_of"}
    assert "新办法" not in hrefs(built, f"{QINGSHUI}/interpretations/2026-02-02-reading.html")


# Old addresses


def test_an_alias_gives_a_redirect_page_with_a_canonical_link(built: Built) -> None:
    for path in ("old/1.html", "old/two/index.html", "Old/Three.HTM/index.html"):
        page = built.page(f"{MZJ}/{path}")
        assert page.find("link", rel="canonical")["href"] == AID  # type: ignore[index]
        assert page.find("meta", attrs={"http-equiv": "refresh"})["content"] == f"0; url={AID}"  # type: ignore[index]
        assert page.find("a")["href"] == AID  # type: ignore[index]


def alias(title: str, *values: str, status: str = "published") -> str:
    """Return a document that had other addresses before."""
    return f"---\ntitle: {title}\nstatus: {status}\naliases: [{', '.join(values)}]\n---\n正文。\n"


def test_an_alias_that_is_taken_stays_with_the_older_document(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/news/2026-01-02-second.md", alias("后", "/old/x.html", "/news/2026-01-01-first.html"))
    county.write("content/mzj/news/2026-01-01-first.md", alias("先", "/old/x.html", "/news/2026-01-01-first.html"))
    built = county.build()
    goal = built.page(f"{MZJ}/old/x.html").find("link", rel="canonical")["href"]  # type: ignore[index]
    assert str(goal).endswith("/news/2026-01-01-first.html")
    assert built.words(f"{MZJ}/news/2026-01-01-first.html").startswith("先")
    findings = built.findings("ADR-ALIAS")
    assert {finding.values["value"] for finding in findings} == {"/old/x.html", "/news/2026-01-01-first.html"}
    assert {finding.path for finding in findings} == {"content/mzj/news/2026-01-02-second.md"}
    assert {finding.values["other"] for finding in findings} == {"content/mzj/news/2026-01-01-first.md"}


def test_the_same_alias_on_two_sites_is_two_addresses(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/news/2026-01-01-a.md", alias("甲", "/old/x.html"))
    county.write("content/qingshui/news/2026-01-01-b.md", alias("乙", "/old/x.html"))
    built = county.build()
    assert built.has(f"{MZJ}/old/x.html")
    assert built.has(f"{QINGSHUI}/old/x.html")
    assert not built.findings("ADR-ALIAS")


def test_a_draft_has_no_old_addresses_and_a_withdrawn_document_keeps_them(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/news/2026-01-01-a.md", alias("甲", "/old/draft.html", status="draft"))
    county.write("content/mzj/news/2026-01-02-b.md", alias("乙", "/old/withdrawn.html", status="withdrawn"))
    built = county.build()
    assert not built.has(f"{MZJ}/old/draft.html")
    assert "/news/2026-01-02-b.html" in built.text(f"{MZJ}/old/withdrawn.html")


@pytest.mark.parametrize(
    "address", ["/index.html", "/news/", "/news/index.html", "/sitemap.html", "/feed.xml", "/news/2026/01/"]
)
def test_an_alias_never_takes_the_place_of_a_page_that_stands_there(world: Callable[..., World], address: str) -> None:
    plain = world()
    plain.write("content/mzj/news/2026-01-01-a.md", alias("甲"))
    county = world()
    county.write("content/mzj/news/2026-01-01-a.md", alias("甲", address))
    built = county.build()
    assert built.files() == plain.build().files()
    assert [finding.values["value"] for finding in built.findings("ADR-ALIAS")] == [address]


@pytest.mark.parametrize(
    "address", ["/news/2026-01-01-a.html/", "/news/2026-01-01-a.html/old.html", "/robots.txt", "/news/feed.xml/x.html"]
)
def test_an_alias_never_turns_a_file_into_a_folder(world: Callable[..., World], address: str) -> None:
    county = world()
    county.write("content/mzj/news/2026-01-01-a.md", alias("甲", address))
    built = county.build()
    for path in ("news/2026-01-01-a.html", "robots.txt", "news/feed.xml"):
        assert built.has(f"{MZJ}/{path}")
    assert built.findings("ADR-ALIAS")
    assert all((built.output / artifact.path).is_file() for artifact in read_artifacts(county.catalog))
