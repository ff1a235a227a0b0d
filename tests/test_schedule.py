"""What comes and goes by itself: documents, banners and mourning at their moments, and who is told when that is."""

from __future__ import annotations

import configparser
import json
import random
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page

from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.cli.arguments import make_parser
from govgen.model.build import BuildReport
from govgen.options import BuildOptions
from govgen.repo.checkout import Checkout
from govgen.standing import find_standing
from tests.browser import Visit, launch_chromium, serve, visit
from tests.conftest import require
from tests.world import COUNTY, MZJ, NOON, PORTAL, PROJECT, QINGSHUI, World

EXAMPLES = PROJECT / "docs" / "examples"
ZONE = ZoneInfo("Asia/Shanghai")
FLOOD = "云岭江超过警戒水位，沿江各村请按村里的通知转移。"
UPGRADE = "24日8时至20时，网上办事暂停。"
MARKET = "25日起，清水街集市移到河堤路。"
SECOND = timedelta(seconds=1)

SETTINGS = f"""
[[banners]]
text = "{UPGRADE}"
url = "https://zwfw.gov.example/stop"
starts = 2026-11-23T08:00:00
ends = "2026-11-24 20:00"

[[banners]]
text = "{FLOOD}"
level = "alert"
starts = "2026-11-23 10:30"
ends = "2026-11-24T02:00:00Z"
sites = ["qingshui", "portal"]

[[mourning]]
starts = "2026-12-13"
ends = 2026-12-14
sites = ["mzj"]
"""
OF_TOWNSHIP = f"""
[[banners]]
text = "{MARKET}"
ends = "2026年11月28日 18:00"
"""
DOCUMENTS = """
-- content/qingshui/news/1.md --
---
title: 定时的
date: 2026-11-20
publish_at: 2026-11-23 09:00
expires_at: 2026-11-25 09:00
---
文
-- content/qingshui/news/2.md --
---
title: 明天的
date: 2026-11-23 07:00
---
文
-- content/mzj/notices/3.md --
---
title: 一直在的
date: 2026-11-01
review_by: 2026-11-26
---
文
-- content/mzj/notices/4.md --
---
title: 写好没发的
date: 2026-11-01
status: draft
publish_at: 2026-11-23 06:00
---
文
-- content/mzj/consultations/5.md --
---
title: 征求意见
date: 2026-11-01
opens_on: 2026-11-24
closes_on: 2026-11-26
---
文
"""


