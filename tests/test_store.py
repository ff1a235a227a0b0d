"""What a store keeps of releases: what stays, what goes, what is shared, and what web servers read besides pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from govgen.release.objects import digest_of
from govgen.release.store import Store
from tests.test_publish import NEWS, PAGE, assert_is_complete, listed, live, news, served
from tests.thrice import OTHER, OTHER_PAGE, ids, publish_thrice
from tests.world import MZJ, PORTAL, World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    return publish_thrice(world())


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
