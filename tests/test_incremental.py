"""What one edit makes again: exactly the pages that show it, with the reason told."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.events import Silence
from govgen.model.build import BuildReport
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.repo.checkout import Checkout
from govgen.repo.survey import Known
from govgen.standing import find_standing
from tests.world import MZJ, NOON, PORTAL, PROJECT, QINGSHUI, World

NEWS = "content/qingshui/news"
LONG = "这一段比三十个字长，所以摘要取自它；后面再添一段，摘要不会变，列表也就不会变。"


def news(title: str, day: int, body: str = "正文。") -> str:
    """Return a news item."""
    return f"---\ntitle: {title}\ndate: 2026-03-{day:02} 09:00\n---\n{body}\n"


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with five news items of a township, built."""
    county = world()
    for day in range(1, 6):
        county.write(f"{NEWS}/{day}.md", news(f"第{day}条", day))
    county.build()
    return county


def is_index(path: str) -> bool:
    """Tell whether a file is one of the search index, which holds words by pairs of characters, packed."""
    return path.startswith((f"{PORTAL}/search/lists/", f"{PORTAL}/search/texts/"))


def made_again(county: World) -> set[str]:
    """Return what the last build made for a reason other than that it was not there."""
    catalog = Catalog.open(county.catalog)
    return {row["output"] for row in catalog.rows("SELECT output FROM artifacts WHERE reason NOT IN ('new', '*')")}


def test_a_build_leaves_nothing_open_for_another_thread_to_close(county: World) -> None:
    # A thread that closes a database while another one forks leaves SQLite locked in the child for ever.
    gc.disable()
    try:
        county.write(f"{NEWS}/2.md", news("改过的标题", 2))
        county.build()
        options = BuildOptions(county.root / "build/public", county.catalog, Audience(NOON))
        assert isinstance(find_standing(Checkout(county.root), options), BuildReport)
        still_open = [entry.readlink() for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    finally:
        gc.enable()
    assert [path for path in still_open if path.is_relative_to(county.root)] == []


def test_a_title_is_made_again_where_it_shows_and_nowhere_else(county: World) -> None:
    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    built = county.build()
    showing = {path for path, content in built.files().items() if "改过的标题".encode() in content}
    indexed = {path for path in made_again(county) if is_index(path)}
    assert made_again(county) - indexed == showing
    assert built.report.made == built.report.written == len(showing) + len(indexed)
    assert f"{QINGSHUI}/news/1.html" in showing, "its neighbour links to it"


def test_a_body_is_made_again_on_its_own_page_only(county: World) -> None:
    county.write(f"{NEWS}/2.md", news("第2条", 2, LONG))
    before = county.build().files()
    county.write(
        f"{NEWS}/2.md",
        news("第2条", 2, f"{LONG}\n\n又一段。"),
    )
    built = county.build()
    differing = {path for path, content in built.files().items() if before[path] != content}
    indexed = {path for path in differing if is_index(path)}
    assert differing - indexed == {f"{QINGSHUI}/news/2.html"}
    # The block with its text, and the lists of the five pairs of characters that are new.
    assert 1 <= len(indexed) <= 6
    assert built.report.made == 1 + len(indexed)


def test_a_new_document_leaves_the_months_before_it_alone(county: World) -> None:
    county.write(f"{NEWS}/april.md", news("四月", 9).replace("2026-03", "2026-04"))
    county.build()
    before = county.build().files()
    county.write(f"{NEWS}/april-2.md", news("四月二", 10).replace("2026-03", "2026-04"))
    after = county.build().files()
    assert before[f"{QINGSHUI}/news/2026/03/index.html"] == after[f"{QINGSHUI}/news/2026/03/index.html"]
    assert "四月二" in after[f"{QINGSHUI}/news/2026/04/index.html"].decode()


def test_a_template_is_made_again_where_it_is_used(county: World) -> None:
    file = county.root / "themes/county/templates/site_map.html"
    file.write_text(file.read_text(encoding="utf-8") + "<!-- 又一行 -->\n", encoding="utf-8")
    built = county.build()
    assert built.report.made == 3, "one page a site"


def test_the_demo_county_makes_one_title_again_exactly_where_it_shows(tmp_path: Path) -> None:
    for name in ("sites", "content", "themes"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    shutil.copy(PROJECT / "pelicanconf.py", tmp_path)
    options = BuildOptions(tmp_path / "public", tmp_path / "catalog.sqlite", Audience(NOON))
    build(Checkout(tmp_path), options, Silence())
    file = next(iter(sorted((tmp_path / NEWS).glob("*.md"))))
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = ["title: 独一无二的新标题" if line.startswith("title:") else line for line in lines]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = build(Checkout(tmp_path), options, Silence())
    showing = [
        path for path in (tmp_path / "public").rglob("*") if path.is_file() and "独一无二的新标题" in _text(path)
    ]
    with closing(Catalog.open(options.catalog)) as catalog:
        again = [row["output"] for row in catalog.rows("SELECT output FROM artifacts WHERE reason NOT IN ('new', '*')")]
    indexed = [path for path in again if "/search/" in path]
    assert report.made == report.written == len(showing) + len(indexed)
    assert 5 <= len(showing) <= 12
    assert len(indexed) <= 64, "of 256 lists of the newest, those of the pairs in both titles"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("is_committed", [True, False])
def test_nothing_changed_is_told_without_building(county: World, is_committed: bool) -> None:
    if is_committed:
        county.commit()
        county.build()
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(NOON))
    standing = find_standing(Checkout(county.root), options)
    assert isinstance(standing, BuildReport)
    built = county.build().report
    assert replace(standing, seconds=0) == replace(built, seconds=0)


@pytest.mark.parametrize(
    "change",
    [
        lambda county: county.write(f"{NEWS}/1.md", news("另一个", 1)),
        lambda county: county.write("sites/mzj.toml", 'name = "民政局"\nkind = "department"\n'),
        lambda county: county.remove(f"{NEWS}/1.md"),
        lambda county: county.write("content/qingshui/notices/first.md", news("栏目里的第一篇", 1)),
        lambda county: county.write("themes/county/static/css/new.css", "p{}"),
        lambda county: county.write("pelicanconf.py", (county.root / "pelicanconf.py").read_text() + "\n"),
        lambda county: shutil.rmtree(county.root / "build/public"),
    ],
    ids=["document", "settings", "gone", "first", "theme", "pelicanconf", "output"],
)
def test_whatever_changed_is_not_nothing_until_it_is_built(county: World, change: Callable[[World], None]) -> None:
    change(county)
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(NOON))
    assert isinstance(find_standing(Checkout(county.root), options), Known)
    county.build()
    assert isinstance(find_standing(Checkout(county.root), options), BuildReport)


