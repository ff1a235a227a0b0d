"""The publishes that are broken: what stands before, what is asked for, and what may be live afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.county import LATER, MORNING, NEWS, NOON, County, news
from benchmarks.faults.live import find_waste, look

_STRAY_LISTINGS = 25
"""So many that a publish sweeps the objects of releases long gone too."""


@dataclass(frozen=True)
class Scene:
    """A publish, and what it starts from."""

    name: str
    prepare: Callable[[County], None]
    command: tuple[str, ...] = ("publish", "--jobs", "1")
    heal: tuple[str, ...] = ("publish", "--jobs", "1")
    """What is run afterwards; by it what was wanted must be live."""


@dataclass(frozen=True)
class Wanted:
    """What may be live: the trees of every site before and after."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    waste: set[str]
    """What is of no use in the store before."""

    calls: int
    """How many calls change the county on the way."""


def _edit(county: County) -> None:
    """One release is live and none is kept besides; one page was changed since."""
    county.write("targets.toml", "[public]\nkeep = 1\n")
    county.must_publish(MORNING)
    for number in range(_STRAY_LISTINGS):
        listing = county.store / "trees" / f"{hashlib.sha256(bytes([number])).hexdigest()}.list"
        listing.write_bytes(b"")
    county.write(NEWS, news("第二版"))


def _edit_twice(county: County) -> None:
    """Two releases are there, of which the newer one turns out to be wrong."""
    county.must_publish(MORNING)
    county.write(NEWS, news("第二版"))
    county.must_publish(LATER)


def stand_and_edit(county: County) -> None:
    """Two releases are there, and one page was changed since."""
    _edit_twice(county)
    county.write(NEWS, news("第三版"))


_BACK = ("rollback", "20261122T000000Z")
SCENES = {
    "first": Scene("第一次发布", lambda _: None),
    "edit": Scene("改了一页再发布，旧版随后清除", _edit),
    "back": Scene("退回上一版", _edit_twice, command=_BACK, heal=_BACK),
}


def open_scene(scene: Scene, folder: Path) -> tuple[County, Wanted]:
    """Set a scene in a folder, and find out what may come of it."""
    county = County(folder)
    scene.prepare(county)
    county.save()
    before, waste = look(county.store), find_waste(county.store)
    # The first run after a copy reads more than the later ones.
    for _ in range(2):
        county.restore()
        ending = county.run(*scene.command, clock=NOON)
    after = look(county.store)
    if ending.code or before.faults or after.faults or before.trees == after.trees:
        raise RuntimeError(f"{scene.name}: {ending} {before} {after}")
    return county, Wanted(before.trees, after.trees, waste, ending.calls)
