"""Writes the made-up county as one Hugo site with the same pages, each site in a folder of it."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.articles import Article, make_articles
from benchmarks.corpora import PROJECT, MadeSite, Size, make_sites, policy_facts
from govgen.model.county import SiteKind
from govgen.sites.kinds import STANDARD_SECTIONS

_THEME = Path(__file__).parent / "hugo_theme"
_STATIC = PROJECT / "themes" / "county" / "static"
_SETTINGS = """baseURL = "https://www.yunling.gov.example/"
locale = "zh-CN"
title = "云岭县人民政府门户网站"
timeZone = "Asia/Shanghai"
disableKinds = ["taxonomy", "term"]
enableRobotsTXT = true

[outputs]
home = ["html", "rss"]
section = ["html", "rss"]

[outputFormats.rss]
baseName = "feed"
"""
"""Everything else is Hugo's own choice."""


def make_hugo_site(root: Path, size: Size) -> None:
    """Write the Hugo site in place of what is at `root`."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(_THEME, root / "layouts")
    shutil.copytree(_STATIC, root / "static" / "assets")
    (root / "hugo.toml").write_text(_SETTINGS, encoding="utf-8")
    sites = make_sites(size.sites)
    _write(root, "_index.md", {"title": sites[0].name})
    _write(root, "sites.md", {"title": "全县网站", "layout": "directory", "url": "/sites/"})
    for site in sites:
        _write_site(root, site, size.articles)


def hugo_path(root: Path, article: Article) -> Path:
    """Return where a document's file is."""
    return root / "content" / article.entry.site / article.entry.section / f"{article.entry.name}.md"


def _write_site(root: Path, site: MadeSite, number: int) -> None:
    names = {section.id: section.name for section in STANDARD_SECTIONS[SiteKind(site.kind)]}
    months: defaultdict[str, set[str]] = defaultdict(set)
    for article in make_articles(site.id, number):
        section = article.entry.section
        months[section].add(f"{article.entry.date:%Y-%m}")
        file = hugo_path(root, article)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(hugo_document(site, article), encoding="utf-8")
    for path, fields, body in _standing_files(site, names):
        _write(root, f"{site.id}/{path}", fields, body)
    for section, labels in months.items():
        for label in labels:
            fields = {
                "title": f"{names[section]} {label}",
                "layout": "archive",
                "outputs": ["html"],
                "params": {"section_id": section, "section_name": names[section], "month": label},
            }
            _write(root, f"{site.id}/{section}/{label.replace('-', '/')}/_index.md", fields)


def _standing_files(site: MadeSite, names: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield paths, fields and bodies of what a site has besides its documents."""
    folder = f"/{site.id}/"
    params = {"kind": site.kind, "short_name": site.short_name, "phone": site.phone, "folder": folder}
    params["home"] = "/" if site.kind == "portal" else folder
    home: dict[str, Any] = {"title": site.name, "layout": "sitehome", "params": params}
    if site.kind == "portal":
        home["build"] = {"render": "never"}
    yield "_index.md", home, site.introduction
    for weight, (id, name) in enumerate(names.items(), 1):
        fields: dict[str, Any] = {"title": name, "weight": weight, "params": {"section_id": id, "section_name": name}}
        if id in ("about", "leaders", "disclosure", "topics"):
            fields["outputs"] = ["html"]
        yield f"{id}/_index.md", fields, ""
    about = {"section_id": "about", "section_name": names["about"]}
    yield "about/duties.md", {"title": "主要职责", "url": f"/{site.id}/about/duties.html", "params": about}, site.duties
    unlisted: dict[str, Any] = {"layout": "directory", "sitemap": {"disable": True}}
    own_map = {"title": "站点地图", "url": f"/{site.id}/sitemap.html", "params": {"of_site": site.id}}
    yield "sitemap.md", {**unlisted, **own_map}, ""
    yield "404.md", {**unlisted, "title": "网页不存在", "url": f"/{site.id}/404.html"}, ""


def hugo_document(site: MadeSite, article: Article) -> str:
    """Return a document as Hugo reads it."""
    entry, link = article.entry, article.link
    name = next(s.name for s in STANDARD_SECTIONS[SiteKind(site.kind)] if s.id == entry.section)
    params = {"section_id": entry.section, "section_name": name, **policy_facts(site, entry)}
    lines = [
        f"title: {entry.title}",
        f'date: "{entry.date:%Y-%m-%dT%H:%M:00+08:00}"',
        f"summary: {article.summary}",
        f"url: /{entry.site}/{entry.section}/{entry.name}.html",
        "params:",
        f"  keywords: [{', '.join(article.keywords)}]",
        *(f'  {key}: "{value}"' for key, value in params.items()),
    ]
    head = "\n".join(lines)
    return f"---\n{head}\n---\n\n{article.body_with(f'/{link.site}/{link.section}/{link.name}.html' if link else '')}"


def _write(root: Path, path: str, fields: Mapping[str, Any], body: str = "") -> None:
    file = root / "content" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    # JSON is one of the forms of front matter that Hugo reads.
    file.write_text(f"{json.dumps(fields, ensure_ascii=False, indent=1)}\n\n{body}", encoding="utf-8")
