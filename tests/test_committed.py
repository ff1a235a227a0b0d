"""Building a commit: what lies in the working tree plays no part, and the folder it is laid out in follows git."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from govgen.catalog.states import Audience
from govgen.errors import UsageError
from govgen.events import Silence
from govgen.options import BuildOptions
from govgen.pipeline import build, find_unequal
from govgen.repo.checkout import Checkout
from govgen.repo.committed import lay_out
from tests.world import MZJ, NOON, Built, World

NEWS = "content/mzj/news/2026-03-01-one.md"
PAGE = f"{MZJ}/news/2026-03-01-one.html"


def text(title: str, body: str = "正文。") -> str:
    """Return a news item."""
    return f"---\ntitle: {title}\n---\n{body}\n"


def build_commit(county: World, revision: str = "HEAD", *, verify: bool = True) -> Built:
    """Build a commit, and hold the outcome against a build from nothing."""
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(NOON))
    checkout = lay_out(Checkout(county.root), revision)
    report = build(checkout, options, Silence())
    if verify:
        assert find_unequal(checkout, options, Silence()) == []
    return Built(report, options.output)


def tree(folder: Path) -> dict[str, str]:
    """Return what lies in a folder: bytes of files as text, goals of symlinks."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with one news item, committed."""
    county = world()
    county.write(NEWS, text("已提交"))
    county.commit()
    return county


def test_what_is_not_committed_is_not_built(county: World) -> None:
    county.write(NEWS, text("写到一半"))
    county.write("content/mzj/news/2026-03-02-two.md", text("没有加入"))
    county.write("themes/county/templates/base.html", "{{ broken")
    county.write("sites/mzj.toml", "这不是 TOML")
    built = build_commit(county)
    assert "已提交" in built.words(PAGE)
    assert not built.has(f"{MZJ}/news/2026-03-02-two.html")
    assert built.report.findings == ()


def test_a_commit_gives_the_pages_of_its_clone(county: World, tmp_path: Path) -> None:
    built = build_commit(county)
    subprocess.run(["git", "clone", "-q", county.root, tmp_path / "clone"], check=True)
    options = BuildOptions(tmp_path / "public", tmp_path / "catalog.sqlite", Audience(NOON))
    build(Checkout(tmp_path / "clone"), options, Silence())
    assert Built(built.report, options.output).files() == built.files()


def test_one_catalog_serves_the_working_tree_and_commits_in_turn(county: World) -> None:
    build_commit(county)
    county.write(NEWS, text("写到一半"))
    assert "写到一半" in county.build().words(PAGE)
    assert "已提交" in build_commit(county).words(PAGE)
    county.commit()
    assert "写到一半" in build_commit(county).words(PAGE)
    assert "已提交" in build_commit(county, "HEAD~1").words(PAGE)
    assert "写到一半" in county.build().words(PAGE)


def test_a_commit_that_follows_makes_only_what_shows_the_change(county: World) -> None:
    before = build_commit(county).files()
    county.write(NEWS, text("已提交", "正文改了，标题没有。"))
    county.commit()
    built = build_commit(county, verify=False)
    differing = {path for path, content in built.files().items() if before[path] != content}
    assert {path for path in differing if "/search/" not in path} == {PAGE}
    assert built.report.made == len(differing)
    assert build_commit(county, verify=False).report.made == 0


def test_files_folders_and_symlinks_change_places(county: World) -> None:
    laid_out = county.root / "build/cache/commit"
    outside = county.root.parent / "outside"
    outside.mkdir()
    place = county.root / "content/mzj/news/place"
    steps: list[Callable[[], object]] = [
        lambda: place.symlink_to(outside),
        lambda: (place.unlink(), place.mkdir(), (place / "inner.txt").write_text("一", "utf-8")),
        lambda: (shutil.rmtree(place), place.write_text("二", "utf-8")),
        lambda: (
            place.unlink(),
            place.mkdir(),
            (place / "deep").mkdir(),
            (place / "deep/x.txt").write_text("三", "utf-8"),
        ),
        lambda: (shutil.rmtree(place), place.symlink_to("elsewhere")),
    ]
    for step in steps:
        step()
        county.commit()
        lay_out(Checkout(county.root), "HEAD")
        assert tree(laid_out / "content") == tree(county.root / "content")
    assert list(outside.iterdir()) == []


def test_a_laying_out_that_broke_off_begins_anew(county: World) -> None:
    build_commit(county)
    laid_out = county.root / "build/cache/commit"
    (county.root / "build/cache/commit-id").unlink()
    (laid_out / NEWS).write_text("残缺", "utf-8")
    (laid_out / "content/mzj/left-over.md").write_text("残留", "utf-8")
    assert "已提交" in build_commit(county).words(PAGE)
    assert not (laid_out / "content/mzj/left-over.md").exists()


def test_a_faulty_commit_keeps_the_last_good_version(county: World) -> None:
    build_commit(county)
    county.write(NEWS, text("坏了\ndate: 昨天"))
    county.commit()
    county.write(NEWS, text("又改好了"))
    built = build_commit(county)
    assert "已提交" in built.words(PAGE)
    assert "HELD-LAST-GOOD" in built.rules(NEWS)


def test_what_is_no_commit_is_said(county: World) -> None:
    for revision in ("nirgends", "--all", "HEAD:content", ""):
        with pytest.raises(UsageError) as told:
            lay_out(Checkout(county.root), revision)
        assert told.value.key == "no-commit"


def test_another_repository_inside_is_said(county: World) -> None:
    blob = "1" * 40
    place = f"160000,{blob},content/mzj/news/inner"
    subprocess.run(["git", "-C", county.root, "update-index", "--add", "--cacheinfo", place], check=True)
    who = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    subprocess.run(["git", "-C", county.root, *who, "commit", "-q", "-m", "inner"], check=True)
    with pytest.raises(UsageError) as told:
        lay_out(Checkout(county.root), "HEAD")
    assert told.value.key == "submodule"


def test_the_command_line_builds_and_publishes_commits(county: World) -> None:
    county.write(NEWS, text("写到一半"))
    assert county.run("build", "--commit").returncode == 0
    assert "已提交" in (county.root / "build/public" / PAGE).read_text("utf-8")
    published = county.run("publish", "--commit", "HEAD")
    assert published.returncode == 0
    assert "没有提交" not in published.stdout
    assert "已提交" in (county.root / "public" / PAGE).read_text("utf-8")
    wrong = county.run("build", "--commit", "nirgends")
    assert wrong.returncode == 2
    assert "nirgends" in wrong.stderr
