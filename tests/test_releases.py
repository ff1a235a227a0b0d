"""Going back and looking: `releases`, `rollback`, `status`, and what publishing says before and after."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govgen.deploy.preflight import check_clocks, check_room
from govgen.deploy.target import Standing
from govgen.errors import MachineryError
from govgen.release.listing import Entry, Listing, parse_listing
from govgen.release.manifest import next_id, parse_manifest
from govgen.release.objects import digest_of
from govgen.release.signing import sign, verify
from govgen.release.store import SignedManifest, Store
from tests.test_publish import NEWS, PAGE, assert_is_complete, listed, live, news, served, title
from tests.world import MZJ, NOON, PORTAL, QINGSHUI, World

OTHER = "content/qingshui/news/2026-01-02-town.md"
OTHER_PAGE = f"{QINGSHUI}/news/2026-01-02-town.html"


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    place = world()
    place.write(OTHER, news("镇一"))
    for number in ("一", "二", "三"):
        place.write(NEWS, news(f"局{number}"))
        if number == "三":
            place.write(OTHER, news("镇三"))
        place.commit(f"第{number}次")
        assert place.run("publish").returncode == 0
    return place


def town_title(county: World) -> str:
    """Return the title citizens read on the township's page."""
    return (county.root / "public" / OTHER_PAGE).read_text("utf-8").partition("<h1>")[2].partition("</h1>")[0]


def ids(county: World) -> list[str]:
    """Return the ids of the releases kept, oldest first."""
    return [release["release"] for release in reversed(json.loads(county.run("releases", "--json").stdout))]


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


# The store


def test_old_theme_files_stay_as_long_as_a_release_that_needs_them(county: World) -> None:
    county.write("targets.toml", "[public]\nkeep = 3\n")
    css = county.root / "themes/county/static/css/county.css"
    (old,) = (county.root / "public" / PORTAL / "assets/css").glob("county.*.css")
    css.write_text(css.read_text("utf-8") + "\n.new { color: red }\n", encoding="utf-8")
    county.run("publish")
    assert (county.root / "public" / PORTAL / "assets/css" / old.name).is_file()
    assert len(list((county.root / "public" / PORTAL / "assets/css").glob("county.*.css"))) == 2
    for number in range(30):
        county.write(NEWS, news(f"又{number}"))
        county.run("publish")
    assert len(ids(county)) == 3
    assert len(list((county.root / "public" / PORTAL / "assets/css").glob("county.*.css"))) == 1
    assert_is_complete(county)


def test_what_no_release_needs_is_taken_away(county: World) -> None:
    county.write("targets.toml", "[public]\nkeep = 2\n")
    for number in range(12):
        county.write(NEWS, news(f"又{number}"))
        county.run("publish")
    store = Store(county.root / ".govgen")
    assert len(store.trees.names()) <= 8
    folders = [county.root / ".govgen/releases" / id / "sites" for id in ids(county)]
    kept = {digest for folder in folders for digest, _ in listed(county, folder).values()}
    manifests = [(store.releases / id / "manifest.json").read_bytes() for id in ids(county)]
    kept |= {*store.trees.names(), *(hashlib.sha256(content).hexdigest() for content in manifests)}
    store.collect(2, is_thorough=True)
    assert {file.name for file in (county.root / ".govgen/objects").glob("*/*")} == kept
    assert_is_complete(county)


def test_an_unchanged_site_costs_one_link(county: World) -> None:
    before = {file.name for file in (county.root / ".govgen/trees").iterdir()}
    county.write(OTHER, news("镇四"))
    county.run("publish")
    new = {file.name for file in (county.root / ".govgen/trees").iterdir()} - before
    assert len([name for name in new if not name.endswith((".list", ".map"))]) == 2  # The township's, the portal's.
    assert (live(county) / MZJ).is_symlink()


def test_unchanged_files_of_a_changed_site_are_shared_and_published_ones_never_with_the_objects(county: World) -> None:
    (live(county) / MZJ / "about/index.html").stat()
    before = (live(county) / MZJ / "about/index.html").stat().st_ino
    county.write(NEWS, news("局四"))
    county.run("publish")
    page = live(county) / MZJ / "about/index.html"
    assert page.stat().st_ino == before
    stored = county.root / ".govgen/objects" / digest_of(page.read_bytes())[:2] / digest_of(page.read_bytes())
    assert stored.read_bytes() == page.read_bytes()
    assert stored.stat().st_ino != before
    assert oct(page.stat().st_mode)[-3:] == "444"


