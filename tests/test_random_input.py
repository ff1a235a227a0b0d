"""Random names and random documents: none leaves the output folder, none brings the program down."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from govgen.catalog.intake import Intake
from govgen.catalog.rows import document_rows
from govgen.catalog.store import Catalog
from govgen.content.fault import Fault
from govgen.content.keys import KEYS
from govgen.content.parse import Parser, Verdict
from govgen.content.pictures import measure_picture
from govgen.content.place import Places
from govgen.content.settings import read_markdown_settings
from govgen.errors import MachineryError
from govgen.files import OutputFolder, check_output_path
from govgen.model.address import Addresses
from govgen.model.county import County
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.texts import load_texts
from tests.world import World

FAST = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_NASTY_WORDS = (
    ".. . \\ %2e%2e %2f ~ ..; ... CON .git .well-known notices news index index.md villages shanghe x.md - _ | $(id)"
)
NASTY = st.sampled_from(["", "/", "\0", "\n", "\u202e", "公告", "a" * 300, *_NASTY_WORDS.split()])
PIECES = st.one_of(NASTY, st.text(max_size=12))
NAMES = st.lists(PIECES, min_size=1, max_size=6).map("/".join)
VALUES = st.recursive(
    st.one_of(PIECES, NAMES, st.integers(), st.booleans(), st.none(), st.dates().map(str), st.datetimes().map(str)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=3),
    max_leaves=6,
)
SPELLINGS = sorted({name for key, kind in KEYS.items() for name in (key, *kind.chinese, *kind.others)})
FIELDS = st.dictionaries(st.sampled_from(SPELLINGS) | PIECES, VALUES, max_size=6)
_MARKS = (
    "# ¦> ¦- ¦1. ¦    ¦`¦```¦*¦_¦[甲](¦[甲][¦]: ¦![¦](¦)¦<¦>¦<a href='¦<img src=\"¦\"¦'¦</¦<!--¦-->¦&#¦;¦{: ¦}¦"
    "[^1]¦:   ¦~~~¦---¦===¦\n¦\n\n¦\\¦http://a.example/¦/-reference-/0¦site:¦mzj:notices/¦../¦x.png¦x.pdf¦表¦a|¦|"
)
MARKUP = st.lists(st.sampled_from(_MARKS.split("¦")) | st.text(max_size=8), max_size=40).map("".join)


@dataclass(frozen=True, repr=False)
class Bench:
    """A parser in this process, and where what it made would go."""

    county: County
    parser: Parser
    addresses: Addresses
    catalog: Catalog


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Yield a parser of a small county, and an empty catalog."""
    root = tmp_path_factory.mktemp("random")
    checkout = Checkout(World(root / "county").root)
    county = load_county(checkout)
    parser = Parser(checkout, county, read_markdown_settings(checkout.root))
    catalog = Catalog.create(root / "catalog.sqlite")
    yield Bench(county, parser, Addresses(county, county.domain), catalog)
    catalog.connection.close()


def settle(bench: Bench, verdict: Verdict) -> None:
    """Check a verdict as the program goes on with it: words for every finding, a place for every page, a row."""
    texts = load_texts("zh-CN")
    for finding in verdict.findings:
        assert texts.message(finding) and texts.remedy(finding)
    document = verdict.document
    if document is None:
        assert any(SEVERITIES[finding.rule] is Severity.ERROR for finding in verdict.findings)
        return
    site = bench.county.find_site(document.site)
    assert site is not None
    for address in (document.address, *document.aliases, *(file.address for file in document.files)):
        check_output_path(bench.addresses.output_path(site, address))
    intake = Intake(bench.catalog)
    intake.put(document_rows(document, ZoneInfo(bench.county.timezone)))
    intake.remove(document.path)


@FAST
@given(path=NAMES, section=PIECES, slug=PIECES)
@example(path="index", section="", slug="con")
@example(path="a/index", section="news", slug="index")
def test_random_paths_sections_and_slugs_stay_in_the_sites_folder(
    bench: Bench, path: str, section: str, slug: str
) -> None:
    for start in ("content/", "content/mzj/", "content/mzj/notices/", "content/qingshui/villages/shanghe/"):
        with suppress(Fault):
            place = Places(bench.county).place(f"{start}{path}.md", section_key=section, slug=slug)
            output = check_output_path(bench.addresses.output_path(place.site, place.address))
            assert output.split("/")[0] == f"{place.site.host}.{bench.county.domain}"
            assert output.startswith(f"{place.site.host}.{bench.county.domain}/{place.folder}")


@FAST
@given(aliases=st.lists(NAMES | NAMES.map(lambda name: f"/{name}"), max_size=4), files=st.lists(NAMES, max_size=3))
def test_random_aliases_and_attachments_stay_in_the_output_folder(
    bench: Bench, aliases: list[str], files: list[str]
) -> None:
    fields = {"title": "甲", "date": "2026-03-01", "aliases": aliases, "attachments": files}
    head = "".join(f"{key}: {json.dumps(value)}\n" for key, value in fields.items())
    settle(bench, bench.parser.parse("content/mzj/notices/a.md", f"---\n{head}---\n正文\n".encode()))


@FAST
@given(path=NAMES, content=st.binary(max_size=20))
def test_random_output_paths_are_refused_or_written_inside_the_folder(path: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outside, inside = Path(folder), Path(folder, "output")
        inside.mkdir()
        (inside / "news").symlink_to(outside)
        try:
            OutputFolder(inside).write(path, content)
        except MachineryError as error:
            assert error.key == "unsafe-path"
        else:
            written = inside / path
            assert written.read_bytes() == content
            assert written.resolve().is_relative_to(inside.resolve())
        assert [entry.name for entry in outside.iterdir()] == ["output"]


@FAST
@given(content=st.binary(max_size=300))
def test_random_bytes_get_a_verdict(bench: Bench, content: bytes) -> None:
    settle(bench, bench.parser.parse("content/mzj/notices/a.md", content))


@FAST
@given(fields=FIELDS, body=MARKUP, spelling=st.sampled_from(["yaml", "raw", "toml", "pelican"]))
def test_random_front_matter_and_markup_get_a_verdict(
    bench: Bench, fields: dict[str, object], body: str, spelling: str
) -> None:
    fields = {"title": "甲", "date": "2026-03-01", **fields}
    if spelling == "pelican":
        text = "".join(f"{key}: {value}\n" for key, value in fields.items()) + "\n" + body
    else:
        mark, sign = ("+++", " =") if spelling == "toml" else ("---", ":")
        write = str if spelling == "raw" else json.dumps
        text = "".join(f"{write(key)}{sign} {write(value)}\n" for key, value in fields.items())
        text = f"{mark}\n{text}{mark}\n{body}"
    settle(bench, bench.parser.parse("content/mzj/notices/a.md", text.encode("utf-8", "surrogatepass")))


@FAST
@given(
    ending=st.sampled_from(["png", "jpg", "gif", "webp", "svg"]),
    head=st.sampled_from([b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 "])
    | st.sampled_from(
        [b'<svg xmlns="http://www.w3.org/2000/svg" ', b'<?xml version="1.0" encoding="', b"<svg><!DOCTYPE "]
    ),
    rest=st.binary(max_size=80) | MARKUP.map(lambda text: text.encode("utf-8", "surrogatepass")),
)
def test_random_pictures_are_measured_or_refused(ending: str, head: bytes, rest: bytes) -> None:
    with suppress(Fault):
        size = measure_picture(head + rest, ending)
        assert size.width >= 0 and size.height >= 0
