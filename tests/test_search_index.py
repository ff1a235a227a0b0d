"""The search index: what it holds is what a plain look through the texts would find, however it came to be."""

from __future__ import annotations

import random
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govgen.catalog.sources import program_identity
from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.events import Silence
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.repo.checkout import Checkout
from govgen.search import index
from govgen.search.blocks import Leaf, blocks_of, find_leaf, find_recent, split
from govgen.search.files import texts_file
from govgen.search.index import read_shape, update_index
from govgen.search.postings import (
    RECENT_SHARDS,
    pack_slots,
    read_list,
    read_shard,
    shard_of,
    unpack_slots,
    within,
    write_list,
    write_shard,
)
from govgen.search.records import text_of
from govgen.search.words import Keys
from tests.world import NOON, PORTAL, PROJECT, Built, World


class Index:
    """An index read as a browser does, but from the output folder, and everything at once."""

    def __init__(self, output: Path, catalog: Path) -> None:
        self.keys = Keys()
        self.folder = output / PORTAL / "search"
        self.texts: dict[int, list[tuple[int, str, str]]] = {}
        for file in (self.folder / "texts").iterdir():
            self.texts[int(file.stem)] = list(read_texts(file.read_bytes()))
        self.shards: dict[str, Mapping[int, bytes]] = {}
        with closing(Catalog.open(catalog)) as kept:
            self.shape = read_shape(kept)

    def shard(self, name: str) -> Mapping[int, bytes]:
        """Return the lists in a file."""
        if name not in self.shards:
            self.shards[name] = read_shard((self.folder / "lists" / name).read_bytes())
        return self.shards[name]

    @property
    def documents(self) -> dict[tuple[int, int, str], str]:
        """All documents: block, slot and head by their texts, folded."""
        return {
            (block, slot, head): self.keys.fold(text)
            for block, texts in self.texts.items()
            for slot, head, text in texts
        }

    def find(self, key: int) -> set[tuple[int, int]]:
        """Return block and slot of all that is found under a key."""
        found = set()
        for name, shards in (("recent", RECENT_SHARDS), ("all", self.shape.shards)):
            posting = self.shard(f"{name}-{shard_of(key, shards)}.bin").get(within(key, shards), b"")
            found |= {(block, slot) for block, packed in read_list(posting).items() for slot in unpack_slots(packed)}
        return found

    def find_all(self, words: str) -> set[tuple[int, int]]:
        """Return block and slot of all that has every pair of characters of some words."""
        found = [self.find(key) for key in self.keys.of_text(self.keys.fold(words))]
        return set.intersection(*found) if found else set()


def read_texts(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield slot, head and text of the documents of a block."""
    number = int.from_bytes(content[:2], "little")
    start = 2 + 8 * number
    for place in range(2, start, 8):
        size = int.from_bytes(content[place + 4 : place + 8], "little")
        head, _, text = zlib.decompress(content[start : start + size], -15).decode().partition("\n")
        yield content[place], head, text
        start += size


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Build the demo county and read its index."""
    folder = tmp_path_factory.mktemp("demo")
    options = BuildOptions(folder / "public", folder / "catalog.sqlite", Audience(NOON))
    build(Checkout(PROJECT), options, Silence())
    return Index(folder / "public", folder / "catalog.sqlite")


def test_any_piece_of_a_text_finds_all_that_has_it(demo: Index) -> None:
    documents = demo.documents
    assert len(documents) == 318
    chance = random.Random(5)
    texts = sorted(text for text in documents.values() if len(text) > 2)
    for _ in range(1500):
        line = chance.choice(chance.choice(texts).split("\n"))
        start = chance.randrange(len(line))
        piece = line[start : start + chance.choice((2, 2, 3, 4, 6, 12))].strip()
        if len(piece) < 2:
            continue
        wanted = {(block, slot) for (block, slot, _), text in documents.items() if piece in text}
        assert wanted and wanted <= demo.find_all(piece), piece
        if len(piece) == 2:
            heads = ((block, slot, demo.keys.fold(head)) for block, slot, head in documents)
            slots = {(block, slot) for block, slot, head in heads if piece in head + demo.keys.bare_number(head)}
            assert demo.find_all(piece) - wanted <= slots, piece


def test_the_texts_are_those_of_the_pages(demo: Index) -> None:
    with closing(Catalog.open(demo.folder.parents[2] / "catalog.sqlite")) as catalog:
        bodies = [row["html"] for row in catalog.rows("SELECT html FROM bodies")]
    texts = sorted(text for texts in demo.texts.values() for _, _, text in texts)
    assert sum(len("".join(text_of(body))) for body in bodies) <= sum(map(len, texts))
    assert not [text for text in texts if "</" in text or "&amp;" in text]
    assert text_of('<p>甲<b title="a>b">乙</b></p>\n<table><tr><td>丙</td><td>丁&amp;戊</td></tr></table>') == [
        *("甲乙", "丙", "丁&戊"),
    ]


def test_titles_are_found_by_one_character_and_filters_by_their_words(demo: Index) -> None:
    fold = demo.keys.fold
    heads = {key: key[2].split('","') for key in demo.documents}
    for character in "水学保":
        (key,) = demo.keys.of_title(character)
        assert {k[:2] for k, head in heads.items() if character in fold(head[2])} == demo.find(key)
    (key,) = demo.keys.of_filters("site:mzj")
    assert {k[:2] for k in heads if k[2].startswith('["mzj"')} == demo.find(key)


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("云政发〔2026〕8号", "云政发[2026]8号"),
        ("云政发〔2026〕8号", "云政发【2026】８号"),
        ("云政发〔2026〕8号", "云政发(2026)8號"),
        ("医疗保险", "醫療保險"),
        ("GB/T 37668", "ｇｂ／ｔ 37668"),
        ("12 月 3 日", "12月3日"),
        ("以後", "以后"),
    ],
)
def test_one_way_of_writing_stands_for_the_others(written: str, asked: str) -> None:
    keys = Keys()
    assert keys.fold(written) == keys.fold(asked)
    assert keys.of_text(keys.fold(written)) == keys.of_text(keys.fold(asked))


