"""Writes files whole or not at all, and never outside the folder given."""

from __future__ import annotations

import os
import re
from pathlib import Path

from govgen.errors import MachineryError

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,219}|\.well-known")
"""At most 220 characters: the name it is written under first is a little longer, and may have 255."""
_PATH_BYTES = 400
_GONE = (FileNotFoundError, NotADirectoryError)


def check_output_path(path: str) -> str:
    """Return `path` if it is a plain relative path below an output folder: ASCII, no empty, dot or `..` parts.

    Every output path passes here, so nothing written from content can leave the folder. Raises MachineryError.
    """
    if len(path) > _PATH_BYTES or not all(_SEGMENT.fullmatch(segment) for segment in path.split("/")):
        raise MachineryError("unsafe-path", path=path)
    return path


class OutputFolder:
    """A folder of built files, and the paths written into it so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known_folders: set[str] = set()

    def write(self, path: str, content: bytes) -> bool:
        """Put `content` at `path`, whole or not at all; return False where it stood there already."""
        target = self._prepare(path)
        if _read_regular(target) == content:
            return False
        write_atomic(target, content)
        return True

    def remove(self, path: str) -> None:
        """Remove what stands at `path`, and folders that become empty; nothing there is fine."""
        target = self.root / check_output_path(path)
        try:
            target.unlink()
            for folder in target.parents:
                if folder == self.root or any(folder.iterdir()):
                    break
                folder.rmdir()
                self._known_folders.discard(str(folder))
        except _GONE:
            return

    def _prepare(self, path: str) -> Path:
        """Make the folders above `path`; a file or symlink in their place gives way."""
        target = self.root / check_output_path(path)
        folder = str(target.parent)
        if folder in self._known_folders:
            return target
        step = self.root
        for segment in path.split("/")[:-1]:
            step = step / segment
            if step.is_symlink() or (step.exists() and not step.is_dir()):
                step.unlink()
            step.mkdir(exist_ok=True, parents=True)
        self._known_folders.add(folder)
        return target


def write_atomic(target: Path, content: bytes) -> None:
    """Write a file beside `target` and move it there, so that readers see the old or the new, never a part."""
    if target.is_dir() and not target.is_symlink():
        # Imported here: with its archives it takes a while to load, and mostly no folder is in the way.
        import shutil

        shutil.rmtree(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_regular(source: Path) -> bytes:
    """Return the bytes of a file that is not a symlink. Raises OSError."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _read_regular(source: Path) -> bytes | None:
    try:
        return read_regular(source)
    except OSError:
        return None
