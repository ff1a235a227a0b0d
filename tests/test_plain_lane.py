"""The short way for plain Markdown gives byte for byte what the full way gives, or declines; and it is never slow."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govgen.content import parse
from govgen.content.fault import Fault
from govgen.content.front_matter import split_front_matter
from govgen.content.markdown import Converter
from govgen.content.plain import TOC_HEADINGS, make_plain_lane
from govgen.content.sanitise import sanitise
from govgen.content.settings import read_markdown_settings
from tests import real_federated, real_zh
from tests.conftest import require_corpora
from tests.world import CORPORA, PROJECT

SETTINGS = read_markdown_settings(PROJECT)
CONVERTER = Converter(SETTINGS)
LANE = make_plain_lane(SETTINGS)
MUTATED_BODIES = 25_000
LINE_BODIES = 25_000

PIECES = (
    *("*", "**", "***", "_", "__", " * ", "- ", "* ", "+ ", "1. ", "2. ", "12. ", "１. ", "    ", "  ", " ", "\t"),
    *("#", "# ", "## ", "### ", " #", "\n", "\n\n", "  \n", "\n#", "\n- ", "\n1. ", "\n> ", "\n>", "\n: ", "\n:   "),
    *("---", "\n---\n", "\n***\n", "\n===", "- - -", "> ", ">", "|", "| ", "|-|-|", "\n|---|:--|\n", ":", "："),
    *("\n    ",),
    *("[", "]", "(", ")", "![", "](", "[]", "[a]", "[a](b)", "![a](b.png)", "[a](b 'c')", "[^1]", "[^1]: x", "*[A]: b"),
    *("[a]: b", "[TOC]", "{", "}", "{: .c}", "<", "<b>", "<!-- a -->", "\n\n<!-- a -->\n\n", "&", "&amp;"),
    *("&#38;", "&copy"),
    *("`", "```", "~~~", "\\", "\\*", '"', "'", "!", "=", "\u3000", "\u3000\u3000", "\xa0", "\n\u3000\n"),
    *("\u2028", "字"),
    *("https://www.gov.example/a_b", "[a](https://a.example/?b=1&c=2)", "[a](mzj:news/x)", "[a](#b)"),
    *("[a](//b.example)",),
)
"""What means something to Markdown, HTML or a reader of URLs, alone and in company."""


@dataclass
class Recorder:
    """A rewrite that remembers what it was asked, leaves some addresses out, and gives others that need escaping."""

    calls: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, tag: str, target: str) -> str | None:
        self.calls.append((tag, target))
        return None if len(target) % 4 == 3 else f'mark:{len(self.calls)}&<"\xa0{target}'


Result = tuple[str, str, int, list[tuple[str, str]], tuple[str, ...]]


def full_way(body: str) -> Result:
    """Return what Python-Markdown and the cleaner make of a body, as `parse` puts them together."""
    rewrite = Recorder()
    raw = CONVERTER.convert(body)
    clean = sanitise(raw.html, rewrite)
    toc = sanitise(raw.toc, rewrite).html if raw.headings >= TOC_HEADINGS else ""
    return clean.html, toc, raw.headings, rewrite.calls, clean.dropped


def short_way(body: str) -> Result | None:
    """Return what the lane makes of a body, or None where it declines."""
    assert LANE
    rewrite = Recorder()
    finished = LANE.convert(body, rewrite)
    if finished is None:
        assert not rewrite.calls
        return None
    return finished.html, finished.toc, finished.headings, rewrite.calls, ()


def assert_same(body: str) -> bool:
    """Check that the lane gives what the full way gives, if it gives anything; return whether it does."""
    short = short_way(body)
    assert short is None or short == full_way(body), body
    return short is not None


def read_bodies(root: Path, paths: list[str]) -> list[str]:
    """Return the bodies of documents, as parsing has them."""
    bodies = []
    for path in paths:
        try:
            text = (root / path).read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
            bodies.append(split_front_matter(text).body)
        except (Fault, UnicodeDecodeError):
            continue
    return bodies


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the bodies of the two counties of real content and of the suites."""
    require_corpora()
    found = {}
    for name, module in (("zh", real_zh), ("federated", real_federated)):
        root = tmp_path_factory.mktemp("plain") / name
        found[name] = read_bodies(root, module.build_repository(root).documents())
    suites = [path for path in (CORPORA / "suites").rglob("*") if path.suffix in (".md", ".txt") and path.is_file()]
    found["suites"] = [path.read_text(encoding="utf-8", errors="ignore") for path in sorted(suites)]
    return found


def demo_bodies() -> list[str]:
    """Return the bodies of the demo county."""
    return read_bodies(PROJECT, sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "content").rglob("*.md")))