def test_two_versions_never_have_one_time_of_change(county: World) -> None:
    page = live(county) / PAGE
    first = (page.stat().st_size, page.stat().st_mtime)
    county.write(NEWS, news("局四"))  # As long as before.
    county.run("publish")
    second = ((live(county) / PAGE).stat().st_size, (live(county) / PAGE).stat().st_mtime)
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_sites_mounted_below_the_portal_are_found_there_and_go_back_alone(world: Callable[..., World]) -> None:
    county = world()
    toml = (county.root / "sites/qingshui.toml").read_text("utf-8")
    county.write("sites/qingshui.toml", 'mount = "path"\n' + toml)
    for text in ("镇一", "镇二"):
        county.write(OTHER, news(text))
        county.write("content/portal/news/2026-01-01-a.md", news(text))
        assert county.run("publish").returncode == 0
        assert_is_complete(county)
    page = f"{PORTAL}/qingshui/news/2026-01-02-town.html"
    assert "镇二" in (county.root / "public" / page).read_text("utf-8")
    assert (county.root / "public" / OTHER_PAGE).is_file()  # The redirect page at its own host.
    assert county.run("rollback", "--site", "qingshui").returncode == 0
    assert "镇一" in (county.root / "public" / page).read_text("utf-8")
    assert "镇二" in (county.root / "public" / PORTAL / "news/2026-01-01-a.html").read_text("utf-8")
    assert_is_complete(county)


def test_redirects_are_listed_for_the_web_server(world: Callable[..., World]) -> None:
    county = world()
    county.write(NEWS, "---\ntitle: 新\naliases: [/old/a.html, /old/b/]\n---\n文\n")
    county.run("publish")
    text = (county.root / ".govgen/current/redirects/mzj.map").read_text("ascii")
    goal = f"https://{MZJ}/news/2026-01-01-news.html"
    assert sorted(text.splitlines()) == [
        f'"{MZJ}/old/a.html" "{goal}";',
        f'"{MZJ}/old/b/" "{goal}";',
        f'"{MZJ}/old/b/index.html" "{goal}";',
    ]


def test_compressed_forms_stand_beside_and_say_the_same(county: World) -> None:
    import gzip

    import brotli

    files = served(live(county))
    page = files[PAGE]
    assert gzip.decompress(files[f"{PAGE}.gz"]) == page
    assert brotli.decompress(files[f"{PAGE}.br"]) == page
    assert not any(path.endswith((".png.gz", ".gz.gz", ".br.gz")) for path in files)
    for path, content in files.items():
        if path.endswith(".br"):
            assert brotli.decompress(content) == files[path.removesuffix(".br")]


# Parts


def test_ids_rise_even_if_the_clock_goes_back() -> None:
    known: list[str] = []
    clock = NOON
    for step in range(2500):
        clock = NOON - timedelta(days=step % 3)
        known.append(next_id(known, clock))
    assert known == sorted(set(known))
    assert all(parse_id(id) for id in known)


def parse_id(id: str) -> bool:
    """Tell whether an id is of the form the store takes."""
    from govgen.release.manifest import ID

    return ID.fullmatch(id) is not None


DIGEST = digest_of(b"x")


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST} 1 ../etc/passwd\n",
        f"{DIGEST} 1 /etc/passwd\n",
        f"{DIGEST} 1 host\n",
        f"{DIGEST} 1 host/../x\n",
        f"{DIGEST} 1 host/.git/config\n",
        f"{DIGEST} 1 host/a b\n",
        f"{DIGEST} -1 host/a\n",
        f"{DIGEST[:-1]} 1 host/a\n",
        f"{DIGEST} 1 host/b\n{DIGEST} 1 host/a\n",
        f"{DIGEST} 1 host/a\n{DIGEST} 1 host/a\n",
        f'{DIGEST} 1 host/a https://x/";}}\n',
        f"{DIGEST} 1 host/a https://x/$document_root\n",
        f"{DIGEST} 1 host/a javascript:alert(1)\n",
    ],
)
def test_a_listing_with_a_trick_in_it_is_refused(line: str) -> None:
    content = line.encode()
    with pytest.raises(MachineryError):
        parse_listing(content, digest_of(content))


def test_a_listing_of_another_digest_is_refused() -> None:
    listing = Listing.of([Entry("host/index.html", DIGEST, 1), Entry("host/a", DIGEST, 1, "https://h/b")])
    assert parse_listing(listing.content, listing.digest) == listing
    with pytest.raises(MachineryError):
        parse_listing(listing.content + b"\n", listing.digest)


@pytest.mark.parametrize("change", [{"id": "../x"}, {"format": 2}, {"sites": {"a/b": {}}}, {"sites": []}, {"more": 1}])
def test_a_manifest_with_a_trick_in_it_is_refused(county: World, change: dict[str, object]) -> None:
    table = json.loads((live(county).parent / "manifest.json").read_text("utf-8"))
    with pytest.raises(MachineryError):
        parse_manifest(json.dumps({**table, **change}).encode())


def test_a_clock_that_is_wrong_is_told_and_one_that_differs_from_the_target_stops(county: World) -> None:
    signed = Store(county.root / ".govgen").find_live()
    standing = Standing(signed, (), 10**12, NOON)
    assert check_clocks(standing, NOON) == {}
    early, late = NOON - timedelta(days=365), NOON + timedelta(days=365)
    assert list(check_clocks(replace(standing, clock=early), early)) == ["clock-back"]
    assert list(check_clocks(replace(standing, clock=late), late)) == ["clock-leap"]
    with pytest.raises(MachineryError, match="clocks-apart"):
        check_clocks(standing, late)


