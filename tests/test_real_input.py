"""Counties of real content: nothing is lost, nothing breaks, and whoever is held is told why."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from govgen.catalog.states import Audience
from govgen.check.pages import BuiltPage
from govgen.check.run import check_page
from govgen.content.front_matter import split_front_matter
from govgen.events import Silence
from govgen.model.address import Addresses
from govgen.model.county import County
from govgen.model.finding import Finding, Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.texts import load_texts
from tests import real_federated, real_zh
from tests.conftest import require_corpora
from tests.real_input import build_county
from tests.world import MZJ, NOON, PROJECT, Built, World

require_corpora()
COUNTIES = {"zh": real_zh.build_repository, "federated": real_federated.build_repository}
_EVERY = 25
"""Of the pages that are not a site's home, every so many are looked at."""


@dataclass(frozen=True)
class Real:
    """A county of real content, built."""

    name: str
    root: Path
    built: Built
    county: County
    documents: list[str]

    def rows(self, statement: str) -> list[tuple[str, ...]]:
        """Return the rows of a query on the build's catalog."""
        catalog = sqlite3.connect(self.root / "build" / "cache" / "catalog.sqlite")
        rows = catalog.execute(statement).fetchall()
        catalog.close()
        return rows

    def errors(self, path: str) -> list[Finding]:
        """Return what holds a file back."""
        return [finding for finding in self.built.findings(path=path) if SEVERITIES[finding.rule] is Severity.ERROR]


@pytest.fixture(scope="module", params=COUNTIES)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Real:
    """Return each of the counties, built once."""
    root = tmp_path_factory.mktemp("real") / request.param
    repository = COUNTIES[request.param](root)
    checkout = Checkout(root)
    output = root / "build" / "public"
    options = BuildOptions(output, root / "build" / "cache" / "catalog.sqlite", Audience(NOON))
    report = build(checkout, options, Silence())
    return Real(request.param, root, Built(report, output), load_county(checkout), repository.documents())


def test_every_file_is_in_the_catalog_or_held_and_never_both(real: Real) -> None:
    known = [path for (path,) in real.rows("SELECT path FROM documents")]
    held = list(real.built.report.held)
    assert sorted([*known, *held]) == real.documents
    assert real.built.report.documents == len(real.documents)
    assert real.built.report.states["held"] == len(held) > 0


def test_every_published_document_has_its_page(real: Real) -> None:
    addresses = Addresses(real.county, real.county.domain)
    rows = real.rows("SELECT site, address FROM documents WHERE is_listed AND name != 'index'")
    sites = {site.id: site for site in real.county.sites}
    missing = [row for row in rows if not real.built.has(addresses.output_path(sites[row[0]], row[1]))]
    assert len(rows) > 500
    assert not missing


def test_every_held_file_has_an_error_that_says_what_to_do_in_both_languages(real: Real) -> None:
    languages = [load_texts("zh"), load_texts("en")]
    for path in real.built.report.held:
        errors = real.errors(path)
        assert errors, path
        for finding in errors:
            words = [(texts.message(finding), texts.remedy(finding)) for texts in languages]
            assert all(message.strip() and remedy.strip() for message, remedy in words), finding
            assert words[0] != words[1], finding


def test_only_held_files_have_errors(real: Real) -> None:
    with_errors = {f.path for f in real.built.findings() if SEVERITIES[f.rule] is Severity.ERROR}
    assert with_errors == set(real.built.report.held)


def test_every_finding_names_a_file_that_is_there_and_a_line_in_it(real: Real) -> None:
    lengths: dict[str, int] = {}
    for finding in real.built.findings():
        file = real.root / finding.path
        if finding.path not in lengths:
            lengths[finding.path] = len(re.split(rb"\r\n|\r|\n", file.read_bytes()))
        assert finding.line is None or 1 <= finding.line <= lengths[finding.path], finding


def test_every_site_has_pages(real: Real) -> None:
    pages = {site.id: site.pages for site in real.built.report.sites}
    assert set(pages) == {site.id for site in real.county.sites}
    assert min(pages.values()) > 0


