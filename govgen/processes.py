"""Ties worker processes to the one that started them, so that none goes on alone."""

from __future__ import annotations

import ctypes
import os
import signal

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""


def end_with_parent(parent: int, by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel end this process by a signal when its parent, whose pid is `parent`, ends, even by SIGKILL.

    A worker left behind would keep the publishing lock for ever, and write over the next build's pages.
    """
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, by)
    if os.getppid() != parent:
        os._exit(1)
