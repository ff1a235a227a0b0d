"""The files of `sites/`: what they may say, and that every fault is told at once, with its place and a way out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from govgen.errors import ConfigurationError
from govgen.model.county import County, Mount, SectionKind, Site
from govgen.model.finding import Finding
from govgen.model.rules import SEVERITIES
from govgen.repo.checkout import Checkout
from govgen.sites.kinds import STANDARD_SECTIONS
from govgen.sites.load import load_county
from govgen.texts import load_texts
from tests.world import COUNTY, MZJ, PORTAL, QINGSHUI, World

PORTAL_SITE = 'name = "云岭县人民政府"\nkind = "portal"\n'
MZJ_SITE = 'name = "云岭县民政局"\nkind = "department"\n'
QINGSHUI_SITE = 'name = "清水镇人民政府"\nkind = "township"\n'
COUNTY_LINES = COUNTY.count("\n")


def load(world: World) -> County:
    """Return the county of a world."""
    return load_county(Checkout(world.root))


def site_of(world: World, site_id: str) -> Site:
    """Return one site of a world's county."""
    site = load(world).find_site(site_id)
    assert site is not None
    return site


def faults(world: World) -> list[Finding]:
    """Return what is wrong with a world's configuration; nothing if it can be loaded."""
    try:
        load(world)
    except ConfigurationError as error:
        return list(error.findings)
    return []


def mzj(more: str) -> tuple[str, str]:
    """Return a department's file with these lines from the third on."""
    return "mzj", MZJ_SITE + more


def qingshui(more: str) -> tuple[str, str]:
    """Return a township's file with these lines from the third on."""
    return "qingshui", QINGSHUI_SITE + more


def county(old: str, new: str) -> tuple[str, str]:
    """Return the county's file with a piece of it changed."""
    assert old in COUNTY
    return "_county", COUNTY.replace(old, new)


def county_and(more: str) -> tuple[str, str]:
    """Return the county's file with these lines after its last."""
    return "_county", COUNTY + more


AFTER = COUNTY_LINES + 1
SECTION = '[[sections]]\nid = "{}"\nname = "某"\nkind = "news"\n'

