"""A county of eight real agencies' sites, copied as they are: Jekyll, Eleventy and Middleman sources.

Front matter, Liquid, Nunjucks and ERB stay in. What `build_repository` changes is where a file lies: folders become
sections (`_who-we-are` → `who-we-are`, `news/_posts` → `news`), because a section's id is part of an address. The only
files renamed are Middleman's: `x.html.md.erb` becomes `x.md`, or nothing would take them for documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.real_zh import Repository
from tests.world import CORPORA

CORPUS = CORPORA / "federated"
COUNTY = """
[county]
name = "Federated County"
full_name = "Federated County Government"
domain = "federated.gov.example"
division_code = "990000"
language = "en"
timezone = "Asia/Singapore"

[identity]
site_code = "9900000001"
icp = "ICP 00000000-1"
police = "99000002000001"
sponsor = "Office of Federated County"
phone = "0000-1234567"
address = "1 Federated Road"
report_error_url = "https://report.gov.example/"

[channels]
consultation = "https://consult.gov.example/"
services = "https://services.gov.example/"
"""


@dataclass(frozen=True)
class Agency:
    """One folder of the corpus, and the site it becomes."""

    name: str
    kind: str
    source: str = ""
    """The folder below the agency's whose contents are the site's; the agency's own if empty."""


AGENCIES: Mapping[str, Agency] = {
    "csc-corp": Agency("Civil Service College", "department"),
    "ipos-dr": Agency("Intellectual Property Dispute Resolution", "department"),
    "moh-vaccine": Agency("COVID-19 Vaccination", "department"),
    "mom-nwc": Agency("National Wages Council", "department"),
    "pa-ccc": Agency("Citizen Connect Centre", "township"),
    "sentosa-corp": Agency("Sentosa Development Corporation", "township"),
    "uk-gds-way": Agency("The GDS Way", "department", "source"),
    "us-18f": Agency("18F", "department", "content"),
}

_CARRIED = frozenset({"images", "files", "assets"})
"""Folders of pictures and attachments; references to them begin with `/images/…`, so they lie right below the site."""

_MACHINERY = frozenset({"_data", "data", "config", "_includes", "_layouts", "layouts", "partials"})
_POSTS = frozenset({"_posts", "posts"})
_MIDDLEMAN = ".html.md.erb"
_DATED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-")
_DATED_FRONT_MATTER = re.compile(rb"^date:\s*\S", re.MULTILINE)
_RESERVED = frozenset({"villages", "sites", "search"})


def build_repository(root: Path) -> Repository:
    """Write the corpus as a county's repository into the folder `root`."""
    repository = Repository.start(root, COUNTY)
    repository.add_site("portal", "Federated County Government", "portal")
    for id, agency in AGENCIES.items():
        dated: dict[str, list[bool]] = {}
        for source, path in _choose(repository, CORPUS / id, agency):
            content = source.read_bytes()
            repository.write(f"content/{id}/{path}", content)
            section = path.rpartition("/")[0]
            if path.endswith(".md") and section and section.split("/")[0] not in _CARRIED:
                is_dated = bool(_DATED_NAME.match(source.name) or _DATED_FRONT_MATTER.search(content[:4096]))
                dated.setdefault(section, []).append(is_dated)
        tables = [
            {"id": section, "name": _section_name(section), "kind": "news" if sum(days) * 2 > len(days) else "pages"}
            for section, days in sorted(dated.items())
        ]
        repository.add_site(id, agency.name, agency.kind, tables=tables)
    return repository


def _choose(repository: Repository, folder: Path, agency: Agency) -> Iterator[tuple[Path, str]]:
    """Yield every file that is taken, with its new path below the site's folder; count those that are not."""
    for source in sorted(path for path in folder.rglob("*") if path.is_file()):
        *folders, name = source.relative_to(folder).parts
        if any(part.startswith(".") for part in (*folders, name)) or name in ("SOURCE.txt", "LICENSE.source"):
            repository.left["语料自带的说明、许可证、隐藏文件"] += 1
        elif folders and folders[0] in _CARRIED:
            yield source, "/".join([*folders, name])
        elif _MACHINERY & {*folders} or name.endswith((".yml", ".yaml")):
            repository.left["数据、设置、模板片段（.yml、_data、_includes、layouts、partials）"] += 1
        elif name.endswith((".md", _MIDDLEMAN)):
            inner = folders[1:] if agency.source and folders[:1] == [agency.source] else folders
            stem = name.removesuffix(_MIDDLEMAN).removesuffix(".md")
            yield source, "/".join([*_section_folders(inner), f"{stem}.md"])
        else:
            repository.left[f"不是 Markdown 的页面（{source.suffix}）"] += 1


def _section_folders(folders: list[str]) -> list[str]:
    """Return folders as parts of a section's id; `_posts` below a named folder adds nothing to it."""
    named = [part for number, part in enumerate(folders) if not (number and part in _POSTS)]
    plain = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in named]
    return [f"{plain[0]}-1", *plain[1:]] if plain and plain[0] in _RESERVED else plain


def _section_name(section: str) -> str:
    return " / ".join(part.replace("-", " ").capitalize() for part in section.split("/"))
