"""Measures searching and writes docs/search.md: `python -m benchmarks.search [--only index|browser] [DOCUMENTS…]`.

The index alone is measured at some sizes: counties' documents are made up as for the other figures; from ten thousand
on, bodies come again under new titles. Then two counties are asked in a real browser: see `search_browser`.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from itertools import accumulate
from pathlib import Path

from benchmarks.articles import Article, make_articles
from benchmarks.corpora import PROJECT
from benchmarks.machine import describe_machine
from benchmarks.search_browser import main_part
from govgen.catalog.store import Catalog
from govgen.search.blocks import Leaf, blocks_of
from govgen.search.files import lists_file, texts_file
from govgen.search.index import read_shape, update_index
from govgen.search.postings import ALL, RECENT, RECENT_SHARDS, read_shard, shard_of, within
from govgen.search.words import Keys

REPORT = PROJECT / "docs" / "search.md"
_SIZES = (1_000, 10_000, 100_000)
_MADE = 10_000
_HEAD = 4096
_MOST_LISTS = 49152
"""So much of a shard a browser reads first, and so much of lists: see themes/county/static/js/search-index.js."""

_PAIRS = 4
_RESULTS = 10
_QUERIES = ("饮用水", "便民服务点", "工作组", "医疗保障", "春耕备耕")


@dataclass(frozen=True)
class Measured:
    """The figures of one size."""

    documents: int
    fill_seconds: float
    edit_seconds: float
    """One body changed."""

    add_seconds: float
    """One document of today more."""

    lists_bytes: int
    texts_bytes: int
    files: int
    query_bytes: int
    """What the dearest of a few queries reads: lists, and the texts of ten results."""

    peak_bytes: int


def measure(documents: int) -> Measured:
    """Return the figures for a county of so many documents."""
    with tempfile.TemporaryDirectory() as folder, closing(Catalog.create(Path(folder) / "catalog.sqlite")) as catalog:
        catalog.index()
        _write_documents(catalog, documents)
        catalog.watch("benchmark")
        catalog.finish()
        fill = _update(catalog)
        body = catalog.rows("SELECT * FROM bodies WHERE document = 'p7'")[0]
        catalog.run("DELETE FROM bodies WHERE document = 'p7'")
        added = "<p>补充说明：水库管理以此为准。</p>"
        catalog.run("INSERT INTO bodies VALUES (?, ?, '', ?)", "p7", body["html"] + added, body["details"])
        edit = _update(catalog)
        row = _COLUMNS.replace("path", "'new'").replace("address", "'/news/new.html'").replace("date", "'2026-11-21'")
        catalog.run(f"INSERT INTO documents ({_COLUMNS}) SELECT {row} FROM documents WHERE path = 'p9'")
        catalog.run("INSERT INTO bodies SELECT 'new', html, toc, details FROM bodies WHERE document = 'p9'")
        add = _update(catalog)
        lists = catalog.rows("SELECT sum(length(content)) AS size, count(*) AS number FROM search_shards")[0]
        blocks = [block for leaf in catalog.rows("SELECT * FROM search_blocks") for block in blocks_of(Leaf(*leaf))]
        texts = sum(len(texts_file(catalog, block)) for block in blocks)
        peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        query = max(_query_bytes(catalog, words, texts // documents) for words in _QUERIES)
        return Measured(
            *(documents, fill, edit, add, lists["size"], texts, lists["number"] + len(blocks), query, peak * 1024)
        )


_COLUMNS = "path, site, address, title, date, kind, source, number, validity, state, is_listed"


def _write_documents(catalog: Catalog, documents: int) -> None:
    made = [article for site in range(_MADE // 200) for article in make_articles(f"s{site}", 200)][:documents]
    for number in range(documents):
        article = made[number % len(made)]
        date = article.entry.date + timedelta(minutes=number)
        title = f"{article.entry.title}{number // len(made) or ''}"
        values = (f"p{number}", f"s{number % 60}", f"/news/{number}.html", title, f"{date:%Y-%m-%d}", "article")
        catalog.run(f"INSERT INTO documents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, '', '', '', 'listed', 1)", *values)
        catalog.run("INSERT INTO bodies VALUES (?, ?, '', ?)", f"p{number}", _html(article), '{"facts": []}')


def _html(article: Article) -> str:
    return "".join(f"<p>{escape(block)}</p>\n" for block in article.body.split("\n\n"))


def _update(catalog: Catalog) -> float:
    started = time.perf_counter()
    update_index(catalog, "portal", 2)
    seconds = time.perf_counter() - started
    catalog.run("DELETE FROM touched")
    return seconds


def _query_bytes(catalog: Catalog, words: str, record: int) -> int:
    """Return what a browser reads for some words, before compression, which these files do not have."""
    shards = read_shape(catalog).shards
    pairs = [words[place : place + 2] for place in range(len(words) - 1)][:_PAIRS]
    heads, lists = 0, []
    for pair in pairs:
        (key,) = Keys().of_text(pair)
        lists.append(0)
        for name, number in ((RECENT, RECENT_SHARDS), (ALL, shards)):
            content = lists_file(catalog, f"{name}:{shard_of(key, number)}")
            heads += min(len(content), _HEAD)
            lists[-1] += len(read_shard(content).get(within(key, number), b""))
    totals = accumulate(sorted(lists))
    read = [
        size
        for at, (size, total) in enumerate(zip(sorted(lists), totals, strict=True))
        if at < 2 or total <= _MOST_LISTS
    ]
    return _RESULTS * record + 4 * 2048 + heads + sum(read)


def index_part(sizes: Sequence[int]) -> str:
    """Measure each size and return the part of the page on the index alone."""
    rows = []
    for size in sizes:
        got = measure(size)
        cells = (
            f"{got.documents:,}",
            *(f"{seconds:.2f}" for seconds in (got.fill_seconds, got.edit_seconds, got.add_seconds)),
            *(f"{number / 1e6:.1f}" for number in (got.lists_bytes, got.texts_bytes)),
            str(got.files),
            f"{got.query_bytes / 1000:.0f}",
            f"{got.peak_bytes / 1e6:.0f}",
        )
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return f"{_ON_INDEX}\n" + "\n".join(rows) + "\n"


def write_page(parts: Mapping[str, str], page: Path = REPORT) -> None:
    """Write the page: parts by heading; what is measured another time stays as it is there."""
    kept = page.read_text(encoding="utf-8") if page.is_file() else ""
    known = dict(part.partition("\n\n")[::2] for part in kept.split("\n## ")[1:])
    texts = {heading: (parts.get(heading) or known.get(heading, "")).strip("\n") for heading in (INDEX, BROWSER)}
    written = [f"## {heading}\n\n{text}\n" for heading, text in texts.items() if text]
    page.write_text("\n".join([_INTRODUCTION, *written]), encoding="utf-8")


def main() -> None:
    """Measure what is asked for and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search")
    parser.add_argument("--only", choices=("index", "browser"), help="measure this part of the page alone")
    parser.add_argument("documents", nargs="*", type=int, default=_SIZES, help="sizes of counties for the index")
    parser.add_argument("--every", type=int, default=1, help="ask one of so many queries in the browser")
    options = parser.parse_args()
    if options.only != "browser":
        write_page({INDEX: index_part(options.documents)})
    if options.only != "index":
        with tempfile.TemporaryDirectory() as folder:
            write_page({BROWSER: main_part(describe_machine(), Path(folder), options.every)})


INDEX = "索引"
BROWSER = "在浏览器里查"

_INTRODUCTION = """# 站内搜索的花费

> In short: what the search index costs at three sizes: seconds to make it, to follow one edit and one new document, and
> what a browser reads for the dearest of five queries. Then two counties asked in a real browser what citizens ask:
> what is found, what travels, how long it takes.

由 `make search` 生成，请勿手改。为什么这样做，见[决定 0014](decisions/0014-own-search-index.md)。
"""

_ON_INDEX = """文稿是编造的，每篇约 1,600 字；秒数是本机当时的实际时间，机器忙的时候会长几倍。
“一次查询”是五个词里花费最多的一个：词表和十条结果的正文，不含网页本身（约 20 KB）。

| 文稿 | 全部建立，秒 | 改一篇，秒 | 新增一篇，秒 | 词表 MB | 正文 MB | 文件 | 一次查询 KB | 内存峰值 MB |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""

if __name__ == "__main__":
    main()