TEXT = st.text(alphabet="甲乙 丙a1B，（後\u3000\u200bÄ\ufb01", max_size=30)


@given(TEXT, st.integers(0, 30), st.integers(2, 8))
def test_a_piece_of_any_text_is_a_piece_of_it_when_folded(text: str, start: int, length: int) -> None:
    keys = Keys()
    piece = keys.fold(text[start : start + length]).strip(" ")
    assert piece in keys.fold(text)
    assert keys.of_text(piece) <= keys.of_text(keys.fold(text))


@given(st.dictionaries(st.integers(0, 2**28), st.sets(st.integers(0, 255), min_size=1)), st.data())
def test_lists_and_shards_are_read_as_they_were_written(lists: Mapping[int, set[int]], data: st.DataObject) -> None:
    packed = {block: pack_slots(bytes(sorted(slots))) for block, slots in lists.items()}
    posting = write_list(packed)
    assert {block: set(unpack_slots(slots)) for block, slots in read_list(posting).items()} == lists
    keys = data.draw(st.sets(st.integers(0, 2**32)))
    shard = dict.fromkeys(keys, posting)
    assert read_shard(write_shard(shard)) == shard


DAYS = st.dictionaries(st.integers(0, 400) | st.integers(739_000, 739_900), st.integers(1, 40), max_size=60)


@given(DAYS)
@settings(deadline=None)
def test_leaves_follow_from_the_days_alone(days: Mapping[int, int]) -> None:
    listed = sorted(days.items())

    def count(first: int, end: int, limit: int) -> int:
        return min(limit, sum(number for day, number in listed if first <= day < end))

    leaves = split(listed)
    for day in days:
        (leaf,) = (leaf for leaf in leaves if leaf.first <= day < leaf.end)
        assert find_leaf(count, day) == leaf
    recent = find_recent(count, max(days, default=0))
    assert all(leaf.first >= recent or leaf.end <= recent for leaf in leaves)
    assert all(isinstance(leaf, Leaf) for leaf in leaves)


WORDS = ("春季植树", "汛期值班", "低保提标", "道路施工", "旅游推介", "医疗保险", "2026年", "GB/T 1")


def some_words(chance: random.Random) -> str:
    """Return a few words in any order."""
    return "".join(chance.choices(WORDS, k=chance.randrange(1, 9)))


def random_document(chance: random.Random, number: int) -> tuple[object, ...]:
    """Return a row of a document: a few are of no day, many of one day."""
    kind, day = "article", ""
    if chance.random() < 0.9:
        day = chance.choice(
            ("2026-11-20", f"2026-11-{chance.randrange(10, 30)}", f"20{chance.randrange(10, 27)}-05-06")
        )
    state = chance.choice(("listed",) * 9 + ("draft",))
    title, number_text = some_words(chance), f"云发〔2026〕{number}号"
    return (f"p{number}", "mzj", f"/news/{number}.html", title, day, kind, "", number_text, "", state, 1)


def write_document(catalog: Catalog, chance: random.Random, number: int) -> None:
    """Write a document as an intake would."""
    row = random_document(chance, number)
    for table in ("documents", "bodies"):
        catalog.run(f"DELETE FROM {table} WHERE {'path' if table == 'documents' else 'document'} = ?", row[0])
    columns = "path, site, address, title, date, kind, source, number, validity, state, is_listed"
    catalog.run(f"INSERT INTO documents ({columns}) VALUES ({', '.join('?' * len(row))})", *row)
    catalog.run("INSERT INTO bodies VALUES (?, ?, '', ?)", row[0], f"<p>{some_words(chance)}</p>", '{"facts": []}')


def index_of(catalog: Catalog) -> list[list[tuple[object, ...]]]:
    """Return all that the tables of an index hold."""
    tables = [f"SELECT * FROM {table} ORDER BY 1, 2" for table in ("searched", "search_shards", "search_blocks")]
    blocks = [block for row in catalog.rows("SELECT * FROM search_blocks") for block in blocks_of(Leaf(*row))]
    texts = [(block, texts_file(catalog, block)) for block in blocks]
    return [*(list(map(tuple, catalog.rows(table))) for table in tables), texts, [tuple(read_shape(catalog))]]


