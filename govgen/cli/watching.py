"""The watch over a store: what is touched is looked at, mended and told; all of it is looked at from time to time."""

from __future__ import annotations

import signal
import time
from argparse import Namespace
from types import FrameType
from typing import NoReturn

from govgen.cli.alarm import Alarm
from govgen.cli.console import Console
from govgen.cli.damage import as_json, say
from govgen.errors import MachineryError
from govgen.release.guard import Guard
from govgen.release.heal import Outcome
from govgen.release.inspect import Damage, Scope, scope_of
from govgen.release.watch import StoreWatcher, find_shortage, watch_store

_WAKE_SECONDS = 1.0
_QUICK_SECONDS = 60.0
"""So often all files are looked at without reading them: what nobody told of is found at the latest then."""

_AGAIN_SECONDS = 5.0
"""So long after a look that failed the next one comes."""


def watch(guard: Guard, options: Namespace, console: Console) -> int:
    """Watch until interrupted; return 1 if there was anything to find, 0 if not. Raises UsageError, OSError."""
    round = _Round(guard, options, console)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with watch_store(guard.inspector.store.root) as watcher:
            round.begin()
            while True:
                round.go(watcher)
    except KeyboardInterrupt:
        return int(round.has_found)
    finally:
        round.alarm.close()


class _Round:
    """What a watch keeps in mind from look to look."""

    def __init__(self, guard: Guard, options: Namespace, console: Console) -> None:
        self._guard = guard
        self._console = console
        self._every_seconds = options.every
        self._whole = Scope(objects=options.objects)
        self._known: set[Damage] = set()
        """What could not be mended and was told already."""

        self._fault = ""
        self._next_whole = self._next_quick = 0.0
        self.alarm = Alarm(console.texts, options.webhook)
        self.has_found = False

    def begin(self) -> None:
        """Look at everything once, and say that the watch has begun."""
        self._look(self._whole)
        root = self._guard.inspector.store.root
        if shortage := find_shortage(root):
            number, limit = shortage
            self._note("shortage", path=root, number=number, limit=limit, wanted=2 * number)
        self._note("watching", path=root)

    def go(self, watcher: StoreWatcher) -> None:
        """Wait for something to be touched, or for the time of the next look."""
        touched = watcher.wait(_WAKE_SECONDS)
        now = time.monotonic()
        if now >= self._next_whole:
            self._look(self._whole)
        elif now >= self._next_quick:
            self._look(Scope(named=touched, is_deep=False))
        elif touched:
            self._look(scope_of(touched))

    def _look(self, scope: Scope) -> None:
        started = time.monotonic()
        try:
            outcomes = self._guard.look(scope, is_healing=True)
        except MachineryError as error:
            self._fail(self._console.texts.word("errors", error.key, **error.values))
            return
        except OSError as error:
            self._fail(f"{error.filename or ''} {error.strerror or error}".strip())
            return
        self._fault = ""
        if scope.parts is None:
            self._next_quick = started + _QUICK_SECONDS
        if scope.is_deep:
            self._next_whole = started + self._every_seconds
        self._tell(outcomes)

    def _tell(self, outcomes: list[Outcome]) -> None:
        left = {outcome.damage for outcome in outcomes if not outcome.is_healed}
        new = [outcome for outcome in outcomes if outcome.is_healed or outcome.damage not in self._known]
        self._known = left | self._known if outcomes else self._known
        if new:
            self.has_found = True
            details = {
                "store": str(self._guard.inspector.store.root),
                "damage": [as_json(outcome) for outcome in new],
            }
            self.alarm.raise_(say(new, self._console.texts), details)

    def _fail(self, reason: str) -> None:
        """Tell, once, that nothing could be looked at; the next look comes soon."""
        if reason != self._fault:
            text = self._console.texts.word("damage", "watch-failed", reason=reason)
            self.alarm.raise_([text], {"store": str(self._guard.inspector.store.root), "damage": []})
        self._fault = reason
        self.has_found = True
        # What was touched meanwhile is no longer known: everything is read.
        self._next_quick = self._next_whole = time.monotonic() + _AGAIN_SECONDS

    def _note(self, key: str, **values: object) -> None:
        self.alarm.note(self._console.texts.word("damage", key, **values))


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
