"""What the portal's home puts forward: life events as cards, and figures of the county with their source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from govgen.content.keys import KEYS
from govgen.model.figures import KeyFigure
from govgen.plan.highlights import _sparkline
from tests.test_incremental import made_again
from tests.world import MZJ, PORTAL, PROJECT, Built, World

HOME = f"{PORTAL}/index.html"
INCOME = '{name: 人均收入, value: "14,811", unit: 元, period: 2026年前三季度, change: 增长6.7%}'
AIR = "{名称: PM2.5, 数值: 17, 单位: 微克, 时期: 10月, 走势: [24, 31, 17, 17], 走势说明: 7月以来}"


def document(title: str, head: str = "", body: str = "正文。") -> str:
    """Return a document's text."""
    return f"---\ntitle: {title}\n{head}---\n{body}\n"


DOCUMENTS = {
    "portal/topics/school.md": document("上学", "life_event: 上学\norder: 2\n"),
    "portal/topics/birth.md": document("生孩子", "人生大事: birth\norder: 1\n"),
    "portal/topics/flood.md": document("防汛"),
    "mzj/services/enrol.md": document("义务教育入学", "topics: [school]\norder: 2\n"),
    "mzj/services/aid.md": document("学生资助", "topics: [school]\norder: 1\n"),
    "mzj/services/transfer.md": document("转学", "topics: [school]\norder: 3\n"),
    "mzj/policies/2026-03-01-enrol.md": document("招生办法", "topics: [school]\n"),
    "portal/data/2026-10-28-q3.md": document("三季度", f"source: 县统计局\nfigures:\n  - {INCOME}\n  - {AIR}\n"),
    "portal/data/2026-11-06-air.md": document("空气", f"figures: [{AIR.replace('17, 单位', '12, 单位')}]\n"),
}


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county whose portal has life events and figures."""
    place = world()
    for path, text in DOCUMENTS.items():
        place.write(f"content/{path}", text)
    return place


def cards(built: Built) -> list[list[str]]:
    """Return what each card of the home says, its services after its name."""
    links = built.page(HOME).select(".events a")
    return [list(link.stripped_strings) for link in links]


def figures(built: Built) -> list[str]:
    """Return the words of each figure of the home."""
    return [" ".join(item.stripped_strings) for item in built.page(HOME).select(".figures li")]


def test_life_events_are_cards_in_their_editors_order_and_no_topics_besides(county: World) -> None:
    built = county.build()
    assert cards(built) == [["生孩子"], ["上学", "学生资助", "义务教育入学"]]
    page = built.page(HOME)
    assert [a["href"] for a in page.select(".events a")] == ["/topics/birth.html", "/topics/school.html"]
    assert [a.get_text() for a in page.find("h2", string="专题").find_all_next("a")][:1] == ["防汛"]  # type: ignore[union-attr]
    assert not page.select(".directory"), "cards take the place of services by department"
    assert page.find("a", string="全部事项", href="/services/")


def test_the_page_of_a_life_event_has_its_services_first(county: World) -> None:
    headings = [h2.get_text(strip=True) for h2 in county.build().page(f"{PORTAL}/topics/school.html").select("main h2")]
    assert headings == ["办事指南", "政策文件"]


def test_figures_say_of_when_they_are_and_who_says_so_and_the_newest_counts(county: World) -> None:
    built = county.build()
    assert figures(built) == [
        "PM2.5 12 微克 10月 7月以来 ：24、31、17、17 云岭县人民政府",
        "人均收入 14,811 元 2026年前三季度，增长6.7% 县统计局",
    ]
    page = built.page(HOME)
    assert [a["href"] for a in page.select(".figures a")] == [
        "/data/2026-11-06-air.html",
        "/data/2026-10-28-q3.html",
    ]
    assert len(page.select(".figures svg")) == 1


def test_a_county_that_says_nothing_shows_nothing(county: World) -> None:
    for path, text in DOCUMENTS.items():
        lines = [
            line for line in text.split("\n") if not line.startswith(("life_event", "人生大事", "figures", "  - "))
        ]
        county.write(f"content/{path}", "\n".join(lines))
    page = county.build().page(HOME)
    assert not page.select(".events, .figures")
    assert len(page.select(".directory li")) == 3
    assert "三季度" in page.get_text()


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("mzj/services/aid.md", "title: 学生资助", "title: 助学金", "助学金"),
        ("mzj/services/transfer.md", "order: 3", "order: 1", "转学"),
        ("mzj/services/transfer.md", "[school]\norder: 3", "[birth]\norder: 3", "转学"),
        ("portal/topics/flood.md", "title: 防汛\n", "title: 防汛\nlife_event: 务农\n", "#farming"),
        ("portal/data/2026-11-06-air.md", "数值: 12", "数值: 13", "13"),
        ("portal/data/2026-11-06-air.md", "figures", "draft: true\nfigures", "<strong>17</strong>"),
    ],
)
def test_what_they_say_follows_what_they_are_made_of(
    county: World, tmp_path: Path, path: str, old: str, new: str, expected: str
) -> None:
    county.build()
    text = DOCUMENTS[path]
    assert old in text
    county.write(f"content/{path}", text.replace(old, new))
    now = county.build()
    assert HOME in made_again(county)
    main = now.page(HOME).main
    assert isinstance(main, Tag)
    shown = "".join(str(part) for part in main.select(".events, .figures"))
    assert expected in shown
    assert now.files() == county.copy(tmp_path / "clean").build().files()


def test_a_figure_that_is_corrected_below_the_list_of_the_home_is_corrected_there(county: World) -> None:
    for day in range(1, 5):
        county.write(f"content/portal/data/2026-11-1{day}-later.md", document(f"数据{day}"))
    county.build()
    path = "portal/data/2026-10-28-q3.md"
    county.write(f"content/{path}", DOCUMENTS[path].replace("14,811", "14,812"))
    assert any("14,812" in words for words in figures(county.build()))


def test_what_no_card_shows_leaves_the_home_as_it_was(county: World) -> None:
    county.build()
    county.write("content/mzj/services/transfer.md", DOCUMENTS["mzj/services/transfer.md"] + "又一段。\n")
    county.build()
    assert HOME not in made_again(county)


def test_every_life_event_has_its_drawing() -> None:
    drawings = BeautifulSoup((PROJECT / "themes/county/static/img/icons.svg").read_bytes(), "html.parser")
    drawn = {symbol["id"] for symbol in drawings.select("symbol")}
    assert set(KEYS["life_event"].choices.values()) <= drawn


@pytest.mark.parametrize(
    "figure",
    [
        "{name: 收入, value: 1}",
        "{name: 收入, value: 1, period: 2026年, colour: red}",
        "{name: 收入, value: [1], period: 2026年}",
        "{name: 收入, value: 1, period: 2026年, trend: [1, 2]}",
        "{name: 收入, value: 1, period: 2026年, trend_name: 去年以来}",
        "{name: 收入, value: 1, period: 2026年, trend: [1, 约2], trend_name: 去年以来}",
        "{name: 收入, value: 1, period: 2026年, trend: [1], trend_name: 去年以来}",
        "收入增长",
    ],
)
def test_a_figure_without_a_period_or_with_half_a_trend_is_a_finding(county: World, figure: str) -> None:
    county.write("content/portal/data/2026-11-07-x.md", document("数据", f"figures: [{figure}]\n"))
    (finding,) = county.build().findings("FM-VALUE")
    assert (finding.path, finding.line) == ("content/portal/data/2026-11-07-x.md", 3)


def test_a_trend_goes_from_its_lowest_to_its_highest_value() -> None:
    def line(*values: str) -> str:
        return _sparkline(KeyFigure("", "", "", "", "", values, "")).line

    assert line("1", "3", "2") == "M3 29L60 3L117 16"
    assert line("5", "5") == "M3 16L117 16"


def test_a_topic_still_gathers_for_departments(county: World) -> None:
    page = county.build().page(f"{MZJ}/services/aid.html")
    assert page.find("a", href=f"https://{PORTAL}/topics/school.html")
