"""The files a document carries: which are taken along, under which address, and which are refused."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable

import pytest
from bs4 import Tag
from PIL import Image

from govgen.content.parse import Parser, Verdict
from govgen.content.settings import read_markdown_settings
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from tests.world import QINGSHUI, Built, World

FOLDER = "content/qingshui/notices"
PATH = f"{FOLDER}/wen.md"
PDF = b"%PDF-1.7\n" + b"." * 2_350_000
ZIP = b"PK\x03\x04" + b"." * 1000


def picture(format: str, width: int = 40, height: int = 30) -> bytes:
    """Return a small picture."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "#1f4a7a").save(stream, format)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that says it has so many pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    header = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + header + struct.pack(">I", 9) + b"IDAT"


def svg(inside: str = "", attributes: str = 'width="40" height="30px"') -> str:
    """Return an SVG picture."""
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names} {attributes}>{inside}</svg>"


CARRIED = """
-- content/qingshui/notices/wen.md --
---
title: 临时救助
date: 2026-03-01
image: 封面.png
image_alt: 办事窗口
attachments:
  - 申请表.pdf
  - {file: 名单.XLSX, title: 名单（公示）}
  - {文件: 封面.png, 名称: 封面大图}
---
见[申请表](申请表.pdf)、[汇总](hui%20zong.csv)和[公用的表](/gong-yong/biao.docx)。

![水渠](tu/qu.jpg) ![缩小的](tu/qu.jpg){width=20} ![图标](/gong-yong/tubiao.svg)

![动图](a.gif)![新格式](b.webp)![百分比](c.svg)
-- content/qingshui/notices/hui zong.csv --
一,二
-- content/qingshui/notices/c.svg --
<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"/>
-- content/qingshui/notices/ling.md --
title: 另一篇
date: 2026-03-02

又见[申请表](申请表.pdf)、[申情表](申情表.pdf)。
"""


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a township whose notices carry files of many kinds."""
    county = World(tmp_path_factory.mktemp("county"), CARRIED)
    files: dict[str, bytes | str] = {
        "申请表.pdf": PDF,
        "申情表.pdf": PDF[:-1],
        "名单.XLSX": ZIP,
        "封面.png": picture("PNG", 60),
    }
    files |= {
        "tu/qu.jpg": picture("JPEG"),
        "a.gif": picture("GIF"),
        "b.webp": picture("WEBP", 10, 10),
        "没人要.pdf": PDF,
    }
    files |= {"../gong-yong/biao.docx": ZIP, "../gong-yong/tubiao.svg": svg("<rect/>")}
    for name, content in files.items():
        county.write(f"{FOLDER}/{name}", content)
    return county.build()


def rows(built: Built, name: str) -> list[list[str]]:
    """Return the table of attachments on a notice's page: name, type, size."""
    page = built.page(f"{QINGSHUI}/notices/{name}.html")
    return [[cell.get_text(strip=True) for cell in row.select("td")] for row in page.select(".attachments tbody tr")]


def pictures(built: Built) -> dict[str, Tag]:
    """Return the pictures of the notice `wen` by their words."""
    return {str(image["alt"]): image for image in built.page(f"{QINGSHUI}/notices/wen.html").select(".prose img")}


def test_nothing_is_wrong_with_sound_files(carried: Built) -> None:
    assert carried.findings() == []


def test_attachments_are_listed_with_name_type_and_size(carried: Built) -> None:
    assert rows(carried, "wen") == [
        ["申请表", "PDF", "2.4 MB"],
        ["名单（公示）", "XLSX", "1 KB"],
        ["封面大图", "PNG", f"{len(picture('PNG', 60))} B"],
        ["汇总", "CSV", "8 B"],
        ["公用的表", "DOCX", "1 KB"],
    ]


def test_a_file_is_offered_under_the_name_it_was_given(carried: Built) -> None:
    links = carried.page(f"{QINGSHUI}/notices/wen.html").select(".attachments a")
    assert [link["download"] for link in links] == ["申请表.pdf", "名单.XLSX", "封面.png", "hui zong.csv", "biao.docx"]


