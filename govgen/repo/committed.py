"""A commit laid out as files, in a folder of the cache that nobody edits: what is built from it is what was committed.

Whatever lies in the working tree, half-written or left over, plays no part, and git need not look through it.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import UsageError
from govgen.files import write_atomic
from govgen.repo.checkout import Checkout
from govgen.repo.survey import PLACES, ask_git, has_object, is_seen, split

CACHE = Path("build/cache")
_FOLDER, _LAID_OUT, _LOCK = "commit", "commit-id", "commit-lock"
_SYMLINK, _SUBMODULE, _NONE = "120000", "160000", "000000"


@dataclass(frozen=True)
class _Change:
    """A path that differs between two trees."""

    path: str
    mode: str
    """As git writes it; `_NONE` where the path is gone."""

    blob: str


def lay_out(checkout: Checkout, revision: str) -> Checkout:
    """Return a commit of a repository as a checkout of its own; it is this process's until that ends.

    Only what differs from the commit laid out before is written. Raises UsageError for what is no commit, or holds
    other repositories, whose files git does not keep here; MachineryError where git fails.
    """
    repository = checkout.repository
    commit = _find_commit(repository, revision)
    cache = repository / CACHE
    cache.mkdir(parents=True, exist_ok=True)
    lock = (cache / _LOCK).open("ab")
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder, laid_out = cache / _FOLDER, cache / _LAID_OUT
    known = laid_out.read_text(encoding="ascii") if laid_out.is_file() else ""
    if known != commit:
        # Until all is written the folder is of no commit, and would be laid out anew.
        laid_out.unlink(missing_ok=True)
        if not known or not has_object(repository, known):
            known = _clear(repository, folder)
        _update(repository, folder, list(_changes(repository, known, commit)))
        write_atomic(laid_out, commit.encode("ascii"))
    return Checkout(folder, repository=repository, pinned=commit, lock=lock)


def _find_commit(repository: Path, revision: str) -> str:
    # Whatever the revision begins with, it is no option of git's.
    ask = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    found = subprocess.run(["git", "-C", str(repository), *ask], capture_output=True, check=False)
    if found.returncode:
        raise UsageError("no-commit", revision=revision)
    return found.stdout.decode("ascii").strip()


def _clear(repository: Path, folder: Path) -> str:
    """Empty the folder and return the empty tree's id."""
    # Imported here: a folder is laid out anew once in a repository's life.
    import shutil

    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return ask_git(repository, "hash-object", "-t", "tree", os.devnull).decode("ascii").strip()


def _changes(repository: Path, before: str, after: str) -> Iterator[_Change]:
    fields = split(ask_git(repository, "diff-tree", "-r", "-z", "--raw", "--no-renames", before, after, "--", *PLACES))
    for head, path in zip(fields[::2], fields[1::2], strict=True):
        _, mode, _, blob, _ = head.split(" ")
        if mode == _SUBMODULE:
            raise UsageError("submodule", path=path)
        if is_seen(path):
            yield _Change(path, mode, blob)


def _update(repository: Path, folder: Path, changes: list[_Change]) -> None:
    """Write what changed; everything old goes first, so that no new path leads through an old symlink."""
    for change in changes:
        _remove(folder, folder / change.path)
    ask = ["git", "-C", str(repository), "cat-file", "--batch"]
    with subprocess.Popen(ask, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin
        assert git.stdout
        for change in changes:
            if change.mode == _NONE:
                continue
            git.stdin.write(f"{change.blob}\n".encode("ascii"))
            git.stdin.flush()
            size = int(git.stdout.readline().split()[2])
            content = git.stdout.read(size + 1)[:-1]
            file = folder / change.path
            file.parent.mkdir(parents=True, exist_ok=True)
            if change.mode == _SYMLINK:
                file.symlink_to(os.fsdecode(content))
            else:
                file.write_bytes(content)
        git.stdin.close()


def _remove(folder: Path, file: Path) -> None:
    """Take a file away, and the folders it leaves empty; a folder goes with its files."""
    if not (file.is_symlink() or file.is_file()):
        return
    file.unlink()
    for above in file.parents:
        if above == folder or any(above.iterdir()):
            break
        above.rmdir()
