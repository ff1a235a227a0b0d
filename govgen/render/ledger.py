"""Remembers what builds put into an output folder, so that only their own files are ever taken away again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from govgen.errors import UsageError
from govgen.files import write_atomic

LEDGER = ".govgen-built"


def read_ledger(output: Path) -> frozenset[str]:
    """Return the paths earlier builds made; raise UsageError for a folder that holds anything else's files."""
    file = output / LEDGER
    if file.is_file():
        return frozenset(file.read_text(encoding="utf-8").split("\n")) - {""}
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError("not-ours", folder=str(output))
    return frozenset()


def write_ledger(output: Path, paths: Iterable[str]) -> None:
    """Note the paths a build made or is about to take away."""
    output.mkdir(parents=True, exist_ok=True)
    write_atomic(output / LEDGER, ("\n".join(sorted(paths)) + "\n").encode())
