"""The door to pebble: parses files in worker processes that can be stopped, each file with its own limits.

Python-Markdown's time grows with the square of hostile input, so a file gets `CPU_SECONDS` of processor time and
`MEMORY_BYTES` of memory. A worker notices the time itself, by a signal between two steps of the interpreter; where it
hangs in native code the kernel ends it a moment later, and the other files of its chunk are parsed again one by one.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from govgen.content.parse import DOCUMENT_BYTES, Parser, Verdict
from govgen.model.finding import Finding
from govgen.processes import end_with_parent
from govgen.repo.checkout import Entry

T = TypeVar("T")
"""What is made of a verdict."""

CPU_SECONDS = 2.0
_GRACE_SECONDS = 0.5
MEMORY_BYTES = 1 << 30
_CHUNK_FILES = 24
_CHUNK_SECONDS = 120.0
_ALONE_SECONDS = 10.0
"""By the clock, against a disk that doesn't answer; a busy machine must not make other verdicts than an idle one."""
_FEW_FILES = 8


class _OutOfTime(BaseException):
    """The file at hand has used up its processor time; not an Exception, so that no library swallows it."""


@dataclass
class _Worker:
    """What a worker process keeps between files."""

    parser: Parser | None = None
    finish: Callable[[Verdict], Any] = field(default=lambda verdict: verdict)
    contents: Mapping[str, bytes] = field(default_factory=dict)
    places: Any = None
    """For each chunk the number of the file at hand, in memory shared with the main process."""


_worker = _Worker()
"""Set once when a worker process starts; the main process never touches it."""


def parse_files(
    entries: Sequence[Entry],
    parser: Parser,
    processes: int,
    finish: Callable[[Verdict], T],
    contents: Mapping[str, bytes] | None = None,
) -> Iterator[T]:
    """Yield what `finish` makes of the verdict on each file, in the order of `entries`.

    `finish` runs in the worker, within the file's limits; `contents` stands in for files read from elsewhere.
    """
    if not entries:
        return
    workers = min(processes, -(-len(entries) // _FEW_FILES))
    chunks = [tuple(chunk) for chunk in _batched(entries, _CHUNK_FILES)]
    context = multiprocessing.get_context("fork")
    places = context.RawArray("i", len(chunks))
    initargs = (parser, finish, contents or {}, places)
    with ProcessPool(max_workers=workers, initializer=_start_worker, initargs=initargs, context=context) as pool:
        futures = [
            pool.schedule(_parse_chunk, args=(chunk, number), timeout=_CHUNK_SECONDS)
            for number, chunk in enumerate(chunks)
        ]
        for number, (chunk, future) in enumerate(zip(chunks, futures, strict=True)):
            try:
                yield from future.result()
            except (FutureTimeout, ProcessExpired, MemoryError) as error:
                # Parsing again starts at the first file; the array will say so, so the culprit is read off now.
                culprit = chunk[places[number]] if _is_told(error) else None
                for entry in chunk:
                    if entry is culprit:
                        yield finish(_refuse_dead(entry, error))
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
        return finish(_refuse(entry.path, "FILE-TIME", seconds=f"{_ALONE_SECONDS:g}"))
    except (ProcessExpired, MemoryError) as error:
        return finish(_refuse_dead(entry, error))


def _is_told(error: BaseException) -> bool:
    """Whether the way a worker ended says for certain that the file at hand is at fault."""
    return isinstance(error, ProcessExpired) and error.exitcode in _DEATHS


def _refuse_dead(entry: Entry, error: BaseException) -> Verdict:
    """Return the verdict on a file whose worker did not survive it."""
    code = error.exitcode if isinstance(error, ProcessExpired) else 0
    return _refuse(entry.path, **_LIMITS[_DEATHS.get(code, MemoryError)])


def _start_worker(parser: Parser, finish: Callable[[Verdict], Any], contents: Mapping[str, bytes], places: Any) -> None:
    end_with_parent()
    _worker.parser = parser
    _worker.finish = finish
    _worker.contents = contents
    _worker.places = places
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + _used_bytes(), resource.RLIM_INFINITY))
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _used_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTime


def _parse_chunk(entries: Sequence[Entry], number: int) -> list[Any]:
    verdicts = []
    for place, entry in enumerate(entries):
        _worker.places[number] = place
        verdicts.append(_parse_entry(entry))
    return verdicts


def _parse_entry(entry: Entry) -> Any:
    """Return what is made of the verdict on one file, its limits included."""
    refused = _refuse_unread(entry)
    return _worker.finish(refused) if refused else _parse_within_limits(entry)


def _refuse_unread(entry: Entry) -> Verdict | None:
    if not entry.is_regular:
        return _refuse(entry.path, "FILE-SYMLINK")
    if entry.size_bytes > DOCUMENT_BYTES:
        return _refuse(entry.path, "FILE-SIZE", size=f"{entry.size_bytes / 1e6:.1f}", limit=f"{DOCUMENT_BYTES / 1e6:g}")
    return None


def _parse_within_limits(entry: Entry) -> Any:
    parser, finish = _worker.parser, _worker.finish
    assert parser is not None
    try:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS + _GRACE_SECONDS)
        content = _worker.contents.get(entry.path)
        return finish(parser.parse(entry.path, parser.read(entry.path) if content is None else content))
    except OSError as error:
        return finish(_refuse(entry.path, "FILE-READ", reason=error.strerror or type(error).__name__))
    except (_OutOfTime, RecursionError, MemoryError) as error:
        # Python-Markdown keeps its place in a document across calls; broken off, it must be made anew.
        _worker.parser = parser.renew()
        return finish(_refuse(entry.path, **_LIMITS[type(error)]))
    except Exception as error:
        # A fault nobody foresaw, of this program, a library or a Markdown extension: one file must not stop the county.
        _worker.parser = parser.renew()
        return finish(_refuse(entry.path, "FILE-FAULT", reason=f"{type(error).__name__}: {error}"[:300]))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


_LIMITS: Mapping[type[BaseException], dict[str, str]] = {
    _OutOfTime: {"rule": "FILE-TIME", "seconds": f"{CPU_SECONDS:g}"},
    RecursionError: {"rule": "FILE-DEPTH"},
    MemoryError: {"rule": "FILE-MEMORY", "limit": str(MEMORY_BYTES >> 20)},
}
_DEATHS: Mapping[int, type[BaseException]] = {-signal.SIGVTALRM: _OutOfTime, -signal.SIGSEGV: RecursionError}
"""What a worker's exit code says: too long in native code, or too deep in it."""


def _refuse(path: str, rule: str, **values: str) -> Verdict:
    return Verdict(path, None, (Finding(rule, path, None, values),))