def test_a_target_without_room_is_refused_before_anything_is_sent() -> None:
    standing = Standing(None, (), 40_000_000, datetime.now(UTC))
    check_room(standing, [Listing.of([Entry("host/a", DIGEST, 1_000_000)])])
    with pytest.raises(MachineryError, match="no-room"):
        check_room(standing, [Listing.of([Entry("host/a", DIGEST, 10_000_000)])])


def make_key(folder: Path, name: str) -> Path:
    """Make a key pair, and a file of allowed signers that lists it; return the private key."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text("ascii").split()
    (folder / f"{name}.signers").write_text(f"{name} {public[0]} {public[1]}\n", encoding="ascii")
    return key


def test_signatures_hold_for_one_text_and_one_key_only(tmp_path: Path) -> None:
    key = make_key(tmp_path, "fabu")
    make_key(tmp_path, "other")
    signed = sign(b"manifest", key)
    assert verify(signed, tmp_path / "fabu.signers") == "fabu"
    for wrong, signers in (
        (replace(signed, content=b"manifesT"), "fabu"),
        (signed, "other"),
        (SignedManifest(b"manifest"), "fabu"),
        (SignedManifest(b"manifest", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"), "fabu"),
    ):
        with pytest.raises(MachineryError):
            verify(wrong, tmp_path / f"{signers}.signers")
    with pytest.raises(MachineryError, match="not-signed"):
        sign(b"manifest", tmp_path / "missing")


def test_a_signature_for_something_else_is_refused(tmp_path: Path) -> None:
    key = make_key(tmp_path, "fabu")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key)]
    signature = subprocess.run(command, input=b"manifest", capture_output=True, check=True).stdout
    with pytest.raises(MachineryError):
        verify(SignedManifest(b"manifest", signature), tmp_path / "fabu.signers")


def test_a_local_release_is_signed_where_a_key_is_named(county: World) -> None:
    make_key(county.root, "fabu")
    county.write("targets.toml", '[public]\nkey = "fabu"\n')
    county.write(NEWS, news("局四"))
    assert county.run("publish").returncode == 0
    release = live(county).parent
    signed = SignedManifest((release / "manifest.json").read_bytes(), (release / "manifest.json.sig").read_bytes())
    assert verify(signed, county.root / "fabu.signers") == "fabu"


def test_faults_of_the_targets_file_are_all_told(county: World) -> None:
    county.write("targets.toml", '[pubic]\nkeep = 3\n[targets.a]\nkind = "directry"\nfolder = 1\n')
    answer = county.run("publish")
    assert answer.returncode == 2
    assert "targets.toml" in answer.stdout
    for word in ("public", "directory", "folder"):
        assert word in answer.stdout
    shutil.rmtree(county.root / "build")
    assert county.run("publish", "--target", "x").returncode == 2


def test_another_folder_is_a_target_too(county: World, tmp_path: Path) -> None:
    county.write("targets.toml", f'[targets.web]\nkind = "directory"\nfolder = "{tmp_path}/web"\n')
    assert county.run("publish", "--target", "web").returncode == 0
    sites = tmp_path / "web/current/sites"
    assert served(sites.resolve()) == served(live(county))
    assert county.run("rollback", "--target", "web").returncode == 2
    county.write(NEWS, news("局四"))
    assert county.run("publish", "--target", "web").returncode == 0
    assert "局四" in (sites / PAGE).read_text("utf-8")
    assert title(county) == "局三"
    assert county.run("rollback", "--target", "web").returncode == 0
    assert "局三" in (sites / PAGE).read_text("utf-8")
    assert (tmp_path / "web/current").readlink().parent == Path("releases")


def test_verify_tells_how_far_a_mirror_lags(county: World, tmp_path: Path) -> None:
    mirror = f'[targets.spare]\nkind = "directory"\nfolder = "{tmp_path}/spare"\n'
    web = f'[targets.web]\nkind = "directory"\nfolder = "{tmp_path}/web"\nmirror = "spare"\n'
    county.write("targets.toml", mirror + web)
    assert county.run("publish", "--target", "web").returncode == 0
    assert served((tmp_path / "spare/current/sites").resolve()) == served((tmp_path / "web/current/sites").resolve())
    assert county.run("verify", "--target", "web").returncode == 0
    (tmp_path / "spare").rename(tmp_path / "away")
    (tmp_path / "spare").write_text("the disk is gone", encoding="utf-8")
    county.write(NEWS, news("局四"))
    answer = county.run("publish", "--target", "web", "--clock", "2026-11-22T12:30:00+08:00")
    assert answer.returncode == 1
    assert "spare" in answer.stdout
    assert "局四" in (tmp_path / "web/current/sites" / PAGE).read_text("utf-8")
    (tmp_path / "spare").unlink()
    (tmp_path / "away").rename(tmp_path / "spare")
    answer = county.run("verify", "--target", "web")
    assert answer.returncode == 1
    assert "spare" in answer.stdout
    assert "30" in answer.stdout
    assert county.run("publish", "--target", "web").returncode == 0
    assert county.run("verify", "--target", "web").returncode == 0
    assert "局四" in (tmp_path / "spare/current/sites" / PAGE).read_text("utf-8")
