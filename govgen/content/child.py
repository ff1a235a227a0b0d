"""Parses a few files in a child process: an edit must not wait for a pool to start."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from govgen.content.limits import is_told, parse_entry, refuse_dead, start_worker
from govgen.content.parse import Parser, Verdict
from govgen.processes import fork_worker
from govgen.repo.checkout import Entry

T = TypeVar("T")
FEW_FILES = 8
_SECONDS = 30
"""By the clock, against a disk that doesn't answer."""


def parse_in_child(
    entries: Sequence[Entry], parser: Parser, finish: Callable[[Verdict], T], contents: Mapping[str, bytes]
) -> list[T]:
    """Return what `finish` makes of the verdict on each file; one that a child does not survive is refused."""
    made: list[T] = []
    while len(made) < len(entries):
        start = len(made)
        more, exit_code = _run_child(entries[start:], lambda: start_worker(parser, finish, contents))
        made += more
        # Where what ended it does not say so, a file is at fault only if the child had parsed nothing before.
        if exit_code and len(made) < len(entries) and (is_told(exit_code) or not more):
            made.append(finish(refuse_dead(entries[len(made)].path, exit_code)))
    return made


def _run_child(entries: Sequence[Entry], start: Callable[[], None]) -> tuple[list[Any], int]:
    """Return what a child made of the files before it ended, and its exit code."""
    reading, writing = os.pipe()
    child = fork_worker(lambda: _work(writing, entries, start))
    os.close(writing)
    made = []
    with os.fdopen(reading, "rb") as stream:
        while True:
            try:
                # What comes is the program's own: the child was forked, and parsed text is never run.
                made.append(pickle.load(stream))
            except (EOFError, pickle.UnpicklingError):
                break
    return made, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _work(writing: int, entries: Sequence[Entry], start: Callable[[], None]) -> int:
    """Parse, and send what was made of each file."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS)
    start()
    with os.fdopen(writing, "wb") as stream:
        for entry in entries:
            pickle.dump(parse_entry(entry), stream)
            stream.flush()
    return 0