def test_time_passing_over_a_document_is_a_change(world: Callable[..., World]) -> None:
    county = world()
    county.write(f"{NEWS}/1.md", "---\ntitle: 明天\ndate: 2026-11-23 09:00\n---\n文\n")
    assert not county.build().has(f"{QINGSHUI}/news/1.html")
    tomorrow = NOON + timedelta(days=1)

    def standing(clock: datetime) -> object:
        return find_standing(
            Checkout(county.root), BuildOptions(county.root / "build/public", county.catalog, Audience(clock))
        )

    assert isinstance(standing(NOON + timedelta(hours=1)), BuildReport)
    assert isinstance(standing(tomorrow), Known)
    assert county.build(clock=tomorrow).has(f"{QINGSHUI}/news/1.html")


def test_a_page_changed_behind_its_back_is_found_by_verify(county: World) -> None:
    assert "逐字节一致" in county.run("build", "--verify").stdout
    (county.root / f"build/public/{PORTAL}/index.html").write_text("换了", encoding="utf-8")
    answer = county.run("build", "--verify")
    assert answer.returncode == 3
    assert f"{PORTAL}/index.html" in answer.stdout


def test_why_says_what_a_page_was_made_of_and_why_it_will_be_made_again(county: World) -> None:
    address = f"https://{QINGSHUI}/news/2.html"
    standing = county.run("why", address).stdout
    assert "清水镇人民政府（qingshui）" in standing
    assert f"{NEWS}/2.md" in standing
    assert "下次生成不会重做" in standing
    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    answer = json.loads(county.run("why", "--json", f"{NEWS}/2.md").stdout)
    assert {output["due_for"] for output in answer["outputs"]} == {f"document:{NEWS}/2.md", f"item:{NEWS}/2.md"}
    county.run("build")
    assert f"上次重做的原因：文稿 {NEWS}/2.md" in county.run("why", address).stdout


def test_why_names_the_findings_of_a_held_document(county: World) -> None:
    county.write(f"{NEWS}/bad.md", "---\ntitle: 没有日期\n---\n文\n")
    answer = county.run("why", f"{NEWS}/bad.md")
    assert "FM-DATE-MISSING" in answer.stdout
    assert county.run("why", "nowhere.html").returncode == 2


def test_a_broken_off_build_is_taken_up_by_the_next(county: World) -> None:
    class Impatient(Silence):
        def stage(self, name: str, total: int) -> None:
            if name == "render" and total:
                raise KeyboardInterrupt

    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(NOON))
    with pytest.raises(KeyboardInterrupt):
        build(Checkout(county.root), options, Impatient())
    built = county.build()
    assert "改过的标题" in built.text(f"{QINGSHUI}/news/2.html")
    assert not built.has(f"{MZJ}/news/2.html")


def test_two_builds_at_once_wait_for_each_other(county: World) -> None:
    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    command = [sys.executable, "-m", "govgen", "--repo", str(county.root), "--clock", NOON.isoformat(), "build"]
    builds = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    answers = [build.communicate(timeout=60) for build in builds]
    assert [build.returncode for build in builds] == [0] * 4, answers
    assert "改过的标题" in county.build().text(f"{QINGSHUI}/news/2.html")


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_damaged_catalog_is_made_anew(county: World, place: float) -> None:
    before = county.run("build", "--clean")
    clean = {path: path.read_bytes() for path in (county.root / "build/public").rglob("*.html")}
    with county.catalog.open("r+b") as file:
        file.seek(int(county.catalog.stat().st_size * place) // 8192 * 8192)
        file.write(b"\xff" * 8192 * 4)
    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    answer = county.run("build")
    assert answer.returncode == before.returncode
    assert county.run("build", "--verify").returncode == before.returncode
    assert {path for path in clean if path.read_bytes() != clean[path]}


@pytest.mark.parametrize("command", [("build", "--commit"), ("check",), ("list", "documents")])
@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_every_command_mends_a_damaged_catalog(county: World, command: tuple[str, ...], place: float) -> None:
    county.commit()
    county.run("build")
    expected = county.run(*command)
    with county.catalog.open("r+b") as file:
        file.seek(int(county.catalog.stat().st_size * place) // 8192 * 8192)
        file.write(b"\xff" * 8192 * 4)
    county.write(f"{NEWS}/2.md", news("改过的标题", 2))
    county.commit()
    answer = county.run(*command)
    assert answer.returncode == expected.returncode == 0, answer.stderr
    assert county.run("build", "--verify").returncode == 0
