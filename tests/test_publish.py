"""Publishing into public/: one switch between complete releases, whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govgen.model.county import Site
from govgen.release.releases import KEPT_RELEASES, lock
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests.world import MZJ, NOON, PORTAL, PROJECT, QINGSHUI, World

NEWS = "content/mzj/news/2026-01-01-news.md"
PAGE = f"{MZJ}/news/2026-01-01-news.html"


def news(title: str) -> str:
    """Return a document."""
    return f"---\ntitle: {title}\n---\n正文。\n"


def live(county: World) -> Path:
    """Return the folder public/ leads to."""
    link = county.root / "public"
    assert link.is_symlink()
    return link.resolve()


def releases(county: World) -> list[str]:
    """Return the ids of all releases, oldest first; unfinished ones too."""
    return sorted(folder.name for folder in (county.root / ".govgen/releases").glob("*"))


def title(county: World) -> str:
    """Return the title citizens read on the page of the one document."""
    text = (county.root / "public" / PAGE).read_text(encoding="utf-8")
    return text.partition("<h1>")[2].partition("</h1>")[0]


def assert_is_complete(county: World) -> None:
    """Hold what is live against its manifest: every file with its digest, and no other."""
    tree = live(county)
    manifest = json.loads((tree.parent / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["release"] == tree.parent.name
    found = {file.relative_to(tree).as_posix(): file.read_bytes() for file in tree.rglob("*") if file.is_file()}
    assert {path: {"sha256": hashlib.sha256(b).hexdigest(), "size": len(b)} for path, b in found.items()} == manifest["files"]


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with one document."""
    place = world()
    place.write(NEWS, news("第一版"))
    return place


def test_publishing_makes_a_release_and_links_to_it(county: World) -> None:
    answer = county.run("publish")
    assert answer.returncode == 0, answer.stderr
    (release,) = releases(county)
    assert release == NOON.strftime("20261122T040000Z")
    assert f"已发布 {release}" in answer.stdout
    assert live(county) == county.root / ".govgen/releases" / release / "tree"
    assert not (county.root / "public").readlink().is_absolute()
    assert {folder.name for folder in live(county).iterdir()} == {PORTAL, MZJ, QINGSHUI}
    assert_is_complete(county)
    report = json.loads(county.run("publish", "--json").stdout)
    assert report["release"] == release
    assert {"sites", "documents", "pages", "written", "held", "findings", "seconds"} <= report.keys()


def test_publishing_the_same_again_says_so_and_changes_nothing(county: World) -> None:
    county.run("publish")
    before = live(county)
    answer = county.run("publish", "--clock", "2026-11-23T12:00:00+08:00")
    assert answer.returncode == 0
    assert "内容没有变化" in answer.stdout
    assert live(county) == before
    assert len(releases(county)) == 1