FAULTS: dict[str, tuple[tuple[str, str], str, int | None, str, str]] = {
    # name: file and text; rule; line; key; guess (or the value it speaks of)
    "key of a site": (mzj('shrot_name = "局"\n'), "CFG-UNKNOWN", 3, "shrot_name", "short_name"),
    "key of the county": (county("full_name", "fullname"), "CFG-UNKNOWN", 4, "county.fullname", "full_name"),
    "table of the county": (county_and('[mounts]\ndefault = "path"\n'), "CFG-UNKNOWN", AFTER, "mounts", "mount"),
    "key of a section": (
        mzj('[[sections]]\nid = "news"\n\n[[sections]]\nid = "data"\nfreshness_day = 3\n'),
        *("CFG-UNKNOWN", 8, "sections.1.freshness_day", "freshness_days"),
    ),
    "key of a village": (
        qingshui('[[villages]]\nid = "a"\nname = "甲村"\nnames = "x"\n'),
        *("CFG-UNKNOWN", 6, "villages.0.names", "name"),
    ),
    "kind of site": (county_and("[kinds.town]\n"), "CFG-UNKNOWN", AFTER, "kinds.town", "township"),
    "no name": (("mzj", 'kind = "department"\n'), "CFG-REQUIRED", None, "name", ""),
    "an empty name": (("mzj", 'name = " "\nkind = "department"\n'), "CFG-REQUIRED", 1, "name", ""),
    "no phone": (county('phone = "0000-1234567"\n', ""), "CFG-REQUIRED", 8, "identity.phone", ""),
    "no channels": (("_county", COUNTY.partition("[channels]")[0]), "CFG-REQUIRED", None, "channels", ""),
    "a village without name": (qingshui('[[villages]]\nid = "a"\n'), "CFG-REQUIRED", 3, "villages.0.name", ""),
    "a section without id": (mzj('[[sections]]\nname = "某"\n'), "CFG-REQUIRED", 3, "sections.0.id", ""),
    "a new section without name": (
        mzj('[[sections]]\nid = "tourism"\nkind = "news"\n'),
        *("CFG-REQUIRED", 3, "sections.0.name", ""),
    ),
    "a new section of a kind without kind": (
        county_and('[[kinds.township.sections]]\nid = "tourism"\nname = "旅游"\n'),
        *("CFG-REQUIRED", AFTER, "kinds.township.sections.0.kind", ""),
    ),
    "number for text": (mzj("phone = 123\n"), "CFG-TYPE", 3, "phone", "text"),
    "text for number": (
        mzj('[[sections]]\nid = "news"\nfreshness_days = "30"\n'),
        *("CFG-TYPE", 5, "sections.0.freshness_days", "number"),
    ),
    "yes for number": (county_and("[lists]\nhome = true\n"), "CFG-TYPE", AFTER + 1, "lists.home", "number"),
    "text for texts": (mzj('editors = "li@example.org"\n'), "CFG-TYPE", 3, "editors", "texts"),
    "number in texts": (mzj("editors = [7]\n"), "CFG-TYPE", 3, "editors.0", "texts"),
    "table for tables": (mzj('[sections]\nid = "news"\n'), "CFG-TYPE", 3, "sections", "tables"),
    "text for table": (("_county", 'mount = "path"' + COUNTY), "CFG-TYPE", 1, "mount", "table"),
    "list for time zone": (
        county("[identity]", 'timezone = ["Asia/Shanghai"]\n[identity]'),
        *("CFG-TYPE", 8, "county.timezone", "text"),
    ),
    "kind": (("mzj", 'name = "局"\nkind = "departement"\n'), "CFG-CHOICE", 2, "kind", "department"),
    "mount": (mzj('mount = "paths"\n'), "CFG-CHOICE", 3, "mount", "path"),
    "default mount": (
        county_and('[mount]\ndefault = "sub-domain"\n'),
        *("CFG-CHOICE", AFTER + 1, "mount.default", "subdomain"),
    ),
    "kind of section": (
        mzj('[[sections]]\nid = "x"\nname = "某"\nkind = "new"\n'),
        *("CFG-CHOICE", 6, "sections.0.kind", "news"),
    ),
    "section where the program writes": (
        mzj(SECTION.format("assets")),
        *("CFG-CHOICE", 4, "sections.0.id", "assets-1"),
    ),
    "section of a kind where the program writes": (
        county_and(SECTION.format("files").replace("sections", "kinds.department.sections")),
        *("CFG-CHOICE", AFTER + 1, "kinds.department.sections.0.id", "files-1"),
    ),
    "host where the program writes": (mzj('host = "sites"\n'), "CFG-CHOICE", 3, "host", "sites-1"),
    "villages of a department": (
        mzj('[[villages]]\nid = "a"\nname = "甲村"\n'),
        *("CFG-CHOICE", 2, "kind", "township"),
    ),
    "domain with a scheme": (county("yunling.gov", "http://yunling.gov"), "CFG-FORM", 5, "county.domain", ""),
    "domain of one word": (county("yunling.gov.example", "yunling"), "CFG-FORM", 5, "county.domain", ""),
    "site code": (county("5309990001", "530999"), "CFG-FORM", 9, "identity.site_code", ""),
    "police number": (county('"53099902000001"', '"滇公网安备1号"'), "CFG-FORM", 11, "identity.police", ""),
    "division code": (county('"530999"', '"5309"'), "CFG-FORM", 6, "county.division_code", ""),
    "web address": (county("https://hudong", "hudong"), "CFG-FORM", 18, "channels.consultation", ""),
    "time zone": (
        county("[identity]", 'timezone = "Asia/Yunling"\n[identity]'),
        *("CFG-FORM", 8, "county.timezone", "Asia/Yunling"),
    ),
    "host in capitals": (mzj('host = "MZJ"\n'), "CFG-FORM", 3, "host", "MZJ"),
    "host with a dot": (mzj('host = "a.b"\n'), "CFG-FORM", 3, "host", "a.b"),
    "village in Chinese": (
        qingshui('[[villages]]\nid = "上河"\nname = "上河村"\n'),
        *("CFG-FORM", 4, "villages.0.id", "上河"),
    ),
    "file name in capitals": (("Min_Zheng", MZJ_SITE), "CFG-FORM", None, "Min_Zheng", ""),
    "host of another site": (qingshui('host = "mzj"\n'), "CFG-TWICE", 3, "host", "mzj"),
    "host of the portal": (qingshui('host = "www"\n'), "CFG-TWICE", 3, "host", "www"),
    "host like a section of the portal": (qingshui('host = "leaders"\n'), "CFG-TWICE", 3, "host", "leaders"),
    "section twice": (
        mzj('[[sections]]\nid = "news"\n[[sections]]\nid = "news"\n'),
        *("CFG-TWICE", 6, "sections.1.id", "news"),
    ),
    "section of a kind twice": (
        county_and('[[kinds.township.sections]]\nid = "news"\n' * 2),
        *("CFG-TWICE", AFTER + 3, "kinds.township.sections.1.id", "news"),
    ),
    "village twice": (
        qingshui('[[villages]]\nid = "a"\nname = "甲"\n' * 2),
        *("CFG-TWICE", 7, "villages.1.id", "a"),
    ),
    "a banner without words": (
        county_and('[[banners]]\nends = "2026-12-01"\n'),
        *("CFG-REQUIRED", AFTER, "banners.0.text", ""),
    ),
    "a banner without end": (
        county_and('[[banners]]\ntext = "停水"\n'),
        *("CFG-ENDLESS", AFTER, "banners.0.ends", ""),
    ),
    "a banner of a site without end": (
        mzj('[[banners]]\ntext = "停水"\nends = " "\n'),
        *("CFG-ENDLESS", 5, "banners.0.ends", ""),
    ),
    "level of a banner": (
        county_and('[[banners]]\ntext = "停水"\nlevel = "alarm"\nends = "2026-12-01"\n'),
        *("CFG-CHOICE", AFTER + 2, "banners.0.level", "alert"),
    ),
    "time of a banner": (
        county_and('[[banners]]\ntext = "停水"\nends = "12月1日"\n'),
        *("CFG-FORM", AFTER + 2, "banners.0.ends", "12月1日"),
    ),
    "time of day for a moment": (
        county_and('[[banners]]\ntext = "停水"\nends = 08:00:00\n'),
        *("CFG-TYPE", AFTER + 2, "banners.0.ends", "time"),
    ),
    "address of a banner": (
        county_and('[[banners]]\ntext = "停水"\nurl = "/a.html"\nends = "2026-12-01"\n'),
        *("CFG-FORM", AFTER + 2, "banners.0.url", "/a.html"),
    ),
    "a banner that ends before it begins": (
        county_and('[[banners]]\ntext = "停水"\nstarts = 2026-12-01T08:00:00\nends = "2026-12-01"\n'),
        *("CFG-PERIOD", AFTER + 3, "banners.0.ends", "2026-12-01"),
    ),
    "a banner that ends before it begins elsewhere": (
        county_and('[[banners]]\ntext = "停水"\nstarts = "2026-12-01 08:00"\nends = 2026-12-01T00:00:00Z\n'),
        *("CFG-PERIOD", AFTER + 3, "banners.0.ends", "2026-12-01 00:00:00+00:00"),
    ),
    "site of a banner": (
        county_and('[[banners]]\ntext = "停水"\nends = "2026-12-01"\nsites = ["mzj", "qinshui"]\n'),
        *("CFG-CHOICE", AFTER + 3, "banners.0.sites", "qingshui"),
    ),
    "sites for a site's own banner": (
        mzj('[[banners]]\ntext = "停水"\nends = "2026-12-01"\nsites = ["mzj"]\n'),
        *("CFG-UNKNOWN", 6, "banners.0.sites", ""),
    ),
    "mourning without beginning": (
        county_and('[[mourning]]\nends = "2026-12-01"\n'),
        *("CFG-REQUIRED", AFTER, "mourning.0.starts", ""),
    ),
    "mourning without end": (
        county_and('[[mourning]]\nstarts = "2026-12-01"\n'),
        *("CFG-ENDLESS", AFTER, "mourning.0.ends", ""),
    ),
    "mourning of a site": (
        mzj('[[mourning]]\nstarts = "2026-12-01"\nends = "2026-12-02"\n'),
        *("CFG-UNKNOWN", 3, "mourning", ""),
    ),
    "second portal": (("qingshui", PORTAL_SITE), "CFG-PORTAL", 2, "kind", ""),
    "broken TOML": (mzj('phone = "unclosed\n'), "CFG-SYNTAX", 3, "", ""),
    "key twice in TOML": (mzj('name = "又"\n'), "CFG-SYNTAX", 3, "", ""),
}


