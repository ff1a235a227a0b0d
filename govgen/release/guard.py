"""Looks after a store while others publish into it: what a publisher is doing is no damage; the rest is mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from govgen.errors import MachineryError
from govgen.release.heal import Outcome, heal
from govgen.release.inspect import Inspector, Scope, narrowed
from govgen.release.store import lock

_TRY_SECONDS = 0.1


class Guard:
    """Looks at a store, and heals it if asked to."""

    def __init__(self, inspector: Inspector, who: str, now: Callable[[], datetime], patience_seconds: float) -> None:
        self.inspector = inspector
        self._who = who
        self._now = now
        self._patience_seconds = patience_seconds
        """So long a publish may take before one that never ends counts as a fault."""

    def look(self, scope: Scope, *, is_healing: bool) -> list[Outcome]:
        """Return what is wrong, healed if asked for. Raises MachineryError where a publish does not end, OSError.

        The first look takes no lock: publishers are not held up while all is well. What it finds may be the work of a
        publisher, so it counts only if it is found again with the lock held.
        """
        found = self.inspector.find(scope)
        if not found:
            return []
        scope = narrowed(found)
        with self._lock(is_needed=is_healing):
            if is_healing:
                return heal(self.inspector, scope, self._now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
            return [Outcome(damage, is_healed=False) for damage in self.inspector.find(scope)]

    @contextmanager
    def _lock(self, *, is_needed: bool) -> Iterator[None]:
        """Hold the lock of publishers; who may not write, such as an auditor, looks without it."""
        deadline = time.monotonic() + self._patience_seconds
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(lock(self.inspector.store.root / "lock", self._who, self._now()))
                    break
                except MachineryError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_TRY_SECONDS)
                except PermissionError:
                    if is_needed:
                        raise
                    break
            yield
