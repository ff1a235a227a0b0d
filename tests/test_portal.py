"""What the portal gathers from the county's sites, and what machines and inspectors read on every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from govgen.catalog.store import Catalog
from govgen.check.pages import BuiltPage, read_pages
from govgen.check.run import check_page
from govgen.model.address import Addresses
from govgen.model.rules import SEVERITIES
from govgen.model.view import Item
from govgen.plan.homes import portal_home
from govgen.plan.pages import DOCUMENT_TEMPLATES
from govgen.plan.scope import Scope
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.texts import load_texts
from tests.world import MZJ, NOON, PORTAL, QINGSHUI, Built, World


def document(title: str, head: str = "", body: str = "正文。") -> str:
    """Return a document's text."""
    return f"---\ntitle: {title}\n{head}---\n{body}\n"


COUNTY = {
    "portal/news/2026-11-01-county.md": document("县里的事"),
    "portal/topics/spring.md": document("春耕专题", "order: 2\nsummary: 农时不等人。\n"),
    "portal/topics/winter.md": document("过冬专题", "order: 1\n"),
    "portal/about/history.md": document("历史沿革"),
    "portal/letters/2026-10-01-lamp.md": document(
        "路灯不亮", "received_on: 2026-09-28\nreplied_on: 2026-10-01\nreplied_by: 县住建局\n"
    ),
    "portal/notices/2026-05-05-gone.md": document("撤回的通知", "status: withdrawn\n"),
    "mzj/index.md": document("民政局", "summary: 管社会救助。\n"),
    "mzj/policies/2026-03-01-pension.md": document("津贴办法", "文号: 云民发〔2026〕1号\ntopics: [spring]\n"),
    "mzj/interpretations/2026-03-02-reading.md": document("怎么领", "interprets: mzj:policies/2026-03-01-pension\n"),
    "mzj/consultations/2026-03-03-call.md": document("征求意见", "opens_on: 2026-03-03\ncloses_on: 2026-04-03\n"),
    "mzj/data/2026-03-04-figures.md": document("低保人数"),
    "mzj/services/aid.md": document("临时救助"),
    "mzj/services/pension.md": document("高龄津贴", "order: 1\n"),
    "qingshui/services/grain.md": document("种粮补贴"),
    "qingshui/news/2026-02-01-plough.md": document("开犁", "topics: [spring]\nsource: 镇农业站\n"),
    "qingshui/villages/shanghe/index.md": document("上河村", body="在河的上游。"),
    "qingshui/villages/shanghe/news/2026-02-02-road.md": document("修路"),
    **{f"mzj/notices/2026-10-{day:02}-n.md": document(f"民政通知{day}", "submit: [notices]\n") for day in range(1, 6)},
    **{f"qingshui/notices/2026-0{month}-15-n.md": document(f"镇通知{month}") for month in range(1, 6)},
}


def write(county: World, documents: dict[str, str]) -> World:
    """Put documents into a world."""
    for path, text in documents.items():
        county.write(f"content/{path}", text)
    return county


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with every kind of page."""
    return write(World(tmp_path_factory.mktemp("portal") / "county"), COUNTY)


@pytest.fixture(scope="module")
def built(county: World) -> Built:
    """Return that county built."""
    return county.build()


def blocks(built: Built, page: str) -> dict[str, list[str]]:
    """Return the titles each block of a page lists, by the block's heading."""
    return {
        block.h2.get_text(strip=True): [a.get_text(strip=True) for a in block.select(".title a, .names a")]
        for block in built.page(page).select("main section.block")
        if block.h2
    }


def titles(built: Built, page: str, selector: str = ".rows .title a") -> list[str]:
    """Return the titles a page lists, in order."""
    return [a.get_text(strip=True) for a in built.page(page).select(f"main {selector}")]


# Gathering


