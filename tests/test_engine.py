"""The engines that make pages: the light one makes what Pelican makes, and leaves to Pelican what only it can do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from govgen.errors import MachineryError
from govgen.model import view
from govgen.model.chrome import Chrome
from govgen.model.view import DocumentView, Page
from govgen.plan.pages import Composition
from govgen.render.light import choose_engine
from tests.world import PROJECT, World

TEMPLATES = "themes/county/templates"

VIEWS: Mapping[str, type] = {
    "portal": view.PortalHome,
    "home": view.SiteHome,
    "section": view.SectionView,
    "archive": view.SectionView,
    "village": view.VillageHome,
    "villages": view.VillagesView,
    "topic": view.TopicView,
    "sites": view.SitesView,
    "site_map": view.SiteMapView,
    "404": view.NotFoundView,
    "search": view.SearchView,
    "search_year": view.SearchYearView,
    "search_numbers": view.SearchNumbersView,
    **dict.fromkeys(
        ["article", "page", "policy", "interpretation", "service", "letter", "consultation", "data", "withdrawn"],
        DocumentView,
    ),
}

TEXTS = ["", "春耕通知", "<b>&\"'", "100%", "published", "draft", "amended", "repealed", "open", "service", "news"]

LEAVES: Mapping[object, st.SearchStrategy[Any]] = {
    str: st.sampled_from(TEXTS),
    bool: st.booleans(),
    int: st.integers(1, 12),
    datetime: st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    Markup: st.sampled_from(["", "<p>正文 &amp; 100%</p>"]).map(Markup),
    type(None): st.none(),
}

EMPTY: Mapping[object, object] = {str: "", bool: False, int: 0, Markup: Markup()}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a view's type, all its fields filled."""
    if is_dataclass(kind):
        return st.builds(kind, **{name: values(hint) for name, hint in get_type_hints(kind).items()})
    if isinstance(kind, UnionType):
        return st.one_of(*map(values, get_args(kind)))
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is not ...:
            return st.tuples(*map(values, parts))
        return st.lists(values(parts[0]), max_size=2).map(tuple)
    return st.just({}) if get_origin(kind) is dict else LEAVES[kind]


def empty(kind: Any, /, **given: object) -> Any:
    """Return a view that has nothing but what is given."""
    hints = get_type_hints(kind)
    rest = {field.name: hints[field.name] for field in fields(kind) if field.name not in given}
    return kind(**given, **{name: _nothing(hint) for name, hint in rest.items()})


def _nothing(hint: Any) -> object:
    if is_dataclass(hint):
        return empty(hint)
    if isinstance(hint, UnionType):
        return None
    origin = get_origin(hint)
    return origin() if origin else EMPTY[hint]


CHROME: Chrome = empty(Chrome, site_id="mzj", site_name="云岭县民政局", home_href="/", language="zh-CN")
ARTICLE = Composition(
    empty(Page, title="长者助餐", kind="article", section_id="news"),
    "document",
    empty(
        DocumentView,
        title="长者助餐",
        kind="article",
        html=Markup("<p>正文</p>"),
        date=datetime(2026, 3, 1),
        status="published",
    ),
)


class StaticFiles:
    """Static files at an address each."""

    def __call__(self, name: str) -> str:
        return f"/assets/{name}"

    def integrity(self, name: str) -> str:
        return f"sha384-{name}"


FILES = StaticFiles()
PART = "{{ chrome.site_name }}:{{ section }}:{{ asset('x') }}:{{ integrity('x') }}"


def _render(
    engine: str, root: Path, compiled: Path | None, language: str, work: list[tuple[Chrome, Composition]]
) -> Any:
    if engine == "chosen":
        maker = choose_engine(root, language, compiled)
    else:
        from govgen.render.engine import Engine

        maker = Engine(root, language, compiled)
    pages = [maker.render("a/b.html", chrome, made_of, FILES).decode() for chrome, made_of in work]
    return pages, "pelican" in sys.modules