def excerpts(bodies: list[str]) -> list[str]:
    """Return passages of a few hundred characters, cut at empty lines, for the time that whole laws would take."""
    passages = []
    for body in bodies:
        passage = ""
        for block in body.split("\n\n"):
            passage += block[:300] + "\n\n"
            if len(passage) > 300:
                passages.append(passage)
                passage = ""
        passages.append(passage)
    return passages


def mutate(body: str, chance: random.Random) -> str:
    """Return a body with a few characters or lines deleted, doubled, moved or put in."""
    for _ in range(chance.randint(1, 4)):
        lines = body.split("\n")
        at = chance.randrange(len(body) + 1)
        match chance.randrange(8):
            case 0:
                body = body[:at] + body[at + chance.randint(1, 3) :]
            case 1:
                body = body[:at] + body[at : at + 2] * 2 + body[at + 2 :]
            case 2:
                del lines[chance.randrange(len(lines))]
                body = "\n".join(lines)
            case 3:
                line = chance.choice(lines)
                body = "\n".join([*lines[: chance.randrange(len(lines))], line, *lines])
            case 4:
                number = chance.randrange(len(lines))
                lines[number] = chance.choice(PIECES) + lines[number]
                body = "\n".join(lines)
            case 5:
                number = chance.randrange(len(lines))
                lines[number] += chance.choice(PIECES)
                body = "\n".join(lines)
            case _:
                body = body[:at] + chance.choice(PIECES) + body[at:]
    return body


def mutations(bodies: list[str], seed: int, count: int) -> Iterator[str]:
    """Yield mutated passages of bodies, and now and then a text of Markdown's marks alone."""
    chance = random.Random(seed)
    passages = excerpts(bodies)
    for number in range(count):
        if number % 5 == 0:
            yield "".join(chance.choice((*PIECES, "字", "a ", "\n\n")) for _ in range(chance.randint(1, 12)))
        else:
            yield mutate(chance.choice(passages), chance)


LINES = (
    *("- a", "* b", "+ c", "1. d", "2. e", "12. f", "１. g", "- ", "1.", "- [l](n)", "1. **b**", "> q", ">"),
    *("> - a", "> a  "),
    *("# h{}", "## h{}", "### h{}", "p", "　p", " p", "   p", "    p", "p  ", "**s** t", "*e*", "a * b", "**  ", "* *"),
    *("|a|b|", "|-|-|", "a|b", "-|-", "| a", "    | a", ": d", ":   d", "---", "***", "===", "<!-- c -->"),
    *("[l](m)", "[x]"),
    *("![i](j.png)", "[x] [y]", "a_b", "_", "\t", "\tx", "　", "5 > 3", "R&D", "", "", "", ""),
)


def test_lines_in_any_order_are_the_same_or_declined() -> None:
    chance = random.Random(2)
    for _ in range(LINE_BODIES):
        lines = [chance.choice(LINES).format(chance.randrange(1000)) for _ in range(chance.randint(2, 8))]
        assert_same("\n".join(lines))


def test_every_real_body_is_the_same_or_declined(collections: dict[str, list[str]]) -> None:
    shares = {name: sum(map(assert_same, bodies)) / len(bodies) for name, bodies in collections.items()}
    assert shares["zh"] > 0.95
    assert shares["federated"] > 0.35


def test_nearly_every_body_of_the_demo_takes_the_short_way() -> None:
    bodies = demo_bodies()
    assert sum(map(assert_same, bodies)) > 0.95 * len(bodies) > 200


def test_mutated_real_bodies_are_the_same_or_declined(collections: dict[str, list[str]]) -> None:
    bodies = [*(body for found in collections.values() for body in found), *demo_bodies()]
    taken = sum(map(assert_same, mutations(bodies, seed=1, count=MUTATED_BODIES)))
    assert taken > MUTATED_BODIES / 5


WORDS = st.text("甲乙 ab1.:!-*_\u3000\xa0&>\"'|()[]", max_size=8)
INLINE = st.lists(
    st.one_of(
        WORDS,
        WORDS.map("**{}**".format),
        WORDS.map("*{}*".format),
        st.builds(
            "{}[{}]({})".format, st.sampled_from(["", "!"]), WORDS, st.sampled_from(["b.md", "x:y/z", "#a", "q?a&b"])
        ),
        st.sampled_from(["  \n", "\n", "\n\u3000", *PIECES]),
    ),
    max_size=4,
).map("".join)
BLOCK = st.one_of(
    INLINE,
    st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "######"]), INLINE),
    st.builds(
        lambda mark, items, gap: gap.join(f"{mark} {item}" for item in items),
        *(st.sampled_from(["-", "*", "1.", "7.", " -"]), st.lists(INLINE, min_size=1, max_size=3)),
        st.sampled_from(["\n", "\n\n"]),
    ),
    st.lists(INLINE, min_size=1, max_size=3).map(lambda lines: "\n".join(f"> {line}" for line in lines)),
    st.lists(st.tuples(INLINE, INLINE), min_size=1, max_size=3).map(
        lambda rows: "| a | b |\n|:--|--:|\n" + "\n".join(f"| {one} | {two} |" for one, two in rows)
    ),
    st.builds("{}\n:   {}".format, INLINE, INLINE),
    st.sampled_from(["---", "***", "- - -", "<!-- a -->", "甲\n---", "甲\n==="]),
)