ALSO_MISSING = {"key of the county", "a section without id"}
"""Faults another follows from: what was misspelt is missing."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_file_and_line_and_a_guess(world: Callable[..., World], name: str) -> None:
    (file, text), rule, line, key, guess = FAULTS[name]
    place = world()
    place.write(f"sites/{file}.toml", text)
    told = faults(place)
    found = [f for f in told if f.rule == rule and f.values.get("key", "") == key]
    assert [(finding.path, finding.line) for finding in found] == [(f"sites/{file}.toml", line)]
    assert guess in " ".join(found[0].values.values())
    assert len(told) == 1 or name in ALSO_MISSING
    for language in ("zh", "en"):
        texts = load_texts(language)
        assert key in texts.message(found[0])
        assert "{" not in texts.message(found[0]) + texts.remedy(found[0])


def test_a_county_without_its_file_or_without_a_portal_is_faulty(world: Callable[..., World]) -> None:
    bare = world()
    bare.remove("sites/_county.toml")
    assert [(f.rule, f.path) for f in faults(bare)] == [("CFG-MISSING", "sites/_county.toml")]
    headless = world()
    headless.remove("sites/portal.toml")
    assert [(f.rule, f.path) for f in faults(headless)] == [("CFG-PORTAL", "sites/_county.toml")]


def test_a_file_that_is_not_text_is_faulty(world: Callable[..., World]) -> None:
    place = world()
    place.write("sites/mzj.toml", MZJ_SITE.encode("gbk"))
    assert [(f.rule, f.path) for f in faults(place)] == [("CFG-SYNTAX", "sites/mzj.toml")]


def test_every_rule_of_configuration_is_provoked_here() -> None:
    provoked = {rule for _, rule, *_ in FAULTS.values()} | {"CFG-MISSING"}
    assert provoked == {rule for rule in SEVERITIES if rule.startswith("CFG-")}


FAULTY = {
    "_county": COUNTY.replace("full_name", "fullname").replace('"53099902000001"', '"none"'),
    "mzj": MZJ_SITE + 'shrot_name = "局"\n' + '[[sections]]\nid = "news"\n' * 2,
    "qingshui": 'kind = "township"\nhost = "mzj"\n',
    "jyj": MZJ_SITE + "phone = 1\nmount = \n",
    "wjj": PORTAL_SITE + 'editors = "x"\n',
    "yangliu": QINGSHUI_SITE + 'host = "news"\n[[villages]]\nid = "a"\nname = "甲"\nnmae = "x"\n',
}


def test_all_faults_of_all_files_are_told_at_once(world: Callable[..., World]) -> None:
    place = world()
    for file, text in FAULTY.items():
        place.write(f"sites/{file}.toml", text)
    told = [(f.rule, f.path.removeprefix("sites/").removesuffix(".toml"), f.line) for f in faults(place)]
    assert told == [
        ("CFG-REQUIRED", "_county", 2),
        ("CFG-UNKNOWN", "_county", 4),
        ("CFG-FORM", "_county", 11),
        ("CFG-SYNTAX", "jyj", 4),
        ("CFG-UNKNOWN", "mzj", 3),
        ("CFG-TWICE", "mzj", 7),
        ("CFG-REQUIRED", "qingshui", None),
        ("CFG-TWICE", "qingshui", 2),
        ("CFG-PORTAL", "wjj", 2),
        ("CFG-TYPE", "wjj", 3),
        ("CFG-TWICE", "yangliu", 3),
        ("CFG-UNKNOWN", "yangliu", 7),
    ]


@pytest.mark.parametrize("command", ["build", "check", "publish", "list documents"])
def test_a_command_lists_all_faults_and_exits_2(world: Callable[..., World], command: str) -> None:
    place = world()
    for file, text in FAULTY.items():
        place.write(f"sites/{file}.toml", text)
    answer = place.run(*command.split())
    assert answer.returncode == 2
    assert "Traceback" not in answer.stdout + answer.stderr
    assert len(re.findall(r"\[CFG-[A-Z]+\]", answer.stdout)) == 12
    for file in FAULTY:
        assert f"sites/{file}.toml" in answer.stdout
    assert "第 3 行" in answer.stdout
    assert "是不是：short_name" in answer.stdout
    assert not (place.root / "build" / "public").exists()
    assert not (place.root / "public").exists()


def test_faults_are_told_as_json_where_json_is_asked_for(world: Callable[..., World]) -> None:
    place = world()
    place.write("sites/mzj.toml", MZJ_SITE + "phone = 1\n")
    answer = place.run("build", "--json")
    assert answer.returncode == 2
    (finding,) = json.loads(answer.stdout)["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == ("CFG-TYPE", "sites/mzj.toml", 3)


def test_a_site_file_of_five_lines_makes_a_whole_site(world: Callable[..., World]) -> None:
    place = world("""
