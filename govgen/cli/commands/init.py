"""`govgen init`: a new county repository, made from the demo county, that builds at once."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path

import govgen
from govgen.cli.console import Console
from govgen.errors import UsageError
from govgen.repo.checkout import create_repository

COPIED = (
    "sites",
    "content",
    "themes",
    "govgen",
    "docs",
    "pelicanconf.py",
    "pyproject.toml",
    "requirements.lock",
    "requirements-test.lock",
    "Makefile",
    "tools",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    ".gitignore",
)
"""What a county needs of this repository; the program's own tests stay behind."""


def run(options: Namespace, console: Console) -> int:
    """Copy the demo county into an empty folder and commit it."""
    template = Path(govgen.__file__).parent.parent
    folder: Path = options.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("exists", path=str(folder))
    if not (template / "sites" / "_county.toml").is_file():
        raise UsageError("no-template", folder=str(template))
    folder.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in COPIED:
        source = template / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        elif source.is_file():
            shutil.copy2(source, folder / name)
    create_repository(folder)
    console.say("created", path=folder)
    console.say("next-init", folder=folder)
    return 0
