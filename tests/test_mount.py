"""Switching where a site is mounted: by one line, there and back, without one address lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from govgen.check.pages import BuiltPage, read_pages
from govgen.check.run import check_page
from govgen.render.ledger import LEDGER
from tests.world import COUNTY as COUNTY_FILE
from tests.world import MZJ, PORTAL, QINGSHUI, Built, World

COUNTY = """
-- content/qingshui/index.md --
---
title: 清水镇
summary: 一个镇。
---
本镇在山下，见[通知](notices/2026-01-03-春耕备耕.md)和[民政局](mzj:index)。
-- content/qingshui/notices/2026-01-03-春耕备耕.md --
---
title: 春耕备耕
aliases: [/old/chungeng.html, /old/folder/]
submit: [notices]
attachments: [{file: biao.csv, title: 申请表}]
topics: [spring]
---
见[救助](mzj:notices/2026-01-01-aid)、[门户](portal:index)、[修路](/villages/shanghe/news/2026-01-04-road.html)、
[救助又](../../mzj/notices/2026-01-01-aid.md#第一条)、[本栏目](/notices/)、[附件](biao.csv)。

![表上的图](tu.svg)
-- content/qingshui/notices/biao.csv --
姓名,数量
甲,1
-- content/qingshui/notices/tu.svg --
<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>
-- content/qingshui/notices/2026-02-03-withdrawn.md --
---
title: 撤回
status: withdrawn
---
文
-- content/qingshui/services/pension.md --
---
title: 养老补助
---
文
-- content/qingshui/villages/shanghe/news/2026-01-04-road.md --
---
title: 修路
---
文
-- content/mzj/notices/2026-01-01-aid.md --
---
title: 救助
aliases: [/old/aid.html]
---
## 第一条

见[春耕](qingshui:notices/2026-01-03-春耕备耕)、[镇](qingshui:index)、[村](qingshui:villages/shanghe)。
-- content/mzj/interpretations/2026-01-09-reading.md --
---
title: 解读
interprets: qingshui:policies/2026-01-08-rules
---
文
-- content/qingshui/policies/2026-01-08-rules.md --
---
title: 镇里的规定
---
文
-- content/portal/topics/spring.md --
---
title: 春耕专题
---
文
-- content/portal/news/_adopted.toml --
documents = ["qingshui:notices/2026-01-03-chun-geng-bei-geng"]
"""

HEAD = 'name = "清水镇人民政府"\nshort_name = "清水镇"\nkind = "township"\nhost = "qs"\n'
VILLAGES = '[[villages]]\nid = "shanghe"\nname = "上河村"\n'
QS = "qs.yunling.gov.example"
BELOW_PORTAL = f"{PORTAL}/qs"


def mounted(county: World, mount: str) -> Built:
    """Return the county built into its one output folder with the township mounted like this."""
    county.write("sites/qingshui.toml", f'{HEAD}mount = "{mount}"\n{VILLAGES}')
    return county.build()


def html_files(built: Built) -> set[str]:
    """Return the addresses of all pages, redirects included, as host and file."""
    return {path for path in built.files() if path.endswith(".html")}


def goal_of(page: BuiltPage) -> Path | None:
    """Return the file a redirect page leads to; None for a page of its own."""
    if not page.is_redirect:
        return None
    (canonical,) = page.soup.select('link[rel="canonical"]')
    (refresh,) = page.soup.select('meta[http-equiv="refresh"]')
    assert refresh["content"] == f"0; url={canonical['href']}"
    return page.find_file(str(canonical["href"]))


def assert_is_sound(built: Built) -> None:
    """Hold every page against the rules of pages, and every redirect against where it leads."""
    pages = list(read_pages(built.output))
    assert [finding for page in pages for finding in check_page(page)] == []
    for page in pages:
        goal = goal_of(page)
        if goal is not None:
            assert goal.is_file(), page.path
            assert goal != built.output / page.path
            assert 'http-equiv="refresh"' not in goal.read_text(encoding="utf-8"), page.path
    ledger = set((built.output / LEDGER).read_text(encoding="utf-8").split("\n")) - {""}
    assert ledger >= built.files().keys()


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Return copies of one output folder: before, after switching to a path, and after switching back."""
    county = World(tmp_path_factory.mktemp("mount") / "county", COUNTY)
    kept: dict[str, Built] = {}
    for name, mount in (("before", "subdomain"), ("path", "path"), ("back", "subdomain")):
        built = mounted(county, mount)
        # The next build goes on in the folder as this one left it.
        shutil.copytree(built.output, county.root / name)
        kept[name] = Built(built.report, county.root / name)
    return kept


@pytest.mark.parametrize("name", ["before", "path", "back"])
def test_every_page_and_redirect_is_sound_after_each_step(steps: dict[str, Built], name: str) -> None:
    assert not steps[name].report.findings
    assert_is_sound(steps[name])


@pytest.mark.parametrize(("earlier", "later"), [("before", "path"), ("path", "back"), ("before", "back")])
def test_every_address_of_before_answers_after(steps: dict[str, Built], earlier: str, later: str) -> None:
    assert html_files(steps[earlier]) - html_files(steps[later]) == set()


def test_the_pages_stand_below_the_portal_while_mounted_by_path(steps: dict[str, Built]) -> None:
    before, path = steps["before"], steps["path"]
    name = "notices/2026-01-03-chun-geng-bei-geng.html"
    assert "春耕备耕" in path.words(f"{BELOW_PORTAL}/{name}")
    for page in html_files(before):
        host, _, below = page.partition("/")
        if host == QS and below != "404.html":
            goal = path.page(page).find("link", rel="canonical")
            assert goal is not None
            goal_path = urlsplit(str(goal["href"])).path
            assert below.startswith("old/") or goal_path == f"/qs/{below}".removesuffix("index.html")
            assert path.has(f"{BELOW_PORTAL}/{below}")
    canonical = path.page(f"{BELOW_PORTAL}/{name}").find("link", rel="canonical")
    assert canonical is not None
    assert canonical["href"] == f"https://{PORTAL}/qs/{name}"


def test_links_between_sites_follow_the_mount(steps: dict[str, Built]) -> None:
    aid = f"{MZJ}/notices/2026-01-01-aid.html"
    by_host = {a.get_text(): a["href"] for a in steps["before"].page(aid).select(".prose a")}
    by_path = {a.get_text(): a["href"] for a in steps["path"].page(aid).select(".prose a")}
    assert by_host == {
        "春耕": f"https://{QS}/notices/2026-01-03-chun-geng-bei-geng.html",
        "镇": f"https://{QS}/",
        "村": f"https://{QS}/villages/shanghe/",
    }
    assert by_path == {words: str(href).replace(QS, BELOW_PORTAL) for words, href in by_host.items()}
    own = steps["path"].page(f"{BELOW_PORTAL}/notices/2026-01-03-chun-geng-bei-geng.html")
    hrefs = {a.get_text(): a["href"] for a in own.select(".prose a")}
    assert hrefs["本栏目"] == "/qs/notices/"
    assert hrefs["门户"] == "/"
    assert hrefs["救助"] == f"https://{MZJ}/notices/2026-01-01-aid.html"
    assert str(hrefs["附件"]).startswith("/qs/files/")
    assert str(own.select(".prose img")[0]["src"]).startswith("/qs/images/")


def test_the_portal_lists_a_site_mounted_below_it_by_its_new_addresses(steps: dict[str, Built]) -> None:
    for page in (f"{PORTAL}/index.html", f"{PORTAL}/news/index.html", f"{PORTAL}/sites/index.html"):
        assert f"https://{QS}/" in steps["before"].text(page)
        assert f"https://{QS}/" not in steps["path"].text(page)
        assert 'href="/qs/' in steps["path"].text(page)
    assert f"https://{PORTAL}/qs/sitemap.xml" in steps["path"].text(f"{PORTAL}/sitemap.xml")
    assert f"https://{PORTAL}/qs/notices/" in steps["path"].text(f"{BELOW_PORTAL}/feed.xml")


def test_switching_back_gives_the_first_build_again_and_redirects_from_the_path(steps: dict[str, Built]) -> None:
    before, back = steps["before"].files(), steps["back"].files()
    assert {path: content for path, content in back.items() if path in before} == before
    assert set(back) == set(before)


def test_files_that_vanished_are_gone_and_their_folders_too(steps: dict[str, Built]) -> None:
    before, path = steps["before"].files(), steps["path"].files()
    gone = {file for file in before if file not in path}
    assert f"{QS}/robots.txt" in gone
    assert f"{QS}/feed.xml" in gone
    assert steps["path"].report.removed == len(gone)
    for folder in (steps["path"].output / QS).rglob("*"):
        assert folder.is_file() or any(folder.iterdir())


def test_a_build_in_an_empty_folder_is_equal_to_one_after_a_switch(tmp_path: Path) -> None:
    county = World(tmp_path / "county", COUNTY)
    mounted(county, "subdomain")
    switched = mounted(county, "path")
    fresh = county.build("build/fresh")
    assert fresh.files() == switched.files()


def test_a_document_deleted_while_mounted_elsewhere_leaves_no_redirect(tmp_path: Path) -> None:
    county = World(tmp_path / "county", COUNTY)
    mounted(county, "subdomain")
    county.remove("content/qingshui/villages/shanghe/news/2026-01-04-road.md")
    built = mounted(county, "path")
    assert not [path for path in built.files() if "2026-01-04-road" in path]
    assert built.findings("LNK-INT")


def test_a_whole_county_mounted_by_path_is_sound(tmp_path: Path) -> None:
    county = World(tmp_path / "county", COUNTY)
    county.write("sites/_county.toml", COUNTY_FILE + '[mount]\ndefault = "path"\n')
    built = county.build()
    assert_is_sound(built)
    assert built.has(f"{PORTAL}/mzj/notices/2026-01-01-aid.html")
    assert built.has(f"{PORTAL}/qingshui/villages/shanghe/index.html")
    for host in (MZJ, QINGSHUI):
        pages = [page for page in read_pages(built.output) if page.host == host]
        assert len(pages) > 10
        assert all(page.is_redirect for page in pages)
    assert not (built.output / MZJ / "robots.txt").exists()


def test_a_site_whose_mount_nobody_set_has_no_redirects_from_the_other_one(tmp_path: Path) -> None:
    county = World(tmp_path / "county", COUNTY)
    county.write("sites/qingshui.toml", HEAD + VILLAGES)
    built = county.build()
    assert built.has(f"{QS}/notices/2026-01-03-chun-geng-bei-geng.html")
    assert not [path for path in built.files() if path.startswith(f"{BELOW_PORTAL}/")]
    assert_is_sound(built)
