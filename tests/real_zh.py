"""A county of official Chinese documents that nobody here wrote: regulations, reports, services, villages.

`build_repository` does what an honest import would: it writes front matter from the corpus's own metadata, invents no
date, number or summary, and leaves every body as it came, page chrome included.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from govgen.pinyin import ascii_name
from tests.world import CORPORA, PROJECT

CORPUS = CORPORA / "zh"
TOWNSHIPS = "沙洋县"
"""The county of `divisions/` whose townships and villages are built; the others would only repeat it."""

COUNTY = """
[county]
name = "沙洋县"
full_name = "沙洋县人民政府"
domain = "shayang.gov.example"
division_code = "420822"

[identity]
site_code = "4208220001"
icp = "鄂ICP备00000000号-1"
police = "42082202000001"
sponsor = "沙洋县人民政府办公室"
phone = "0000-1234567"
address = "沙洋县"
report_error_url = "https://zhaocuo.gov.example/"

[channels]
consultation = "https://hudong.gov.example/"
services = "https://zwfw.gov.example/"
"""

_FINANCE, _OFFICE, _MARKET, _ENFORCEMENT = "区财政局", "区政府办", "区市监局", "区综合执法局"
_HAND_COPIED = {"上海市市场监督管理局": _MARKET, "上海市绿化和市容管理局": _ENFORCEMENT}
_STATUTES = "行政法规"
_EFFECTIVE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日\s*(?:起\s*)?施行")
_COMMITTEE = re.compile(r"(?:居民|村民)委员会$|[村居]委会$")
_NAME_CHARACTERS = 60
"""A file name may have 255 bytes, 85 Chinese characters; titles of services are longer."""


@dataclass
class Repository:
    """A county's repository in the making, and how many files of a corpus it did not take."""

    root: Path
    left: Counter[str] = field(default_factory=Counter)
    """Files left out, by the reason."""

    @classmethod
    def start(cls, root: Path, county: str) -> Repository:
        """Return a repository with the project's theme and a county's settings, without any site."""
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(PROJECT / "themes", root / "themes")
        shutil.copy(PROJECT / "pelicanconf.py", root)
        repository = cls(root)
        repository.write("sites/_county.toml", county.lstrip())
        return repository

    def write(self, path: str, content: str | bytes) -> None:
        """Write one file, which must not be there yet: an import that overwrites loses documents."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(content.encode("utf-8") if isinstance(content, str) else content)

    def add_site(
        self, id: str, name: str, kind: str, *, short_name: str = "", tables: Iterable[Mapping[str, str]] = ()
    ) -> None:
        """Write a site's file; each table is a `[[sections]]` or, at a township, a `[[villages]]` entry."""
        lines = [f"name = {quote(name)}", f"short_name = {quote(short_name or name)}", f"kind = {quote(kind)}"]
        for table in tables:
            lines += ["", "[[sections]]" if "kind" in table else "[[villages]]"]
            lines += [f"{key} = {quote(value)}" for key, value in table.items()]
        self.write(f"sites/{id}.toml", "\n".join(lines) + "\n")

    def documents(self) -> list[str]:
        """Return the paths of all Markdown files below `content/`, sorted."""
        found = (path for path in (self.root / "content").rglob("*.md") if path.is_file())
        return sorted(path.relative_to(self.root).as_posix() for path in found)


def quote(text: str) -> str:
    """Return a text as a string that YAML, TOML and JSON read alike."""
    return json.dumps(text, ensure_ascii=False)


def plain_id(name: str, taken: Iterable[str] = ()) -> str:
    """Return a name's pinyin without hyphens as an id; numbered where it is taken."""
    plain = re.sub(r"[^a-z0-9]", "", ascii_name(name))
    numbers = (f"{plain}-{number}" for number in range(2, 1000))
    return plain if plain not in taken else next(id for id in numbers if id not in taken)


