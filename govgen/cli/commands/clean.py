"""`govgen clean`: takes away what builds made; documents and releases stay."""

from __future__ import annotations

import shutil
from argparse import Namespace

from govgen.cli.console import Console
from govgen.cli.session import BUILD_FOLDER, open_checkout


def run(options: Namespace, console: Console) -> int:
    """Remove the build folder."""
    folder = open_checkout(options).root / BUILD_FOLDER
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
        console.say("cleaned", paths=f"{BUILD_FOLDER}/")
    else:
        console.say("nothing-to-clean")
    return 0
