"""The second door to watchdog: tells what was touched in a store. The first, in `preview/`, is a stage of its own."""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from govgen.release.disk import BESIDE
from govgen.release.expected import QUARANTINE

_REST_SECONDS = 0.05
_MOST_REST_SECONDS = 0.5
"""A file that is written to without end is looked at all the same."""

_READING = ("opened", "closed_no_write")
_KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, FileSystemEvent) and kind.event_type not in _READING
]
"""All but reading: citizens read all day."""

_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")


class StoreWatcher(FileSystemEventHandler):
    """Notes what is touched; whoever waits is woken."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._condition = threading.Condition()
        self._touched: set[str] = set()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a path below the root, unless it is what publishers have not finished, or quarantine."""
        paths = [os.path.relpath(os.fsdecode(path), self._root) for path in (event.src_path, event.dest_path) if path]
        # A folder is modified with every name in it; what happened to the name tells more.
        if event.is_directory and event.event_type == "modified":
            paths = [f"{path}/." for path in paths]
        with self._condition:
            self._touched.update(path for path in paths if not _is_passed_over(path))
            if self._touched:
                self._condition.notify_all()

    def wait(self, seconds: float) -> frozenset[str]:
        """Wait until something is touched, at most so long; return what was, once it has come to rest."""
        with self._condition:
            self._condition.wait_for(lambda: self._touched, seconds)
            deadline = time.monotonic() + _MOST_REST_SECONDS
            known = -1
            while self._touched and known != len(self._touched) and time.monotonic() < deadline:
                known = len(self._touched)
                self._condition.wait(_REST_SECONDS)
            touched = frozenset(self._touched)
            self._touched.clear()
        return touched


def _is_passed_over(path: str) -> bool:
    segments = path.split("/")
    is_unfinished = any(segment.startswith(BESIDE) for segment in segments[:2])
    return is_unfinished or segments[0] in (QUARANTINE, "lock", "publishing", "objects")


@contextmanager
def watch_store(root: Path) -> Iterator[StoreWatcher]:
    """Watch all folders of a store but its objects. Raises OSError where the system watches no more folders."""
    # What watchdog logs is of its own threads, and would stand among the alarms.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    observer = Observer()
    watcher = StoreWatcher(root)
    observer.schedule(watcher, str(root), recursive=False, event_filter=_KINDS)
    for name in ("assets", "ordered", "releases", "trees"):
        (root / name).mkdir(exist_ok=True)
        observer.schedule(watcher, str(root / name), recursive=True, event_filter=_KINDS)
    observer.start()
    try:
        with warnings.catch_warnings():
            # It warns of a folder it has come to know in two ways, which is how new ones come.
            warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
            yield watcher
    finally:
        observer.stop()
        observer.join(timeout=2)


def find_shortage(root: Path) -> tuple[int, int] | None:
    """Return how many folders a store has and how many the system watches, where that is too few."""
    try:
        limit = int(_LIMIT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    number = sum(1 for name in ("assets", "ordered", "releases", "trees") for _ in os.walk(root / name))
    return (number, limit) if number > limit * 0.9 else None