def test_files_lie_below_files_and_images_and_are_copied_byte_by_byte(carried: Built) -> None:
    page = carried.page(f"{QINGSHUI}/notices/wen.html")
    hrefs = [str(link["href"]) for link in page.select(".attachments a")]
    assert [href.split("/")[1] for href in hrefs] == ["files", "files", "images", "files", "files"]
    assert {str(image["src"]).split("/")[1] for image in page.select(".prose img")} == {"images"}
    assert (carried.output / f"{QINGSHUI}{hrefs[0]}").read_bytes() == PDF
    assert (carried.output / f"{QINGSHUI}{hrefs[2]}").read_bytes() == picture("PNG", 60)
    assert hrefs[4] == "/files/gong-yong/biao.docx"


def test_chinese_names_become_pinyin_and_homonyms_stay_apart(carried: Built) -> None:
    links = carried.page(f"{QINGSHUI}/notices/ling.html").select(".prose a")
    addresses = [str(link["href"]) for link in links]
    assert all(address.startswith("/files/notices/shen-qing-biao-") for address in addresses)
    assert all(address.endswith(".pdf") and address.isascii() for address in addresses)
    assert [(carried.output / f"{QINGSHUI}{address}").stat().st_size for address in addresses] == [
        len(PDF),
        len(PDF) - 1,
    ]


def test_a_file_that_two_documents_carry_is_one_file_and_what_none_carries_is_left(carried: Built) -> None:
    below = [path for path in carried.files() if path.startswith((f"{QINGSHUI}/files/", f"{QINGSHUI}/images/"))]
    assert len(below) == 5 + 6
    assert not [path for path in carried.files() if "mei-ren-yao" in path]


def test_pictures_have_their_size_unless_the_author_gave_one(carried: Built) -> None:
    sizes = {words: (image.get("width"), image.get("height")) for words, image in pictures(carried).items()}
    assert sizes == {
        "办事窗口": ("60", "30"),
        "水渠": ("40", "30"),
        "缩小的": ("20", "15"),
        "图标": ("40", "30"),
        "动图": ("40", "30"),
        "新格式": ("10", "10"),
        "百分比": (None, None),
    }


def test_the_picture_of_a_document_stands_first_on_its_page(carried: Built) -> None:
    images = carried.page(f"{QINGSHUI}/notices/wen.html").select(".prose img")
    assert images[0]["alt"] == "办事窗口"
    assert str(images[0]["src"]).startswith("/images/notices/feng-mian-")
    assert carried.has(QINGSHUI + str(images[0]["src"]))


def test_a_long_chinese_name_keeps_its_ending(world: Callable[..., World]) -> None:
    county = world()
    name = "关于印发云岭县二〇二六年农村人居环境整治提升行动实施方案的通知附件一申请表填写说明及样例.pdf"
    county.write(f"{FOLDER}/{name}", PDF)
    county.write(PATH, f"title: 题目\ndate: 2026-03-01\n\n见[附件]({name})。")
    built = county.build()
    address = str(built.page(f"{QINGSHUI}/notices/wen.html").select(".prose a")[0]["href"])
    assert address.endswith(".pdf")
    assert built.has(QINGSHUI + address)