def test_no_page_of_the_sample_has_a_broken_link_or_another_fault(real: Real) -> None:
    addresses = Addresses(real.county, real.county.domain)
    homes = {addresses.output_path(site, "/") for site in real.county.sites}
    paths = sorted(file.relative_to(real.built.output).as_posix() for file in real.built.output.rglob("*.html"))
    sample = sorted(homes | set(paths[::_EVERY]))
    assert len(sample) > 40
    findings = [
        finding for path in sample for finding in check_page(BuiltPage(real.built.output, path, real.built.page(path)))
    ]
    assert not findings


def test_the_build_takes_well_under_a_minute(real: Real) -> None:
    assert real.built.report.seconds < 60


def test_importing_again_gives_the_same_repository(real: Real, tmp_path: Path) -> None:
    COUNTIES[real.name](tmp_path / "again")
    folders = ("content", "sites")
    assert _digests(tmp_path / "again", folders) == _digests(real.root, folders)


def _digests(root: Path, folders: tuple[str, ...]) -> dict[str, str]:
    files = (file for folder in folders for file in (root / folder).rglob("*") if file.is_file())
    return {file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_command_line_checks_it_in_english_without_a_traceback(real: Real) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "check", "--format", "json", "--lang", "en"],
        cwd=real.root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    findings = json.loads(done.stdout)
    assert len(findings) == len(real.built.findings())
    assert all(finding["message"].strip() and finding["remedy"].strip() for finding in findings)


only_zh = pytest.mark.parametrize("real", ["zh"], indirect=True)
only_federated = pytest.mark.parametrize("real", ["federated"], indirect=True)


@only_zh
def test_no_word_of_a_regulation_is_lost_on_its_page(real: Real) -> None:
    addresses = Addresses(real.county, real.county.domain)
    sites = {site.id: site for site in real.county.sites}
    rows = real.rows("SELECT path, site, address FROM documents WHERE kind = 'policy' AND is_listed ORDER BY path")
    for path, site, address in rows[::5]:
        body = split_front_matter((real.root / path).read_text(encoding="utf-8")).body
        written = re.sub(r"<!--.*?-->|\]\([^)]*\)", "", body, flags=re.DOTALL)
        shown = real.built.words(addresses.output_path(sites[site], address))
        assert not Counter(_characters(written)) - Counter(_characters(shown)), path


def _characters(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fffA-Za-z0-9]", text)


@only_zh
def test_a_regulation_without_a_date_is_held_and_none_is_invented(real: Real) -> None:
    names = {f"{path.stem}.md" for path in (real_zh.CORPUS / "procurement").iterdir()}
    held = {path.rpartition("/")[2]: path for path in real.built.report.held}
    assert len(names) == 16
    assert all({f.rule for f in real.errors(held[name])} == {"FM-DATE-MISSING"} for name in names)


@only_zh
def test_two_provinces_that_sound_alike_share_no_address(real: Real) -> None:
    held = [path for path in real.built.report.held if path.endswith(("/陕西省.md", "/山西省.md"))]
    assert len(held) == 1
    assert {finding.rule for finding in real.errors(held[0])} == {"ADR-TWICE"}


@only_zh
def test_every_village_of_the_register_stands_on_its_townships_page(real: Real) -> None:
    register = json.loads((real_zh.CORPUS / "divisions" / f"{real_zh.TOWNSHIPS}.json").read_text(encoding="utf-8"))
    townships = {site.short_name: site for site in real.county.sites if site.villages}
    assert len(register["townships"]) > 5
    for township in register["townships"]:
        site = townships[township["name"]]
        assert sorted(village.name for village in site.villages) == sorted(township["villages"])
        host = f"{site.host}.{real.county.domain}"
        listed = real.built.words(f"{host}/villages/index.html")
        assert all(name in listed for name in township["villages"])
        assert all(real.built.has(f"{host}/villages/{village.id}/index.html") for village in site.villages)


@only_federated
def test_every_agency_publishes_documents(real: Real) -> None:
    published = dict(real.rows("SELECT site, count(*) FROM documents WHERE is_listed GROUP BY site"))
    assert set(published) == set(real_federated.AGENCIES)


@only_federated
def test_a_picture_without_words_is_named_as_it_lies_in_the_repository(real: Real) -> None:
    pictures = [finding.values["target"] for finding in real.built.findings("IMG-TEXT")]
    assert "content/csc-corp/images/What We Do/innxcsc_opt2.jpg" in pictures
    assert all((real.root / picture).is_file() for picture in pictures)


