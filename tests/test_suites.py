"""Other projects' test suites as documents: every file is built or held with a reason, and shown words stay as written.

Sources and licences of the suites stand beside them in ../shared/corpora/suites.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from bs4 import BeautifulSoup
from markupsafe import escape

from govgen.content.front_matter import CONTROL
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from tests.conftest import require_corpora
from tests.world import CORPORA, MZJ, PORTAL, QINGSHUI, Built, World

require_corpora()
SUITES = CORPORA / "suites"
NAUGHTY: list[str] = json.loads((SUITES / "naughty-strings" / "blns.json").read_text(encoding="utf-8"))
DATE = "2026-03-01"

TEXT_FIELDS = ("title", "summary", "source", "author", "keywords", "image_alt", "reviewed_by")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "texts": TEXT_FIELDS,
    "slug": ("slug",),
    "section": ("section",),
    "aliases": ("aliases",),
    "attachments": ("attachments",),
    "relations": ("interprets", "topics", "submit", "translation_of"),
    "days": ("updated", "expires_at", "order", "lang", "status"),
}
"""Fields that one naughty string is put into, one document for each string and group."""


def quoted(text: str) -> str:
    """Return a text as YAML and TOML write it in double quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def naughty_document(text: str, group: str) -> str:
    """Return a document with a naughty string in the fields of a group, as a key of its own, raw, or as its body."""
    head = {"title": "甲", "date": DATE}
    if group == "body":
        return f"---\ntitle: 甲\ndate: {DATE}\n---\n{text}\n\n- {text}\n\n> {text}\n\n[{text}]({text} '{text}')\n"
    if group == "raw":
        return f"---\ntitle: {text}\ndate: {DATE}\n---\n正文\n"
    if group == "pelican":
        return f"Title: {text}\nDate: {DATE}\n\n正文\n"
    if group == "toml":
        return f"+++\ntitle = {quoted(text)}\ndate = {DATE}\n{quoted(text)} = [{quoted(text)}]\n+++\n正文\n"
    if group == "keys":
        return f"---\ntitle: 甲\ndate: {DATE}\n{quoted(text)}: {{{quoted(text)}: [{quoted(text)}]}}\n---\n正文\n"
    fields = head | dict.fromkeys(GROUPS[group], text)
    lines = (f"{name}: {value if name == 'date' else quoted(value)}\n" for name, value in fields.items())
    return f"---\n{''.join(lines)}---\n正文\n"


ALL_GROUPS = (*GROUPS, "body", "raw", "pelican", "toml", "keys")