-- sites/yangliu.toml --
name = "杨柳镇人民政府"
short_name = "杨柳镇"
kind = "township"
phone = "0000-7654321"
address = "杨柳镇街上1号"
""")
    site = site_of(place, "yangliu")
    assert (site.host, site.mount) == ("yangliu", Mount.SUBDOMAIN)
    assert [s.id for s in site.sections] == [s.id for s in STANDARD_SECTIONS[site.kind]]
    built = place.build()
    host = "yangliu.yunling.gov.example"
    assert all(built.has(f"{host}/{section.id}/index.html") for section in site.sections)
    assert "0000-7654321" in built.text(f"{host}/index.html")
    assert built.page(f"{PORTAL}/sites/index.html").find("a", href=f"https://{host}/")
    assert not built.report.findings


def test_a_host_may_differ_from_the_id(world: Callable[..., World]) -> None:
    place = world()
    place.write("sites/mzj.toml", MZJ_SITE + 'host = "minzheng"\n')
    place.write("content/mzj/news/2026-01-01-a.md", "---\ntitle: 甲\n---\n文\n")
    built = place.build()
    assert built.has("minzheng.yunling.gov.example/news/2026-01-01-a.html")
    assert not (built.output / MZJ).exists()


def test_the_county_changes_the_sections_of_a_kind_and_a_site_its_own(world: Callable[..., World]) -> None:
    tables = """
