"""What one file may cost, and what becomes of a file that costs more: runs in worker processes.

Python-Markdown's time grows with the square of hostile input, so a file gets `CPU_SECONDS` of processor time and
`MEMORY_BYTES` of memory. A worker notices the time itself, by a signal between two steps of the interpreter; where it
hangs in native code the kernel ends it a moment later.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from govgen.content.parse import DOCUMENT_BYTES, Parser, Verdict
from govgen.model.finding import Finding
from govgen.repo.checkout import Entry

CPU_SECONDS = 2.0
_GRACE_SECONDS = 0.5
MEMORY_BYTES = 1 << 30


class _OutOfTime(BaseException):
    """The file at hand has used up its processor time; not an Exception, so that no library swallows it."""


@dataclass
class _Worker:
    """What a worker process keeps between files."""

    parser: Parser | None = None
    finish: Callable[[Verdict], Any] = field(default=lambda verdict: verdict)
    contents: Mapping[str, bytes] = field(default_factory=dict)


_worker = _Worker()
"""Set once when a worker process starts; the main process never touches it."""


def start_worker(parser: Parser, finish: Callable[[Verdict], Any], contents: Mapping[str, bytes]) -> None:
    """Have this process, a worker, keep to the limits."""
    _worker.parser = parser
    _worker.finish = finish
    _worker.contents = contents
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + used_bytes(), resource.RLIM_INFINITY))
    signal.signal(signal.SIGPROF, _raise_out_of_time)
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def used_bytes() -> int:
    """Return how much memory this process has laid out, used or not."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _raise_out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTime


def parse_entry(entry: Entry) -> Any:
    """Return what is made of the verdict on one file, its limits included."""
    refused = _refuse_unread(entry)
    return _worker.finish(refused) if refused else _parse_within_limits(entry)


def _refuse_unread(entry: Entry) -> Verdict | None:
    if not entry.is_regular:
        return refuse(entry.path, "FILE-SYMLINK")
    if entry.size_bytes > DOCUMENT_BYTES:
        return refuse(entry.path, "FILE-SIZE", size=f"{entry.size_bytes / 1e6:.1f}", limit=f"{DOCUMENT_BYTES / 1e6:g}")
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
        return finish(refuse(entry.path, "FILE-READ", reason=error.strerror or type(error).__name__))
    except (_OutOfTime, RecursionError, MemoryError) as error:
        # Python-Markdown keeps its place in a document across calls; broken off, it must be made anew.
        _worker.parser = parser.renew()
        return finish(refuse(entry.path, **_LIMITS[type(error)]))
    except Exception as error:
        # A fault nobody foresaw, of this program, a library or a Markdown extension: one file must not stop the county.
        _worker.parser = parser.renew()
        return finish(refuse(entry.path, "FILE-FAULT", reason=f"{type(error).__name__}: {error}"[:300]))
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


def refuse(path: str, rule: str, **values: str) -> Verdict:
    """Return the verdict on a file that was not read."""
    return Verdict(path, None, (Finding(rule, path, None, values),))


def refuse_dead(path: str, exit_code: int) -> Verdict:
    """Return the verdict on a file whose worker did not survive it, by the way it ended."""
    return refuse(path, **_LIMITS[_DEATHS.get(exit_code, MemoryError)])


def is_told(exit_code: int) -> bool:
    """Tell whether the way a worker ended says for certain that the file at hand is at fault."""
    return exit_code in _DEATHS
