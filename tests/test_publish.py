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
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from govgen.release.listing import parse_listing
from govgen.release.manifest import parse_manifest
from govgen.release.store import lock
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


def listed(county: World, sites: Path) -> dict[str, tuple[str, int]]:
    """Return the digest and size of every file that a release's manifest and the listings it names tell of."""
    manifest = parse_manifest((sites.parent / "manifest.json").read_bytes())
    assert manifest.id == sites.parent.name
    trees = county.root / ".govgen/trees"
    listings = (parse_listing((trees / f"{s.tree}.list").read_bytes(), s.tree) for s in manifest.sites.values())
    return {e.path: (e.digest, e.size_bytes) for listing in listings for e in listing.entries}


def served(sites: Path) -> dict[str, bytes]:
    """Return every file that is found by walking through a release as a web server does, links followed."""
    files = (Path(folder, name) for folder, _, names in os.walk(sites, followlinks=True) for name in names)
    return {file.relative_to(sites).as_posix(): file.read_bytes() for file in files}


def assert_is_complete(county: World) -> None:
    """Hold what is live against its manifest: every file with its digest, and no other but earlier theme files."""
    sites = live(county)
    recorded, found = listed(county, sites), served(sites)
    assert {path for path in found.keys() - recorded.keys() if path.split("/")[1] != "assets"} == set()
    for path, (digest, size_bytes) in recorded.items():
        assert (hashlib.sha256(found[path]).hexdigest(), len(found[path])) == (digest, size_bytes)


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
    assert live(county) == county.root / ".govgen/releases" / release / "sites"
    assert (county.root / "public").readlink() == Path(".govgen/current/sites")
    assert (county.root / ".govgen/current").readlink() == Path("releases") / release
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
    county.write("targets.toml", "[public]\nkeep = 3\n")
    trees = []
    for number in range(5):
        county.write(NEWS, news(f"第{number}版"))
        assert county.run("publish").returncode == 0
        trees.append(live(county))
        assert_is_complete(county)
    assert len(set(trees)) == len(trees)
    assert releases(county) == [tree.parent.name for tree in trees[-3:]]
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
    with lock(county.root / ".govgen/publishing", "王芳@县府办", NOON):
        answer = county.run("publish")
        assert answer.returncode == 3
        assert "王芳@县府办，从 2026-11-22 12:00:00 +0800 开始" in answer.stderr
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


def second_pages(county: World) -> int:
    """Return how many pages of the second version stand in the build folder."""
    return len(list((county.root / f"build/public/{MZJ}/news").glob("2026-02-01*.html")))


