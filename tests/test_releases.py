"""Going back and looking: `releases`, `rollback`, `status`, and what publishing says before and after."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from govgen.release.manifest import parse_manifest
from tests.test_publish import NEWS, PAGE, assert_is_complete, live, news, served, title
from tests.thrice import OTHER, OTHER_PAGE, ids, publish_thrice
from tests.world import MZJ, QINGSHUI, World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    return publish_thrice(world())


def town_title(county: World) -> str:
    """Return the title citizens read on the township's page."""
    return (county.root / "public" / OTHER_PAGE).read_text("utf-8").partition("<h1>")[2].partition("</h1>")[0]


# Going back


def test_a_rollback_brings_the_release_before_back_byte_for_byte(county: World) -> None:
    second = county.root / ".govgen/releases" / ids(county)[1] / "sites"
    wanted = served(second)
    answer = county.run("rollback")
    assert answer.returncode == 0, answer.stderr
    assert f"已回退到 {second.parent.name}" in answer.stdout
    assert title(county) == "局二"
    assert town_title(county) == "镇一"
    assert served(live(county)) == wanted
    assert_is_complete(county)


def test_what_is_live_only_moves_forward(county: World) -> None:
    before = ids(county)
    county.run("rollback")
    assert ids(county)[:-1] == before
    newest = parse_manifest((live(county).parent / "manifest.json").read_bytes())
    assert newest.id > before[-1]
    assert (newest.previous, newest.restores) == (before[-1], before[1])


def test_going_back_twice_goes_back_two_steps_and_undoing_brings_the_newest_again(county: World) -> None:
    newest = ids(county)[-1]
    county.run("rollback")
    county.run("rollback")
    assert title(county) == "局一"
    assert county.run("rollback").returncode == 2
    assert title(county) == "局一"
    assert county.run("rollback", newest).returncode == 0
    assert (title(county), town_title(county)) == ("局三", "镇三")
    county.run("rollback")
    assert title(county) == "局一"  # What was live before, whatever was live before that.


