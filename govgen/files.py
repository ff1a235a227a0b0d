"""Writes files whole or not at all, and never outside the folder given."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from govgen.errors import MachineryError

_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,219}|\.well-known")
"""At most 220 characters: the name it is written under first is a little longer, and may have 255."""
_PATH_BYTES = 400
_GONE = (FileNotFoundError, NotADirectoryError)
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def check_output_path(path: str) -> str:
    """Return `path` if it is a plain relative path below an output folder: ASCII, no empty, dot or `..` parts.

    Every output path passes here, so nothing written from content can leave the folder. Raises MachineryError.
    """
    if not is_output_path(path):
        raise MachineryError("unsafe-path", path=path)
    return path


def is_output_path(path: str) -> bool:
    """Tell whether `path` is a plain relative path below an output folder."""
    return len(path) <= _PATH_BYTES and all(_SEGMENT.fullmatch(segment) for segment in path.split("/"))


class OutputFolder:
    """A folder of built files, and the paths written into it so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known_folders: set[str] = set()

    def write(self, path: str, content: bytes) -> bool:
        """Put `content` at `path`; return False where it stood there already.

        Never a part of a file stands where another one stood; for a moment there may be none. Where a process is killed
        in between, the next build finds what is missing, or a part of a new file, and writes it again. What citizens
        read are releases, not this folder.
        """
        folder, _, _ = check_output_path(path).rpartition("/")
        if folder not in self._known_folders:
            self._make_folder(folder)
        target = f"{self.root}/{path}"
        if _create(target, content):
            return True
        if _read_regular(target) == content:
            return False
        # Taken away first: where a file is renamed over another, ext4 writes it to the disk at once, and to make all
        # pages again for a changed theme would take twice as long.
        with suppress(OSError):
            Path(target).unlink()
        write_atomic(Path(target), content)
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
                self._known_folders.discard(str(folder.relative_to(self.root)))
        except _GONE:
            return

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it; a file or symlink in their place gives way."""
        if not folder:
            self.root.mkdir(parents=True, exist_ok=True)
        elif folder not in self._known_folders:
            self._make_folder(folder.rpartition("/")[0])
            place = self.root / folder
            try:
                place.mkdir()
            except FileExistsError:
                if not stat.S_ISDIR(place.lstat().st_mode):
                    place.unlink()
                    place.mkdir()
        self._known_folders.add(folder)


def _create(target: str, content: bytes) -> bool:
    """Write a file where there is none; return False where something stands."""
    try:
        descriptor = os.open(target, _NEW_FILE, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except BaseException:
        Path(target).unlink()
        raise
    return True


def write_atomic(target: Path, content: bytes) -> None:
    """Write a file beside `target` and move it there, so that readers see the old or the new, never a part."""
    if target.is_dir() and not target.is_symlink():
        # Imported here: with its archives it takes a while to load, and mostly no folder is in the way.
        import shutil

        shutil.rmtree(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, _NEW_FILE, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_regular(source: Path | str) -> bytes:
    """Return the bytes of a file that is no symlink, pipe or device. Raises OSError."""
    # Without waiting: a pipe that somebody put there would never answer.
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(source))
        return file.read()


def _read_regular(source: str) -> bytes | None:
    try:
        return read_regular(source)
    except OSError:
        return None