@pytest.mark.parametrize("number_at_first", [1260, 1275, 1800])
def test_changes_come_to_the_index_that_would_be_made_anew(tmp_path: Path, number_at_first: int) -> None:
    chance = random.Random(number_at_first)
    with closing(Catalog.create(tmp_path / "catalog.sqlite")) as catalog:
        catalog.index()
        for number in range(number_at_first):
            write_document(catalog, chance, number)
        catalog.watch("tested")
        update_index(catalog, "portal", 2)
        shapes = {read_shape(catalog)}
        numbers = list(range(number_at_first + 40))
        for _ in range(8):
            catalog.run("DELETE FROM touched")
            for number in chance.sample(numbers, chance.choice((1, 1, 3, 40, 120))):
                if chance.random() < 0.5:
                    catalog.run("DELETE FROM documents WHERE path = ?", f"p{number}")
                    catalog.run("DELETE FROM bodies WHERE document = ?", f"p{number}")
                else:
                    write_document(catalog, chance, number)
            before = index_of(catalog)
            update_index(catalog, "portal", 2)
            after, touched = index_of(catalog), {row["key"] for row in catalog.rows("SELECT key FROM touched")}
            shapes.add(read_shape(catalog))
            changed = {f"grams:{row[0]}:{row[1]}" for row in set(before[1]) ^ set(after[1])}
            changed |= {f"texts:{name}" for name, _ in set(before[3]) ^ set(after[3])}
            assert changed <= touched
            if before[2] != after[2]:
                assert "plan:portal" in touched
            catalog.run("DELETE FROM facts WHERE key = 'search'")
            update_index(catalog, "portal", 2)
            assert index_of(catalog) == after
        # Around a thousand, documents stop being recent, and are so again.
        assert len(shapes) > 1 or number_at_first > 1300


def test_what_citizens_do_not_see_is_not_found(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    hidden = {"draft": "status: draft", "future": "publish_at: 2026-12-01 08:00", "gone": "status: withdrawn"}
    for name, line in {**hidden, "shown": "status: published", "past": "expires_at: 2026-11-01"}.items():
        world.write(f"content/mzj/news/{name}.md", f"---\ntitle: 稿件{name}\ndate: 2026-03-01\n{line}\n---\n正文。\n")
    built = world.build(drafts=True, future=True, expired=True)
    assert titles_of(built, world) & DOCUMENTS == {"稿件shown"}
    later = world.build(clock=NOON + timedelta(days=20))
    assert titles_of(later, world) & DOCUMENTS == {"稿件future", "稿件shown"}


DOCUMENTS = {"稿件shown", "稿件past", "稿件draft", "稿件future", "稿件gone"}


def titles_of(built: Built, world: World) -> set[str]:
    """Return the titles of all that a county's index holds."""
    heads = [head for texts in Index(built.output, world.catalog).texts.values() for _, head, _ in texts]
    return {head.split('","')[2] for head in heads}


def test_sites_and_villages_are_found_whether_or_not_a_document_speaks_for_them(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    villages = (world.root / "sites/qingshui.toml").read_text(encoding="utf-8")
    assert {"清水镇人民政府", "上河村"} <= titles_of(world.build(), world)
    index_file = "content/qingshui/villages/shanghe/index.md"
    world.write(index_file, "---\ntitle: 走进上河\n---\n正文。\n")
    titles = titles_of(world.build(), world)
    assert "走进上河" in titles and "上河村" not in titles
    world.remove(index_file)
    world.write("sites/qingshui.toml", villages.replace("上河村", "下河村"))
    titles = titles_of(world.build(), world)
    assert "下河村" in titles and not titles & {"上河村", "走进上河"}
    world.write("sites/qingshui.toml", villages.partition("[[villages]]")[0])
    changed = world.build()
    assert titles_of(changed, world) == {"云岭县人民政府门户网站", "云岭县民政局", "清水镇人民政府"}
    anew = world.copy(tmp_path / "anew")
    shutil.rmtree(anew.root / "build")
    assert changed.files() == anew.build().files()


def test_an_index_half_made_by_a_killed_build_is_made_anew(tmp_path: Path) -> None:
    options = BuildOptions(tmp_path / "public", tmp_path / "catalog.sqlite", Audience(NOON))
    build(Checkout(PROJECT), options, Silence())
    files = sorted(path for path in options.output.rglob("search/**/*.bin"))
    before = [path.read_bytes() for path in files]
    catalog = Catalog.resume(options.catalog, program_identity())
    assert catalog
    # With no worker at all it breaks off where the old index is gone, and that is written.
    with closing(catalog), pytest.raises(ValueError, match="max_workers"):
        index._fill(catalog, "portal", 0)
    build(Checkout(PROJECT), options, Silence())
    assert [path.read_bytes() for path in files] == before
    assert len(files) > 60
    with closing(Catalog.open(options.catalog)) as mended:
        assert mended.rows("SELECT count(*) AS number FROM searched")[0]["number"] > 300
