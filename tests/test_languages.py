"""Pages in other languages: the frame's words, the editions of a document, what fell behind, and right-to-left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup, NavigableString, Tag
from jinja2 import Environment

from govgen.model.language import direction_of, find_tag, is_same, locale_of, own_name
from govgen.sites.kinds import STANDARD_SECTIONS, VILLAGE_SECTIONS
from govgen.texts import load_texts
from tests.browser import launch_chromium, serve, visit
from tests.world import MZJ, PORTAL, PROJECT, Built, World
from tools import words

THEME = PROJECT / "themes/county"
CATALOGS = sorted(THEME.glob("translations/*/LC_MESSAGES/county.po"))
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")

# The theme's catalogs of words


def read(file: Path) -> Catalog:
    """Return a catalog of words."""
    with file.open("rb") as stream:
        return read_po(stream)


def forms(text: object) -> tuple[str, ...]:
    """Return a word's singular and plural, or its one form."""
    return tuple(map(str, text)) if isinstance(text, (tuple, list)) else (str(text),)


def ids(catalog: Catalog) -> set[tuple[str, ...]]:
    """Return the words of a catalog."""
    return {forms(message.id) for message in catalog if message.id}


@dataclass(frozen=True)
class _Words:
    file: Path

    @property
    def is_partial(self) -> bool:
        return "X-Completeness: partial" in self.file.read_text(encoding="utf-8")


def test_the_list_of_words_is_that_of_the_templates() -> None:
    assert ids(read(THEME / "translations/county.pot")) == ids(words.extract(THEME)), "run tools/words.py"


def test_english_is_complete_and_uyghur_says_that_it_is_not() -> None:
    partial = {file.parts[-3]: _Words(file).is_partial for file in CATALOGS}
    assert partial == {"en": False, "ug": True}


@pytest.mark.parametrize("file", CATALOGS, ids=lambda file: file.parts[-3])
def test_a_catalog_translates_every_word_and_no_stale_one(file: Path) -> None:
    catalog, wanted = read(file), ids(words.extract(THEME))
    assert not catalog.obsolete
    assert ids(catalog) - wanted == set(), "stale: run tools/words.py"
    if _Words(file).is_partial:
        assert len(ids(catalog)) >= 40
    else:
        assert wanted - ids(catalog) == set(), "run tools/words.py, and translate"
    for message in catalog:
        assert not message.fuzzy or not message.id
        assert all(forms(message.string)), message.id
        for string in forms(message.string) if message.id else ():
            assert set(re.findall(r"%\(\w+\)s", string)) == set(re.findall(r"%\(\w+\)s", forms(message.id)[0]))


@pytest.mark.parametrize("file", CATALOGS, ids=lambda file: file.parts[-3])
def test_a_translation_is_in_its_own_language(file: Path) -> None:
    assert [m.id for m in read(file) if m.id and any(map(CHINESE.search, forms(m.string)))] == []


def test_every_name_the_program_gives_can_be_translated() -> None:
    texts = load_texts("zh").catalog
    names = {section.name for sections in STANDARD_SECTIONS.values() for section in sections}
    names |= {section.name for section in VILLAGE_SECTIONS}
    names |= {*texts["fields"].values(), *texts["validity"].values()}
    names |= {texts["pages"][key] for key in ("home", "villages", "sites", "site_map")}
    assert names - {id[0] for id in ids(words.extract(THEME))} == set(), "templates/_names.html"


@pytest.mark.parametrize("file", sorted((THEME / "templates").glob("*.html")), ids=lambda file: file.name)
def test_no_template_has_chinese_words_that_cannot_be_translated(file: Path) -> None:
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    lexer = Environment(extensions=["jinja2.ext.i18n"]).lex(source)
    assert [text.strip() for _, kind, text in lexer if kind == "data" and CHINESE.search(text)] == []


# Documents in other languages

