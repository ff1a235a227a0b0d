"""What is made from pictures is made once and kept, and no longer than builds show it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from govgen.catalog.store import Catalog
from tests.photos import FOLDER, IMAGES, file_of, notice, opened, photo, published
from tests.world import World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a world in which no picture was made before."""
    return world()


def test_a_picture_is_made_once_in_its_life_and_a_faulty_copy_is_made_again(county: World) -> None:
    county.write(f"{FOLDER}/da.jpg", file_of(photo(900, 600), "JPEG"))
    county.write(f"{FOLDER}/wen.md", notice("![水渠](da.jpg)"))
    files = published(county.build())
    kept = sorted((county.catalog.parent / "pictures").rglob("480.webp"))
    assert len(kept) == 1
    stamp = kept[0].stat().st_mtime_ns
    county.remove(f"{FOLDER}/da.jpg")
    county.write(f"{FOLDER}/ming.jpg", file_of(photo(900, 600), "JPEG"))
    county.write(f"{FOLDER}/wen.md", notice("![水渠](ming.jpg)"))
    named = published(county.build())
    assert list(named.values()) == list(files.values())
    assert kept[0].stat().st_mtime_ns == stamp
    damaged = bytearray(kept[0].read_bytes())
    damaged[-9] ^= 1
    kept[0].write_bytes(damaged)
    assert published(county.build("build/other")) == named


def test_a_disk_that_fails_is_not_a_picture_that_fails(county: World) -> None:
    county.write(f"{FOLDER}/da.jpg", file_of(photo(700, 500), "JPEG"))
    county.write(f"{FOLDER}/wen.md", notice("![水渠](da.jpg)"))
    county.write("build/cache/pictures", "in the way")
    failed = county.run("build")
    assert (failed.returncode, "build/cache/pictures" in failed.stderr) == (3, True)
    assert "Traceback" not in failed.stderr
    county.remove("build/cache/pictures")
    built = county.build()
    assert built.findings() == []
    assert opened(built, f"{IMAGES}/da.jpg-480.webp").getcolors(16) is None


# What no build shows any more


def write_picture(county: World, name: str, width: int) -> str:
    """Write a document with a picture, and return the name that is kept for it."""
    content = file_of(photo(width, width // 2), "JPEG")
    county.write(f"{FOLDER}/{name}.jpg", content)
    county.write(f"{FOLDER}/{name}.md", notice(f"![水渠]({name}.jpg)"))
    return hashlib.sha256(content).hexdigest()


def kept(county: World) -> set[str]:
    """Return the names of all that is kept; each is that of a picture's own file."""
    return {file.parent.parent.name + file.parent.name for file in kept_in(county).glob("*/*/*/*")}


def kept_in(county: World) -> Path:
    """Return the folder they lie in."""
    return county.catalog.parent / "pictures"


def litter(county: World) -> str:
    """Leave something there that no build made, and return its name."""
    place = next(kept_in(county).iterdir()) / "00" / ("1" * 62)
    place.mkdir(parents=True)
    (place / "480.webp").write_bytes(b"half of it")
    return "00" + "1" * 62


def test_what_was_made_from_a_picture_goes_with_it_and_an_edit_looks_at_none(county: World) -> None:
    one, two = write_picture(county, "one", 700), write_picture(county, "two", 900)
    county.build()
    assert kept(county) == {one, two}
    old = litter(county)
    county.write(f"{FOLDER}/one.md", notice("![水渠](one.jpg) 多了一句。"))
    county.build()
    three = write_picture(county, "three", 800)
    county.build()
    assert kept(county) == {one, two, three, old}
    one, before = write_picture(county, "one", 1000), one
    files = published(county.build())
    assert kept(county) == {one, two, three} - {before}
    county.remove(f"{FOLDER}/two.md")
    county.build()
    assert kept(county) == {one, three}
    # All that is still shown was kept: nothing is made another time.
    (county.root / "build/public").rename(county.root / "build/earlier")
    stamps = {file: file.stat().st_mtime_ns for file in kept_in(county).rglob("*") if file.is_file()}
    assert published(county.build()).items() <= files.items()
    assert {file: file.stat().st_mtime_ns for file in kept_in(county).rglob("*") if file.is_file()} == stamps


def test_a_build_from_nothing_finds_what_went_meanwhile_and_what_another_version_made(county: World) -> None:
    one, two = write_picture(county, "one", 700), write_picture(county, "two", 900)
    county.build()
    made = next(kept_in(county).iterdir())
    (kept_in(county) / "0-11.0.0" / one[:2] / one[2:]).mkdir(parents=True)
    county.catalog.unlink()
    county.remove(f"{FOLDER}/two.md")
    county.build()
    assert (kept(county), list(kept_in(county).iterdir())) == ({one}, [made])
    assert two not in kept(county)


def test_what_a_preview_shows_stays_and_who_is_at_work_is_left_alone(county: World) -> None:
    preview = county.catalog.with_name("preview.sqlite")
    one, two = write_picture(county, "one", 700), write_picture(county, "two", 900)
    county.write(f"{FOLDER}/two.md", notice("![水渠](two.jpg)", "status: draft\n"))
    county.build()
    assert kept(county) == {one}
    county.build("build/preview", catalog=preview, drafts=True)
    assert kept(county) == {one, two}
    county.remove(f"{FOLDER}/one.md")
    county.build()
    assert kept(county) == {one, two}, "the preview was not built since"
    with Catalog.reserve(preview):
        county.build("build/preview", catalog=county.catalog.with_name("third.sqlite"))
        assert kept(county) == {one, two}
    county.build("build/preview", catalog=preview, drafts=True)
    assert kept(county) == {two}


def test_the_build_of_one_site_leaves_it_to_the_next_of_all(county: World) -> None:
    one, two = write_picture(county, "one", 700), write_picture(county, "two", 900)
    county.build()
    county.remove(f"{FOLDER}/one.md")
    county.build(sites=("qingshui",))
    assert kept(county) == {one, two}
    county.build()
    assert kept(county) == {two}
