"""The demo county: builds without a finding, and every page of it is valid and sound."""

from __future__ import annotations

import subprocess
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.check.pages import read_pages
from govgen.check.run import check_page
from govgen.events import Silence
from govgen.model.build import BuildReport
from govgen.model.document import Kind
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.pipeline import build, read_artifacts
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests.browser import STRICT_CSP, launch_chromium, serve, visit
from tests.conftest import require
from tests.world import NOON, PROJECT

VNU = PROJECT / "tests/node_modules/vnu-jar/build/dist/vnu.jar"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, Path, Catalog]:
    """Build the demo county once."""
    folder = tmp_path_factory.mktemp("demo")
    options = BuildOptions(folder / "public", folder / "catalog.sqlite", Audience(NOON))
    report = build(Checkout(PROJECT), options, Silence())
    return report, folder / "public", Catalog.open(folder / "catalog.sqlite")


def test_the_demo_county_has_no_findings_but_advice(demo: tuple[BuildReport, Path, Catalog]) -> None:
    report = demo[0]
    assert [finding for finding in report.findings if SEVERITIES[finding.rule] is not Severity.ADVICE] == []
    assert report.held == ()


def test_the_demo_county_has_every_kind_of_site_and_document(demo: tuple[BuildReport, Path, Catalog]) -> None:
    report, _, catalog = demo
    county = load_county(Checkout(PROJECT))
    assert Counter(site.kind.value for site in county.sites) == {"portal": 1, "department": 9, "township": 5}
    assert all(3 <= len(site.villages) <= 6 for site in county.sites if site.kind.value == "township")
    kinds = Counter(row["kind"] for row in catalog.rows("SELECT kind FROM documents WHERE name != 'index'"))
    assert set(kinds) == {kind.value for kind in Kind}
    assert report.documents >= 200
    assert kinds["service"] == 30
    assert kinds["letter"] == 20


def test_every_page_of_the_demo_county_is_valid_html(demo: tuple[BuildReport, Path, Catalog]) -> None:
    java = require("java")
    assert VNU.is_file(), "npm ci in tests/"
    command = [java, "-Xss4m", "-jar", str(VNU), "--skip-non-html", "--format", "gnu", str(demo[1])]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.stderr.strip() == ""
    assert result.returncode == 0


def test_every_page_of_the_demo_county_keeps_the_page_rules(demo: tuple[BuildReport, Path, Catalog]) -> None:
    pages = list(read_pages(demo[1]))
    assert len(pages) > 500
    assert [finding for page in pages for finding in check_page(page)] == []


def test_pages_planned_are_pages_on_disk(demo: tuple[BuildReport, Path, Catalog]) -> None:
    _, output, catalog = demo
    on_disk = {file.relative_to(output).as_posix() for file in output.rglob("*") if file.is_file()}
    assert on_disk - {".govgen-built"} == {artifact.path for artifact in read_artifacts(catalog.file)}


LOOKED_AT = (
    "www.{}/index.html",
    "www.{}/policies/2026-jiuye-shitiao.html",
    "www.{}/sites/index.html",
    "www.{}/letters/index.html",
    "www.{}/data/index.html",
    "www.{}/topics/yilao.html",
    "qingshui.{}/index.html",
    "qingshui.{}/villages/shanghe/index.html",
    "mzj.{}/services/dibao.html",
    "czj.{}/sitemap.html",
    "spj.{}/404.html",
)


UNVOUCHED = """[...document.scripts].map(script => script.outerHTML).filter(
    script => !script.includes("application/ld+json") && !/ src=.* integrity=/.test(script))"""
"""Scripts without the digest that the browser holds them against; data that is no script is none."""


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_page_of_the_demo_county_is_wider_than_its_screen_or_runs_what_it_does_not_vouch_for(
    demo: tuple[BuildReport, Path, Catalog], width: int
) -> None:
    screen = {"width": width, "height": 800}
    with (
        launch_chromium() as chromium,
        serve(demo[1], csp=STRICT_CSP) as server,
        visit(chromium, server, viewport=screen) as reader,
    ):
        for path in LOOKED_AT:
            page = reader.open(path.format("yunling.gov.example"))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(UNVOUCHED) == [], path
            page.close()
        assert reader.foreign == []
        assert [address for address in reader.failed if "/404.html" not in address] == []


def test_two_builds_of_one_commit_are_byte_identical(demo: tuple[BuildReport, Path, Catalog], tmp_path: Path) -> None:
    options = BuildOptions(tmp_path / "public", tmp_path / "catalog.sqlite", Audience(NOON))
    build(Checkout(PROJECT), replace(options, processes=1), Silence())
    again, first = (read_artifacts(catalog) for catalog in (options.catalog, demo[2].file))
    assert {(a.path, a.digest) for a in again} == {(a.path, a.digest) for a in first}


def test_no_site_file_of_the_demo_county_repeats_a_standard_section() -> None:
    for file in sorted((PROJECT / "sites").glob("[a-z]*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        assert {section["id"] for section in table.get("sections", [])} <= {"tourism"}