EDITIONS = """
-- content/mzj/policies/aid.md --
---
title: 临时救助办法
date: 2026-02-01 09:00
updated: 2026-03-05 10:00
document_number: 云民发〔2026〕1号
validity: 有效
---
正文。
-- content/mzj/policies/aid-en.md --
---
title: Temporary Assistance Measures
date: 2026-02-03
lang: 英文
source: Civil Affairs Bureau
document_number: No. 1 of 2026
validity: 有效
translation_of: mzj:policies/aid
---
Text.

| Item | Yuan |
| --- | --- |
| Aid | 100 |
-- content/mzj/policies/aid-ug.md --
---
title: ۋاقىتلىق قۇتقۇزۇش چارىسى
date: 2026-03-05
lang: ug
translation_of: mzj:policies/aid
---
بۇ بىر تېكىست.
-- content/portal/notices/aid-fr.md --
---
title: Mesures d'assistance
date: 2026-04-03
lang: fr
translation_of: mzj:policies/aid
---
Texte.
"""
PAGES = {
    "zh-CN": f"{MZJ}/policies/aid.html",
    "en": f"{MZJ}/policies/aid-en.html",
    "ug": f"{MZJ}/policies/aid-ug.html",
    "fr": f"{PORTAL}/notices/aid-fr.html",
}


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with a policy in four languages, one of them without a catalog."""
    return World(tmp_path_factory.mktemp("languages") / "county", EDITIONS)


@pytest.fixture(scope="module")
def built(county: World) -> Built:
    """Build it."""
    return county.build()


def language_at(node: NavigableString | Tag) -> str:
    """Return the language a browser takes a piece of a page to be in."""
    return next(str(parent["lang"]) for parent in node.parents if isinstance(parent, Tag) and parent.get("lang"))


def words_of(page: BeautifulSoup) -> Iterator[NavigableString]:
    """Yield the words of a page's body."""
    assert page.body is not None
    yield from (text for text in page.body.find_all(string=True) if text.strip())


def test_an_english_document_has_an_english_frame_and_what_is_chinese_says_so(built: Built) -> None:
    page = built.page(PAGES["en"])
    assert page.html and page.html["lang"] == "en" and "dir" not in page.html.attrs
    assert [str(t) for t in words_of(page) if CHINESE.search(t) and not language_at(t).startswith("zh")] == []
    said = page.get_text(" ")
    for english in ("Skip to content", "Home", "Policy documents", "Document number", "In force", "Site code"):
        assert english in said
    labels = [str(element["aria-label"]) for element in page.find_all(attrs={"aria-label": True})]
    assert labels and not any(map(CHINESE.search, labels))


def test_a_page_in_the_county_s_own_language_marks_nothing(built: Built) -> None:
    page = built.page(f"{MZJ}/policies/aid.html")
    marked = [element for element in page.find_all(attrs={"lang": True}) if element.name != "html"]
    assert {element["lang"] for element in marked} == {"en", "fr", "ug"}


def test_an_uyghur_page_is_written_to_the_left(built: Built) -> None:
    page = built.page(PAGES["ug"])
    assert page.html and (page.html["lang"], page.html["dir"]) == ("ug", "rtl")
    assert "باش بەت" in page.get_text() and "سىياسەت ھۆججەتلىرى" in page.get_text()
    chinese = page.find(class_="name").find(attrs={"lang": "zh-CN"})  # type: ignore[union-attr]
    assert chinese["dir"] == "ltr" and chinese.get_text() == "云岭县民政局"  # type: ignore[union-attr,index]


def test_a_language_without_words_has_the_county_s_frame_that_says_what_it_is(built: Built) -> None:
    page = built.page(PAGES["fr"])
    assert page.html and page.html["lang"] == "fr"
    for element in (page.header, page.footer, page.find(class_="skip"), page.find(class_="breadcrumb")):
        assert isinstance(element, Tag) and element["lang"] == "zh-CN"


def test_a_list_marks_titles_in_other_languages(built: Built) -> None:
    titles = {a.get_text(): (a.get("lang"), a.get("dir")) for a in built.page(f"{MZJ}/policies/index.html").select("a")}
    assert titles["Temporary Assistance Measures"] == ("en", None)
    assert titles["ۋاقىتلىق قۇتقۇزۇش چارىسى"] == ("ug", "rtl")
    assert titles["临时救助办法"] == (None, None)