WRONG_FILES: dict[str, bytes | str] = {
    "gai-ming.pdf": "<html><script>alert(1)</script></html>",
    "kong.pdf": "",
    "kong.csv": "",
    "gai-ming.docx": "%PDF-1.7",
    "gai-ming.xls": ZIP,
    "er-jin-zhi.csv": b"\x00\x01\x02",
    "gai-ming.png": picture("JPEG"),
    "gai-ming.jpg": "<svg/>",
    "duan.gif": b"GIF8",
    "biao.exe": b"MZ",
    "ye.html": "<p>",
    "mei-you-hou-zhui": "x",
    "biao.pdf": PDF,
    "da.png": png_header(10_000, 5_001),
    "ju-da.png": png_header(60_000, 60_000),
    "jiao-ben.svg": svg("<script>alert(1)</script>"),
    "shi-jian.svg": svg('<rect onload="x()"/>'),
    "yang-shi.svg": svg("<style>@import url(https://x.example/)</style>"),
    "yang-shi-2.svg": svg('<rect style="fill:red"/>'),
    "lian-jie.svg": svg('<use xlink:href="https://x.example/a.svg#b"/>'),
    "lian-jie-2.svg": svg('<a href="javascript:x()"><rect/></a>'),
    "wai-tu.svg": svg('<image href="https://x.example/a.png"/>'),
    "wai-se.svg": svg('<rect fill="url(https://x.example/a.svg#b)"/>'),
    "wai-se-2.svg": svg("<rect fill=\"URL( 'https://x.example/a.svg#b')\"/>"),
    "wai-se-3.svg": svg('<rect filter="url(#a) url(//x.example/a.svg#b)"/>'),
    "html.svg": svg("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>"),
    "yang-shi-biao.svg": '<?xml-stylesheet href="https://x.example/a.css"?>' + svg(),
    "yang-shi-biao-16.svg": ('<?xml-stylesheet href="https://x.example/a.css"?>' + svg()).encode("utf-16"),
    "shi-ti.svg": '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + svg("<title>&b;</title>"),
    "huai.svg": "<svg",
    "da.svg": svg("<rect/>" * 30_000),
}


@pytest.fixture(scope="module")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Parser:
    """Return the parser of a county that holds all those wrong files."""
    county = World(tmp_path_factory.mktemp("county"))
    for name, content in WRONG_FILES.items():
        county.write(f"{FOLDER}/{name}", content)
    county.write(f"{FOLDER}/tai-da.pdf", PDF)
    os.truncate(county.root / FOLDER / "tai-da.pdf", 20_000_001)
    county.write("content/mzj/notices/biao.pdf", PDF)
    county.write("secret.pdf", PDF)
    (county.root / FOLDER / "lian.pdf").symlink_to(county.root / "secret.pdf")
    (county.root / FOLDER / "lian-dao").symlink_to(county.root / "content/mzj/notices")
    return make_parser(county)


def make_parser(county: World) -> Parser:
    """Return the parser of a county."""
    checkout = Checkout(county.root)
    return Parser(checkout, load_county(checkout), read_markdown_settings(checkout.root))


def read(parser: Parser, *lines: str, body: str = "正文。") -> Verdict:
    """Return the verdict on a notice with these lines in its front matter from line 4 on, and this body."""
    return parser.parse(PATH, "\n".join(["---", "title: 题目", "date: 2026-03-01", *lines, "---", "", body]).encode())


REFUSALS = {
    "ATT-MISSING": [
        *["mei-you.pdf", "Biao.pdf", "biao.PDF", "lian-dao/mei-you.pdf", "a\\b.pdf", "/biao.pdf", "/etc/passwd.txt"],
        *["长" * 100 + ".pdf", "https://x.example/a.pdf", "."],
    ],
    "ATT-OUTSIDE": [
        *["../../mzj/notices/biao.pdf", "../../../secret.pdf", "/../mzj/notices/biao.pdf", "..\\..\\..\\secret.pdf"],
        *["%2e%2e/%2e%2e/%2e%2e/secret.pdf", "a%00.pdf", "../.."],
    ],
    "ATT-SYMLINK": ["lian.pdf", "lian-dao/biao.pdf"],
    "ATT-TYPE": ["biao.exe", "ye.html", "mei-you-hou-zhui"],
    "ATT-CONTENT": [
        *["gai-ming.pdf", "kong.pdf", "kong.csv", "gai-ming.docx", "gai-ming.xls", "er-jin-zhi.csv", "gai-ming.png"],
        *["gai-ming.jpg", "duan.gif"],
    ],
    "ATT-SIZE": ["tai-da.pdf"],
    "IMG-SIZE": ["da.png", "ju-da.png"],
    "IMG-SVG": [name for name in WRONG_FILES if name.endswith(".svg")],
}


