"""Damages what the program keeps for itself, in every file and every way, and looks what the next publish puts live."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.county import County, load_program
from benchmarks.faults.live import serve
from benchmarks.faults.scenes import Scene, open_scene, stand_and_edit

SCENE = Scene("改了一页，程序自己的文件坏了一个", stand_and_edit)
_CACHE, _STORE = "build/cache", ".govgen"
_FILES: Mapping[str, Sequence[str]] = {
    "目录库": (f"{_CACHE}/catalog.sqlite",),
    "目录库的日志": (f"{_CACHE}/catalog.sqlite-wal", f"{_CACHE}/catalog.sqlite-shm"),
    "编译过的模板": (f"{_CACHE}/templates/*",),
    "生成的页面": ("build/public/*/*.html", "build/public/*/*/*.html", "build/public/*/*.xml"),
    "生成的名册": ("build/public/.govgen-built",),
    "锁": (f"{_STORE}/publishing", f"{_STORE}/lock", f"{_CACHE}/catalog.sqlite-lock"),
    "文件清单": (f"{_STORE}/trees/*.list",),
    "跳转表": (f"{_STORE}/trees/*.map",),
    "内容": (f"{_STORE}/objects/*/*",),
    "已发布的页面": (f"{_STORE}/trees/*/*/*.html", f"{_STORE}/trees/*/*/*/*.html.gz"),
    "旧版的清单": (f"{_STORE}/releases/20261122T000000Z/manifest.json",),
    "现行版的清单": (f"{_STORE}/releases/20261122T010000Z/manifest.json",),
    "现行版的链接": (f"{_STORE}/current",),
}
"""What may be damaged, each by the paths of its files."""


KINDS = tuple(_FILES)


def _flip(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return b"\1"
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def _blank(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) or 1)
    hole = content[start : start + 4096]
    return content[:start] + bytes(len(hole)) + content[start + len(hole) :]


_WAYS: Mapping[str, Callable[[bytes, random.Random], bytes | None]] = {
    "一位翻转": _flip,
    "截断": lambda content, chance: content[: chance.randrange(len(content) or 1)],
    "全是零": lambda content, _: bytes(len(content)),
    "空文件": lambda _content, _chance: b"",
    "别的版本": lambda content, chance: b"govgen 99\n" + chance.randbytes(len(content) or 64),
    "一段是零": _blank,
    "没有了": lambda _content, _chance: None,
}


@dataclass(frozen=True)
class Case:
    """One damage, and what came of it."""

    number: int
    what: str
    way: str
    path: str
    code: int
    wrong: tuple[str, ...]
    """What was live that is neither the new release nor the old one."""

    unclear: tuple[str, ...]
    is_stuck: bool
    """Whether one could not publish after what the message advises, either."""


@dataclass(frozen=True)
class Damages:
    """What came of all of them."""

    cases: tuple[Case, ...]

    @property
    def per_kind(self) -> Mapping[str, int]:
        """How often each kind of file was damaged."""
        return Counter(case.what for case in self.cases)


def damage(folder: Path, numbers: Sequence[int]) -> Damages:
    """Damage one file after the other; each number stands for one case, always the same."""
    load_program()
    county, _ = open_scene(SCENE, folder)
    before = serve(county.store)
    county.restore()
    county.must_publish()
    after = serve(county.store)
    _check_clean(folder, after)
    return Damages(tuple(_damage(county, number, before, after) for number in numbers))


def _check_clean(folder: Path, after: Mapping[str, str]) -> None:
    """Publish what was edited in a county of its own. Raises RuntimeError where that gives other pages."""
    clean = County(folder / "clean")
    SCENE.prepare(clean)
    shutil.rmtree(clean.store)
    shutil.rmtree(clean.root / "build")
    clean.must_publish()
    if serve(clean.store) != after:
        raise RuntimeError("an edit does not give what a clean build gives")


def _damage(county: County, number: int, before: Mapping[str, str], after: Mapping[str, str]) -> Case:
    chance = random.Random(number)
    kinds, ways = list(_FILES), list(_WAYS)
    what, way = kinds[number % len(kinds)], ways[number // len(kinds) % len(ways)]
    county.restore()
    paths = sorted(path for pattern in _FILES[what] for path in county.root.glob(pattern))
    file = chance.choice(paths) if paths else county.root / _FILES[what][0]
    _spoil(file, way, chance)
    spoilt = serve(county.store)
    ending = county.publish()
    found = serve(county.store)
    wrong = [] if found in (after, before, spoilt) else sorted(_differences(found, after))[:3]
    if "已发布" in ending.output and found != after:
        wrong = ["published, but not what a clean build gives", *sorted(_differences(found, after))[:3]]
    unclear = list(_check_words(ending.code, ending.output))
    is_stuck = ending.code > 1 and not _is_mended(county)
    path = str(file.relative_to(county.root))
    return Case(number, what, way, path, ending.code, tuple(wrong), tuple(unclear), is_stuck)


def _spoil(file: Path, way: str, chance: random.Random) -> None:
    if file.is_symlink():
        # There are no bytes in it: it leads nowhere, to the other release, or is gone.
        goals = {"一位翻转": "releases/20261122T010000Y", "别的版本": "releases/20261122T000000Z", "截断": "rel"}
        file.unlink()
        if way in goals:
            file.symlink_to(goals[way])
        return
    content = _WAYS[way](file.read_bytes() if file.exists() else b"", chance)
    if content is None:
        file.unlink(missing_ok=True)
    else:
        file.unlink(missing_ok=True) if "public" not in file.parts else None
        file.write_bytes(content)


def _differences(found: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    yield from (path for path in found.keys() | wanted.keys() if found.get(path) != wanted.get(path))


def _is_mended(county: County) -> bool:
    """Do what the messages advise, and tell whether that helps."""
    for advice in ("verify --heal", "clean"):
        county.run(*advice.split())
        if county.publish().code == 0:
            return True
    return False


def _check_words(code: int, output: str) -> Iterator[str]:
    if code not in (0, 1, 2, 3):
        yield f"exit code {code}"
    if "Traceback" in output or "程序内部出错" in output:
        yield output.strip().splitlines()[-1]
