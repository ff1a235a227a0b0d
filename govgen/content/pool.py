"""The door to pebble: parses files in worker processes that can be stopped, each file with its own limits.

Python-Markdown's time grows with the square of hostile input, so a file gets `CPU_SECONDS` of processor time and
`MEMORY_BYTES` of memory. A worker notices the time itself, by a signal between two steps of the interpreter; should it
hang in native code it is killed, and the other files of its chunk are parsed again one by one.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from types import FrameType

from pebble import ProcessExpired, ProcessPool

from govgen.content.parse import DOCUMENT_BYTES, Parser, Verdict
from govgen.model.finding import Finding
from govgen.repo.checkout import Entry

CPU_SECONDS = 2.0
MEMORY_BYTES = 1 << 30
_CHUNK_FILES = 24
_CHUNK_SECONDS = 30.0
_ALONE_SECONDS = 3.0
_FEW_FILES = 8


class _OutOfTime(BaseException):
    """The file at hand has used up its processor time; not an Exception, so that no library swallows it."""


@dataclass
class _Worker:
    """What a worker process keeps between files."""

    parser: Parser | None = None
    contents: Mapping[str, bytes] = field(default_factory=dict)


_worker = _Worker()
"""Set once when a worker process starts; the main process never touches it."""


def parse_files(
    entries: Sequence[Entry], parser: Parser, processes: int, contents: Mapping[str, bytes] | None = None
) -> Iterator[Verdict]:
    """Yield one verdict a file, in the order of `entries`; `contents` stands in for files read from elsewhere."""
    if not entries:
        return
    workers = min(processes, -(-len(entries) // _FEW_FILES))
    chunks = [tuple(chunk) for chunk in _batched(entries, _CHUNK_FILES)]
    with ProcessPool(
        max_workers=workers,
        initializer=_start_worker,
        initargs=(parser, contents or {}),
        context=multiprocessing.get_context("fork"),
    ) as pool:
        futures = [pool.schedule(_parse_chunk, args=(chunk,), timeout=_CHUNK_SECONDS) for chunk in chunks]
        for chunk, future in zip(chunks, futures, strict=True):
            try:
                yield from future.result()
            except (FutureTimeout, ProcessExpired, MemoryError):
                for entry in chunk:
                    yield _parse_alone(pool, entry)


def _batched(entries: Sequence[Entry], size: int) -> Iterator[tuple[Entry, ...]]:
    for start in range(0, len(entries), size):
        yield tuple(entries[start : start + size])


def _parse_alone(pool: ProcessPool, entry: Entry) -> Verdict:
    try:
        return pool.schedule(_parse_chunk, args=((entry,),), timeout=_ALONE_SECONDS).result()[0]
    except FutureTimeout:
        return _refuse(entry.path, "FILE-TIME", seconds=f"{_ALONE_SECONDS:g}")
    except (ProcessExpired, MemoryError):
        return _refuse(entry.path, "FILE-MEMORY", limit=str(MEMORY_BYTES >> 20))


def _start_worker(parser: Parser, contents: Mapping[str, bytes]) -> None:
    _worker.parser = parser
    _worker.contents = contents
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + _used_bytes(), resource.RLIM_INFINITY))
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _used_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTime


def _parse_chunk(entries: Sequence[Entry]) -> list[Verdict]:
    return [_parse_entry(entry) for entry in entries]


def _parse_entry(entry: Entry) -> Verdict:
    """Return the verdict on one file, its limits included."""
    parser = _worker.parser
    assert parser is not None
    if not entry.is_regular:
        return _refuse(entry.path, "FILE-SYMLINK")
    if entry.size_bytes > DOCUMENT_BYTES:
        return _refuse(entry.path, "FILE-SIZE", size=f"{entry.size_bytes / 1e6:.1f}", limit=f"{DOCUMENT_BYTES / 1e6:g}")
    try:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        content = _worker.contents.get(entry.path)
        return parser.parse(entry.path, parser.read(entry.path) if content is None else content)
    except OSError as error:
        return _refuse(entry.path, "FILE-READ", reason=error.strerror or type(error).__name__)
    except (_OutOfTime, RecursionError, MemoryError) as error:
        # Python-Markdown keeps its place in a document across calls; broken off, it must be made anew.
        _worker.parser = parser.renew()
        return _refuse(entry.path, **_LIMITS[type(error)])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


_LIMITS: Mapping[type[BaseException], dict[str, str]] = {
    _OutOfTime: {"rule": "FILE-TIME", "seconds": f"{CPU_SECONDS:g}"},
    RecursionError: {"rule": "FILE-DEPTH"},
    MemoryError: {"rule": "FILE-MEMORY", "limit": str(MEMORY_BYTES >> 20)},
}


def _refuse(path: str, rule: str, **values: str) -> Verdict:
    return Verdict(path, None, (Finding(rule, path, None, values),))