@pytest.mark.parametrize("language", PAGES)
def test_every_edition_names_all_others_for_machines_and_for_readers(built: Built, language: str) -> None:
    page = built.page(PAGES[language])
    alternates = {a["hreflang"]: a["href"] for a in page.find_all("link", hreflang=True)}
    assert alternates == {tag: f"https://{path}" for tag, path in {**PAGES, "x-default": PAGES["zh-CN"]}.items()}
    assert page.find("link", rel="canonical")["href"] == alternates[language]  # type: ignore[index]
    shown = [a["hreflang"] for a in page.select(".translations a")]
    assert shown == [tag for tag in ("zh-CN", "en", "fr", "ug") if tag != language], "the original first"
    assert all(own_name(str(tag)) in page.select_one(".translations").get_text() for tag in shown)  # type: ignore[union-attr]


def test_a_document_in_one_language_says_nothing_of_others(world: Callable[..., World]) -> None:
    built = world("-- content/mzj/news/a.md --\ntitle: 甲\ndate: 2026-01-01\n\n正文。\n").build()
    assert "hreflang" not in built.text(f"{MZJ}/news/a.html")


STALE = {"en": "This translation is older", "ug": "كونىراپ", "fr": "译文早于原文", "zh-CN": "译文早于原文"}


@pytest.mark.parametrize("language", PAGES)
def test_a_translation_older_than_its_original_says_so_in_its_reader_s_language(built: Built, language: str) -> None:
    # The Uyghur one is of the day of the original's change; the French one is later.
    assert (STALE[language] in built.words(PAGES[language])) is (language == "en")


def test_editors_are_told_which_translation_fell_behind(built: Built) -> None:
    [stale] = built.findings("TRANS-STALE")
    assert (stale.path, stale.values["day"]) == ("content/mzj/policies/aid-en.md", "2026-03-05")
    assert built.findings("TRANS-LANG") == []


def test_a_translation_that_says_no_language_is_advised_to(world: Callable[..., World]) -> None:
    county = world(EDITIONS.replace("lang: 英文\n", ""))
    [finding] = county.build().findings("TRANS-LANG")
    assert finding.path == "content/mzj/policies/aid-en.md"
    county.write_all(EDITIONS)
    assert county.build().findings("TRANS-LANG") == []


CHANGES = (
    ("aid-en.md", "Temporary", "Interim"),
    ("aid.md", "updated: 2026-03-05 10:00", "updated: 2026-03-06"),
    ("aid-en.md", "translation_of: mzj:policies/aid", "order: 1"),
    ("aid-en.md", "order: 1", "translation_of: mzj:policies/aid"),
    ("aid-en.md", "date: 2026-02-03", "date: 2026-03-07"),
    ("aid-ug.md", "lang: ug", "lang: kk"),
    ("aid-ug.md", "mzj:policies/aid", "mzj:policies/none"),
    ("aid.md", "validity: 有效", "status: withdrawn"),
)
"""A title changes; the original is corrected; a translation is none for a while, catches up, is of another language, of
another document; the original is withdrawn."""


def test_what_one_edition_changes_is_made_again_on_all(tmp_path: Path) -> None:
    county, clean = World(tmp_path / "county", EDITIONS), World(tmp_path / "clean", EDITIONS)
    files = county.build().files()
    for number, (name, old, new) in enumerate(CHANGES):
        path = f"content/mzj/policies/{name}"
        text = (county.root / path).read_text(encoding="utf-8")
        assert old in text
        for world in (county, clean):
            world.write(path, text.replace(old, new))
        clean.catalog.unlink(missing_ok=True)
        after, again = county.build(), clean.build(f"build/{number}")
        assert after.files() == again.files(), new
        assert after.files() != files, new
        assert sorted(after.report.findings, key=repr) == sorted(again.report.findings, key=repr)
        files = after.files()


def test_a_county_translates_its_own_names(county: World, tmp_path: Path) -> None:
    copy = county.copy(tmp_path / "county")
    names = 'msgid "云岭县民政局"\nmsgstr "Yunling Civil Affairs Bureau"\n'
    copy.write("themes/county/translations/en/LC_MESSAGES/names.po", names)
    name = copy.build().page(PAGES["en"]).find(class_="name")
    assert isinstance(name, Tag) and name.get_text(strip=True) == "Yunling Civil Affairs Bureau"
    assert name.find(attrs={"lang": True}) is None


TAGS = {"en": "en", "EN_us": "en-US", "英文": "en", "维吾尔语": "ug", "zh-hans-cn": "zh-Hans-CN", "ug-arab": "ug-Arab"}


