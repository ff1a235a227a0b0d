"""What a deployment target is: a place that keeps releases, one of which is live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from govgen.release.listing import Listing
from govgen.release.store import SignedManifest, Source


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


class Target(Protocol):
    """A place releases go to; opened before it is asked anything, closed afterwards."""

    name: str
    is_signed: bool
    """Whether it takes signed releases only."""

    def open(self) -> AbstractContextManager[Standing]:
        """Reach the target and say what stands there. Raises MachineryError."""

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release it keeps. Raises MachineryError."""

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees it keeps. Raises MachineryError."""

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release there, on the disk, but not live. Raises MachineryError, OSError."""

    def switch(self, release: str) -> None:
        """Put a staged release live in one step. Raises MachineryError, OSError."""
