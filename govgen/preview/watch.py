"""The door to watchdog: tells which files of the repository have changed, once they have come to rest."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from govgen.repo.survey import PLACES, Known

_REST_SECONDS = 0.03
"""So long nothing happens before what is still being written counts as written."""

_WRITTEN_REST_SECONDS = 0.006
"""So long where every file was closed: editors move files about in a few steps."""

_MOST_FILES = 500
"""Where so many change at once, events may have been lost."""


class Watcher(FileSystemEventHandler):
    """Notes changes; whoever waits is woken once they have come to rest."""

    def __init__(self, root: Path, observer: BaseObserver) -> None:
        self._root = root
        self._observer = observer
        self._schedule()
        self._condition = threading.Condition()
        self._events = 0
        self._is_awake = False
        self._named: set[str] = set()
        self._open: set[str] = set()
        self._is_named = True

    def _schedule(self) -> None:
        """Watch the places there are, and for new ones."""
        self._observer.unschedule_all()
        for name in PLACES:
            if (self._root / name).is_dir():
                self._observer.schedule(self, str(self._root / name), recursive=True)
        self._observer.schedule(self, str(self._root), recursive=False)
        self._is_place_moved = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a change; reading a file is none, nor is what an editor keeps beside it."""
        paths = [self._relative(path) for path in (event.src_path, event.dest_path) if path]
        paths = [path for path in paths if path.split("/")[0] in PLACES or path == ".gitignore"]
        is_touched = event.event_type in ("created", "moved", "deleted") or not event.is_directory
        if not paths or event.event_type in ("opened", "closed_no_write") or not is_touched:
            return
        with self._condition:
            for path in paths:
                self._note(path, event)
            self._condition.notify_all()

    def _relative(self, path: bytes | str) -> str:
        return os.path.relpath(os.fsdecode(path), self._root)

    def _note(self, path: str, event: FileSystemEvent) -> None:
        name = path.rpartition("/")[2]
        is_hidden = any(segment.startswith(".") for segment in path.split("/"))
        if name == ".gitignore" or (event.is_directory and not is_hidden):
            # Other files count now, or came and went with their folder.
            self._is_named = False
            self._is_place_moved |= path in PLACES
        elif is_hidden:
            return
        elif event.event_type in ("created", "modified"):
            self._open.add(path)
        else:
            self._open.discard(path)
        self._named.add(path)
        if event.event_type != "closed" and not name.endswith(("~", ".swp", ".tmp")):
            self._is_awake = True
        self._events += 1

    def wait(self, seconds: float) -> Known | None:
        """Wait for a change, at most so long; return what changed after it has come to rest, None if nothing did."""
        with self._condition:
            if not self._condition.wait_for(lambda: self._is_awake, seconds):
                return None
            events = -1
            while events != self._events:
                events = self._events
                self._condition.wait(_REST_SECONDS if self._open else _WRITTEN_REST_SECONDS)
            is_place_moved = self._is_place_moved
            is_named = self._is_named and len(self._named) <= _MOST_FILES
            known = Known(named=frozenset(self._named) if is_named else None)
            self._named.clear()
            self._open.clear()
            self._is_named, self._is_awake = True, False
        if is_place_moved:
            self._schedule()
        return known


@contextmanager
def watch(root: Path) -> Iterator[Watcher]:
    """Watch what a county is built from."""
    observer = Observer()
    watcher = Watcher(root, observer)
    observer.start()
    try:
        yield watcher
    finally:
        observer.stop()
        observer.join(timeout=2)
