"""What comes and goes by itself: nothing but the clock changes pages, and who is told when that is."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from govgen.catalog.store import Catalog
from tests.scheduled import DOCUMENTS, DRAFT, EXPECTED, FLOOD, SECOND, TURNS, UPGRADE, at, scheduled, standing
from tests.world import COUNTY, MZJ, NOON, PORTAL, PROJECT, QINGSHUI, World

# The clock


def test_whatever_the_clock_does_pages_are_those_of_a_clean_build(world: Callable[..., World], tmp_path: Path) -> None:
    county = scheduled(world())
    clocks = [moment + shift for moment in TURNS for shift in (-SECOND, 0 * SECOND)]
    chosen = [*clocks[:6:2], *random.Random(1).sample(clocks, 9)]
    for clock in chosen:
        now = county.build(clock=clock)
        shutil.rmtree(tmp_path / "clean", ignore_errors=True)
        clean = county.build(str(tmp_path / "clean/public"), clock=clock, catalog=tmp_path / "clean/catalog.sqlite")
        assert now.files() == clean.files(), clock
        assert now.report.findings == clean.report.findings, clock
        assert now.report.states == clean.report.states, clock


def test_nothing_changes_but_at_the_moments_that_are_told(world: Callable[..., World]) -> None:
    county = scheduled(world())
    county.build()
    # The draft has a moment too: it is looked at again then, and nothing is made.
    assert not standing(county, DRAFT)
    assert county.build(clock=DRAFT).report.made == 0
    assert standing(county, TURNS[0] - SECOND)
    for turn, following in zip(TURNS, [*TURNS[1:], at("2026-12-20")], strict=True):
        assert not standing(county, turn), turn
        before = county.build(clock=turn - SECOND).report
        after = county.build(clock=turn).report
        assert after.made or after.findings != before.findings, turn
        assert standing(county, turn) and standing(county, following - SECOND), turn
        assert not standing(county, turn - SECOND), "nor when the clock goes back"


def test_old_addresses_come_and_go_with_their_document(world: Callable[..., World]) -> None:
    county = scheduled(world())
    text = DOCUMENTS.partition("-- content/qingshui/news/2.md --")[0].replace(
        "expires_at", "aliases: [/old/1.html]\nexpires_at"
    )
    county.write_all(text)
    old = f"{QINGSHUI}/old/1.html"
    stands = {}
    for moment in ("2026-11-23 08:59:59", "2026-11-23 09:00", "2026-11-25 08:59:59", "2026-11-25 09:00", "2026-11-24"):
        stands[moment] = county.build(clock=at(moment)).has(old)
    assert list(stands.values()) == [False, True, True, False, True]


def test_a_month_is_the_countys_wherever_the_server_stands(world: Callable[..., World], tmp_path: Path) -> None:
    county = world()
    county.build(clock=at("2026-11-30 23:59"))
    security = f"{PORTAL}/.well-known/security.txt"
    for text, month in (("2026-12-01 00:00", "2027-05-30"), ("2026-12-02 00:00", "2027-05-30")):
        clock = at(text).astimezone(ZoneInfo("UTC"))
        assert f"Expires: {month}" in county.build(clock=clock).text(security), text
        clean = county.build(str(tmp_path / text[:10]), clock=clock, catalog=tmp_path / f"{text[:10]}.sqlite")
        assert clean.text(security) == county.build(clock=clock).text(security)
    assert standing(county, at("2026-12-31 23:59").astimezone(ZoneInfo("UTC")))
    assert not standing(county, at("2027-01-01 00:00").astimezone(ZoneInfo("UTC")))


def test_a_county_without_dated_documents_shows_the_year_it_is(world: Callable[..., World]) -> None:
    county = world()
    assert "© 2026" in county.build(clock=at("2026-12-31 23:59")).text(f"{PORTAL}/index.html")
    assert "© 2027" in county.build(clock=at("2027-01-01 00:00")).text(f"{PORTAL}/index.html")


def test_telling_that_nothing_changed_reads_no_settings(world: Callable[..., World]) -> None:
    county = scheduled(world())
    county.build()
    catalog = Catalog.open(county.catalog)
    first, last = map(int, catalog.fact("holds").split())
    assert first <= NOON.timestamp() < last == DRAFT.timestamp()
    source = (PROJECT / "govgen/standing.py").read_text(encoding="utf-8")
    assert "sites" not in "".join(re.findall(r"^from govgen\.(\w+)", source, re.MULTILINE))


def test_publishing_on_time_makes_a_release_when_something_begins_or_ends_and_none_between(
    world: Callable[..., World],
) -> None:
    county = scheduled(world())
    county.commit()
    page = county.root / "public" / MZJ / "index.html"
    seen = []
    for moment in ("07:59:59", "08:00", "08:05", "08:10"):
        answer = county.run("publish", "--commit", "-q", "--clock", f"2026-11-23T{moment}")
        assert answer.returncode == 0, answer.stderr
        releases = [folder for folder in (county.root / ".govgen/releases").iterdir() if folder.is_dir()]
        seen.append((UPGRADE in page.read_text(encoding="utf-8"), len(releases)))
    assert seen == [(False, 1), (True, 2), (True, 2), (True, 2)]


# Being told


def due(county: World, *arguments: str) -> list[dict[str, object]]:
    """Return what `govgen due` says as JSON."""
    answer = county.run("due", "--json", *arguments)
    assert answer.returncode == 0, answer.stderr
    occasions: list[dict[str, object]] = json.loads(answer.stdout)
    return occasions


def test_due_tells_all_that_comes_in_order(world: Callable[..., World]) -> None:
    county = scheduled(world())
    told = due(county, "--number", "99")
    assert [(o["at"], o["what"], o["title"]) for o in told] == EXPECTED
    by_what = {str(o["what"]): o for o in told}
    assert by_what["expire"]["path"] == "content/qingshui/news/1.md"
    assert by_what["expire"]["sites"] == ["qingshui"]
    assert by_what["mourning-begins"]["sites"] == ["mzj"]
    flood = next(o for o in told if o["title"] == FLOOD)
    assert (flood["sites"], flood["path"]) == (["portal", "qingshui"], "sites/_county.toml")
    assert told[11]["path"] == "sites/qingshui.toml"


def test_due_says_the_next_moment_first_and_then_a_few(world: Callable[..., World]) -> None:
    county = scheduled(world())
    answer = county.run("due", "--clock", "2026-11-23T08:00:00+08:00")
    lines = answer.stdout.splitlines()
    assert answer.returncode == 0
    assert lines[0] == "下一次应在 2026-11-23 09:00 发布：文稿“定时的”出现"
    assert len(lines) == 1 + 5
    assert lines[1] == "  2026-11-23 09:00  文稿“定时的”出现  content/qingshui/news/1.md"
    assert f"横幅“{FLOOD}”挂出（云岭县人民政府、清水镇）" in lines[2]
    assert "2026-11-24 00:05  每晚例行发布" in lines[4]
    english = county.run("--lang", "en", "due", "--clock", "2026-11-24T19:00", "--number", "1").stdout
    assert english.splitlines()[0].startswith("The next publish should be at 2026-11-24 20:00: banner")
    assert "the whole county" in english


def test_due_says_how_many_things_happen_at_once(world: Callable[..., World]) -> None:
    county = world()
    for number in range(7):
        county.write(f"content/mzj/news/{number}.md", f"---\ntitle: 第{number}\ndate: 2026-11-24 08:00\n---\n文\n")
    lines = county.run("due", "--clock", "2026-11-24T07:00", "--number", "3").stdout.splitlines()
    assert lines[0] == "下一次应在 2026-11-24 08:00 发布：文稿“第0”出现，等 7 件"
    assert len(lines) == 4


def test_where_nothing_comes_due_names_the_next_night(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/news/1.md", "---\ntitle: 甲\ndate: 2026-11-24 08:00\nstatus: draft\n---\n文\n")
    assert [(o["at"], o["what"]) for o in due(county)] == [
        ("2026-11-23T00:05:00+08:00", "nightly"),
        ("2026-12-01T00:00:00+08:00", "month"),
    ]
    assert county.run("due").stdout.startswith("下一次应在 2026-11-23 00:05 发布：每晚例行发布")
    assert due(county, "--clock", "2026-11-23T00:03")[0]["at"] == "2026-11-23T00:05:00+08:00"


def test_mourning_within_mourning_ends_with_the_last(world: Callable[..., World]) -> None:
    county = world()
    more = (
        '[[mourning]]\nstarts = "2026-12-01"\nends = "2026-12-05"\n[[mourning]]\nstarts = "2026-12-02"\nends = "{}"\n'
    )
    county.write("sites/_county.toml", COUNTY + more.format("2026-12-08"))
    told = [(str(o["at"])[:10], o["what"]) for o in due(county) if "mourning" in str(o["what"])]
    assert told == [("2026-12-01", "mourning-begins"), ("2026-12-08", "mourning-ends")]


def test_due_can_speak_of_a_commit(world: Callable[..., World]) -> None:
    county = world()
    county.commit()
    county.write("content/mzj/news/1.md", "---\ntitle: 甲\ndate: 2026-11-22 18:00\n---\n文\n")
    assert due(county)[0]["title"] == "甲"
    assert due(county, "--commit")[0]["what"] == "nightly"
    county.commit()
    assert due(county, "--commit")[0]["title"] == "甲"