def build_repository(root: Path) -> Repository:
    """Write the corpus as a county's repository into the folder `root`."""
    repository = Repository.start(root, COUNTY)
    repository.add_site("portal", "沙洋县人民政府门户网站", "portal", short_name="沙洋县人民政府")
    rows = [json.loads(line) for line in (CORPUS / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: row["path"])
    offices = _add_services(repository)
    regions = _add_regions(repository, rows)
    for row in rows:
        folder = row["path"].split("/")[0]
        if folder == "laws":
            _add_law(repository, regions[_region(row)], row)
        elif folder == "procurement":
            _add_regulation(repository, offices[_FINANCE], row)
        elif folder == "reports-2026":
            _add_report(repository, offices[_OFFICE], row)
        elif folder == "shanghai-sample":
            _add_hand_copied(repository, offices, row)
        elif folder == "gov-sites":
            repository.left["gov-sites：网址清单，不是文稿"] += 1
        elif folder == "divisions" and not row["path"].endswith(f"/{TOWNSHIPS}.json"):
            repository.left["divisions：另外几个县的村名录"] += 1
    _add_townships(repository)
    return repository


def _add_services(repository: Repository) -> dict[str, str]:
    """Write each department's site with its services; return the departments' ids by name."""
    offices: dict[str, str] = {}
    corpus = json.loads((CORPUS / "services" / "guangan-district-services.json").read_text(encoding="utf-8"))
    for department in corpus:
        name = department["department"]
        id = offices[name] = plain_id(name, offices.values())
        repository.add_site(id, f"沙洋县{name.removeprefix('区')}", "department", short_name=name)
        taken: set[str] = set()
        for group in department["items"]:
            for item in group["sub_items"]:
                stem = _free_stem(item["name"], taken)
                head = {"title": item["name"], "办理部门": name, "事项编码": _item_code(item["link"])}
                if group["main_item"] != "未分类":
                    head["主项名称"] = group["main_item"]
                body = f"[在线办理]({item['link']})\n"
                repository.write(f"content/{id}/services/{stem}.md", front_matter(head) + body)
    return offices


def _free_stem(title: str, taken: set[str]) -> str:
    """Return a title as the stem of a file that is not there yet, and note it."""
    stem = title.replace("/", "／")[:_NAME_CHARACTERS]
    number = 2
    while stem in taken:
        stem = f"{title.replace('/', '／')[:_NAME_CHARACTERS]}-{number}"
        number += 1
    taken.add(stem)
    return stem


def _item_code(link: str) -> str:
    match = re.search(r"itemCode=([^&]+)", link)
    return match[1] if match else ""


def _region(row: Mapping[str, Any]) -> str:
    parts = str(row["path"]).split("/")
    return parts[1] if parts[1] == _STATUTES else parts[2]


def _add_regions(repository: Repository, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Write one department for each region that made regulations, named after the one who made most of them."""
    issuers: dict[str, Counter[str]] = {}
    for row in rows:
        if row["path"].startswith("laws/"):
            issuers.setdefault(_region(row), Counter())[row.get("issuer") or ""] += 1
    regions = {region: plain_id(region) for region in sorted(issuers)}
    for region, id in regions.items():
        repository.add_site(id, issuers[region].most_common(1)[0][0] or region, "department", short_name=region)
    return regions


def front_matter(fields: Mapping[str, str]) -> str:
    """Return fields as a front matter in YAML; those the metadata does not know are left out."""
    lines = [f"{key}: {quote(value)}" for key, value in fields.items() if value]
    return "\n".join(["---", *lines, "---", ""])


def _add_law(repository: Repository, site: str, row: Mapping[str, Any]) -> None:
    effective = next((match for line in row["info"] if (match := _EFFECTIVE.search(line))), None)
    head = {
        "title": row["title"],
        "date": row["date"],
        "issuer": row.get("issuer", ""),
        "source": row.get("issuer", ""),
        "document_number": row.get("doc_number", ""),
        "issued_on": row["date"],
        "effective_on": "-".join(part.zfill(2) for part in effective.groups()) if effective else "",
    }
    _add(repository, f"content/{site}/policies", head, row)


def _add_regulation(repository: Repository, site: str, row: Mapping[str, Any]) -> None:
    """Write a regulation on procurement; the corpus gives no date, so none is written."""
    head = {"title": row["title"], "genre": row["doc_type"], "validity": row["status"]}
    _add(repository, f"content/{site}/policies", head, row)


def _add_report(repository: Repository, site: str, row: Mapping[str, Any]) -> None:
    _add(
        repository, f"content/{site}/news", {key: row[key] for key in ("title", "date")} | {"来源": row["issuer"]}, row
    )


def _add(repository: Repository, folder: str, head: Mapping[str, str], row: Mapping[str, Any]) -> None:
    source = CORPUS / row["path"]
    repository.write(f"{folder}/{source.stem}.md", front_matter(head).encode() + source.read_bytes())


def _add_hand_copied(repository: Repository, offices: Mapping[str, str], row: Mapping[str, Any]) -> None:
    """Copy a document that brings front matter of its own, as it is."""
    source = CORPUS / row["path"]
    site = offices[_HAND_COPIED[source.parent.name]]
    repository.write(f"content/{site}/policies/{source.name}", source.read_bytes())


def _add_townships(repository: Repository) -> None:
    """Write a site for each township, with its villages; the register has no text on them."""
    county = json.loads((CORPUS / "divisions" / f"{TOWNSHIPS}.json").read_text(encoding="utf-8"))
    for township in county["townships"]:
        villages: dict[str, str] = {}
        for name in township["villages"]:
            villages[plain_id(_COMMITTEE.sub("", name), villages)] = name
        tables = [{"id": id, "name": name} for id, name in villages.items()]
        name = township["name"]
        repository.add_site(plain_id(name), f"{name}人民政府", "township", short_name=name, tables=tables)
