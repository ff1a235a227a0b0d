"""The three programs, each with the same county before it: how it builds, and what an editor changes in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.articles import Article, Entry, make_articles
from benchmarks.corpora import PROJECT, MadeSite, Size, county_document, make_county, make_sites
from benchmarks.hugo import hugo_document, hugo_path, make_hugo_site
from benchmarks.measure import Command
from benchmarks.stock_pelican import make_pelican_sites, pelican_document

BENCH = PROJECT / "build" / "bench"
VENV = BENCH / "venv"
TOOLS = ("govgen", "hugo", "pelican")
_EDITED_SITE = 1
"""The first site that is not the portal."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are."""

    govgen: Path
    hugo: Path
    pelican: Path


@dataclass(frozen=True)
class Edited:
    """What is changed in a county, in the form a tool reads."""

    article: Path
    title: str
    new_article: Path
    new_content: str
    template: Path
    """The frame of every page."""

    settings: Path
    """The file that holds the settings of one site."""

    phone: str
    """Its telephone number, which the settings hold."""


@dataclass(frozen=True)
class Contender:
    """One program and one county."""

    tool: str
    size: str
    root: Path
    program: Path
    outputs: tuple[Path, ...]
    build: Command
    rebuild: Command
    """What is run after a change; the same as `build` but for stock Pelican, which builds the changed site alone."""

    edited: Edited

    caches: tuple[Path, ...] = ()
    """What is removed before a cold build."""

    @property
    def key(self) -> str:
        """Its name in the figures."""
        return f"{self.size}/{self.tool}"

    def govgen(self, *arguments: str) -> list[str]:
        """Return a command line of govgen about its county."""
        return [str(self.program), "--repo", str(self.root), *arguments]

    def clear(self) -> None:
        """Remove all that earlier builds left."""
        for folder in (*self.outputs, *self.caches):
            shutil.rmtree(folder, ignore_errors=True)

    def commit(self) -> None:
        """Commit what was changed, where the tool reads a repository."""
        if self.tool == "govgen":
            _git(self.root, "add", "--all", "content", "sites", "themes")
            _git(self.root, "-c", "user.name=b", "-c", "user.email=b@b.invalid", "commit", "--quiet", "-m", "Change")

    def take_back(self, commit: str) -> None:
        """Return to a commit, where the tool reads a repository."""
        if self.tool == "govgen":
            _git(self.root, "reset", "--quiet", "--hard", commit)

    def head(self) -> str:
        """Return the commit it stands at; empty where there is none."""
        return _git(self.root, "rev-parse", "HEAD") if self.tool == "govgen" else ""


def find_programs() -> Programs:
    """Return where the programs are. Raises FileNotFoundError where one is missing.

    Hugo itself is taken: its starter, in Python, would add to its time.
    """
    hugos = sorted((VENV / "lib").glob("python*/site-packages/hugo/binaries/hugo"))
    programs = Programs(PROJECT / ".venv" / "bin" / "govgen", hugos[0] if hugos else VENV, VENV / "bin" / "pelican")
    for program in (programs.govgen, programs.hugo, programs.pelican):
        if not program.is_file():
            raise FileNotFoundError(f"{program} is missing; `make bench` installs it")
    return programs


def prepare(folder: Path, name: str, size: Size, tools: Sequence[str], programs: Programs) -> list[Contender]:
    """Write the county of a size below a folder in the form of each of these tools; return the tools before it."""
    site = make_sites(size.sites)[_EDITED_SITE]
    county = _County(name, size, site, *_edited_and_new(site.id, size.articles))
    makers = {"govgen": _govgen, "hugo": _hugo, "pelican": _pelican}
    return [makers[tool](folder / name / tool, county, getattr(programs, tool)) for tool in TOOLS if tool in tools]


@dataclass(frozen=True)
class _County:
    name: str
    size: Size
    site: MadeSite
    edited: Article
    new: Article


def _govgen(root: Path, county: _County, program: Path) -> Contender:
    make_county(root, county.size)
    build = Command([str(program), "--repo", str(root), "build"], root, codes=(0, 1))
    return Contender(
        tool="govgen",
        size=county.name,
        root=root,
        program=program,
        outputs=(root / "build" / "public",),
        build=build,
        rebuild=build,
        edited=Edited(
            article=root / _path(county.edited),
            title=county.edited.entry.title,
            new_article=root / _path(county.new),
            new_content=county_document(county.site, county.new),
            template=root / "themes" / "county" / "templates" / "base.html",
            settings=root / "sites" / f"{county.site.id}.toml",
            phone=county.site.phone,
        ),
        caches=(root / "build",),
    )


def _hugo(root: Path, county: _County, program: Path) -> Contender:
    make_hugo_site(root, county.size)
    build = Command(
        [str(program), "--source", str(root), "--destination", str(root / "public"), "--quiet"],
        root,
        {"HUGO_CACHEDIR": str(root / "cache")},
    )
    return Contender(
        tool="hugo",
        size=county.name,
        root=root,
        program=program,
        outputs=(root / "public",),
        build=build,
        rebuild=build,
        edited=Edited(
            article=hugo_path(root, county.edited),
            title=county.edited.entry.title,
            new_article=hugo_path(root, county.new),
            new_content=hugo_document(county.site, county.new),
            template=root / "layouts" / "baseof.html",
            settings=root / "content" / county.site.id / "_index.md",
            phone=county.site.phone,
        ),
        caches=(root / "resources", root / "cache"),
    )


def _pelican(root: Path, county: _County, program: Path) -> Contender:
    make_pelican_sites(root, county.size)
    own = root / county.site.id
    one = [str(program), "-q", "-s", "pelicanconf.py"]
    all_sites = ["xargs", "-a", "sites.txt", "-P", "2", "-I{}", "sh", "-c", f"cd {{}} && exec {' '.join(one)}"]
    return Contender(
        tool="pelican",
        size=county.name,
        root=root,
        program=program,
        outputs=tuple(root / other.id / "output" for other in make_sites(county.size.sites)),
        build=Command(all_sites, root),
        rebuild=Command(one, own),
        edited=Edited(
            article=own / "content" / "news" / f"{county.edited.entry.name}.md",
            title=county.edited.entry.title,
            new_article=own / "content" / "news" / f"{county.new.entry.name}.md",
            new_content=pelican_document(county.site, county.new),
            template=root / "theme" / "templates" / "base.html",
            settings=own / "pelicanconf.py",
            phone=county.site.phone,
        ),
    )


def _edited_and_new(site: str, number: int) -> tuple[Article, Article]:
    """Return a document of the site, and one more than it has: same month and section, so that all tools know both."""
    article = next(article for article in make_articles(site, number) if article.entry.section == "news")
    entry = article.entry
    new = Entry(entry.site, entry.section, f"{entry.name[:10]}-news-new", f"新增{entry.title}", entry.date, 9999)
    return article, Article(new, article.summary, article.keywords, article.body, article.link)


def _path(article: Article) -> Path:
    return Path("content") / article.entry.site / article.entry.section / f"{article.entry.name}.md"


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout.strip()
