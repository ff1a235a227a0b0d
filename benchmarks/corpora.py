"""Writes a made-up county as a git repository with one commit: `python -m benchmarks.corpora ROOT SIZE`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import words
from benchmarks.articles import Article, Entry, make_articles

PROJECT = Path(__file__).parent.parent
_DEPARTMENT_SHARE = 2 / 3
_MOMENT = "1795305600 +0800"
"""When the commit was made: 2026-11-22 08:00 in the county, in seconds since 1970."""

_PERSON = "Benchmark <benchmark@county.invalid>"
_NO_OWN_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


@dataclass(frozen=True)
class Size:
    """How large a county is."""

    sites: int
    articles: int
    """Of each site."""


SIZES: Mapping[str, Size] = {"S": Size(10, 100), "M": Size(60, 170), "L": Size(100, 1000)}


@dataclass(frozen=True)
class MadeSite:
    """A made-up site."""

    id: str
    name: str
    short_name: str
    kind: str
    phone: str

    @property
    def introduction(self) -> str:
        """The body of its home's document."""
        return f"{self.name}负责本单位职责范围内的公共服务，办公地点在云岭县人民路。咨询电话 {self.phone}。\n"

    @property
    def duties(self) -> str:
        """The body of its one standing page."""
        rows = "\n".join(f"- {what}的{does}" for what, does in zip(words.WHAT[:6], words.DOES[:6], strict=True))
        return f"{self.short_name}承担下列工作：\n\n{rows}\n"


def make_sites(number: int) -> list[MadeSite]:
    """Return so many sites: the portal, then departments, then townships."""
    departments = round((number - 1) * _DEPARTMENT_SHARE)
    sites = [MadeSite("portal", "云岭县人民政府门户网站", "云岭县人民政府", "portal", "0000-1000000")]
    for place, name in enumerate(words.DEPARTMENTS[:departments], 1):
        sites.append(MadeSite(f"dep{place:03}", f"云岭县{name}", f"县{name}", "department", f"0000-2{place:06}"))
    for place, name in enumerate(words.TOWNSHIPS[: number - 1 - departments], 1):
        sites.append(MadeSite(f"town{place:03}", f"{name}镇人民政府", f"{name}镇", "township", f"0000-3{place:06}"))
    if len(sites) != number:
        raise ValueError(f"no names for {number} sites")
    return sites


def make_county(root: Path, size: Size) -> None:
    """Write the repository in place of what is at `root`; the project's own theme and settings go with it."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    files = dict(_project_files())
    sites = make_sites(size.sites)
    files |= {f"sites/{site.id}.toml": _site_settings(site) for site in sites}
    for path, content in files.items():
        _write(root, path, content)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", root], check=True)
    # Tidying up in the background would disturb what is measured.
    subprocess.run(["git", "-C", root, "config", "gc.auto", "0"], check=True)
    commit = _Commit(root)
    for path, content in sorted(files.items()):
        commit.add(path, content)
    for site in sites:
        for path, content in _site_files(site, size.articles):
            _write(root, path, content)
            commit.add(path, content)
    commit.finish()


def county_digest(root: Path) -> str:
    """Return the id of the commit, which names every byte of the repository."""
    return subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout


def _project_files() -> Iterator[tuple[str, bytes]]:
    """Yield what a county takes over from the project, by paths in the repository."""
    for name in (".gitignore", "pelicanconf.py", "sites/_county.toml", "themes"):
        for path in sorted([PROJECT / name, *(PROJECT / name).rglob("*")]):
            if path.is_file() and path.suffix != ".mo":
                yield path.relative_to(PROJECT).as_posix(), path.read_bytes()


def _site_settings(site: MadeSite) -> bytes:
    address = "" if site.kind == "portal" else f'phone = "{site.phone}"\naddress = "云岭县人民路"\n'
    return f'name = "{site.name}"\nshort_name = "{site.short_name}"\nkind = "{site.kind}"\n{address}'.encode()


def _site_files(site: MadeSite, number: int) -> Iterator[tuple[str, bytes]]:
    folder = f"content/{site.id}"
    yield f"{folder}/index.md", f"---\ntitle: {site.name}\n---\n\n{site.introduction}".encode()
    yield f"{folder}/about/duties.md", f"---\ntitle: 主要职责\n---\n\n{site.duties}".encode()
    for article in make_articles(site.id, number):
        yield f"{folder}/{article.entry.section}/{article.entry.name}.md", county_document(site, article).encode()


def county_document(site: MadeSite, article: Article) -> str:
    """Return a document as govgen reads it."""
    entry = article.entry
    lines = [f"title: {entry.title}", f'date: "{entry.date:%Y-%m-%d %H:%M}"', f"summary: {article.summary}"]
    lines.append(f"keywords: [{', '.join(article.keywords)}]")
    lines += [f"{key}: {value}" for key, value in policy_facts(site, entry).items()]
    link = article.link
    body = article.body_with(f"{link.site}:{link.section}/{link.name}" if link else "")
    head = "\n".join(lines)
    return f"---\n{head}\n---\n\n{body}"


def policy_facts(site: MadeSite, entry: Entry) -> dict[str, str]:
    """Return what a policy says of itself; empty for other documents."""
    if entry.section != "policies":
        return {}
    return {
        "document_number": f"云发〔{entry.date:%Y}〕{entry.number}号",
        "index_number": f"530999-{site.id.upper()}-{entry.date:%Y}-{entry.number:04}",
        "issuer": site.name,
        "issued_on": f"{entry.date:%Y-%m-%d}",
        "validity": "现行有效",
        "genre": "意见",
        "disclosure": "主动公开",
    }


def _write(root: Path, path: str, content: bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


class _Commit:
    """The one commit, written as a stream: `git add` takes minutes for the largest county."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._process = subprocess.Popen(
            ["git", "-C", root, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=0"],
            stdin=subprocess.PIPE,
            env=os.environ | _NO_OWN_SETTINGS,
        )
        self._send(f"commit refs/heads/main\ncommitter {_PERSON} {_MOMENT}\ndata 4\nMade\n".encode())

    def add(self, path: str, content: bytes) -> None:
        """Add a file."""
        self._send(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")

    def finish(self) -> None:
        """Finish the commit and let the index know the files on disk. Raises CalledProcessError."""
        assert self._process.stdin
        self._process.stdin.close()
        if self._process.wait():
            raise subprocess.CalledProcessError(self._process.returncode, "git fast-import")
        for command in (["read-tree", "HEAD"], ["update-index", "--refresh", "-q"]):
            subprocess.run(["git", "-C", self._root, *command], check=True)

    def _send(self, content: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(content)


if __name__ == "__main__":
    make_county(Path(sys.argv[1]), SIZES[sys.argv[2]])