def test_readers_see_a_complete_release_at_every_moment_of_a_switch(county: World) -> None:
    county.run("publish")
    county.write(NEWS, news("第二版"))
    seen: set[str] = set()
    faults: list[str] = []
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            try:
                seen.add(title(county))
                assert (live(county).parent / "manifest.json").is_file()
            except (OSError, AssertionError) as error:
                faults.append(repr(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert county.run("publish").returncode == 0
        deadline = time.monotonic() + 20
        while "第二版" not in seen and time.monotonic() < deadline:
            is_done.wait(0.01)
    finally:
        is_done.set()
        reader.join()
    assert faults == []
    assert seen == {"第一版", "第二版"}
    assert_is_complete(county)


def test_releases_are_kept_and_the_oldest_go(county: World) -> None:
    trees = []
    for number in range(KEPT_RELEASES + 2):
        county.write(NEWS, news(f"第{number}版"))
        assert county.run("publish").returncode == 0
        trees.append(live(county))
        assert_is_complete(county)
    assert len(set(trees)) == len(trees)
    assert releases(county) == [tree.parent.name for tree in trees[-KEPT_RELEASES:]]
    assert "第3版" in (trees[-2] / PAGE).read_text(encoding="utf-8")


def test_a_release_does_not_change_when_the_build_folder_does(county: World) -> None:
    county.run("publish")
    county.write(NEWS, news("未发布"))
    assert county.run("build").returncode == 0
    assert "未发布" in (county.root / "build/public" / PAGE).read_text(encoding="utf-8")
    assert title(county) == "第一版"
    assert_is_complete(county)
    county.run("clean")
    assert_is_complete(county)


def test_held_documents_do_not_stop_the_rest(county: World) -> None:
    county.commit()
    assert county.run("publish").returncode == 0
    county.write(NEWS, "---\ntitle: 改坏了\ndate: 不是日子\n---\n文\n")
    county.write("content/qingshui/news/2026-01-02-bad.md", "---\ntitle: 坏\ndate: 不是日子\n---\n文\n")
    county.write("content/qingshui/news/2026-01-03-good.md", news("好的"))
    answer = county.run("publish")
    assert answer.returncode == 1
    assert "已发布" in answer.stdout
    assert "2 篇文稿暂缓" in answer.stdout
    assert title(county) == "第一版"
    assert (live(county) / QINGSHUI / "news/2026-01-03-good.html").is_file()
    assert not (live(county) / QINGSHUI / "news/2026-01-02-bad.html").exists()
    assert_is_complete(county)


def test_publishing_says_what_is_not_committed_and_notes_the_commit(county: World) -> None:
    county.commit()
    assert "还没有提交" not in county.run("publish").stdout
    commit = subprocess.check_output(["git", "-C", str(county.root), "rev-parse", "HEAD"], text=True).strip()
    assert json.loads((live(county).parent / "manifest.json").read_text())["commit"] == commit
    county.write("content/mzj/news/2026-01-02-新.md", news("新"))
    answer = county.run("publish")
    assert "1 个文件还没有提交" in answer.stdout
    assert "content/mzj/news/2026-01-02-新.md" in answer.stdout


def test_a_dry_run_changes_nothing_that_is_live(county: World) -> None:
    answer = county.run("publish", "--dry-run")
    assert answer.returncode == 0
    assert "试运行" in answer.stdout
    assert not (county.root / "public").is_symlink()
    county.run("publish")
    before = live(county)
    county.write(NEWS, news("第二版"))
    county.run("publish", "--dry-run")
    assert live(county) == before
    assert title(county) == "第一版"
    assert len(releases(county)) == 1


# What goes wrong


def test_a_second_publisher_is_refused_and_told_who_holds_the_lock(county: World) -> None:
    with lock(county.root):
        answer = county.run("publish")
        assert answer.returncode == 3
        assert f"pid {os.getpid()}" in answer.stderr
        assert not (county.root / "public").is_symlink()
    assert county.run("publish").returncode == 0


def test_a_real_directory_in_the_place_of_the_link_is_left_alone(county: World) -> None:
    county.write("public/mine.txt", "do not lose me")
    answer = county.run("publish")
    assert answer.returncode == 3
    assert "public" in answer.stderr
    assert "请把它移走" in answer.stderr
    assert (county.root / "public/mine.txt").read_text(encoding="utf-8") == "do not lose me"
    assert not (county.root / ".govgen/releases").exists()


def test_a_link_that_leads_nowhere_is_mended(county: World) -> None:
    (county.root / "public").symlink_to("gone/tree")
    assert county.run("publish").returncode == 0
    assert_is_complete(county)


def built_pages(county: World) -> list[Path]:
    """Return the pages of the second version that stand in the build folder."""
    return [file for file in (county.root / f"build/public/{MZJ}/news").glob("2026-02*.html")]


MOMENTS: dict[str, Callable[[World], object]] = {
    "the catalog is begun": lambda county: (county.root / "build/cache/catalog.sqlite-marker").exists()
    or not (county.root / "build/cache/catalog.sqlite").exists(),
    "the first page is written": lambda county: len(built_pages(county)) > 0,
    "many pages are written": lambda county: len(built_pages(county)) > 150,
    "the release is begun": lambda county: list((county.root / ".govgen/releases").glob(".*")),
    "the release has its name": lambda county: len(releases(county)) > 1,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_publisher_killed_half_way_leaves_a_complete_release_live(county: World, moment: str) -> None:
    county.run("publish")
    county.write(NEWS, news("第二版"))
    for number in range(300):
        county.write(f"content/mzj/news/2026-02-01-{number}.md", news(f"又一篇{number}"))
    process = start_publishing(county)
    try:
        while process.poll() is None and not MOMENTS[moment](county):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert_is_complete(county)
    assert title(county) in {"第一版", "第二版"}
    answer = county.run("publish")
    assert answer.returncode == 0, answer.stderr
    assert title(county) == "第二版"
    assert_is_complete(county)
    assert not [name for name in releases(county) if name.startswith(".")]


def start_publishing(county: World) -> subprocess.Popen[bytes]:
    """Start to publish in another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "publish", "--jobs", "2"],
        cwd=county.root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
