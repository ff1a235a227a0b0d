"""The door to pebble: parses many files in worker processes that can be stopped.

Where a worker dies, the other files of its chunk are parsed again one by one.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from itertools import islice
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from govgen.content.limits import is_told, parse_entry, refuse, refuse_dead, start_worker
from govgen.content.parse import Parser, Verdict
from govgen.processes import become_worker
from govgen.repo.checkout import Entry

T = TypeVar("T")
"""What is made of a verdict."""

_CHUNK_FILES = 24
_CHUNKS_AHEAD = 8
"""So many chunks wait for each worker; what more were read would only fill the memory."""
_CHUNK_SECONDS = 120.0
_ALONE_SECONDS = 10.0
"""By the clock, against a disk that doesn't answer; a busy machine must not make other verdicts than an idle one."""
_FEW_FILES = 8

_places: list[Any] = []
"""In a worker: for each chunk the number of the file at hand, in memory shared with the main process."""


def parse_in_pool(
    entries: Sequence[Entry],
    parser: Parser,
    processes: int,
    finish: Callable[[Verdict], T],
    contents: Mapping[str, bytes],
) -> Iterator[T]:
    """Yield what `finish` makes of the verdict on each file, in the order of `entries`.

    `finish` runs in the worker, within the file's limits; `contents` stands in for files read from elsewhere.
    """
    workers = min(processes, -(-len(entries) // _FEW_FILES))
    chunks = [tuple(chunk) for chunk in _batched(entries, _CHUNK_FILES)]
    context = multiprocessing.get_context("fork")
    places = context.RawArray("i", len(chunks))
    initargs = (os.getpid(), parser, finish, contents, places)
    with ProcessPool(max_workers=workers, initializer=_start, initargs=initargs, context=context) as pool:
        coming = (
            pool.schedule(_parse_chunk, args=(chunk, number), timeout=_CHUNK_SECONDS)
            for number, chunk in enumerate(chunks)
        )
        futures = deque(islice(coming, workers * _CHUNKS_AHEAD))
        for number, chunk in enumerate(chunks):
            future = futures.popleft()
            futures.extend(islice(coming, 1))
            try:
                yield from future.result()
            except (FutureTimeout, ProcessExpired, MemoryError) as error:
                # Parsing again starts at the first file; the array will say so, so the culprit is read off now.
                culprit = chunk[places[number]] if is_told(_exit_code(error)) else None
                for entry in chunk:
                    if entry is culprit:
                        yield finish(refuse_dead(entry.path, _exit_code(error)))
                    else:
                        yield _parse_alone(pool, entry, number, finish)


def _batched(entries: Sequence[Entry], size: int) -> Iterator[tuple[Entry, ...]]:
    for start in range(0, len(entries), size):
        yield tuple(entries[start : start + size])


def _parse_alone(pool: ProcessPool, entry: Entry, number: int, finish: Callable[[Verdict], T]) -> T:
    try:
        made: T = pool.schedule(_parse_chunk, args=((entry,), number), timeout=_ALONE_SECONDS).result()[0]
        return made
    except FutureTimeout:
        return finish(refuse(entry.path, "FILE-TIME", seconds=f"{_ALONE_SECONDS:g}"))
    except (ProcessExpired, MemoryError) as error:
        return finish(refuse_dead(entry.path, _exit_code(error)))


def _exit_code(error: BaseException) -> int:
    return int(error.exitcode) if isinstance(error, ProcessExpired) else 0


def _start(
    parent: int, parser: Parser, finish: Callable[[Verdict], Any], contents: Mapping[str, bytes], places: Any
) -> None:
    become_worker(parent)
    start_worker(parser, finish, contents)
    _places.append(places)


def _parse_chunk(entries: Sequence[Entry], number: int) -> list[Any]:
    made = []
    for place, entry in enumerate(entries):
        _places[0][number] = place
        made.append(parse_entry(entry))
    return made
