"""What a page weighs on the wire, by type: `make weights` writes the figures that the tests hold, and their page."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import median

from govgen.release.packing import pack
from tests.citizen.demo import Demo, build_demo
from tests.world import PROJECT

FIRST_VIEW_BYTES = 14 * 1024
"""What comes in the first ten packets of a connection, before the server waits for the first answer."""

SAVED = PROJECT / "tests/weights.toml"
REPORT = PROJECT / "docs/weight.md"

Sizes = Callable[[Path], tuple[int, int]]

_SHEET = re.compile(r'<link\b(?=[^>]*\brel="stylesheet")[^>]*?\bhref="([^"]+)"')
_SCRIPT = re.compile(r'<script\b[^>]*?\bsrc="([^"]+)"')


@dataclass(frozen=True)
class Weight:
    """What the pages of one type weigh, in bytes: HTML and style sheets as they are sent; scripts apart."""

    pages: int
    brotli_median: int
    brotli_worst: int
    gzip_median: int
    gzip_worst: int
    html_worst: int
    """The HTML of the worst page alone, brotli."""

    scripts_worst: int
    """What its scripts weigh, brotli; they come after the page can be read."""

    worst_page: str


def weigh(demo: Demo) -> Mapping[str, Weight]:
    """Return what the pages of each type weigh."""
    sizes = cache(_sizes)
    return {
        type: _weight([(page.path, *_page_sizes(demo.output, page.path, sizes)) for page in pages])
        for type, pages in demo.of_types.items()
    }


def _weight(pages: list[tuple[str, int, int, int, int]]) -> Weight:
    worst = max(pages, key=lambda page: (page[1], page[0]))
    return Weight(
        len(pages),
        round(median(page[1] for page in pages)),
        worst[1],
        round(median(page[2] for page in pages)),
        max(page[2] for page in pages),
        worst[3],
        worst[4],
        worst[0],
    )


def _sizes(file: Path) -> tuple[int, int]:
    """Return how many bytes of a file are sent: brotli, gzip."""
    content = file.read_bytes()
    forms = pack(content)
    return len(forms.get(".br", content)), len(forms.get(".gz", content))


def _page_sizes(output: Path, path: str, sizes: Sizes) -> tuple[int, int, int, int]:
    file = output / path
    text = file.read_text(encoding="utf-8")
    host = output / path.partition("/")[0]
    html = sizes(file)
    sheets = [sizes(host / name.lstrip("/")) for name in _SHEET.findall(text)]
    scripts = [sizes(host / name.lstrip("/")) for name in _SCRIPT.findall(text)]
    brotli, gzip = (html[form] + sum(sheet[form] for sheet in sheets) for form in (0, 1))
    return brotli, gzip, html[0], sum(script[0] for script in scripts)


def read_saved() -> Mapping[str, Weight]:
    """Return the figures the tests hold."""
    table = tomllib.loads(SAVED.read_text(encoding="utf-8"))
    return {name: Weight(**weight) for name, weight in table.items()}


def _lines_of_file(weights: Mapping[str, Weight]) -> Iterator[str]:
    yield "# What pages weigh on the wire, in bytes: `make weights` writes it, a test holds it, but for a twentieth."
    for name, weight in weights.items():
        yield f"\n[{name}]"
        for key, value in asdict(weight).items():
            yield f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


def write_report(weights: Mapping[str, Weight]) -> str:
    """Return the page on weight as Markdown."""
    worst = max(weights.values(), key=lambda weight: weight.brotli_worst)
    sheet = worst.brotli_worst - worst.html_worst
    scripts = max(weight.scripts_worst for weight in weights.values())
    rows = (
        f"| {name} | {weight.pages} | {_kb(weight.brotli_median)} | {_kb(weight.brotli_worst)} "
        f"| {_kb(weight.gzip_median)} | {_kb(weight.gzip_worst)} | {_kb(weight.scripts_worst)} |"
        for name, weight in weights.items()
    )
    return (
        _HEAD.format(
            limit=FIRST_VIEW_BYTES // 1024,
            worst=_kb(worst.brotli_worst),
            page=worst.worst_page,
            sheet=_kb(sheet),
            scripts=_kb(scripts),
        )
        + "\n".join(rows)
        + "\n"
    )


def _kb(size_bytes: int) -> str:
    return f"{size_bytes / 1024:.1f}" if size_bytes else "—"


_HEAD = """<!-- 本页由程序生成：make weights。 -->

# 页面有多重

公众打开一页，先要收到网页（HTML）和样式表（CSS）才看得到字。连接建立之后，服务器一口气能送出的大约是 {limit} KB；
在这以内，一个来回就能看到整页。每一种页面都称，取最重的一页来守：超过 {limit} KB，
或者比保存的数字（`tests/weights.toml`）重了二十分之一，
`make test` 不通过。加了东西确实值得，运行 `make weights` 改写数字，连同改动一起提交。

- 最重的一页：{worst} KB（`{page}`），其中样式表 {sheet} KB，同一站点的第二页起不再下载。
- 脚本最多 {scripts} KB，网页看得到之后才下载，没有脚本也能读。
- 图片另算，不在首屏的等看到才下载。

单位 KB，是示例县每种页面压缩以后的网页加样式表。brotli 用于 HTTPS，gzip 用于不认识 brotli 的浏览器。

| 页面 | 页数 | brotli 中位 | brotli 最重 | gzip 中位 | gzip 最重 | 脚本 |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def main() -> None:
    """Weigh the demo county and write the figures and their page."""
    with tempfile.TemporaryDirectory() as folder:
        weights = weigh(build_demo(Path(folder)))
    SAVED.write_text("\n".join(_lines_of_file(weights)) + "\n", encoding="utf-8")
    REPORT.write_text(write_report(weights), encoding="utf-8")
    worst = max(weights.values(), key=lambda weight: weight.brotli_worst)
    print(f"{len(weights)} 种页面，最重 {_kb(worst.brotli_worst)} KB：{worst.worst_page}；见 docs/weight.md")


if __name__ == "__main__":
    main()