@pytest.fixture(scope="module")
def naughty(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county with every naughty string in every group of fields."""
    world = World(tmp_path_factory.mktemp("naughty") / "county")
    for group in ALL_GROUPS:
        for number, text in enumerate(NAUGHTY):
            world.write(f"content/qingshui/news/{group}/{group}-{number}.md", naughty_document(text, group))
    return world.build()


def assert_all_accounted_for(built: Built, files: int) -> None:
    """Check that each file is built or held, and that what is held has a finding that holds it."""
    report = built.report
    assert report.documents == files == sum(report.states.values())
    assert report.states.get("held", 0) == len(report.held)
    reasons = {finding.path for finding in report.findings if SEVERITIES[finding.rule] is Severity.ERROR}
    assert set(report.held) <= reasons


def test_every_naughty_string_in_every_field_is_accounted_for(naughty: Built) -> None:
    assert_all_accounted_for(naughty, len(NAUGHTY) * len(ALL_GROUPS))
    for group in ("texts", "aliases", "body", "keys", "relations"):
        shown = sum(naughty.has(f"{QINGSHUI}/news/{group}-{number}.html") for number in range(len(NAUGHTY)))
        held = sum(f"/{group}/" in path for path in naughty.report.held)
        assert shown + held == len(NAUGHTY)


@pytest.mark.parametrize("group", ["texts", "toml"])
def test_every_naughty_title_is_shown_as_it_was_written(naughty: Built, group: str) -> None:
    shown = 0
    for number, text in enumerate(NAUGHTY):
        path, title = f"content/qingshui/news/{group}/{group}-{number}.md", escape(" ".join(text.split()))
        if path in naughty.report.held:
            assert not title or CONTROL.search(text) or naughty.rules(path) & {"FM-SYNTAX", "FM-TYPO"}, text
            continue
        page = naughty.text(f"{QINGSHUI}/news/{group}-{number}.html")
        assert f"<h1>{title}</h1>" in page
        assert f"<title>{title} - 清水镇人民政府</title>" in page
        assert group == "toml" or f'<meta name="Description" content="{title}">' in page
        shown += 1
    assert shown > len(NAUGHTY) * 0.9


@dataclass(frozen=True)
class Example:
    """One test of a Markdown suite: its text, and the HTML its authors expect."""

    name: str
    text: str
    html: str


def python_markdown() -> Iterator[Example]:
    """Yield Python-Markdown's own tests."""
    root = SUITES / "python-markdown" / "tests"
    for file in sorted(root.rglob("*.txt")):
        expected = file.with_suffix(".html")
        html = expected.read_text(encoding="utf-8") if expected.is_file() else ""
        yield Example("-".join(file.relative_to(root).with_suffix("").parts), file.read_bytes().decode("utf-8"), html)


def commonmark() -> Iterator[Example]:
    """Yield the examples of the CommonMark specification."""
    spec = (SUITES / "commonmark" / "spec.txt").read_text(encoding="utf-8").replace("→", "\t")
    examples = re.findall(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", spec, re.DOTALL | re.MULTILINE)
    for number, (text, html) in enumerate(examples, 1):
        yield Example(f"example-{number}", text, html)


PYTHON_MARKDOWN = tuple(python_markdown())
COMMONMARK = tuple(commonmark())
SPECIFICATION = (SUITES / "commonmark" / "spec.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def markdown(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county whose documents are the tests of Python-Markdown and of CommonMark."""
    world = World(tmp_path_factory.mktemp("markdown") / "county")
    for section, examples in (("news", PYTHON_MARKDOWN), ("notices", COMMONMARK)):
        for example in examples:
            head = f"---\ntitle: {example.name}\ndate: {DATE}\n---\n"
            world.write(f"content/mzj/{section}/{example.name}.md", head + example.text)
    world.write("content/mzj/notices/spec.md", f"---\ntitle: CommonMark\ndate: {DATE}\n---\n{SPECIFICATION}")
    return world.build()


def test_every_test_of_python_markdown_and_commonmark_is_accounted_for(markdown: Built) -> None:
    assert len(PYTHON_MARKDOWN) > 100 and len(COMMONMARK) > 600
    assert_all_accounted_for(markdown, len(PYTHON_MARKDOWN) + len(COMMONMARK) + 1)


def words(html: str) -> Counter[str]:
    """Return the words a reader sees."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup(["script", "style", "textarea", "template"]):
        element.decompose()
    return Counter(re.findall(r"\w+", soup.get_text(" ")))


def lost_words(built: Built, section: str, examples: tuple[Example, ...]) -> dict[str, set[str]]:
    """Return which words of the expected HTML do not stand on the built pages, by example."""
    lost = {}
    for example in examples:
        path = f"{MZJ}/{section}/{example.name.lower()}.html"
        if f"content/mzj/{section}/{example.name}.md" not in built.report.held:
            missing = set(words(example.html)) - set(words(built.text(path)))
            lost |= {example.name: missing} if missing else {}
    return lost


def test_python_markdowns_tests_lose_no_word_on_the_way_to_the_page(markdown: Built) -> None:
    assert lost_words(markdown, "news", PYTHON_MARKDOWN) == {
        "extensions-codehilite": {"2", "3", "4", "5", "6"},  # line numbers of an extension that is not used
        "extensions-extra-raw-html": {"blah"},  # `_blah_` stays as written: Markdown in HTML is an extension too
        "extensions-toc_nested2": {"link"},  # the sign beside each heading is an option of that test
        "misc-underscores": {"SHOULD", "STAY", "THIS"},  # one word with underscores, emphasis in the old dialect
    }


def test_commonmarks_examples_lose_words_only_where_the_dialects_differ(markdown: Built) -> None:
    lost = lost_words(markdown, "notices", COMMONMARK)
    assert len(lost) <= 45, lost


@pytest.mark.parametrize(("suite", "least"), [("hugo-docs", 40), ("eleventy-stubs", 80)])
def test_other_generators_documents_are_accounted_for_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, suite: str, least: int
) -> None:
    world = World(tmp_path_factory.mktemp(suite) / "county")
    root = SUITES / suite
    files = [file for ending in ("md", "markdown") for file in sorted(root.rglob(f"*.{ending}"))]
    for file in files:
        world.write(f"content/mzj/news/{file.relative_to(root).as_posix()}", file.read_bytes())
    built = world.build()
    hidden = [file for file in files if any(part.startswith(".") for part in file.relative_to(root).parts)]
    assert len(files) >= least
    assert_all_accounted_for(built, len(files) - len(hidden))


class Dangers(HTMLParser):
    """Collects what could run, load or restyle in the HTML of a page."""

    ELEMENTS = frozenset(
        "script style iframe object embed base form input button svg math frame applet template".split()
    )
    ADDRESSES = frozenset("href src srcset action formaction background poster data cite ping xlink:href".split())
    SAFE = re.compile(r"(?:https?:|mailto:|tel:|[^:]*(?:[/?#]|$))", re.IGNORECASE)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Look at one element of the document's own part of the page."""
        values = dict(attributes)
        self._depth += tag == "main"
        if not self._depth:
            return
        if tag in self.ELEMENTS:
            self.found.append(f"<{tag}>")
        for name, value in values.items():
            is_foreign_scheme = name in self.ADDRESSES and not self.SAFE.match((value or "").strip())
            if name.startswith("on") or name in ("style", "srcdoc", "srcset") or is_foreign_scheme:
                self.found.append(f"<{tag} {name}={value!r}>")

    def handle_endtag(self, tag: str) -> None:
        """Notice the end of the main part."""
        self._depth -= tag == "main"


THEMES_OWN = re.compile(
    r'<details class="share">.*?</details>|<form class="search-box" role="search" action="(?:/search/)?".*?</form>'
    r'|<button id="search-more" class="button quiet" type="button" hidden>.*?</button>',
    re.DOTALL,
)
"""The code to scan, which is drawn, and the search box; content keeps no such class."""


def find_dangers(html: str) -> list[str]:
    """Return what could run, load or restyle in a page's main part."""
    parser = Dangers()
    parser.feed(THEMES_OWN.sub("", html))
    parser.close()
    return parser.found


def test_the_search_for_dangers_finds_them() -> None:
    html = "<main><p onclick=x style=y><a href=' JavaScript:x'>a</a><img src='data:x'><script>x</script></main>"
    assert len(find_dangers(html)) == 5
    assert not find_dangers("<main><a href='/a:b'>a</a><a href='#x:y'>b</a><a href='https://c/'>c</a></main>")


def test_no_page_of_any_suite_can_run_load_or_restyle_anything(naughty: Built, markdown: Built) -> None:
    pages = [(path, content) for built in (naughty, markdown) for path, content in built.files().items()]
    wanted = re.compile(r"/(?:news|notices)/(?:(?:texts|body|toml|pelican)-\d+|[a-z]+-[^/]*|index)\.html|/index\.html")
    looked_at = 0
    for path, content in pages:
        # The page of the design system shows the theme's signs, and nothing of anybody's content.
        if wanted.search(path) and path != f"{PORTAL}/design/index.html":
            looked_at += 1
            assert not find_dangers(content.decode("utf-8")), path
    assert looked_at > 2_000
