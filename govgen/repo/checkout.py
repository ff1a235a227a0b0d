"""A county's repository: its files as they lie on disk, and their history in git."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from govgen.errors import UsageError

if TYPE_CHECKING:
    import git

_REGULAR_MODES = ("100644", "100755")
_PIECE_BYTES = 1 << 16
"""Holds most files whole."""

HISTORY_VERSIONS = 20
"""How far back a held document's last good version is looked for."""


@dataclass(frozen=True)
class Entry:
    """A file below a folder, as lstat sees it."""

    path: str
    """Relative to the repository, with forward slashes."""

    size_bytes: int
    is_regular: bool
    """False for symlinks, devices and pipes, which are refused."""


class Checkout:
    """A county's repository as files: its working tree, or a commit of it laid out elsewhere."""

    def __init__(
        self, root: Path, *, repository: Path | None = None, pinned: str = "", lock: IO[bytes] | None = None
    ) -> None:
        self.root = root
        """Where the files lie."""

        self.repository = repository or root
        """What git knows, where builds and releases are kept."""

        self.pinned = pinned
        """The commit the files were laid out from; empty for a working tree."""

        self._lock = lock
        self._base = os.fspath(root)

    def has(self, path: str) -> bool:
        """Tell whether a regular file lies at `path`."""
        entry = self.find_entry(path)
        return entry is not None and entry.is_regular

    def find_entry(self, path: str) -> Entry | None:
        """Return the file at `path` as lstat sees it, a symlink on the way to it included; None if there is none."""
        return self._find(path, {})

    def find_entries(self, paths: Iterable[str]) -> Iterator[Entry | None]:
        """Yield what `find_entry` gives for each path; a folder they share is looked at once."""
        folders: dict[str, bool] = {}
        for path in paths:
            yield self._find(path, folders)

    def _find(self, path: str, folders: dict[str, bool]) -> Entry | None:
        """Return the file at `path`; `folders` knows of those looked at already whether no symlink leads there."""
        folder, _, name = path.rpartition("/")
        try:
            if folder and folder not in folders:
                folders[folder] = self._is_direct(folder)
            status = os.lstat(f"{self._base}/{path}")
        except (OSError, ValueError):
            return None
        if not name or stat.S_ISDIR(status.st_mode):
            return None
        return Entry(path, status.st_size, stat.S_ISREG(status.st_mode) and folders.get(folder, True))

    def _is_direct(self, folder: str) -> bool:
        """Tell whether no part of the way to a folder is a symlink. Raises OSError."""
        step, is_direct = self._base, True
        for segment in folder.split("/"):
            step = f"{step}/{segment}"
            is_direct = is_direct and not stat.S_ISLNK(os.lstat(step).st_mode)
        return is_direct

    def read(self, path: str) -> bytes:
        """Return a file's bytes; symlinks are refused. Raises OSError."""
        descriptor = os.open(f"{self._base}/{path}", os.O_RDONLY | os.O_NOFOLLOW)
        try:
            pieces = []
            while piece := os.read(descriptor, _PIECE_BYTES):
                pieces.append(piece)
        finally:
            os.close(descriptor)
        return b"".join(pieces)

    def walk(self, folder: str) -> Iterator[Entry]:
        """Yield all files below `folder`, sorted; symlinks are named but not followed, dot names are left out."""
        # Not by recursion: folders can be nested deeper than Python calls.
        waiting = self._scan(folder)
        while waiting:
            path, entry = waiting.pop()
            if entry.is_dir(follow_symlinks=False):
                waiting += self._scan(path)
            else:
                yield _entry(path, entry)

    def _scan(self, folder: str) -> list[tuple[str, os.DirEntry[str]]]:
        """Return what lies right in `folder`, the last name first; nothing where it can't be read."""
        try:
            entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name, reverse=True)
        except OSError:
            return []
        return [(f"{folder}/{entry.name}", entry) for entry in entries if not entry.name.startswith(".")]

    def list_files(self, folder: str, ending: str) -> list[str]:
        """Return the regular files right in `folder` with this ending, sorted."""
        return [
            entry.path
            for entry in self.walk(folder)
            if entry.is_regular and entry.path.endswith(ending) and entry.path.count("/") == folder.count("/") + 1
        ]

    @property
    def is_git(self) -> bool:
        """Whether the repository is one of git's."""
        return (self.repository / ".git").exists()

    @cached_property
    def _git(self) -> git.Repo | None:
        # Imported here: GitPython's import costs as much as a small build, and a plain folder needs none of it.
        import git

        try:
            return git.Repo(self.repository)
        except (git.InvalidGitRepositoryError, git.NoSuchPathError):
            return None

    @property
    def commit(self) -> str:
        """The id of the commit checked out or laid out; empty where there is none."""
        return self.pinned or self._head

    @property
    def _head(self) -> str:
        # Not through GitPython: its import alone takes longer than to find out that nothing is to be published.
        ask = ["git", "-C", str(self.repository), "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
        found = subprocess.run(ask, capture_output=True, check=False) if self.is_git else None
        return found.stdout.decode("ascii").strip() if found else ""

    def uncommitted(self, *folders: str) -> list[str]:
        """Return the paths below `folders` that differ from the commit, sorted."""
        if self.pinned or not self._git or not self.commit:
            return []
        lines = self._git.git.status("--porcelain=v1", "-z", "--untracked-files=all", "--", *folders).split("\0")
        return sorted(line[3:] for line in lines if len(line) > 3 and line[2] == " ")

    def find_last_commit(self, path: str) -> str:
        """Return the id of the last commit that changed a file or folder; empty where none did."""
        if not self._git or not self.commit:
            return ""
        return str(self._git.git.log("-1", "--format=%H", self.commit, "--", path)).strip()

    def contains(self, commit: str, earlier: str) -> bool:
        """Tell whether a commit is, or follows, an earlier one; one that is not known here does not."""
        if not self._git or not commit or not earlier:
            return False
        import git

        try:
            return bool(self._git.is_ancestor(self._git.commit(earlier), self._git.commit(commit)))
        except (git.GitCommandError, git.BadName, ValueError):
            return False

    def earlier_versions(self, paths: Sequence[str]) -> Mapping[str, list[str]]:
        """Return the blob ids of each path's committed versions, newest first, at most `HISTORY_VERSIONS`."""
        versions: dict[str, list[str]] = {path: [] for path in paths}
        if not paths or not self._git or not self.commit:
            return versions
        ask = ("--format=", "--raw", "-z", "--no-abbrev", "--no-renames", self.commit, "--")
        log = self._git.git.log(*ask, *sorted(paths))
        fields = log.strip("\0\n").split("\0")
        for record, path in zip(fields[::2], fields[1::2], strict=False):
            mode, blob = record.split()[1], record.split()[3]
            known = versions.get(path)
            if known is not None and mode in _REGULAR_MODES and len(known) < HISTORY_VERSIONS:
                known.append(blob)
        return versions

    def read_blob(self, blob: str) -> bytes:
        """Return the bytes of a blob of the repository."""
        assert self._git is not None
        return bytes(self._git.odb.stream(bytes.fromhex(blob)).read())


def _entry(path: str, entry: os.DirEntry[str]) -> Entry:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:  # Its path is too long for the system, or it is just being deleted.
        return Entry(path, 0, is_regular=False)
    return Entry(path, status.st_size, stat.S_ISREG(status.st_mode))


def create_repository(folder: Path) -> None:
    """Turn a folder into a git repository with one commit that holds everything in it."""
    import git

    author = git.Actor("govgen init", "govgen@county.invalid")
    repository = git.Repo.init(folder, initial_branch="main")
    repository.git.add("--all")
    repository.index.commit("新建县级网站仓库", author=author, committer=author)


def find_checkout(start: Path) -> Checkout:
    """Return the repository `start` lies in: the nearest folder above that has `sites/`. Raises UsageError."""
    for folder in (start, *start.parents):
        if (folder / "sites").is_dir():
            return Checkout(folder)
    raise UsageError("no-county", folder=str(start))