def render(
    root: Path,
    *work: tuple[Chrome, Composition],
    engine: str = "chosen",
    compiled: Path | None = None,
    lang: str = "zh",
) -> tuple[list[str], bool]:
    """Make pages in a process of their own; return them, and whether Pelican was loaded."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        made: tuple[list[str], bool] = pool.submit(_render, engine, root, compiled, lang, list(work)).result()
        return made


def article(root: Path, **options: Any) -> tuple[str, bool]:
    """Make the article; return it, and whether Pelican was loaded."""
    pages, is_pelican = render(root, (CHROME, ARTICLE), **options)
    return pages[0], is_pelican


_engines: list[Any] = []


def _start_both() -> None:
    from govgen.render.engine import Engine

    _engines.extend((choose_engine(PROJECT, "en"), Engine(PROJECT, "en")))


def _render_both(chrome: Chrome, made_of: Composition) -> tuple[bytes, ...]:
    assert [type(engine).__name__ for engine in _engines] == ["LightEngine", "Engine"]
    return tuple(engine.render("a/b.html", chrome, made_of, FILES) for engine in _engines)


@pytest.fixture(scope="module")
def both() -> Iterator[Callable[[Chrome, Composition], tuple[bytes, bytes]]]:
    """Return what makes one page with each engine, in a process of their own."""
    with ProcessPoolExecutor(1, get_context("fork"), _start_both) as pool:
        yield lambda chrome, made_of: pool.submit(_render_both, chrome, made_of).result()


def test_every_template_of_a_page_is_among_the_kinds_compared() -> None:
    names = {file.stem for file in (PROJECT / TEMPLATES).glob("*.html") if file.name[0] != "_"}
    assert names - {"base"} == set(VIEWS)


@pytest.mark.parametrize("kind", sorted(VIEWS))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_the_light_engine_makes_the_same_bytes_as_pelican(
    both: Callable[[Chrome, Composition], tuple[bytes, bytes]], kind: str, data: st.DataObject
) -> None:
    shown = data.draw(values(VIEWS[kind]))
    page = replace(data.draw(values(Page)), kind=kind)
    light, pelican = both(
        data.draw(values(Chrome)), Composition(page, "document" if VIEWS[kind] is DocumentView else "view", shown)
    )
    assert light == pelican
    assert light.startswith(b"<!DOCTYPE html>")
    assert light.endswith(b"</html>")


def test_a_page_is_made_without_loading_pelican(world: Callable[..., World]) -> None:
    page, is_pelican = article(world().root)
    assert "<h1>长者助餐</h1>" in page
    assert not is_pelican


SETTINGS = {
    "a plugin": ("PLUGINS = ['shout']\nPLUGIN_PATHS = ['plugins']\n", "<h1>长者助餐！</h1>"),
    "plugins it finds itself": ("del PLUGINS\n", "<h1>长者助餐</h1>"),
    "templates of another folder": (
        "THEME_TEMPLATES_OVERRIDES = [__file__.rpartition('/')[0] + '/over']\n",
        "over all",
    ),
}

TEMPLATE_TEXTS = {
    "a setting": ("{{ TIMEZONE }} {{ DEFAULT_PAGINATION }}", "Asia/Shanghai False"),
    "a setting that may be missing": ("{% if NOTHING is defined %}a{% else %}b{% endif %}", "b"),
    "a filter of Pelican's": ("{{ document.date|strftime('%Y') }}", "<p>2026</p>"),
    "a test of Pelican's": ("{{ 'x' is plugin_enabled }}", "False"),
    "a template of Pelican's": ("{% include '!simple/translations.html' %}{{ 'z' }}", "z"),
    "a missing template": ("{% include 'translations.html' ignore missing %}{{ 'z' }}", "z"),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_that_need_pelican_get_pelican(world: Callable[..., World], case: str) -> None:
    county = world()
    text, words = SETTINGS[case]
    county.write("over/article.html", "over all")
    county.write(
        "plugins/shout.py",
        "def shout(generators):\n"
        "    generators[0].env.globals['shout'] = '！'\n\n"
        "def register():\n"
        "    from pelican import signals\n"
        "    signals.all_generators_finalized.connect(shout)\n",
    )
    template = county.root / TEMPLATES / "_document.html"
    template.write_text(
        template.read_text().replace("{{ document.title }}</h1>", "{{ document.title }}{{ shout }}</h1>")
    )
    county.write("pelicanconf.py", (county.root / "pelicanconf.py").read_text() + text)
    page, is_pelican = article(county.root)
    assert is_pelican
    assert words in page


@pytest.mark.parametrize("case", TEMPLATE_TEXTS)
def test_a_template_that_needs_pelican_gets_pelican(world: Callable[..., World], case: str) -> None:
    county = world()
    text, words = TEMPLATE_TEXTS[case]
    county.write(f"{TEMPLATES}/article.html", f"<p>{text}</p>")
    page, is_pelican = article(county.root)
    assert is_pelican
    assert words in page
    assert page == article(county.root, engine="pelican")[0]


def test_filters_globals_and_tests_of_the_settings_work_without_pelican(world: Callable[..., World]) -> None:
    county = world()
    conf = "JINJA_FILTERS = {'twice': lambda text: text * 2}\nJINJA_GLOBALS = {'hotline': '12345'}\n"
    conf += "JINJA_TESTS = {'long': lambda text: len(text) > 3}\n"
    county.write("pelicanconf.py", (county.root / "pelicanconf.py").read_text() + conf)
    county.write(f"{TEMPLATES}/article.html", "{{ 'ab'|twice }} {{ hotline }} {{ 'abcd' is long }} {{ SITENAME }}")
    assert article(county.root) == ("abab 12345 True 云岭县民政局", False)
    assert article(county.root, engine="pelican")[0] == "abab 12345 True 云岭县民政局"


@pytest.mark.parametrize(
    "text", ["{% if %}", "{{ nothing.at.all }}", "{{ 'a'|nothing }}", "{% include 'nothing.html' %}"]
)
def test_a_template_that_is_wrong_is_named(world: Callable[..., World], text: str) -> None:
    county = world()
    county.write(f"{TEMPLATES}/article.html", f"\n{text}")
    with pytest.raises(MachineryError) as light:
        article(county.root)
    with pytest.raises(MachineryError) as pelican:
        article(county.root, engine="pelican")
    assert light.value.values == pelican.value.values
    assert light.value.values["place"].startswith("article.html:")


def test_a_part_of_the_frame_is_made_for_each_site_and_each_of_its_values(world: Callable[..., World]) -> None:
    county = world()
    county.write(f"{TEMPLATES}/article.html", "{{ frame('_part.html', section=page.section_id) }}")
    county.write(
        f"{TEMPLATES}/_part.html", "{{ chrome.site_name }}:{{ section }}:{{ asset('x') }}:{{ integrity('x') }}"
    )
    notices = replace(ARTICLE, page=replace(ARTICLE.page, section_id="notices"))
    other = replace(CHROME, site_name="县财政局")
    work = [(CHROME, ARTICLE), (CHROME, notices), (other, ARTICLE), (CHROME, ARTICLE)]
    for engine in ("chosen", "pelican"):
        assert render(county.root, *work, engine=engine)[0] == [
            "云岭县民政局:news:/assets/x:sha384-x",
            "云岭县民政局:notices:/assets/x:sha384-x",
            "县财政局:news:/assets/x:sha384-x",
            "云岭县民政局:news:/assets/x:sha384-x",
        ]


def test_a_part_of_the_frame_does_not_see_the_page(world: Callable[..., World]) -> None:
    county = world()
    county.write(f"{TEMPLATES}/_footer.html", "{{ page.title }}")
    with pytest.raises(MachineryError) as caught:
        article(county.root)
    assert "_footer.html:1" in caught.value.values["place"]


def test_templates_are_compiled_once_and_anew_when_anything_changed(world: Callable[..., World]) -> None:
    county = world()
    compiled = county.root / "build/cache/templates"

    def files() -> dict[str, tuple[int, int]]:
        return {file.name: (file.stat().st_ino, file.stat().st_mtime_ns) for file in compiled.iterdir()}

    first = article(county.root, compiled=compiled)
    before = files()
    assert len(before) > 3
    assert article(county.root, compiled=compiled) == first
    assert article(county.root, engine="pelican", compiled=compiled)[0] == first[0]
    assert files() == before
    county.write("pelicanconf.py", (county.root / "pelicanconf.py").read_text() + "AUTHOR = '另一个'\n")
    assert article(county.root, compiled=compiled) == first
    assert not set(files().items()) & set(before.items())
    assert files().keys() == before.keys()
    footer = county.root / TEMPLATES / "_footer.html"
    footer.write_text(footer.read_text() + "<!-- 新 -->")
    assert "<!-- 新 -->" in article(county.root, compiled=compiled)[0]


def test_words_that_changed_stand_in_compiled_templates_too(world: Callable[..., World]) -> None:
    county = world()
    compiled = county.root / "build/cache/templates"
    words = county.root / "themes/county/translations/en/LC_MESSAGES/county.po"
    assert "跳到正文" in article(county.root, compiled=compiled)[0]
    english = article(county.root, compiled=compiled, lang="en")[0]
    assert "跳到正文" not in english
    text = words.read_text()
    start = text.index('msgid "跳到正文"')
    words.write_text(text[:start] + text[start:].replace('msgstr "', 'msgstr "Now: 100%% ', 1))
    assert "Now: 100% " in article(county.root, compiled=compiled, lang="en")[0]


@pytest.mark.parametrize("damage", [b"", b"x", b"half"])
def test_a_compiled_template_that_is_not_whole_is_as_good_as_none(world: Callable[..., World], damage: bytes) -> None:
    county = world()
    compiled = county.root / "build/cache/templates"
    first = article(county.root, compiled=compiled)
    for file in compiled.iterdir():
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] if damage == b"half" else damage)
    assert article(county.root, compiled=compiled) == first
