"""Pages stay light: the worst of every type comes in one go, and grows by no more than a twentieth unnoticed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from govgen.plan.assets import slim
from tests.citizen.demo import build_demo
from tests.citizen.weights import FIRST_VIEW_BYTES, REPORT, Weight, read_saved, weigh, write_report

GROWTH = 1.05


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Weight]:
    """Weigh the demo county."""
    return weigh(build_demo(tmp_path_factory.mktemp("demo")))


def test_the_first_view_of_every_page_comes_in_one_go(weights: Mapping[str, Weight]) -> None:
    heavy = {weight.worst_page: weight.brotli_worst for weight in weights.values()}
    assert {page: size for page, size in heavy.items() if size > FIRST_VIEW_BYTES} == {}


def test_no_type_of_page_grew_unnoticed(weights: Mapping[str, Weight]) -> None:
    saved = read_saved()
    assert weights.keys() == saved.keys(), "make weights"
    grown = [
        f"{name}: {now} bytes, {before} before ({weight.worst_page})"
        for name, weight in weights.items()
        for before, now in (
            (saved[name].brotli_worst, weight.brotli_worst),
            (saved[name].gzip_worst, weight.gzip_worst),
            (saved[name].scripts_worst, weight.scripts_worst),
        )
        if now > before * GROWTH
    ]
    assert not grown, "\n".join(["if it is worth it: make weights", *grown])


def test_the_page_on_weight_says_what_is_saved() -> None:
    assert REPORT.read_text(encoding="utf-8") == write_report(read_saved()), "make weights"


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/* Why. */\n:root {\n  color: red;\n}\n\n", ":root {\ncolor: red;\n}\n"),
        ("a /* b */ c{}", "a   c{}\n"),
        ("a/**/b{}", "a b{}\n"),
        ("a::before { content: '/* said */' }", "a::before { content: '/* said */' }\n"),
        ('a::before { content: "\\"/* said" } /* not */', 'a::before { content: "\\"/* said" }\n'),
        ("a { background: url(x/*.png) } /* not */", "a { background: url(x/*.png) }\n"),
        ("/*! Whose it is. */ a{}", "/*! Whose it is. */ a{}\n"),
        ("a{} /* open", "a{}\n"),
    ],
)
def test_a_style_sheet_is_sent_without_what_no_browser_reads(written: str, sent: str) -> None:
    assert slim(written) == sent
