"""Worker processes: they are started alike, and one that dies is told of."""

from __future__ import annotations

import os
import signal

import pytest

from govgen.errors import MachineryError
from govgen.processes import worker_pool

AT_HAND: list[str] = []
"""What a worker was started with; always empty in this process."""


def say(number: int) -> str:
    """Return what this worker has at hand, with a number; interrupted by a Ctrl-C first, which is none for it."""
    os.kill(os.getpid(), signal.SIGINT)
    return f"{AT_HAND[0]} {number}"


def test_workers_start_with_what_they_are_given_and_pass_over_a_ctrl_c() -> None:
    with worker_pool(2, AT_HAND.append, "词") as pool:
        assert list(pool.map(say, range(3))) == ["词 0", "词 1", "词 2"]
    assert AT_HAND == []


def test_a_worker_that_dies_is_a_fault_with_words() -> None:
    with pytest.raises(MachineryError) as raised, worker_pool(1, AT_HAND.clear) as pool:
        pool.submit(os._exit, 9).result()
    assert raised.value.key == "worker-died"


def test_no_worker_outlives_the_one_that_started_it() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with worker_pool(1, AT_HAND.clear) as pool:
            # The worker holds the pipe open for as long as it lives.
            pool.submit(os.getpid).result()
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as stream:
        assert stream.read() == b""
