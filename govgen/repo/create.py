"""Makes a folder a git repository."""

from __future__ import annotations

from pathlib import Path

import git

_AUTHOR = git.Actor("govgen init", "govgen@county.invalid")


def create_repository(folder: Path) -> None:
    """Turn a folder into a git repository with one commit that holds everything in it."""
    repository = git.Repo.init(folder, initial_branch="main")
    repository.git.add("--all")
    repository.index.commit("新建县级网站仓库", author=_AUTHOR, committer=_AUTHOR)