@only_federated
def test_a_picture_that_is_there_reaches_the_page(real: Real) -> None:
    page = real.built.page("csc-corp.federated.gov.example/pages/About-INN-x-CSC.html".lower())
    sources = [str(image["src"]) for image in page.select("main img")]
    assert sources
    assert all(real.built.has(f"csc-corp.federated.gov.example{source}") for source in sources)


def test_a_date_whose_zone_is_one_digit_is_read(world: Callable[..., World]) -> None:
    built = world("""
-- content/mzj/news/plus.md --
---
title: 一
date: 2015-03-17 14:00:00 -4
---
正文。
-- content/mzj/news/half.md --
---
title: 二
date: 2015-03-17T14:00:00+05:30
---
正文。
""").build()
    dates = {}
    for name in ("plus", "half"):
        tag = built.page(f"{MZJ}/news/{name}.html").find("meta", attrs={"name": "PubDate"})
        dates[name] = tag["content"] if tag else ""
    assert dates == {"plus": "2015-03-18 02:00", "half": "2015-03-17 16:30"}


def test_a_second_summary_in_anothers_spelling_is_kept_as_a_free_key(world: Callable[..., World]) -> None:
    county = world()
    head = "title: 一\nexcerpt: 乙\ndescription: 甲\nsummary: 丙"
    county.write("content/mzj/about/both.md", f"---\n{head}\n---\n正文。\n")
    built = county.build()
    tag = built.page(f"{MZJ}/about/both.html").find("meta", attrs={"name": "Description"})
    assert tag and tag["content"] == "丙"
    assert built.rules("content/mzj/about/both.md") == {"FM-UNKNOWN"}


def test_two_of_our_own_spellings_are_still_one_too_many(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/about/both.md", "---\ntitle: 一\n标题: 二\n---\n正文。\n")
    assert county.build().rules("content/mzj/about/both.md") == {"FM-TWICE"}


@pytest.mark.parametrize("line", ["sections: [a, b]", "resources: x", "images: [a.png]", "redirect_to: /x/"])
def test_a_key_of_another_generator_is_no_typo(world: Callable[..., World], line: str) -> None:
    county = world()
    county.write("content/mzj/about/page.md", f"---\ntitle: 一\n{line}\n---\n正文。\n")
    assert county.build().rules("content/mzj/about/page.md") == {"FM-UNKNOWN"}


@pytest.mark.parametrize("line", ["images: a.png", "sumary: x", "keyword: [a, b]", "publish_on: 2026-12-01"])
def test_a_typo_is_still_one(world: Callable[..., World], line: str) -> None:
    county = world()
    county.write("content/mzj/about/page.md", f"---\ntitle: 一\n{line}\n---\n正文。\n")
    assert county.build().rules("content/mzj/about/page.md") == {"FM-TYPO"}


def test_a_status_that_speaks_of_validity_is_the_validity(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/policies/fa.md", "---\n标题: 办法\n日期: 2026-03-01\n状态: 已废止\n---\n正文。\n")
    built = county.build()
    assert not built.report.held
    assert "废止" in built.words(f"{MZJ}/policies/fa.html")


def test_a_third_slash_makes_no_link_of_our_own(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/about/page.md", "---\ntitle: 一\n---\n[甲](https:///www.gov.example/x)\n")
    built = county.build()
    assert built.page(f"{MZJ}/about/page.html").select_one('main a[href="https://www.gov.example/x"]')


def test_a_frame_is_reported_once_and_its_address_is_no_dead_link(world: Callable[..., World]) -> None:
    county = world()
    county.write(
        "content/mzj/about/page.md", '---\ntitle: 一\n---\n正文。\n\n<iframe src="https://a.example/"></iframe>\n'
    )
    assert county.build().rules("content/mzj/about/page.md") == {"HTML-DROPPED"}


def test_the_report_is_measured_on_a_whole_process_tree(world: Callable[..., World]) -> None:
    county = world("""
-- content/mzj/news/a.md --
title: 一
date: 2026-03-01

正文。
""")
    outcome = build_county("small", county.root)
    assert (outcome.report["documents"], outcome.held) == (1, [])
    assert outcome.peak_bytes > 20_000_000
