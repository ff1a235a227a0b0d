"""Starts worker processes, and ties them to the one that started them, so that none goes on alone."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from govgen.errors import MachineryError

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""


def end_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel end this process by a signal when its parent, whose pid is `parent`, ends, even by SIGKILL.

    A worker left behind would keep the publishing lock for ever, and write over the next build's pages.
    """
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, by)
    if os.getppid() != parent:
        os._exit(1)


def become_worker(parent: int) -> None:
    """Have this process end with its parent and with nothing else: Ctrl-C, which all of a terminal get, is no order."""
    end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def worker_pool(processes: int, start: Callable[..., None], *arguments: Any) -> Iterator[ProcessPoolExecutor]:
    """Run forked workers, in each of which `start(*arguments)` comes first. Raises MachineryError where one dies."""
    # Imported here: it takes a while, and an edit needs no pool.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    parent = os.getpid()

    def start_one() -> None:
        become_worker(parent)
        start(*arguments)

    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), start_one) as pool:
        try:
            yield pool
        except BrokenProcessPool as error:
            raise MachineryError("worker-died") from error


def fork_worker(work: Callable[[], int]) -> int:
    """Do a piece of work in a forked worker, and return its pid; it ends with the code it returns, or 1."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            become_worker(parent)
            code = work()
        finally:
            os._exit(code)
    return child