def test_the_home_page_gathers_the_newest_of_all_sites_but_few_of_each(built: Built) -> None:
    shown = blocks(built, f"{PORTAL}/index.html")
    assert shown["通知公告"] == ["民政通知5", "民政通知4", "镇通知5", "镇通知4"]
    assert shown["政务要闻"] == ["县里的事"]
    assert shown["乡镇动态"] == ["修路", "开犁"]
    assert shown["政策文件"] == ["津贴办法"]


def test_the_county_sets_how_many_documents_of_one_site_a_list_takes(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    text = (place.root / "sites/_county.toml").read_text(encoding="utf-8")
    place.write("sites/_county.toml", text + "[lists]\nper_site = 3\nhome = 4\n")
    shown = blocks(place.build(), f"{PORTAL}/index.html")
    assert shown["通知公告"] == ["民政通知5", "民政通知4", "民政通知3", "镇通知5"]


def test_a_gathered_document_names_its_source_and_leads_to_its_own_site(county: World, built: Built) -> None:
    row = next(li for li in built.page(f"{PORTAL}/index.html").select(".rows > li") if "镇通知5" in li.get_text())
    assert "清水镇" in row.get_text()
    assert row.a is not None
    assert row.a["href"] == f"https://{QINGSHUI}/notices/2026-05-15-n.html"
    items = _home_items(county)
    assert {item.title: item.is_elsewhere for item in items}["镇通知5"]
    assert not {item.title: item.is_elsewhere for item in items}["县里的事"]
    assert {item.title: item.source for item in items}["开犁"] == "镇农业站"


def test_a_site_names_no_source_that_its_readers_take_for_granted(built: Built) -> None:
    assert _beside(built, f"{QINGSHUI}/notices/index.html", "镇通知5") == []
    assert _beside(built, f"{QINGSHUI}/news/index.html", "开犁") == ["镇农业站"]
    assert _beside(built, f"{MZJ}/policies/index.html", "津贴办法") == ["云民发〔2026〕1号"]
    assert _beside(built, f"{PORTAL}/index.html", "津贴办法") == ["云民发〔2026〕1号", "县民政局"]


def _beside(built: Built, page: str, title: str) -> list[str]:
    row = next(li for li in built.page(page).select(".rows > li") if title in li.get_text())
    return [span.get_text() for span in row.select(".beside span")]


def _home_items(county: World) -> list[Item]:
    home = load_county(Checkout(county.root))
    catalog = Catalog.open(county.root / "build/cache/catalog.sqlite")
    view = portal_home(Scope(catalog, Addresses(home, home.domain), home.portal, load_texts("zh"), NOON))
    return [*view.news.items, *view.notices.items, *view.townships_news.items]


def test_a_section_of_the_portal_shows_each_sites_newest_under_its_name(built: Built) -> None:
    shown = blocks(built, f"{PORTAL}/notices/index.html")
    assert shown == {"县民政局": ["民政通知5", "民政通知4"], "清水镇": ["镇通知5", "镇通知4"]}


def test_all_services_stand_on_the_portal_by_department(built: Built) -> None:
    shown = blocks(built, f"{PORTAL}/services/index.html")
    assert shown == {"县民政局": ["高龄津贴", "临时救助"], "清水镇": ["种粮补贴"]}
    page = built.page(f"{PORTAL}/services/index.html")
    assert [a["href"] for a in page.select(".jump a")] == ["#site-mzj", "#site-qingshui"]
    assert page.find(id="site-mzj")
    assert page.find("a", href=f"https://{MZJ}/services/aid.html")
    home = built.page(f"{PORTAL}/index.html")
    assert [a.get_text() for a in home.select(".directory h3 a")] == ["县民政局", "清水镇"]


def test_a_letter_shows_who_replied_and_how_fast(built: Built) -> None:
    row = built.page(f"{PORTAL}/letters/index.html").select_one(".rows > li")
    assert row is not None
    assert "县住建局" in row.get_text()
    assert "3 天答复" in row.get_text()
    assert "路灯不亮" in titles(built, f"{PORTAL}/index.html")


def test_a_topic_gathers_from_all_sites_by_kind(built: Built) -> None:
    assert blocks(built, f"{PORTAL}/topics/spring.html") == {"最新动态": ["开犁"], "政策文件": ["津贴办法"]}
    topics = titles(built, f"{PORTAL}/topics/index.html", ".names a")
    assert topics == ["过冬专题", "春耕专题"]
    assert blocks(built, f"{PORTAL}/index.html")["专题"] == topics
    own = built.page(f"{QINGSHUI}/news/2026-02-01-plough.html")
    assert own.find("a", href=f"https://{PORTAL}/topics/spring.html")


def test_a_topic_nobody_made_is_a_finding_that_names_those_there_are(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    place.write("content/mzj/news/2026-01-01-a.md", document("甲", "topics: [sprung, spring]\n"))
    (finding,) = place.build().findings("TOPIC-MISSING")
    assert (finding.path, finding.values["value"]) == ("content/mzj/news/2026-01-01-a.md", "sprung")
    assert finding.values["guess"] == "spring、winter"


# Submitting and adopting


ADOPTED = "content/portal/news/_adopted.toml"
PLOUGH = "content/qingshui/news/2026-02-01-plough.md"
ADOPTION = 'documents = [\n  "qingshui:news/2026-02-01-plough",\n  "mzj:notices/2026-10-05-n",\n]\n'


def test_an_adopted_document_is_listed_by_reference_and_has_no_page_of_its_own(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    place.write(ADOPTED, ADOPTION)
    built = place.build()
    assert titles(built, f"{PORTAL}/news/index.html")[:3] == ["县里的事", "民政通知5", "开犁"]
    row = next(li for li in built.page(f"{PORTAL}/news/index.html").select(".rows > li") if "开犁" in li.get_text())
    assert row.a is not None
    assert row.a["href"] == f"https://{QINGSHUI}/news/2026-02-01-plough.html"
    assert "镇农业站" in row.get_text()
    assert "2026-02-01" in row.get_text()
    assert not built.has(f"{PORTAL}/news/2026-02-01-plough.html")
    assert f"https://{QINGSHUI}/news/2026-02-01-plough.html" in built.text(f"{PORTAL}/news/feed.xml")
    assert "开犁" in built.words(f"{PORTAL}/news/2026/02/index.html")
    assert not built.findings("ADOPT-MISSING")


def test_an_adopted_document_follows_its_source(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    place.write(ADOPTED, ADOPTION)
    place.build()
    place.write(PLOUGH, document("开犁改名"))
    assert "开犁改名" in titles(place.build(), f"{PORTAL}/news/index.html")
    for status in ("withdrawn", "draft"):
        place.write(PLOUGH, document("开犁", f"status: {status}\n"))
        built = place.build()
        assert titles(built, f"{PORTAL}/news/index.html")[:2] == ["县里的事", "民政通知5"]
        assert "开犁" not in built.text(f"{PORTAL}/news/index.html")
        assert not built.findings("ADOPT-MISSING")
    place.remove(PLOUGH)
    built = place.build()
    assert "开犁" not in built.text(f"{PORTAL}/news/index.html")
    (finding,) = built.findings("ADOPT-MISSING", ADOPTED)
    assert (finding.line, finding.values["target"]) == (2, "qingshui:news/2026-02-01-plough")
    assert not built.report.held


def test_an_adoption_of_something_unknown_is_a_finding_with_line_and_guess(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    place.write(ADOPTED, ADOPTION.replace("plough", "plow") + "# end\n")
    place.write("content/portal/notices/_adopted.toml", 'documents = ["mzj:notices/2026-10-05-n", "nowhere:x/y"]\n')
    found = {(f.path, f.line): f.values for f in place.build().findings("ADOPT-MISSING")}
    assert found[ADOPTED, 2]["guess"] == "qingshui:news/2026-02-01-plough"
    assert found["content/portal/notices/_adopted.toml", 1]["target"] == "nowhere:x/y"
    assert len(found) == 2


def test_a_document_may_be_adopted_by_the_name_of_its_file(world: Callable[..., World]) -> None:
    place = write(world(), COUNTY)
    place.write("content/qingshui/news/2026-02-09-春耕.md", document("中文名"))
    place.write(ADOPTED, 'documents = ["qingshui:news/2026-02-09-春耕.md"]\n')
    built = place.build()
    assert "中文名" in titles(built, f"{PORTAL}/news/index.html")
    assert not built.findings("ADOPT-MISSING")


FAULTY_ADOPTIONS = ["documents = [", 'documents = "a:b/c"\n', "documents = [1]\n", 'document = ["a:b/c"]\n']


@pytest.mark.parametrize("text", FAULTY_ADOPTIONS)
def test_an_adoption_file_that_cannot_be_read_is_a_finding(world: Callable[..., World], text: str) -> None:
    place = write(world(), COUNTY)
    place.write(ADOPTED, text)
    built = place.build()
    assert [finding.rule for finding in built.findings(path=ADOPTED)] == ["ADOPT-FILE"]
    assert titles(built, f"{PORTAL}/news/index.html")[0] == "县里的事"


def test_a_submission_to_no_section_is_a_finding_that_names_those_there_are(world: Callable[..., World]) -> None:
    place = world()
    place.write("content/mzj/news/2026-01-01-a.md", document("甲", "submit: [news, newz]\n"))
    (finding,) = place.build().findings("SUBMIT-SECTION")
    assert (finding.path, finding.values["value"]) == ("content/mzj/news/2026-01-01-a.md", "newz")
    assert "notices" in finding.values["guess"]


# The county's sites, archives, and what machines read


def test_the_index_of_sites_goes_by_kind_and_by_pinyin_with_villages(built: Built) -> None:
    page = built.page(f"{PORTAL}/sites/index.html")
    assert list(blocks(built, f"{PORTAL}/sites/index.html")) == ["县政府门户", "县直部门", "乡镇", "按拼音查找"]
    initials = {dt.get_text(): dt.find_next("a").get_text() for dt in page.select(".initials dt")}  # type: ignore[union-attr]
    assert initials == {"M": "云岭县民政局", "Q": "清水镇人民政府"}
    assert page.find("a", href=f"https://{QINGSHUI}/villages/shanghe/", string="上河村")


def test_a_site_map_page_names_every_section_that_holds_something(built: Built) -> None:
    page = built.page(f"{MZJ}/sitemap.html")
    sections = {a.get_text(): a["href"] for a in page.select(".tree > li > a")}
    assert sections["通知公告"] == "/notices/"
    assert "乡镇动态" not in sections
    assert "高龄津贴" in [a.get_text() for a in page.select(".tree .names a")]
    assert page.find("a", href=f"https://{QINGSHUI}/")
    assert page.find("a", href=f"https://{PORTAL}/")


def test_archives_by_month_hold_every_document_once(built: Built) -> None:
    page = built.page(f"{QINGSHUI}/notices/index.html")
    months = {str(a["href"]): a.select_one(".note").get_text() for a in page.select(".archive a")}  # type: ignore[union-attr]
    assert months == {f"/notices/2026/0{month}/": "1" for month in range(1, 6)}
    listed = [titles(built, f"{QINGSHUI}{href}index.html") for href in months]
    assert listed == [[f"镇通知{href[-2]}"] for href in months]
    assert not built.has(f"{QINGSHUI}/notices/2026/06/index.html")


def test_a_section_shows_its_newest_and_its_months_the_rest(world: Callable[..., World]) -> None:
    place = world()
    text = (place.root / "sites/_county.toml").read_text(encoding="utf-8")
    place.write("sites/_county.toml", text + "[lists]\nsection = 3\nfeed = 2\n")
    built = write(place, COUNTY).build()
    assert titles(built, f"{MZJ}/notices/index.html") == ["民政通知5", "民政通知4", "民政通知3"]
    assert titles(built, f"{MZJ}/notices/2026/10/index.html") == [f"民政通知{day}" for day in range(5, 0, -1)]
    assert len(ElementTree.fromstring(built.text(f"{MZJ}/notices/feed.xml")).findall("{*}entry")) == 2


def located(built: Built, path: str) -> list[str]:
    """Return the files a site map's addresses lead to."""
    addresses = [str(loc.text) for loc in ElementTree.fromstring(built.text(path)).iter() if loc.tag.endswith("}loc")]
    files = [address.removeprefix("https://") for address in addresses]
    return [f"{file}index.html" if file.endswith("/") else file for file in files]


def test_the_site_maps_name_every_public_page_and_nothing_else(built: Built) -> None:
    maps = located(built, f"{PORTAL}/sitemap.xml")
    assert maps == [f"{PORTAL}/sitemap-portal.xml", f"{MZJ}/sitemap.xml", f"{QINGSHUI}/sitemap.xml"]
    named = [file for path in maps for file in located(built, path)]
    assert len(named) == len(set(named))
    assert all(built.has(file) for file in named)
    documents = [page for page in read_pages(built.output) if page.soup.select_one("article.document")]
    assert {page.path for page in documents} < set(named)
    assert f"{PORTAL}/notices/2026-05-05-gone.html" not in named
    assert "<lastmod>2026-10-05</lastmod>" in built.text(f"{MZJ}/sitemap.xml")


def test_every_host_has_robots_and_a_security_contact(built: Built) -> None:
    for host in (PORTAL, MZJ, QINGSHUI):
        robots = built.text(f"{host}/robots.txt").splitlines()
        assert robots[:2] == ["User-agent: *", "Allow: /"]
        assert f"Sitemap: https://{host}/sitemap.xml" in robots
        lines = built.text(f"{host}/.well-known/security.txt").splitlines()
        fields = dict(line.split(": ", 1) for line in lines)
        assert fields["Contact"] == "https://zhaocuo.gov.example/"
        assert fields["Canonical"] == f"https://{host}/.well-known/security.txt"
        expires = datetime.fromisoformat(fields["Expires"])
        assert timedelta(days=30) < expires - NOON < timedelta(days=366)


def test_feeds_are_atom_newest_first_and_the_same_on_every_build(county: World, built: Built) -> None:
    feeds = [path for path in built.files() if path.endswith("feed.xml")]
    assert {f"{PORTAL}/feed.xml", f"{MZJ}/notices/feed.xml", f"{QINGSHUI}/villages/shanghe/news/feed.xml"} <= set(feeds)
    ids = set()
    for path in feeds:
        feed = ElementTree.fromstring(built.text(path))
        assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
        ids.add(feed.findtext("{*}id"))
        dates = [datetime.fromisoformat(str(entry.findtext("{*}updated"))) for entry in feed.findall("{*}entry")]
        assert dates == sorted(dates, reverse=True)
        updated = datetime.fromisoformat(str(feed.findtext("{*}updated")))
        assert updated == max(dates, default=datetime(2000, 1, 1, tzinfo=UTC))
        for entry in feed.findall("{*}entry"):
            link = urlsplit(entry.find("{*}link").attrib["href"])  # type: ignore[union-attr]
            assert link.scheme == "https"
            assert built.has(f"{link.hostname}{link.path}")
    assert len(ids) == len(feeds)
    again = county.build("build/again", clock=NOON + timedelta(hours=5))
    assert {path: again.text(path) for path in feeds} == {path: built.text(path) for path in feeds}


# What inspectors look for on every page


STANDING_TEMPLATES = frozenset(
    "portal home section archive villages village sites site_map 404 design search search_year search_numbers".split()
)


def test_every_kind_of_page_has_its_tags_its_footer_and_living_links(built: Built) -> None:
    kinds: set[str] = set()
    for page in read_pages(built.output):
        assert check_page(page) == []
        kinds |= {str(body["class"][0]).removeprefix("on-") for body in page.soup.select("body[class]")}
    assert kinds == DOCUMENT_TEMPLATES | STANDING_TEMPLATES


NOTICE = f"{MZJ}/notices/2026-10-05-n.html"
DAMAGES = {
    # what is done to a page: pattern, replacement; the rule that finds it, and what it speaks of
    "a link to nowhere": (r'href="/notices/"', 'href="/nowhere/"', "PAGE-LINK", "/nowhere/"),
    "a link to another site's nowhere": (rf"https://{PORTAL}/sites/", f"https://{PORTAL}/x/", "PAGE-LINK", "/x/"),
    "no such style sheet": (r'href="/assets/[^"]+\.css"', 'href="/assets/x.css"', "PAGE-LINK", "/assets/x.css"),
    "no such picture": (r'src="/assets/[^"]+\.svg"', 'src="/assets/x.svg"', "PAGE-LINK", "/assets/x.svg"),
    "no h1": (r"<(/?)h1>", r"<\1h2>", "PAGE-H1", "0"),
    "two h1": (r"</h1>", "</h1><h1>又</h1>", "PAGE-H1", "2"),
    "an id twice": (r"</h1>", '</h1><p id="main-content">', "PAGE-ID", "main-content"),
    "an empty site code": (r'"SiteIDCode" content="\d+"', '"SiteIDCode" content=""', "PAGE-TAG", "SiteIDCode"),
    "no site name": (r'<meta name="SiteName"[^>]*>', "", "PAGE-TAG", "SiteName"),
    "no site domain": (r'<meta name="SiteDomain"[^>]*>', "", "PAGE-TAG", "SiteDomain"),
    "no column type": (r'<meta name="ColumnType"[^>]*>', "", "PAGE-TAG", "ColumnType"),
    "no source": (r'<meta name="ContentSource"[^>]*>', "", "PAGE-TAG", "ContentSource"),
    "a source that is null": (r'("ContentSource" content=)"[^"]*"', r'\1"null"', "PAGE-TAG", "ContentSource"),
    "no mark": (r"https://bszs.conac.cn/", "https://example.org/", "PAGE-FOOTER", "党政机关网站标识"),
    "no error reports": (r"我为政府网站找错", "找", "PAGE-FOOTER", "我为政府网站找错"),
    "no site code": (r"网站标识码：", "代码：", "PAGE-FOOTER", "网站标识码"),
    "no sponsor": (r"主办单位：", "单位：", "PAGE-FOOTER", "主办单位"),
    "no contact": (r"联系方式：", "联系：", "PAGE-FOOTER", "联系方式"),
    "no ICP filing": (r"https://beian.miit.gov.cn/", "https://example.org/", "PAGE-FOOTER", "ICP 备案"),
    "no police filing": (r"https://beian.mps.gov.cn/", "https://example.org/", "PAGE-FOOTER", "公安备案"),
    "no site map": (r">站点地图<", "><", "PAGE-FOOTER", "站点地图"),
    "no footer": (r"<(/?)footer", r"<\1div", "PAGE-FOOTER", "主办单位"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_page_is_found(built: Built, name: str) -> None:
    pattern, replacement, rule, value = DAMAGES[name]
    damaged, number = re.subn(pattern, replacement, built.text(NOTICE))
    assert number
    found = check_page(BuiltPage(built.output, NOTICE, BeautifulSoup(damaged, "html.parser")))
    assert {finding.rule for finding in found} == {rule}
    assert any(value in " ".join(finding.values.values()) for finding in found)
    assert {finding.path for finding in found} == {NOTICE}


def test_every_rule_of_pages_is_provoked_here() -> None:
    assert {rule for *_, rule, _ in DAMAGES.values()} == {rule for rule in SEVERITIES if rule.startswith("PAGE-")}