[[kinds.township.sections]]
id = "tourism"
name = "乡村旅游"
kind = "news"
freshness_days = 30

[[kinds.township.sections]]
id = "news"
freshness_days = 7
"""
    place = world()
    place.write("sites/_county.toml", COUNTY + tables)
    own = '[[sections]]\nid = "tourism"\nname = "文旅"\n\n[[sections]]\nid = "news"\nname = "本镇要闻"\n'
    place.write("sites/qingshui.toml", QINGSHUI_SITE + own)
    place.write("sites/yangliu.toml", QINGSHUI_SITE.replace("清水", "杨柳"))
    sections = {(s.id, x.id): (x.name, x.kind, x.freshness_days) for s in load(place).sites for x in s.sections}
    assert sections["yangliu", "tourism"] == ("乡村旅游", SectionKind.NEWS, 30)
    assert sections["yangliu", "news"] == ("乡镇动态", SectionKind.NEWS, 7)
    assert sections["qingshui", "tourism"] == ("文旅", SectionKind.NEWS, 30)
    assert sections["qingshui", "news"] == ("本镇要闻", SectionKind.NEWS, 7)
    assert sections["mzj", "news"][2] == 14
    assert ("mzj", "tourism") not in sections
    place.write("content/qingshui/tourism/2026-05-01-hua.md", "---\ntitle: 赏花\n---\n文\n")
    built = place.build()
    assert "赏花" in built.words(f"{QINGSHUI}/tourism/index.html")
    assert built.page(f"{QINGSHUI}/tourism/index.html").h1.get_text(strip=True) == "文旅"  # type: ignore[union-attr]
    assert built.has("yangliu.yunling.gov.example/tourism/index.html")
    assert not built.has(f"{MZJ}/tourism/index.html")


def test_villages_bring_their_own_sections(world: Callable[..., World]) -> None:
    site = site_of(world(), "qingshui")
    assert [s.id for s in site.sections if s.village] == ["villages/shanghe/news", "villages/shanghe/notices"]


def test_the_county_sets_the_mount_that_sites_do_not_set_themselves(world: Callable[..., World]) -> None:
    place = world()
    place.write("sites/_county.toml", COUNTY + '[mount]\ndefault = "path"\n')
    place.write("sites/mzj.toml", MZJ_SITE + 'mount = "subdomain"\n')
    mounts = {site.id: site.mount for site in load(place).sites}
    assert mounts == {"portal": Mount.SUBDOMAIN, "mzj": Mount.SUBDOMAIN, "qingshui": Mount.PATH}
