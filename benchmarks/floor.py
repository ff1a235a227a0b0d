"""The floor: how long it takes to do nothing but write the bytes a finished build consists of."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from benchmarks.measure import list_files

_PROCESSES = 2


def time_writing(output: Path, scratch: Path) -> float:
    """Return the seconds two processes take to write all files of `output` into `scratch`, from memory.

    The files are read before the clock starts, and `scratch` is removed afterwards. Raises RuntimeError.
    """
    contents = [(path.relative_to(output), path.read_bytes()) for path in list_files(output)]
    shutil.rmtree(scratch, ignore_errors=True)
    started = time.monotonic()
    children = [_write(contents[part::_PROCESSES], scratch) for part in range(_PROCESSES)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.monotonic() - started
    shutil.rmtree(scratch)
    if any(codes):
        raise RuntimeError("writing failed")
    return seconds


def _write(contents: list[tuple[Path, bytes]], folder: Path) -> int:
    """Start a process that writes files; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        for path, content in contents:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        code = 0
    finally:
        # Not sys.exit: what the parent would do at its end is the parent's.
        os._exit(code)
