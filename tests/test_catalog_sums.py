"""A catalog that is not what builds wrote is made anew before anything is published from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from govgen.catalog.sums import is_as_written, logged_blocks, renew
from tests.world import MZJ, World

NEWS = "content/mzj/news/2026-01-01-news.md"
MENDED = "目录库坏了"


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county that has published once."""
    place = world()
    place.write(NEWS, "---\ntitle: 第一版\n---\n正文。\n")
    assert MENDED not in place.run("publish").stderr
    return place


def blank(file: Path, start: int, size: int = 4096) -> None:
    """Put zeros where others wrote."""
    with file.open("r+b") as stream:
        stream.seek(start)
        stream.write(bytes(size))


def pages(county: World) -> dict[str, bytes]:
    """Return the pages that are live in the site with the document."""
    folder = county.root / "public" / MZJ
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.html")}


def test_what_builds_write_is_trusted(county: World) -> None:
    for number in range(3):
        county.write(NEWS, f"---\ntitle: 第{number}次\n---\n正文。\n")
        assert is_as_written(county.catalog)
        assert MENDED not in county.run("build" if number == 1 else "publish").stderr
    assert is_as_written(county.catalog)


def test_zeros_in_a_catalog_never_become_pages(county: World) -> None:
    clean = pages(county)
    county.write("content/mzj/news/2026-01-02-two.md", "---\ntitle: 又一篇\n---\n正文。\n")
    county.run("publish")
    (county.root / "content/mzj/news/2026-01-02-two.md").unlink()
    for start in range(8192, county.catalog.stat().st_size, 65536):
        blank(county.catalog, start)
    answer = county.run("publish")
    assert answer.returncode == 0, answer.stderr
    assert MENDED in answer.stderr
    assert pages(county) == clean


def test_sums_that_are_gone_or_damaged_vouch_for_nothing(county: World) -> None:
    sums = county.catalog.with_name("catalog.sqlite-sums")
    kept = sums.read_bytes()
    for damaged in (b"", kept[:-1], kept[:20] + b"\0\0" + kept[22:]):
        sums.write_bytes(damaged)
        assert not is_as_written(county.catalog)
    sums.unlink()
    assert not is_as_written(county.catalog)
    assert MENDED in county.run("publish").stderr
    assert is_as_written(county.catalog)


def test_only_blocks_the_log_speaks_of_are_summed_again(tmp_path: Path) -> None:
    file = tmp_path / "catalog.sqlite"
    connection = sqlite3.connect(file)
    connection.executescript("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;")
    connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY, words TEXT)")
    connection.executemany("INSERT INTO numbers VALUES (?, ?)", [(number, "x" * 500) for number in range(2000)])
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert logged_blocks(file) == set()
    renew(file, [])
    connection.execute("UPDATE numbers SET words = 'y' WHERE number = 1000")
    connection.commit()
    blocks = logged_blocks(file)
    assert len(blocks) == 1
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not is_as_written(file)
    renew(file, blocks)
    assert is_as_written(file)
    connection.close()
    blank(file, file.stat().st_size // 2, 1)
    assert not is_as_written(file)