def at(text: str) -> datetime:
    """Return a moment of the county."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def scheduled(county: World) -> World:
    """Return a county with something to come of every sort."""
    county.write_all(DOCUMENTS)
    county.write("sites/_county.toml", COUNTY + SETTINGS)
    file = county.root / "sites/qingshui.toml"
    file.write_text(file.read_text(encoding="utf-8") + OF_TOWNSHIP, encoding="utf-8")
    return county


EXPECTED = [
    ("2026-11-23T00:05:00+08:00", "nightly", ""),
    ("2026-11-23T07:00:00+08:00", "publish", "明天的"),
    ("2026-11-23T08:00:00+08:00", "banner-begins", UPGRADE),
    ("2026-11-23T09:00:00+08:00", "publish", "定时的"),
    ("2026-11-23T10:30:00+08:00", "banner-begins", FLOOD),
    ("2026-11-24T00:00:00+08:00", "opens", "征求意见"),
    ("2026-11-24T10:00:00+08:00", "banner-ends", FLOOD),
    ("2026-11-24T20:00:00+08:00", "banner-ends", UPGRADE),
    ("2026-11-25T09:00:00+08:00", "expire", "定时的"),
    ("2026-11-26T00:00:00+08:00", "review", "一直在的"),
    ("2026-11-27T00:00:00+08:00", "closes", "征求意见"),
    ("2026-11-28T18:00:00+08:00", "banner-ends", MARKET),
    ("2026-12-01T00:00:00+08:00", "month", ""),
    ("2026-12-13T00:00:00+08:00", "mourning-begins", ""),
    ("2026-12-14T00:00:00+08:00", "mourning-ends", ""),
]
DRAFT = datetime(2026, 11, 23, 6, tzinfo=ZONE)
TURNS = [datetime.fromisoformat(moment) for moment, what, _ in EXPECTED if what != "nightly"]


def standing(county: World, clock: datetime) -> bool:
    """Tell whether it is said at once that nothing has changed."""
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(clock))
    return isinstance(find_standing(Checkout(county.root), options), BuildReport)


def banners(county: World, page: str) -> list[tuple[str, str]]:
    """Return level and words of the banners of a page built."""
    html = (county.root / "build/public" / page).read_text(encoding="utf-8")
    return re.findall(r'<div class="banner is-(\w+)">.*?<span>(.*?)</span>', html, re.DOTALL)


def is_grey(county: World, page: str) -> bool:
    """Tell whether a page built is one of mourning."""
    return '<html lang="zh-CN" class="mourning">' in (county.root / "build/public" / page).read_text(encoding="utf-8")


# Pages


def test_banners_stand_on_the_pages_of_their_sites_in_their_time(world: Callable[..., World]) -> None:
    county = scheduled(world())
    pages = {site: f"{site}/index.html" for site in (PORTAL, MZJ, QINGSHUI)}
    shown = {
        "2026-11-23 07:59:59": {PORTAL: [], MZJ: [], QINGSHUI: [MARKET]},
        "2026-11-23 08:00:00": {PORTAL: [UPGRADE], MZJ: [UPGRADE], QINGSHUI: [UPGRADE, MARKET]},
        "2026-11-23 10:30:00": {PORTAL: [FLOOD, UPGRADE], MZJ: [UPGRADE], QINGSHUI: [FLOOD, UPGRADE, MARKET]},
        "2026-11-24 20:00:00": {PORTAL: [], MZJ: [], QINGSHUI: [MARKET]},
        "2026-11-28 18:00:00": {PORTAL: [], MZJ: [], QINGSHUI: []},
    }
    for moment, expected in shown.items():
        county.build(clock=at(moment))
        assert {site: [text for _, text in banners(county, page)] for site, page in pages.items()} == expected, moment
    county.build(clock=at("2026-11-23 12:00"))
    assert banners(county, pages[PORTAL]) == [("alert", FLOOD), ("notice", UPGRADE)]
    assert not banners(county, f"{MZJ}/sitemap.html")[1:], "each page has them once"


def test_mourning_greys_the_pages_of_its_sites(world: Callable[..., World]) -> None:
    county = scheduled(world())
    grey = {}
    pages = [f"{site}/{page}" for site in (MZJ, PORTAL) for page in ("index.html", "404.html")]
    for moment in ("2026-12-12 23:59:59", "2026-12-13", "2026-12-13 23:59:59", "2026-12-14"):
        county.build(clock=at(moment))
        grey[moment] = [is_grey(county, page) for page in pages]
    assert list(grey.values()) == [[False] * 4, [True, True, False, False], [True, True, False, False], [False] * 4]


def test_a_banner_makes_the_pages_of_its_sites_again_and_nothing_else(world: Callable[..., World]) -> None:
    county = scheduled(world())
    begins = at("2026-11-23 10:30")
    before = county.build(clock=begins - SECOND).files()
    built = county.build(clock=begins)
    after = built.files()
    differing = {path for path in before if before[path] != after.get(path)}
    hosts = (PORTAL, QINGSHUI)
    assert differing == {path for path in after if path.endswith(".html") and path.split("/")[0] in hosts}
    assert built.report.made == built.report.written == len(differing)
    assert county.build(clock=at("2026-11-23 18:00")).report.made == 0
    ends = at("2026-11-24 10:00")
    county.build(clock=ends - SECOND)
    assert county.build(clock=ends).report.made == len(differing)


def test_a_banner_just_written_makes_the_pages_of_its_sites_again_and_nothing_else(world: Callable[..., World]) -> None:
    county = scheduled(world())
    county.build()
    more = '\n[[banners]]\ntext = "停水通知"\nends = "2026-11-25"\nsites = ["mzj"]\n'
    county.write("sites/_county.toml", COUNTY + SETTINGS + more)
    built = county.build()
    pages = {path for path in built.files() if path.startswith(MZJ) and path.endswith(".html")}
    assert built.report.made == built.report.written == len(pages)
    assert banners(county, f"{MZJ}/index.html") == [("notice", "停水通知")]
    county.write("sites/_county.toml", COUNTY + SETTINGS)
    assert county.build().report.made == len(pages)


def test_words_of_a_banner_are_text(world: Callable[..., World]) -> None:
    county = world()
    more = "[[banners]]\ntext = '<b>甲</b>&{{ 乙 }}'\nurl = 'https://a.example/?\"><i>=1&b=2'\nends = '2027-01-01'\n"
    county.write("sites/_county.toml", COUNTY + more)
    page = county.build().page(f"{PORTAL}/index.html")
    (banner,) = page.select(".banner")
    assert banner.span and banner.span.get_text() == "<b>甲</b>&{{ 乙 }}"
    assert banner.a and banner.a["href"] == 'https://a.example/?"><i>=1&b=2'
    assert not page.select(".banner b, .banner i")


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


# The examples


def unit(name: str) -> configparser.ConfigParser:
    """Return a unit of the examples; of a key that stands twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(EXAMPLES / name, encoding="utf-8")
    return parser


def commands_of_examples() -> Iterator[str]:
    """Yield every call of govgen in the examples, without the program's path."""
    yield unit("govgen-publish.service")["Service"]["ExecStart"].partition("/govgen ")[2]
    for command in re.findall(r"/govgen ([^;'>|]*)", (EXAMPLES / "govgen.cron").read_text(encoding="utf-8")):
        yield command.strip()


