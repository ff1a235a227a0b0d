"""Keeps what was found, a file a measure, for as long as the program stays what it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.corpora import PROJECT
from benchmarks.faults.figures import Figure, LeftOut

_MADE_OF = ("govgen", "themes")
"""Whoever changes how it is measured asks for all of it again."""


class Kept:
    """What earlier runs found in a folder."""

    def __init__(self, folder: Path, *, is_used: bool) -> None:
        self._folder = folder
        self._is_used = is_used
        self._program = _digest()

    def find(self, measure: str) -> list[Figure]:
        """Return what was found of this program; nothing where that is not known, or not wanted."""
        file = self._folder / f"{measure}.json"
        if not self._is_used or not file.is_file():
            return []
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["program"] != self._program:
            return []
        return [_parse(values) for values in kept["found"]]

    def keep(self, measure: str, found: Sequence[Figure | LeftOut]) -> None:
        """Keep what was found; what was left out is tried again."""
        if all(isinstance(one, Figure) for one in found):
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = {"program": self._program, "found": [asdict(one) for one in found]}
            (self._folder / f"{measure}.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")


def _parse(values: dict[str, object]) -> Figure:
    return Figure(**{**values, "examples": tuple(values["examples"])})  # type: ignore[arg-type]


def _digest() -> str:
    """Return what the program is told by: the bytes of its files."""
    files = (file for place in _MADE_OF for file in sorted((PROJECT / place).rglob("*")) if file.is_file())
    own = (file for file in files if "__pycache__" not in file.parts)
    return hashlib.sha256(b"".join(file.read_bytes() for file in own)).hexdigest()
