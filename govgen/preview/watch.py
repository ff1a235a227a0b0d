"""The door to watchdog: tells when files of the repository have changed and come to rest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

WATCHED = ("content", "sites", "themes", "pelicanconf.py")
_REST_SECONDS = 0.03
_CHANGES = frozenset({"created", "modified", "moved", "deleted"})


class Watcher(FileSystemEventHandler):
    """Notes changes; whoever waits is woken once they have come to rest."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note a change; reading a file is none, nor is what an editor keeps beside it."""
        name = Path(str(event.src_path)).name
        if event.event_type in _CHANGES and not name.startswith(".") and not name.endswith(("~", ".swp", ".tmp")):
            self._changed.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; return whether there was one, after it has come to rest."""
        if not self._changed.wait(seconds):
            return False
        while self._changed.is_set():
            self._changed.clear()
            self._changed.wait(_REST_SECONDS)
        return True


@contextmanager
def watch(root: Path) -> Iterator[Watcher]:
    """Watch what a county is built from."""
    watcher = Watcher()
    observer = Observer()
    for name in WATCHED:
        path = root / name
        if path.is_dir():
            observer.schedule(watcher, str(path), recursive=True)
    observer.schedule(watcher, str(root), recursive=False)
    observer.start()
    try:
        yield watcher
    finally:
        observer.stop()
        observer.join(timeout=2)
