"""What search engines and shared links read of a page: JSON-LD, Open Graph, site maps, feeds."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, Tag

from govgen.model.hours import opening_hours
from tests.browser import STRICT_CSP, launch_chromium, serve, visit
from tests.world import MZJ, PORTAL, Built, World

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "</script><script>alert(1)</script><!-- <script> & \u2028 ]]> \"'\\"

COUNTY = f"""
-- sites/mzj.toml --
name = "云岭县民政局"
short_name = "县民政局"
kind = "department"
phone = "0000-1251001"
address = "云岭县人民路22号"
hours = "周一至周五 8:30–12:00，14:00–17:30"
-- sites/qingshui.toml --
name = "清水镇人民政府"
short_name = "清水镇"
kind = "township"
mount = "path"
hours = "来之前请打电话"
-- content/mzj/index.md --
---
title: 云岭县民政局
summary: 负责全县的社会救助、养老服务和地名管理。
---
负责全县的社会救助、养老服务和地名管理。
-- content/mzj/news/a.md --
---
title: '{HOSTILE.replace("'", "''")}'
date: 2026-03-01 09:00
updated: 2026-04-02 08:00
image: tu.svg
image_alt: 图
summary: '{HOSTILE.replace("'", "''")}'
author: 张三
keywords: [甲, 乙]
---
正文。
-- content/mzj/news/tu.svg --
<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><title>图</title></svg>
-- content/mzj/news/b.md --
title: 较新的一条
date: 2026-03-05 09:00

正文。
-- content/mzj/notices/gone.md --
---
title: 撤回的
date: 2026-03-01
status: withdrawn
summary: 不该再有人看到的话
---
正文。
-- content/mzj/policies/aid.md --
---
title: 临时救助办法
date: 2026-02-03 10:00
document_number: 云民发〔2026〕2号
issuer: 云岭县民政局
issued_on: 2026-01-30
effective_on: 2026-03-01
expires_on: 2031-02-28
validity: 现行有效
summary: 遭遇突发困难的家庭可以申请的救助。
---
第一条。
-- content/mzj/interpretations/aid.md --
---
title: 《临时救助办法》解读
date: 2026-02-05
interprets: mzj:policies/aid
---
哪些人可以申请？
-- content/mzj/services/aid.md --
---
title: 临时救助
summary: 突遇困难的家庭可申请。
办理时限: 10个工作日
---
## 受理条件

本县户籍。
-- content/portal/data/2026.md --
---
title: 常住人口
date: 2026-01-05
attachments: [人口.csv]
---
各乡镇人口。
-- content/portal/data/人口.csv --
乡镇,人口
清水,10000
-- content/portal/letters/a.md --
---
title: 路灯不亮
date: 2026-01-05
received_on: 2026-01-01
replied_on: 2026-01-04
replied_by: 县住建局
---
已修好。
-- content/qingshui/about/a.md --
---
title: 走进清水
updated: 2026-05-06
---
清水镇在县城东面。
"""

REQUIRED: Mapping[str, frozenset[str]] = {
    "GovernmentOrganization": frozenset({"name"}),
    "Organization": frozenset({"name"}),
    "GovernmentService": frozenset({"name", "url", "provider", "areaServed", "availableChannel"}),
    "ServiceChannel": frozenset({"serviceUrl"}),
    "ContactPoint": frozenset({"telephone"}),
    "AdministrativeArea": frozenset({"name"}),
    "PostalAddress": frozenset({"streetAddress", "addressCountry"}),
    "NewsArticle": frozenset({"headline", "datePublished", "author", "publisher", "inLanguage", "url"}),
    "Article": frozenset({"headline", "datePublished", "author", "publisher", "inLanguage", "url"}),
    "Legislation": frozenset({"name", "url"}),
    "Dataset": frozenset({"name", "description", "url", "creator", "distribution"}),
    "DataDownload": frozenset({"name", "contentUrl", "encodingFormat"}),
    "BreadcrumbList": frozenset({"itemListElement"}),
    "ListItem": frozenset({"position", "name", "item"}),
}
"""By type, what a thing must say to be of use. The types and properties are those of https://schema.org; which of them
are required follows what search engines ask of a breadcrumb, an article and a dataset, and for the rest what a citizen
would ask: who, where, under which number."""

WHOLE_LEGISLATION = {
    "@type": "Legislation",
    "name": "临时救助办法",
    "legislationIdentifier": "云民发〔2026〕2号",
    "legislationDate": "2026-01-30",
    "legislationPassedBy": {"@type": "GovernmentOrganization", "name": "云岭县民政局"},
    "legislationLegalForce": "https://schema.org/InForce",
    "temporalCoverage": "2026-03-01/2031-02-28",
    "url": f"https://{MZJ}/policies/aid.html",
    "inLanguage": "zh-CN",
    "description": "遭遇突发困难的家庭可以申请的救助。",
    "datePublished": "2026-02-03T10:00:00+08:00",
    "publisher": {"@type": "GovernmentOrganization", "name": "云岭县民政局", "url": f"https://{MZJ}/"},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a county with a document of most kinds, one of them hostile."""
    return World(tmp_path_factory.mktemp("found") / "county", COUNTY).build()


