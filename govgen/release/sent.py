"""Remembers which releases were sent to which places, so that what they are made of is kept for the next one."""

from __future__ import annotations

import os
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import write_atomic
from govgen.release.disk import make_folder
from govgen.release.manifest import ID, Manifest, parse_manifest

_ENDING = ".json"


class Sent:
    """A folder with one folder a place, in it the manifests of the last releases it got."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def note(self, place: str, manifest: Manifest, number_kept: int) -> None:
        """Note that a place has a release, and forget the oldest ones. Raises OSError."""
        folder = self.folder / place
        make_folder(folder)
        write_atomic(folder / f"{manifest.id}{_ENDING}", manifest.content)
        for id in self._ids(place)[:-number_kept]:
            (folder / f"{id}{_ENDING}").unlink()

    def find_newest(self, place: str) -> Manifest | None:
        """Return the last release a place got from here; None where that is not known."""
        return next((found for id in reversed(self._ids(place)) if (found := self._find(place, id))), None)

    def trees(self) -> set[str]:
        """Return the trees of all releases noted."""
        places = [entry.name for entry in os.scandir(self.folder)] if self.folder.is_dir() else []
        found = (self._find(place, id) for place in places for id in self._ids(place))
        return {site.tree for manifest in found if manifest for site in manifest.sites.values()}

    def _ids(self, place: str) -> list[str]:
        folder = self.folder / place
        if not folder.is_dir():
            return []
        names = (entry.name.removesuffix(_ENDING) for entry in os.scandir(folder))
        return sorted(name for name in names if ID.fullmatch(name))

    def _find(self, place: str, id: str) -> Manifest | None:
        """Return a release noted; a damaged note is none: it tells what to keep, not what is so."""
        try:
            return parse_manifest((self.folder / place / f"{id}{_ENDING}").read_bytes())
        except (OSError, MachineryError):
            return None