def test_one_site_goes_back_and_the_others_stay(county: World) -> None:
    before = served(live(county))
    assert county.run("rollback", "--site", "qingshui").returncode == 0
    assert (title(county), town_title(county)) == ("局三", "镇一")
    after = served(live(county))
    differing = {path.split("/")[0] for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert differing == {QINGSHUI}
    first = county.root / ".govgen/releases" / ids(county)[0] / "sites"
    assert {p: b for p, b in after.items() if p.startswith(QINGSHUI)} == {
        p: b for p, b in served(first).items() if p.startswith(QINGSHUI)
    }


def test_a_scheduled_publish_does_not_undo_a_rollback_but_an_edit_goes_out(county: World) -> None:
    county.run("rollback", "--site", "mzj")
    number = len(ids(county))
    answer = county.run("publish", "--clock", "2026-11-22T13:00:00+08:00")
    assert answer.returncode == 0
    assert "mzj 回退以后没有改动" in answer.stdout
    assert title(county) == "局二"
    assert len(ids(county)) == number
    county.write(OTHER, news("镇四"))
    assert county.run("publish").returncode == 0
    assert (title(county), town_title(county)) == ("局二", "镇四")
    county.write(NEWS, news("局四"))
    assert "mzj 回退" not in county.run("publish").stdout
    assert title(county) == "局四"


def test_a_rollback_to_what_is_not_there_is_refused(county: World) -> None:
    before = live(county)
    for arguments, words in (
        (["20200101T000000Z"], "没有 20200101T000000Z 这个发布版"),
        (["../../../etc"], "没有 ../../../etc 这个发布版"),
        ([ids(county)[0], "--site", "nowhere"], "里没有站点“nowhere”"),
        (["--site", "portal", "--site", "nowhere"], "里没有站点“nowhere”"),
    ):
        answer = county.run("rollback", *arguments)
        assert answer.returncode in (2, 3)
        assert words in answer.stderr
        assert "Traceback" not in answer.stderr
    assert live(county) == before


def test_a_rollback_mends_a_tree_that_was_damaged_meanwhile(county: World) -> None:
    second = parse_manifest((county.root / ".govgen/releases" / ids(county)[1] / "manifest.json").read_bytes())
    page = county.root / ".govgen/trees" / second.sites["mzj"].tree / PAGE
    page.chmod(0o644)
    page.write_text("改坏了", encoding="utf-8")
    assert county.run("rollback").returncode == 0
    assert title(county) == "局二"
    assert_is_complete(county)


# What is live


def test_status_tells_an_editor_whether_a_change_is_live(county: World) -> None:
    assert "您的改动" in county.run("status", NEWS).stdout
    assert json.loads(county.run("status", NEWS, "--json").stdout)[0]["release"] == ids(county)[2]
    county.write(NEWS, news("局四"))
    answer = county.run("status", NEWS)
    assert (answer.returncode, "还没有提交" in answer.stdout) == (1, True)
    county.commit("第四次")
    answer = county.run("status", NEWS, OTHER)
    assert (answer.returncode, "还没有发布" in answer.stdout) == (1, True)
    assert f"{OTHER}：您的改动" in answer.stdout
    assert "还有改动没有发布" in county.run("status").stdout
    county.run("publish")
    assert county.run("status", NEWS).returncode == 0
    county.run("rollback", "--site", "mzj")
    assert "已回退" in county.run("status", NEWS).stdout
    assert "回退的" in county.run("status").stdout


def test_status_names_the_rule_that_holds_a_change(county: World) -> None:
    county.write(NEWS, "---\ntitle: 坏\ndate: 不是日子\n---\n文\n")
    county.commit("坏")
    assert county.run("publish").returncode == 1
    (answer,) = json.loads(county.run("status", NEWS, "--json").stdout)
    assert answer["state"] == "held"
    assert answer["rule"]


def test_a_commit_that_changes_no_page_is_live_too(county: World) -> None:
    county.write("content/mzj/news/2026-01-09-draft.md", "---\ntitle: 草稿\nstatus: draft\n---\n文\n")
    county.commit("草稿")
    before = served(live(county))
    assert "已发布" in county.run("publish").stdout
    assert served(live(county)) == before
    assert county.run("status", "content/mzj/news/2026-01-09-draft.md").returncode == 0


def test_releases_are_listed_newest_first_with_what_they_changed(county: World) -> None:
    county.run("rollback", "--site", "qingshui")
    lines = county.run("releases").stdout.splitlines()
    assert len(lines) == 4
    assert "线上" in lines[0]
    assert f"回退到 {ids(county)[1]}：qingshui" in lines[0]
    assert "更新：mzj、portal、qingshui" in lines[1] or "qingshui" in lines[1]
    assert "qingshui" not in lines[2]
    assert "全部站点" in lines[3]


# Before publishing


def test_a_dry_run_names_the_pages_that_would_change(county: World) -> None:
    county.write(NEWS, news("局四"))
    county.write("content/mzj/news/2026-01-05-more.md", news("又一篇"))
    county.remove(OTHER)
    before = live(county)
    answer = county.run("publish", "--dry-run", "-v", "--allow-shrink", "100")
    assert f"~ {PAGE}" in answer.stdout
    assert f"+ {MZJ}/news/2026-01-05-more.html" in answer.stdout
    assert f"- {OTHER_PAGE}" in answer.stdout
    changes = json.loads(county.run("publish", "--dry-run", "--json").stdout)["changes"]
    gone = [OTHER_PAGE, f"{QINGSHUI}/news/2026/01/index.html", f"{QINGSHUI}/search/2026/index.html"]
    assert changes["qingshui"]["removed"] == gone
    assert live(county) == before


def test_a_site_that_would_lose_a_fifth_of_its_pages_stops_the_publish(county: World) -> None:
    for number in range(20):
        county.write(f"content/qingshui/news/2026-02-01-{number}.md", news(f"第{number}条"))
    assert county.run("publish").returncode == 0
    before = live(county)
    for number in range(15):
        county.remove(f"content/qingshui/news/2026-02-01-{number}.md")
    answer = county.run("publish")
    assert answer.returncode == 1
    assert "qingshui 15/" in answer.stderr
    assert "--allow-shrink" in answer.stderr
    assert live(county) == before
    assert county.run("publish", "--allow-shrink", "60").returncode == 0
    assert not (live(county) / QINGSHUI / "news/2026-02-01-3.html").exists()


def test_a_page_that_moved_is_no_loss(county: World) -> None:
    names = [f"content/qingshui/news/2026-02-01-{number}.md" for number in range(20)]
    for number, name in enumerate(names):
        county.write(name, news(f"第{number}条"))
    county.run("publish")
    for name in names:
        county.remove(name)
        old = name.removeprefix("content/qingshui").replace(".md", ".html")
        county.write(name.replace("-01-", "-02-", 1), f"---\ntitle: 搬了\naliases: [{old}]\n---\n文\n")
    assert county.run("publish").returncode == 0
    assert_is_complete(county)


def test_a_page_edited_by_hand_in_the_build_folder_is_not_published(county: World) -> None:
    county.write(NEWS, news("局四"))
    county.run("build")
    page = county.root / "build/public" / PAGE
    page.write_text(page.read_text("utf-8").replace("局四", "改了"), encoding="utf-8")
    before = live(county)
    answer = county.run("publish")
    assert answer.returncode == 3
    assert "--clean" in answer.stderr
    assert live(county) == before
    assert county.run("build", "--clean").returncode == 0
    assert county.run("publish").returncode == 0
    assert title(county) == "局四"
