"""Puts the trees of all sites together as one folder of links: one link a host that has one site."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from govgen.errors import MachineryError
from govgen.release.disk import make_folder


def link_trees(folder: Path, trees: Sequence[Path]) -> None:
    """Fill `folder` with links so that it shows all that is in these trees. Raises MachineryError where two collide.

    A name that one tree has becomes a link. One that several trees have as a folder, as the portal's host has sites
    mounted below it, becomes a folder that is filled in the same way.
    """
    for name, link in plan_links(trees).items():
        place = folder / name
        if isinstance(link, Path):
            place.symlink_to(os.path.relpath(link, folder))
        else:
            make_folder(place)
            link_trees(place, link)


def plan_links(folders: Sequence[Path]) -> Mapping[str, Path | list[Path]]:
    """Return, for each name in these folders, what to link it to, or the folders that share it."""
    owners: dict[str, list[Path]] = {}
    for folder in folders:
        for entry in os.scandir(folder):
            owners.setdefault(entry.name, []).append(folder / entry.name)
    for name, places in owners.items():
        if len(places) > 1 and not all(place.is_dir() and not place.is_symlink() for place in places):
            raise MachineryError("trees-collide", path=name)
    return {name: places[0] if len(places) == 1 else places for name, places in sorted(owners.items())}