def script_of(page: BeautifulSoup) -> Tag | None:
    """Return the element with a page's JSON-LD."""
    found = page.find_all("script", type="application/ld+json")
    assert len(found) <= 1
    return found[0] if found else None  # type: ignore[return-value]


def nodes_of(built: Built, path: str) -> dict[str, dict[str, Any]]:
    """Return what the page at `path` is about, by type."""
    script = script_of(built.page(path))
    if script is None:
        return {}
    data = json.loads(script.string or "")
    assert data.pop("@context") == "https://schema.org"
    return {node["@type"]: node for node in data.get("@graph", [data])}


def things(value: object) -> Iterator[dict[str, Any]]:
    """Yield every thing with a type in JSON-LD, however deep."""
    if isinstance(value, dict):
        if "@type" in value:
            yield value
        for inner in value.values():
            yield from things(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from things(inner)


def pages(built: Built) -> Iterator[tuple[str, BeautifulSoup]]:
    """Yield every page that is none of those that only redirect."""
    for path in built.files():
        if path.endswith(".html") and 'http-equiv="refresh"' not in built.text(path):
            yield path, built.page(path)


def test_everything_told_is_whole(built: Built) -> None:
    seen = set()
    for path, page in pages(built):
        script = script_of(page)
        for thing in things(json.loads(script.string or "")) if script else ():
            seen.add(thing["@type"])
            assert REQUIRED[thing["@type"]] <= thing.keys(), (path, thing)
            assert all(value not in ("", [], None) for value in thing.values()), (path, thing)
            for key in ("url", "item", "image", "contentUrl", "serviceUrl"):
                assert str(thing.get(key, "https://")).startswith("https://"), (path, thing)
    assert seen == REQUIRED.keys()


def test_every_page_but_home_pages_tells_the_way_to_it(built: Built) -> None:
    for path, page in pages(built):
        robots = page.find("meta", attrs={"name": "robots"})
        is_home = path in (f"{PORTAL}/index.html", f"{MZJ}/index.html", f"{PORTAL}/qingshui/index.html")
        nodes = nodes_of(built, path)
        if robots:
            assert not nodes and not page.find("meta", property=True), path
            continue
        assert ("BreadcrumbList" in nodes) is not is_home, path
        if not is_home:
            steps = nodes["BreadcrumbList"]["itemListElement"]
            assert [step["position"] for step in steps] == list(range(1, len(steps) + 1))
            assert steps[-1]["item"] == page.find("link", rel="canonical")["href"]  # type: ignore[index]


def test_a_department_is_told_with_whose_it_is_and_how_to_reach_it(built: Built) -> None:
    assert nodes_of(built, f"{MZJ}/index.html")["GovernmentOrganization"] == {
        "@type": "GovernmentOrganization",
        "name": "云岭县民政局",
        "url": f"https://{MZJ}/",
        "alternateName": "县民政局",
        "description": "负责全县的社会救助、养老服务和地名管理。",
        "telephone": "0000-1251001",
        "address": {"@type": "PostalAddress", "addressCountry": "CN", "streetAddress": "云岭县人民路22号"},
        "openingHours": ["Mo-Fr 08:30-12:00", "Mo-Fr 14:00-17:30"],
        "parentOrganization": {
            "@type": "GovernmentOrganization",
            "name": "云岭县人民政府",
            "url": f"https://{PORTAL}/",
        },
    }
    portal = nodes_of(built, f"{PORTAL}/index.html")["GovernmentOrganization"]
    assert portal["telephone"] == "0000-1234567" and "parentOrganization" not in portal
    below = nodes_of(built, f"{PORTAL}/qingshui/index.html")["GovernmentOrganization"]
    assert below["url"] == f"https://{PORTAL}/qingshui/" and "openingHours" not in below


def test_a_policy_is_told_with_its_number_and_force(built: Built) -> None:
    assert nodes_of(built, f"{MZJ}/policies/aid.html")["Legislation"] == WHOLE_LEGISLATION


def test_other_kinds_are_told_as_what_they_are(built: Built) -> None:
    news = nodes_of(built, f"{MZJ}/news/a.html")["NewsArticle"]
    assert news["image"] == f"https://{MZJ}/images/news/tu.svg"
    assert (news["datePublished"], news["dateModified"]) == ("2026-03-01T09:00:00+08:00", "2026-04-02T08:00:00+08:00")
    explained = nodes_of(built, f"{MZJ}/interpretations/aid.html")["Article"]["about"]
    assert explained[0]["url"] == f"https://{MZJ}/policies/aid.html"
    service = nodes_of(built, f"{MZJ}/services/aid.html")["GovernmentService"]
    assert service["provider"]["name"] == "云岭县民政局"
    assert service["availableChannel"]["servicePhone"]["telephone"] == "0000-1251001"
    [file] = nodes_of(built, f"{PORTAL}/data/2026.html")["Dataset"]["distribution"]
    assert built.has(file["contentUrl"].removeprefix("https://")) and file["encodingFormat"] == "CSV"
    assert set(nodes_of(built, f"{PORTAL}/qingshui/about/a.html")) == {"BreadcrumbList"}


def test_a_hostile_title_stays_data(built: Built) -> None:
    html = built.text(f"{MZJ}/news/a.html")
    inside = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    assert len(inside) == 1 and not set("<>&\u2028") & set(inside[0])
    title = " ".join(HOSTILE.split())
    assert nodes_of(built, f"{MZJ}/news/a.html")["NewsArticle"]["headline"] == title
    assert built.page(f"{MZJ}/news/a.html").find("meta", property="og:title")["content"] == title  # type: ignore[index]


def test_a_shared_link_shows_title_site_and_picture(built: Built) -> None:
    page = built.page(f"{MZJ}/news/a.html")
    tags = {str(tag["property"]): tag["content"] for tag in page.find_all("meta", property=True)}
    assert tags.keys() == {f"og:{n}" for n in "title type url site_name locale description image".split()}
    assert (tags["og:type"], tags["og:locale"]) == ("article", "zh_CN")
    assert tags["og:image"] == f"https://{MZJ}/images/news/tu.svg"
    home = built.page(f"{MZJ}/index.html").find("meta", property="og:type")
    assert home["content"] == "website"  # type: ignore[index]


def test_what_was_withdrawn_is_told_to_nobody(built: Built) -> None:
    for path in (f"{MZJ}/notices/gone.html", f"{MZJ}/404.html"):
        assert nodes_of(built, path) == {}
        assert built.page(path).find("meta", property=True) is None


def test_what_a_page_tells_machines_weighs_little(built: Built) -> None:
    told = re.compile(r'<meta property=[^>]*>\n|<script type="application/ld\+json">.*?</script>\n')
    for path, page in pages(built):
        if path != f"{MZJ}/news/a.html":  # Its title is written five times, escaped.
            html = str(page)
            added = len(gzip.compress(html.encode(), 9)) - len(gzip.compress(told.sub("", html).encode(), 9))
            assert added < 600, path


def test_browsers_under_the_strict_policy_neither_run_nor_report_it(built: Built) -> None:
    note = "addEventListener('securitypolicyviolation', e => (window.seen ||= []).push(e.violatedDirective))"
    with (
        launch_chromium() as chromium,
        serve(built.output, csp=STRICT_CSP) as server,
        visit(chromium, server, init_script=note) as reader,
    ):
        for path in (f"{MZJ}/news/a.html", f"{MZJ}/index.html", f"{PORTAL}/data/2026.html"):
            said: list[str] = []
            page = reader.context.new_page()
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("dialog", lambda dialog, said=said: said.append(dialog.message))
            page.goto(server.url(path), wait_until="load")
            assert page.evaluate("window.seen || []") == []
            assert page.evaluate("document.querySelectorAll('script[type=\"application/ld+json\"]').length") == 1
            assert not [words for words in said if ("ontent" in words and "ecurity" in words) or words == "1"]


HOURS = {
    "周一至周五 8:30–12:00，14:00–17:30": ("Mo-Fr 08:30-12:00", "Mo-Fr 14:00-17:30"),
    "工作日 上午9:00-12:00 下午13:30至17:00": ("Mo-Fr 09:00-12:00", "Mo-Fr 13:30-17:00"),
    "星期一到星期五8：00～18：00；周六 9:00-12:00": ("Mo-Fr 08:00-18:00", "Sa 09:00-12:00"),
    "每天 0:00-24:00": ("Mo-Su 00:00-24:00",),
    "周一至周五 8:30–12:00（法定节假日除外）": (),
    "8:30-12:00": (),
    "来之前请打电话": (),
    "": (),
}


@pytest.mark.parametrize("text", HOURS)
def test_office_hours_are_told_as_machines_read_them_or_not_at_all(text: str) -> None:
    assert opening_hours(text) == HOURS[text]


# Site maps and feeds


def test_site_maps_say_when_a_document_changed_last(built: Built) -> None:
    days = dict(re.findall(r"<loc>([^<]+)</loc><lastmod>([^<]+)</lastmod>", built.text(f"{MZJ}/sitemap.xml")))
    assert days[f"https://{MZJ}/news/a.html"] == "2026-04-02"
    assert days[f"https://{MZJ}/news/b.html"] == "2026-03-05"
    below = built.text(f"{PORTAL}/qingshui/sitemap.xml")
    assert f"<loc>https://{PORTAL}/qingshui/about/a.html</loc><lastmod>2026-05-06</lastmod>" in below


@pytest.mark.parametrize("path", [f"{MZJ}/feed.xml", f"{MZJ}/news/feed.xml"])
def test_feeds_tell_when_an_entry_was_published_and_when_it_changed(built: Built, path: str) -> None:
    feed = ElementTree.fromstring(built.text(path))
    [entry] = [e for e in feed.findall(f"{ATOM}entry") if "/news/a.html" in str(e.findtext(f"{ATOM}id"))]
    assert entry.findtext(f"{ATOM}published") == "2026-03-01T09:00:00+08:00"
    assert entry.findtext(f"{ATOM}updated") == feed.findtext(f"{ATOM}updated") == "2026-04-02T08:00:00+08:00"


def test_a_feed_is_made_again_when_only_the_day_of_the_change_changes(world: Callable[..., World]) -> None:
    county = world("-- content/mzj/news/a.md --\ntitle: 甲\ndate: 2026-01-01\n\n正文。\n")
    county.build()
    county.write("content/mzj/news/a.md", "title: 甲\ndate: 2026-01-01\nupdated: 2026-06-07 08:00\n\n正文。\n")
    assert "<updated>2026-06-07T08:00:00+08:00</updated>" in county.build().text(f"{MZJ}/news/feed.xml")