MOMENTS: dict[str, Callable[[World], object]] = {
    "documents are read": lambda county: (county.root / "build/cache/catalog.sqlite").exists(),
    "the first page is written": lambda county: second_pages(county) > 0,
    "half the pages are written": lambda county: second_pages(county) > 100,
    "the release is begun": lambda county: any(name.startswith(".") for name in releases(county)),
    "the release has its name": lambda county: len(releases(county)) > 1,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_publisher_killed_half_way_leaves_a_complete_release_live(county: World, moment: str) -> None:
    county.run("publish")
    county.run("clean")
    county.write(NEWS, news("第二版"))
    for number in range(200):
        county.write(f"content/mzj/news/2026-02-01-{number}.md", news(f"又一篇{number}"))
    process = start_publishing(county)
    try:
        while process.poll() is None and not MOMENTS[moment](county):
            pass
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL or moment.startswith("the release")
    assert_is_complete(county)
    assert title(county) in {"第一版", "第二版"}
    answer = publish_when_free(county)
    assert answer.returncode == 0, answer.stderr
    assert title(county) == "第二版"
    assert_is_complete(county)
    assert not [name for name in releases(county) if name.startswith(".")]


def publish_when_free(county: World) -> subprocess.CompletedProcess[str]:
    """Publish; where the kernel is still ending the workers of a killed publisher, wait for it."""
    deadline = time.monotonic() + 10
    answer = county.run("publish")
    while answer.returncode == 3 and "正在进行" in answer.stderr and time.monotonic() < deadline:
        answer = county.run("publish")
    return answer


def start_publishing(county: World) -> subprocess.Popen[bytes]:
    """Start to publish in another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "publish", "--jobs", "2"],
        cwd=county.root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


THEME = "themes/county/templates"
BROKEN = {
    "a sentence never finished": ("_document.html", "\n\n{% if document %}", ":3"),
    "a name that is not there": ("_document.html", "\n{{ document.nothing.more }}", ":2"),
    "a filter that is not there": ("_document.html", "{{ 'a'|frobnicate }}", ":1"),
    "a part that is not there": ("_document.html", "\n\n\n{% include 'nothing.html' %}", ":4"),
    "a division by zero": ("_document.html", "\n{{ 1 / 0 }}", ":2"),
    "a picture that is not there": ("article.html", "\n{{ asset('img/nothing.svg') }}", ":2"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_template_exits_3_and_is_named_with_its_line(county: World, fault: str) -> None:
    name, text, line = BROKEN[fault]
    county.write(f"{THEME}/{name}", text)
    answer = county.run("publish")
    assert answer.returncode == 3
    assert f"{name}{line}" in answer.stderr
    assert PAGE in answer.stderr
    assert "Traceback" not in answer.stdout + answer.stderr
    assert not (county.root / "public").is_symlink()


def test_a_broken_theme_leaves_the_old_release_live_and_the_next_build_goes_on(county: World) -> None:
    county.run("publish")
    before = live(county)
    template = county.root / THEME / "page.html"
    good = template.read_text(encoding="utf-8")
    county.write("content/qingshui/about/a.md", news("介绍"))
    county.write(NEWS, news("第二版"))
    county.run("clean")
    template.write_text("{% if %}", encoding="utf-8")
    assert county.run("publish", "--jobs", "1").returncode == 3
    assert live(county) == before
    assert (county.root / "build/public" / PAGE).is_file()
    template.write_text(good, encoding="utf-8")
    assert county.run("publish").returncode == 0
    assert title(county) == "第二版"
    assert_is_complete(county)


def test_a_theme_or_settings_that_do_not_load_exit_3_and_say_so(county: World) -> None:
    settings = (county.root / "pelicanconf.py").read_text(encoding="utf-8")
    for text, words in (
        ("1 / 0\n", "ZeroDivisionError"),
        (settings + "JINJA_ENVIRONMENT = {'x': 1}\n", "pelicanconf.py"),
    ):
        county.write("pelicanconf.py", text)
        answer = county.run("build")
        assert answer.returncode == 3
        assert words in answer.stderr
        assert "Traceback" not in answer.stdout + answer.stderr
    county.write("pelicanconf.py", settings)
    (county.root / "themes").rename(county.root / "hidden")
    answer = county.run("build")
    assert answer.returncode == 3
    assert "themes/county" in answer.stderr


# The same again, and in part


def test_the_same_content_at_the_same_moment_gives_the_same_bytes_anywhere(world: Callable[..., World]) -> None:
    first, second = world(), world()
    for number, place in enumerate((first, second)):
        names = [f"{day:02}" for day in range(1, 12)]
        for name in names if number else reversed(names):
            place.write(
                f"content/qingshui/news/2026-01-{name}-a.md", f"---\ntitle: 第{name}条\nsubmit: [news]\n---\n文\n"
            )
            place.write(f"content/mzj/news/2026-01-{name}-b.md", f"---\ntitle: 又{name}\ncolour: x\n---\n文\n")
        place.commit()
    first.run("publish", "--jobs", "1", PYTHONHASHSEED="1", TZ="America/New_York", LANG="C")
    second.run("publish", "--jobs", "2", PYTHONHASHSEED="2", TZ="Asia/Shanghai", LANG="zh_CN.UTF-8")
    assert len(listed(first, live(first))) > 100
    assert listed(first, live(first)) == listed(second, live(second))
    manifests = [parse_manifest((live(place).parent / "manifest.json").read_bytes()) for place in (first, second)]
    assert manifests[0] == replace(manifests[1], commit=manifests[0].commit, sites=manifests[0].sites)
    trees = [{id: site.tree for id, site in manifest.sites.items()} for manifest in manifests]
    assert trees[0] == trees[1]


def test_a_build_of_one_site_makes_its_pages_only_and_removes_nothing(county: World) -> None:
    county.write("content/qingshui/news/2026-01-02-own.md", news("旧"))
    county.write("content/mzj/news/2026-01-03-gone.md", news("要删"))
    before = county.build().files()
    county.write("content/qingshui/news/2026-01-02-own.md", news("新"))
    county.write(NEWS, news("第二版"))
    county.remove("content/mzj/news/2026-01-03-gone.md")
    built = county.build(sites=("qingshui",))
    after = built.files()
    assert {site.id for site in built.report.sites} == {"qingshui"}
    assert before.keys() == after.keys()
    changed = {path for path in before if before[path] != after[path]}
    assert f"{QINGSHUI}/news/2026-01-02-own.html" in changed
    assert {path.split("/")[0] for path in changed} == {QINGSHUI}
    whole = county.build().files()
    assert f"{MZJ}/news/2026-01-03-gone.html" not in whole
    assert whole == county.build("build/fresh").files()


def test_publishing_one_site_leaves_the_others_as_they_are_live(county: World) -> None:
    county.write("content/qingshui/news/2026-01-02-news.md", news("镇上的旧闻"))
    county.write("content/qingshui/news/2026-01-03-news.md", news("要撤掉的"))
    assert county.run("publish").returncode == 0
    county.write(NEWS, news("局里的新闻"))
    county.write("content/qingshui/news/2026-01-02-news.md", news("镇上的新闻"))
    county.remove("content/qingshui/news/2026-01-03-news.md")
    before = title(county)
    assert county.run("publish", "--site", "qingshui").returncode == 0
    assert title(county) == before != "局里的新闻"
    tree = live(county)
    assert "镇上的新闻" in (tree / QINGSHUI / "news/2026-01-02-news.html").read_text(encoding="utf-8")
    assert not (tree / QINGSHUI / "news/2026-01-03-news.html").exists()
    assert_is_complete(county)
    assert county.run("publish").returncode == 0
    assert title(county) == "局里的新闻"
    assert_is_complete(county)


def test_publishing_one_site_first_publishes_the_county(county: World) -> None:
    assert county.run("publish", "--site", "qingshui").returncode == 0
    assert (live(county) / PORTAL / "index.html").is_file()
    assert_is_complete(county)
