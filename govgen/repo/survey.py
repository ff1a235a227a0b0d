"""What changed in a repository since it was last looked at, told by git without reading the county."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import MachineryError
from govgen.repo.checkout import Checkout

PLACES = ("content", "sites", "themes", "pelicanconf.py")
"""What a county is built from."""

_FEW_PATHS = 500
"""So many fit on a command line."""

LINK = "link"
"""The version of what is neither a regular file nor a folder."""


@dataclass(frozen=True)
class Survey:
    """What a look at the repository showed."""

    since: str
    """The `note` of the survey before; empty where there was none."""

    mark: str
    """Stands for the commit that was looked at; empty where there is none."""

    dirty: tuple[str, ...]
    """Paths that differ from that commit."""

    versions: Mapping[str, str | None]
    """The version of each path that may have changed, None where there is no such file any more."""

    is_complete: bool
    """Whether `versions` has every file there is, so that what it does not have is gone."""

    @property
    def note(self) -> str:
        """What the next survey goes on from; no two that follow each other are alike."""
        number, *_ = _read_note(self.since)
        return json.dumps([number + 1, self.mark, self.dirty])


def _read_note(note: str) -> tuple[int, str, list[str]]:
    """Return what an earlier survey noted: its number, its mark, the paths that differed."""
    number, mark, dirty = json.loads(note) if note else (0, "", [])
    return number, mark, dirty


@dataclass(frozen=True)
class Known:
    """What is known of the changes since a survey without another one."""

    seen: Survey | None = None
    """A survey of them."""

    status: Status | None = None
    """Git, asked since then what differs from the commit."""

    named: Collection[str] | None = None
    """The only files that may have changed, in folders that were there before; None where that is not known."""


NOTHING_KNOWN = Known()


def survey(
    checkout: Checkout, since: str, known: Known = NOTHING_KNOWN, is_old: Callable[[str], bool] = lambda _: False
) -> Survey:
    """Return what may have changed since the survey whose `note` is given; everything if that is empty.

    `is_old` tells which files were there before.
    """
    if known.seen and known.seen.since == since:
        return known.seen
    if checkout.pinned:
        return _survey_commit(checkout, since)
    named = _survey_named(checkout, since, known.named, is_old) if since and known.named is not None else None
    return named or _survey_all(checkout, since, known.status)


def _survey_all(checkout: Checkout, since: str, status: Status | None) -> Survey:
    if not checkout.is_git:
        return Survey(since, "", (), _versions_on_disk(checkout.root), is_complete=True)
    _, mark, dirty = _read_note(since)
    commit, paths = (status or Status(checkout.root)).answer()
    now_dirty = tuple(sorted(paths))
    changed = _changed_between(checkout.root, mark, commit) if mark and commit else None
    if changed is None:
        listed = _versions_in_index(checkout.root)
        versions = {**listed, **{path: _version(checkout.root, path) for path in now_dirty}}
        return Survey(since, commit, now_dirty, versions, is_complete=True)
    candidates = {*changed, *dirty, *now_dirty}
    versions = {path: _version(checkout.root, path) for path in candidates}
    return Survey(since, commit, now_dirty, versions, is_complete=False)


def _survey_commit(checkout: Checkout, since: str) -> Survey:
    """Return a survey of a checkout that is pinned to a commit, where nothing can differ from that."""
    root, commit = checkout.repository, checkout.pinned
    _, mark, dirty = _read_note(since)
    changed = _changed_between(root, mark, commit) if mark else None
    if changed is None:
        return Survey(since, commit, (), _versions_in_tree(root, commit, PLACES), is_complete=True)
    paths = {*changed, *dirty}
    versions = {**dict.fromkeys(paths), **_versions_in_tree(root, commit, paths)}
    return Survey(since, commit, (), {path: versions[path] for path in paths}, is_complete=False)


def _survey_named(checkout: Checkout, since: str, named: Iterable[str], is_old: Callable[[str], bool]) -> Survey | None:
    """Return a survey of the named files; None where only a survey of all tells which of them count."""
    _, mark, dirty = _read_note(since)
    if checkout.is_git and not mark:
        return None
    paths = {path for path in named if path.split("/")[0] in PLACES and is_seen(path)}
    new = {path for path in paths if not is_old(path)}
    there = sorted(path for path in new if os.path.lexists(checkout.root / path))
    if checkout.is_git and there:
        # Git may have been told to ignore them.
        ask = ("--literal-pathspecs", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--")
        told = set(split(ask_git(checkout.root, *ask, *there)))
        if not told <= new:
            return None  # They lie in a repository of its own below this one.
        there = sorted(told)
    paths = (paths - new) | set(there)
    now_dirty = tuple(sorted({*dirty, *paths})) if checkout.is_git else ()
    return Survey(since, mark, now_dirty, {path: _version(checkout.root, path) for path in paths}, is_complete=False)


class Status:
    """Git at work on telling what differs from the commit checked out; the answer is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        ask = ("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--no-renames")
        self._process = subprocess.Popen(
            ["git", "-C", str(root), *ask, "--untracked-files=all", "--", *PLACES],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def answer(self) -> tuple[str, list[str]]:
        """Return the commit, empty where there is none yet, and the paths that differ. Raises MachineryError."""
        output, faults = self._process.communicate()
        if self._process.returncode:
            raise _fault("status", self._process.returncode, faults)
        commit = ""
        paths: list[str] = []
        for line in split(output):
            if line.startswith("# branch.oid ") and not line.endswith(")"):
                commit = line.removeprefix("# branch.oid ")
            elif fields := _FIELDS_BEFORE_PATH.get(line[0]):
                paths += _expand(self._root, line.split(" ", fields)[fields])
        return commit, paths

    def close(self) -> None:
        """End git where nobody wants the answer."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()


_FIELDS_BEFORE_PATH = {"1": 8, "u": 10, "?": 1}
"""In a line of `git status --porcelain=v2`, by its first character; see git-status(1)."""


def ask_git(root: Path, *arguments: str) -> bytes:
    """Return what git answers in a repository. Raises MachineryError."""
    # Not through GitPython: its import alone takes longer than a whole edit may.
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise _fault(arguments[0], done.returncode, done.stderr)
    return done.stdout


def _fault(command: str, exit_code: int, faults: bytes) -> MachineryError:
    reason = faults.decode("utf-8", "replace").strip().splitlines()
    return MachineryError("git", reason=reason[0] if reason else f"git {command}: {exit_code}")


def has_object(root: Path, id: str) -> bool:
    """Tell whether git still has a commit or a tree."""
    ask = ["git", "-C", str(root), "cat-file", "-e", id]
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0


def _changed_between(root: Path, before: str, after: str) -> list[str] | None:
    """Return the paths that differ between two trees; None where git does not know the first any more."""
    if before == after:
        return []
    if not has_object(root, before):
        return None
    listed = ask_git(root, "diff-tree", "-r", "-z", "--name-only", "--no-renames", before, after, "--", *PLACES)
    return [path for path in split(listed) if is_seen(path)]


def _versions_in_index(root: Path) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for line in split(ask_git(root, "ls-files", "-s", "-z", "--", *PLACES)):
        head, _, path = line.partition("\t")
        mode, blob, _ = head.split(" ")
        if mode == "160000":
            versions |= {inner: _version(root, inner) for inner in _expand(root, path + "/")}
        elif is_seen(path):
            versions[path] = blob if mode.startswith("100") else LINK
    return versions


def _versions_in_tree(root: Path, commit: str, paths: Collection[str]) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    asked = sorted(paths) if len(paths) <= _FEW_PATHS else PLACES
    listed = ask_git(root, "--literal-pathspecs", "ls-tree", "-r", "-z", commit, "--", *asked) if paths else b""
    for line in split(listed):
        head, _, path = line.partition("\t")
        mode, _, blob = head.split(" ")
        if is_seen(path):
            versions[path] = blob if mode.startswith("100") else LINK
    return versions


def _expand(root: Path, path: str) -> Iterable[str]:
    """Yield a path that git names, or the files below it where that is a repository of its own."""
    if not path.endswith("/"):
        if is_seen(path):
            yield path
        return
    for entry in Checkout(root).walk(path.rstrip("/")):
        yield entry.path


def _versions_on_disk(root: Path) -> dict[str, str | None]:
    """Return the version of every file of a plain folder, which only reading them all can tell."""
    checkout = Checkout(root)
    paths = [entry.path for place in PLACES for entry in checkout.walk(place)]
    paths += [place for place in PLACES if (root / place).is_file()]
    return {path: _version(root, path) for path in paths}


def _version(root: Path, path: str) -> str | None:
    """Return what stands for a file's content, git's own blob id where it is read; None where there is no file."""
    file = os.fsencode(root / path)
    try:
        status = os.lstat(file)
        if not stat.S_ISREG(status.st_mode):
            return None if stat.S_ISDIR(status.st_mode) else LINK
        with open(file, "rb") as stream:
            content = stream.read()
    except OSError:
        return None
    # Imported here: OpenSSL takes a moment to load, and mostly nothing has changed.
    import hashlib

    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def is_seen(path: str) -> bool:
    """Tell whether a path counts: what has a dot name on its way is left out, as in any listing."""
    return not any(segment.startswith(".") for segment in path.split("/"))


def split(output: bytes) -> list[str]:
    """Return the fields of an answer of git's that NUL bytes end."""
    return [os.fsdecode(part) for part in output.split(b"\0") if part]