@pytest.mark.parametrize("written", TAGS)
def test_a_language_may_be_written_as_people_write_it(written: str) -> None:
    assert find_tag(written) == TAGS[written]


@pytest.mark.parametrize("written", ["", "火星文", '"><script>', "english please", "x", "en-" + "a" * 9])
def test_what_is_no_language_is_none(written: str) -> None:
    assert find_tag(written) == ""


def test_a_language_nobody_knows_is_a_finding(world: Callable[..., World]) -> None:
    county = world("-- content/mzj/news/a.md --\ntitle: 甲\ndate: 2026-01-01\nlang: 火星文\n\n正文。\n")
    assert county.build().rules("content/mzj/news/a.md") == {"FM-VALUE"}


def test_what_is_known_of_languages() -> None:
    assert [direction_of(t) for t in ("ug", "ar-EG", "ug-Latn", "kk-Arab", "kk", "zh-CN")] == [
        *("rtl", "rtl", "ltr", "rtl", "ltr", "ltr")
    ]
    assert is_same("zh", "zh-CN") and is_same("zh-Hans-CN", "zh") and not is_same("zh-TW", "zh-CN")
    assert [locale_of(t) for t in ("zh-CN", "zh-Hans-CN", "en", "ug", "tlh")] == [
        "zh_CN",
        "zh_CN",
        "en_US",
        "ug_CN",
        "",
    ]
    assert own_name("zh-Hant") == "繁體中文" and own_name("tlh") == "tlh"


# The style sheet in both directions

PHYSICAL = re.compile(
    r"(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)|left|right|float|clear"
    r"|border-(?:top|bottom)-(?:left|right)-radius)(?:-\w+)?"
)
FOUR_SIDED = frozenset({"margin", "padding", "inset", "border-width", "border-style", "border-color", "scroll-padding"})
MEANT_SO: frozenset[str] = frozenset()
"""Declarations that name a side for a good reason."""


@pytest.mark.parametrize("file", sorted((THEME / "static/css").glob("*.css")), ids=lambda file: file.name)
def test_the_style_sheet_turns_with_the_direction_of_writing(file: Path) -> None:
    source = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    wrong = []
    for name, value in re.findall(r"[{;]\s*([a-z-]+)\s*:\s*([^;{}]+)", source):
        sides = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "()", value).split()
        is_uneven = name in FOUR_SIDED and len(sides) == 4 and sides[1] != sides[3]
        is_aligned = name == "text-align" and value.strip() in ("left", "right")
        if PHYSICAL.fullmatch(name) or is_uneven or is_aligned:
            wrong.append(f"{name}: {value.strip()}")
    assert set(wrong) - MEANT_SO == set()


@pytest.mark.parametrize("width", [360, 1440])
def test_an_uyghur_page_is_laid_out_from_the_right_and_fits_its_screen(built: Built, width: int) -> None:
    screen = {"width": width, "height": 800}
    with launch_chromium() as chromium, serve(built.output) as server, visit(chromium, server, viewport=screen) as v:
        page = v.open(PAGES["ug"])
        assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        first, second = (
            page.locator(".sections li").nth(n).evaluate("e => e.getBoundingClientRect().right") for n in (0, 1)
        )
        assert first > second, "the first section stands on the right"
        page.keyboard.press("Tab")
        skip = page.locator(".skip").evaluate("e => [e.getBoundingClientRect().right, innerWidth]")
        assert skip[0] == skip[1]


def test_pages_after_one_in_another_language_are_in_their_own_again(world: Callable[..., World]) -> None:
    # Months stand in an expression of a template, not alone in braces: those words are looked up while a page is made.
    county = world()
    for month in range(1, 4):
        county.write(f"content/mzj/news/{month}.md", f"---\ntitle: 第{month}条\ndate: 2026-0{month}-01\n---\n正文。\n")
    county.write("content/mzj/about/english.md", "---\ntitle: Portrait\nlang: en\n---\nWords.\n")
    built = county.build(processes=1)
    assert built.page(f"{MZJ}/about/english.html").find("html")["lang"] == "en"
    months = [path for path in built.files() if path.startswith(f"{MZJ}/news/2026/")]
    assert len(months) == 3
    for path in months:
        row = built.page(path).find(class_="archive").get_text()
        assert "3月" in row, path
        assert "Mar" not in row, path
