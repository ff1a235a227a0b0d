"""Remembers what builds put into an output folder, so that only their own files are ever taken away again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import UsageError
from govgen.files import is_output_path, write_atomic

LEDGER = ".govgen-built"


@dataclass(frozen=True)
class Ledger:
    """The paths that builds made in a folder."""

    output: Path

    @classmethod
    def open(cls, output: Path) -> Ledger:
        """Return the ledger of a folder; raise UsageError for one that holds anything else's files."""
        is_ours = (output / LEDGER).is_file()
        if not is_ours and output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UsageError("not-ours", folder=str(output))
        return cls(output)

    @property
    def stamp(self) -> str:
        """What changes when anybody writes the ledger; empty if there is none.

        A catalog that remembers another stamp does not know what stands here.
        """
        try:
            status = (self.output / LEDGER).stat()
        except FileNotFoundError:
            return ""
        return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"

    def read(self) -> frozenset[str]:
        """Return the paths earlier builds made. In a damaged ledger, what is no path of an output is passed over."""
        file = self.output / LEDGER
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else []
        return frozenset(filter(is_output_path, lines))

    def claim(self) -> None:
        """Take the folder over: whoever wrote here before must look at everything again."""
        self.output.mkdir(parents=True, exist_ok=True)
        write_atomic(self.output / LEDGER, "".join(f"{path}\n" for path in sorted(self.read())).encode())

    def add(self, paths: Iterable[str]) -> None:
        """Note paths before the first of them is written: a folder a build broke off in is known as its own."""
        text = "".join(f"{path}\n" for path in paths)
        if text:
            with (self.output / LEDGER).open("a", encoding="utf-8") as file:
                file.write(text)