@pytest.mark.parametrize(("target", "rule"), [(name, rule) for rule, names in REFUSALS.items() for name in names])
def test_a_wrong_file_holds_the_document_by_its_own_rule(parser: Parser, target: str, rule: str) -> None:
    verdict = read(parser, "source: 县政府", "attachments:", f"  - '{target}'")
    assert verdict.document is None
    assert [(finding.rule, finding.line) for finding in verdict.findings] == [(rule, 5)]
    assert verdict.findings[0].values["target"] == target


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("见[附件](mei-you.pdf)。", "ATT-MISSING"),
        ("见[附件](../../mzj/notices/biao.pdf)。", "ATT-OUTSIDE"),
        ("![水渠](mei-you.png)", "ATT-MISSING"),
        ("![水渠](../../../a.png)", "ATT-OUTSIDE"),
        ("![水渠](gai-ming.png)", "ATT-CONTENT"),
        ("![水渠](da.png)", "IMG-SIZE"),
        ("![水渠](jiao-ben.svg)", "IMG-SVG"),
        ("![水渠](biao.pdf)", "ATT-TYPE"),
        ('<img src="lian.pdf" alt="水渠">', "ATT-SYMLINK"),
    ],
)
def test_what_is_wrong_with_files_of_a_body_is_told_on_its_line(parser: Parser, body: str, rule: str) -> None:
    verdict = read(parser, body=f"第一段。\n\n{body}\n")
    assert verdict.document is None
    assert [(finding.rule, finding.line) for finding in verdict.findings] == [(rule, 8)]


@pytest.mark.parametrize(
    ("target", "rule"), [("mei-you.png", "ATT-MISSING"), ("biao.pdf", "ATT-TYPE"), ("da.svg", "IMG-SVG")]
)
def test_the_picture_of_a_document_must_be_one(parser: Parser, target: str, rule: str) -> None:
    verdict = read(parser, f"题图: {target}")
    assert verdict.document is None
    assert [(finding.rule, finding.line) for finding in verdict.findings] == [(rule, 4)]


@pytest.mark.parametrize(
    "target", ["https://x.example/a.png", "//x.example/a.png", "data:image/png;base64,AAAA", "http:a.png"]
)
def test_a_picture_that_lies_elsewhere_is_dropped_with_a_warning(parser: Parser, target: str) -> None:
    verdict = read(parser, body=f"第一段。\n\n![水渠]({target})后面。\n")
    assert verdict.document
    assert "<img" not in verdict.document.html and "后面。" in verdict.document.html
    assert [(finding.rule, finding.line) for finding in verdict.findings] == [("IMG-FOREIGN", 8)]
    assert verdict.findings[0].values == {"target": target}


@pytest.mark.parametrize(
    "inside", ["<g fill='url(#a)'><path d='M0 0'/></g>", "<rect fill='url(\"#a\")'/>", "<use href='#a'/>"]
)
def test_a_plain_drawing_is_accepted(world: Callable[..., World], inside: str) -> None:
    county = world()
    gradient = "<defs><linearGradient id='a'><stop offset='0'/></linearGradient></defs><title>水渠</title>"
    county.write(f"{FOLDER}/hua.svg", svg(gradient + inside, 'viewBox="0 0 40 30"'))
    assert read(make_parser(county), "image: hua.svg").findings == ()


def test_files_of_a_held_document_are_not_published_and_changed_ones_are(world: Callable[..., World]) -> None:
    county = world()
    county.write(f"{FOLDER}/biao.csv", "第一版")
    county.write(PATH, "title: 题目\ndate: 2026-03-01\n\n见[表](biao.csv)。")
    file = f"{QINGSHUI}/files/notices/biao.csv"
    assert county.build().text(file) == "第一版"
    county.write(f"{FOLDER}/biao.csv", "第二版")
    assert county.build().text(file) == "第二版"
    county.write(PATH, "title: 题目\ndate: 明天\n\n见[表](biao.csv)。")
    assert not county.build().has(file)
