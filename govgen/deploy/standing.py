"""Who comes to a target, and what stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from govgen.release.store import SignedManifest


@dataclass(frozen=True)
class Publisher:
    """Who publishes, and when."""

    name: str
    """Shown to those who find the lock held."""

    now: datetime
    """The real time, whatever moment the pages are built for."""


@dataclass(frozen=True)
class Standing:
    """What stands at a target when one comes to it."""

    live: SignedManifest | None
    """None where nothing was ever published."""

    releases: tuple[str, ...]
    """Ids of the releases it keeps, oldest first."""

    free_bytes: int
    clock: datetime
    """Its own clock's time."""

    @property
    def live_id(self) -> str:
        """The id of the release that is live; empty if none is."""
        return self.live.manifest.id if self.live else ""