def test_examples_run_commands_that_exist() -> None:
    commands = list(commands_of_examples())
    assert len(commands) == 3
    for command in commands:
        options = make_parser().parse_args(shlex.split(command))
        assert (options.command, options.commit, options.quiet) == ("publish", "HEAD", True)


def test_the_service_publishes_even_without_new_content_and_may_write_the_repository_only() -> None:
    service = unit("govgen-publish.service")["Service"]
    assert service["ExecStartPre"].startswith("-/usr/bin/git pull")
    assert service["SuccessExitStatus"] == "1"
    folder = service["WorkingDirectory"]
    assert service["ReadWritePaths"] == folder
    assert service["ExecStart"].startswith(f"{folder}/")
    assert (service["ProtectSystem"], service["NoNewPrivileges"], service["User"]) == ("strict", "yes", "govgen")
    assert int(service["Nice"]) > 0


def test_timer_and_cron_publish_every_five_minutes_and_every_night() -> None:
    timer = (EXAMPLES / "govgen-publish.timer").read_text(encoding="utf-8")
    assert re.findall(r"^OnCalendar=(.*)$", timer, re.MULTILINE) == ["*:0/5", "*-*-* 00:05:00 Asia/Shanghai"]
    assert unit("govgen-publish.timer")["Install"]["WantedBy"] == "timers.target"
    cron = (EXAMPLES / "govgen.cron").read_text(encoding="utf-8")
    lines = [line.split(None, 6) for line in cron.splitlines() if re.match(r"[*\d]", line)]
    assert [line[:6] for line in lines] == [["*/5", "*", "*", "*", "*", "govgen"], ["5", "0", "*", "*", "*", "govgen"]]
    for line in lines:
        assert "%" not in line[6]
        assert subprocess.run(["sh", "-n", "-c", line[6]], check=False).returncode == 0


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = require("systemd-analyze")
    for name in ("govgen-publish.service", "govgen-publish.timer"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        text = text.replace("/srv/yunling/.venv/bin/govgen", "/bin/true").replace("/srv/yunling", "/tmp")
        (tmp_path / name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / name) for name in ("govgen-publish.service", "govgen-publish.timer")]
    answer = subprocess.run([program, "verify", *units], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.iterdir()))
def test_the_manual_shows_the_examples_as_they_are(name: str) -> None:
    manual = (PROJECT / "docs/maintainer.md").read_text(encoding="utf-8")
    assert f"examples/{name}" in manual
    if not name.endswith(".toml"):  # That one is long, and explains itself.
        assert f"\n{(EXAMPLES / name).read_text(encoding='utf-8')}```" in manual


# For readers


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Return a visitor of a county that has both kinds of banner, and mourns in one site."""
    county = World(tmp_path_factory.mktemp("banners") / "county")
    mourning = '[[mourning]]\nstarts = "2026-11-22"\nends = "2026-11-25"\nsites = ["mzj"]\n'
    county.write("sites/_county.toml", COUNTY + SETTINGS.partition("[[mourning]]")[0] + mourning)
    built = county.build(clock=at("2026-11-23 12:00"))
    with serve(built.output) as server, launch_chromium() as browser, visit(browser, server) as visitor:
        yield visitor


_COLOURS = """() => [...document.querySelectorAll('.banner :is(strong, span, a)')].map(element => {
  const grey = getComputedStyle(document.documentElement).filter === 'grayscale(1)';
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
  return [grey, getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
})"""


def luminance(color: str, *, is_grey: bool) -> float:
    """Return the relative luminance of a colour, or of the grey that a filter makes of it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    if is_grey:
        parts = [sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))] * 3
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str, *, is_grey: bool) -> float:
    """Return the contrast of two colours, as WCAG counts it."""
    dark, light = sorted(luminance(color, is_grey=is_grey) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("host", [PORTAL, MZJ])
def test_banners_can_be_read_in_colour_and_in_grey(visitor: Visit, host: str) -> None:
    page = visitor.open(f"{host}/index.html")
    colours = page.evaluate(_COLOURS)
    page.close()
    assert len(colours) >= 3
    assert {is_grey for is_grey, *_ in colours} == {host == MZJ}
    assert min(contrast(ink, paper, is_grey=is_grey) for is_grey, ink, paper in colours) >= 4.5


@pytest.mark.parametrize("width", [360, 1440])
def test_banners_come_first_and_fit(visitor: Visit, width: int) -> None:
    page: Page = visitor.open(f"{PORTAL}/index.html")
    page.set_viewport_size({"width": width, "height": 800})
    region = page.get_by_role("region", name="重要提示")
    box = region.bounding_box()
    assert box and (box["x"], box["y"], box["width"]) == (0, 0, width)
    assert page.evaluate("document.querySelector('.skip').nextElementSibling.className") == "banners"
    assert region.evaluate("element => element.scrollWidth") <= width
    link = region.get_by_role("link", name=f"查看详情：{UPGRADE}")
    target = link.bounding_box()
    assert target and target["height"] >= (44 if width == 360 else 24)
    assert target["x"] + target["width"] <= width
    page.close()