@given(st.lists(BLOCK, max_size=6), st.sampled_from(["\n\n", "\n", "\n\n\n", "\n \n"]))
@settings(max_examples=1500, deadline=None)
@example(["- a", "- b\n- c", "- d"], "\n\n")
@example(["# a", "### b", "## c", "# d", "###### e"], "\n\n")
@example(["<!-- a -->"], "\n\n")
@example(["a", "<!-- a -->", "<!-- b -->"], "\n\n")
def test_bodies_of_plain_blocks_and_near_misses_are_the_same_or_declined(blocks: list[str], gap: str) -> None:
    assert_same(gap.join(blocks))


@pytest.mark.parametrize(
    "body",
    [
        "正文。\n\n\u3000\u3000第二段，**重点**和*强调*，[链接](a.md)。\n",
        "# 一\n\n## 二\n\n三\n四  \n五\n\n六\n---\n",
        "- 一\n- 二\n  续\n\n- 三\n\n3. 甲\n4. 乙\n",
        "|甲|乙|\n|:-:|--|\n|1|[a](b.md)|\n",
        "> 引\n>\n> 文\n\n---\n\n问\n:   答\n",
        "![图](a.png)\n\n甲：5 * 3 > 2，Q&A，[2021]，a_b\n\n<!-- 完 -->\n\n",
        "",
    ],
)
def test_what_editors_write_most_takes_the_short_way(body: str) -> None:
    assert assert_same(body)


NOT_PLAIN = (
    *("<b>a</b>", "a\n    b\n\n    c", "`a`", "a\\*b", "[a][b]\n\n[b]: c", "甲[^1]\n\n[^1]: 乙", "- a\n    - b"),
    *("# a\n\n# a",),
    *("    | a | b |\n|---|---|\n| c | d |", "- \n1. a", "    a\n---", "***a***", "_a_", "# a {: #b}"),
    *("[a](javascript:b)",),
    *("[a](https://999.1.1.1/)", "[a](https://xn--a.example/)"),
)


@pytest.mark.parametrize("body", NOT_PLAIN)
def test_what_may_mean_more_is_declined(body: str) -> None:
    assert short_way(body) is None


def test_other_settings_have_no_short_way() -> None:
    configs = SETTINGS["extension_configs"]
    assert make_plain_lane({}) is None
    assert make_plain_lane({**SETTINGS, "extensions": ["markdown.extensions.nl2br"]}) is None
    assert make_plain_lane({"extension_configs": {**configs, "markdown.extensions.toc": {"marker": "x"}}}) is None
    assert make_plain_lane({"extension_configs": {**configs, "markdown.extensions.nl2br": {}}}) is None


def test_both_ways_want_as_many_headings_for_a_table_of_contents() -> None:
    assert parse.TOC_HEADINGS == TOC_HEADINGS


UNITS = (
    *("*", "* ", "**a", "*a", "[", "]", "![", "[a]", "[a](", "[a](b)", "![a](b)", "|", "|a\n", "> ", ">\n"),
    *("> a\n", "#"),
    *("# a\n", "#a\nb\n", "- a\n", "- a\n\n", "1. a\n", "-", "a\n: b\n\n", "=\n", " ", "\n", " \n", "a  \n", "　  \n"),
    *("_", "a_", "&", "&a", "<!--", "<!-- -->\n\n", "a-", "\t", "`"),
)
HOSTILE: tuple[Callable[[int], str], ...] = (
    *((lambda n, unit=unit: unit * (n // len(unit))) for unit in UNITS),
    lambda n: "|a|b|\n|-|-|\n" + "|c|d|\n" * (n // 6),
    lambda n: "|a" * (n // 8) + "|\n" + "|-" * (n // 8) + "|\n" + "|\n" * (n // 8),
    lambda n: "[a](" + "https://" + "a-" * (n // 2) + ")",
    lambda n: "\n\n".join(f"# a{number}" for number in range(n // 8)),
    lambda n: "\n\n".join("#" * (number % 6 + 1) + f" a{number}" for number in range(n // 8)),
)


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: repr(make(24)))
def test_time_grows_with_the_length_of_hostile_input(make: Callable[[int], str]) -> None:
    assert LANE
    small, large = make(50_000), make(200_000)
    # Four times as long; the square of that would be half a second or more.
    assert _seconds(large) < 10 * _seconds(small) + 0.2


def _seconds(body: str) -> float:
    assert LANE
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        LANE.convert(body, Recorder())
        best = min(best, time.perf_counter() - start)
    return best
