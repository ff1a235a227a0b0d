"""Publishing where an nginx of this machine serves: it is looked at before, and told of what it must read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from govgen.release.store import Store
from tests.nginx import county_of, eventually, require_nginx, serve
from tests.world import MZJ, NOON, World

NEWS = "content/mzj/news/2026-01-01-a.md"
OTHER = "content/mzj/news/2026-02-01-b.md"
NEW, LOST = "旧网址有新的跳转", "旧网址的跳转有的撤了或者改了"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a published county; one page has an old address."""
    county = World(tmp_path_factory.mktemp("origin") / "county")
    write_news(county, "甲")
    assert county.run("publish").returncode == 0
    return county


@pytest.fixture
def county(origin: World, tmp_path: Path) -> World:
    """Return a copy of the county."""
    return origin.copy(tmp_path / "county")


def write_news(county: World, title: str, aliases: str = "/old/a.html") -> None:
    """Write the one document anew."""
    county.write(NEWS, f"---\ntitle: {title}\naliases: [{aliases}]\n---\n正文。\n")


def write_nginx_settings(county: World, folder: Path) -> tuple[Path, Path]:
    """Have publishes look at a configuration of nginx; return it, and a file that it includes."""
    require_nginx()
    file, included = folder / "nginx.conf", folder / "included.conf"
    file.write_text(
        f"pid {folder}/pid; error_log {folder}/log; events {{}} http {{ access_log off; include {included}; }}"
    )
    county.write("targets.toml", f'[public]\nnginx = "{file}"\n')
    return file, included


def test_nothing_is_published_where_nginx_would_not_start_again(county: World, tmp_path: Path) -> None:
    file, included = write_nginx_settings(county, tmp_path)
    before = Store(county.root / ".govgen").find_live_id()
    write_news(county, "丁")
    included.write_text("servre_tokens off;")
    answer = county.run("publish")
    assert answer.returncode == 3
    assert f"{file} 有错，没有发布" in answer.stderr
    assert "servre_tokens" in answer.stderr
    assert Store(county.root / ".govgen").find_live_id() == before
    included.write_text("server_tokens off;")
    assert county.run("publish").returncode == 0
    assert Store(county.root / ".govgen").find_live_id() > before


def test_a_publisher_who_may_not_read_all_of_the_configuration_is_told_and_publishes(
    county: World, tmp_path: Path
) -> None:
    _, included = write_nginx_settings(county, tmp_path)
    included.touch()
    included.chmod(0)
    write_news(county, "戊")
    # Root reads what it may not, unless it gives that up.
    meek = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    answer = subprocess.run(
        [*meek, sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "publish"],
        cwd=county.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "没能查完 nginx 的配置" in answer.stdout + answer.stderr
    assert "已发布" in answer.stdout


# What nginx must read again


def told(county: World, *command: str) -> set[str]:
    """Run a command that puts something live, and return what it says of redirects."""
    answer = county.run(*command)
    assert answer.returncode == 0, answer.stderr
    said = {words for words in (NEW, LOST) if words in answer.stdout + answer.stderr}
    assert ("reload nginx" in answer.stdout) == bool(said)
    return said


def test_who_publishes_is_told_to_reload_nginx_when_redirects_changed_and_never_else(
    county: World, tmp_path: Path
) -> None:
    write_nginx_settings(county, tmp_path)[1].touch()
    write_news(county, "乙")
    assert told(county, "publish") == set()
    write_news(county, "乙", "/old/a.html, /old/b.html")
    assert told(county, "publish", "--dry-run") == set()
    assert told(county, "publish") == {NEW}
    assert told(county, "publish") == set()
    write_news(county, "丙", "/old/b.html")
    assert told(county, "publish") == {LOST}
    write_news(county, "丙", "/old/b.html, /old/c.html")
    assert json.loads(county.run("publish", "--json").stdout)["reload_nginx"] is True
    write_news(county, "丁", "/old/b.html, /old/c.html")
    assert json.loads(county.run("publish", "--json").stdout)["reload_nginx"] is False
    assert told(county, "rollback") == set()
    assert told(county, "rollback", min(Store(county.root / ".govgen").ids())) == {LOST}
    # Who serves it is nobody's business any more.
    county.remove("targets.toml")
    write_news(county, "戊", "")
    assert told(county, "publish") == set()


def test_a_redirect_that_went_is_followed_until_the_reload_one_is_told_of(county: World, tmp_path: Path) -> None:
    write_news(county, "甲", "/old/a.html, /news/2026-02-01-b.html")
    assert county.run("publish").returncode == 0
    goal = f"https://{MZJ}/news/2026-01-01-a.html"
    with serve(county.root / ".govgen", county_of(county), tmp_path) as server:
        county.write("targets.toml", f'[public]\nnginx = "{tmp_path}/nginx-{server.port}/nginx.conf"\n')
        assert server.get(MZJ, "/news/2026-02-01-b.html").location == goal
        county.write(OTHER, "---\ntitle: 后来的\n---\n正文。\n")
        write_news(county, "甲", "/old/a.html, /old/b.html")
        assert told(county, "publish") == {LOST}
        assert server.get(MZJ, "/news/2026-02-01-b.html").location == goal, "so it is not told in vain"
        assert 'http-equiv="refresh"' in server.get(MZJ, "/old/b.html").text
        server.reload()
        assert eventually(lambda: "后来的" in server.get(MZJ, "/news/2026-02-01-b.html").text)
        assert server.get(MZJ, "/old/b.html").location == goal
