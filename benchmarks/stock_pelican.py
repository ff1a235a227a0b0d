"""Writes the made-up county as one stock Pelican project a site."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.articles import Article, make_articles
from benchmarks.corpora import PROJECT, MadeSite, Size, make_sites, policy_facts
from govgen.model.county import SiteKind
from govgen.sites.kinds import STANDARD_SECTIONS

_THEME = Path(__file__).parent / "pelican_theme"
_STATIC = PROJECT / "themes" / "county" / "static"
_DOMAIN = "yunling.gov.example"
_SETTINGS = """AUTHOR = "云岭县人民政府办公室"
SITENAME = {name!r}
SHORT_NAME = {short_name!r}
PHONE = {phone!r}
SITEURL = "https://{id}.{domain}"
SECTION_NAMES = {names!r}

PATH = "content"
OUTPUT_PATH = "output"
THEME = "../theme"
TIMEZONE = "Asia/Shanghai"
DEFAULT_LANG = "zh"

USE_FOLDER_AS_CATEGORY = True
PAGE_PATHS = ["pages"]
FILENAME_METADATA = "(?P<slug>.*)"
ARTICLE_URL = ARTICLE_SAVE_AS = "{{category}}/{{slug}}.html"
PAGE_URL = PAGE_SAVE_AS = "about/{{slug}}.html"
CATEGORY_URL = "{{slug}}/"
CATEGORY_SAVE_AS = "{{slug}}/index.html"
PAGINATION_PATTERNS = ((1, "{{url}}", "{{save_as}}"), (2, "{{url}}{{number}}/", "{{base_name}}/{{number}}/index.html"))
MONTH_ARCHIVE_SAVE_AS = "{{date:%Y}}/{{date:%m}}/index.html"
AUTHOR_SAVE_AS = TAG_SAVE_AS = ""
DIRECT_TEMPLATES = ["index", "sitemap"]
SITEMAP_SAVE_AS = "sitemap.xml"
DEFAULT_PAGINATION = 30
PAGINATED_TEMPLATES = {{"category": None}}

FEED_DOMAIN = SITEURL
FEED_ALL_ATOM = "feed.xml"
CATEGORY_FEED_ATOM = "{{slug}}/feed.xml"
FEED_MAX_ITEMS = 30
TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
"""
"""Feeds, lists and addresses as the county has them; everything else is Pelican's own choice."""


def make_pelican_sites(root: Path, size: Size) -> None:
    """Write the projects in place of what is at `root`, with a list of them in `sites.txt`."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(_THEME, root / "theme")
    shutil.copytree(_STATIC, root / "theme" / "static")
    sites = make_sites(size.sites)
    for site in sites:
        _write_site(root / site.id, site, size.articles)
    (root / "sites.txt").write_text("".join(f"{site.id}\n" for site in sites))


def _write_site(root: Path, site: MadeSite, number: int) -> None:
    (root / "content" / "pages").mkdir(parents=True)
    names = {section.id: section.name for section in STANDARD_SECTIONS[SiteKind(site.kind)]}
    settings = _SETTINGS.format(**vars(site), domain=_DOMAIN, names=names)
    (root / "pelicanconf.py").write_text(settings, encoding="utf-8")
    duties = f"Title: 主要职责\nDate: 2026-01-01\n\n{site.duties}"
    (root / "content" / "pages" / "duties.md").write_text(duties, encoding="utf-8")
    for article in make_articles(site.id, number):
        file = root / "content" / article.entry.section / f"{article.entry.name}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text(pelican_document(site, article), encoding="utf-8")


def pelican_document(site: MadeSite, article: Article) -> str:
    """Return a document as Pelican reads it."""
    entry, link = article.entry, article.link
    lines = [f"Title: {entry.title}", f"Date: {entry.date:%Y-%m-%d %H:%M}", f"Summary: {article.summary}"]
    lines.append(f"Tags: {', '.join(article.keywords)}")
    lines += [f"{key}: {value}" for key, value in policy_facts(site, entry).items()]
    head = "\n".join(lines)
    return f"{head}\n\n{article.body_with(f'/{link.section}/{link.name}.html' if link else '')}"
