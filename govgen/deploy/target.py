"""What a deployment target is: a place that keeps releases, one of which is live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from govgen.deploy.lag import Lag
from govgen.deploy.standing import Publisher, Standing
from govgen.release.listing import Listing
from govgen.release.store import SignedManifest, Source

__all__ = ["Publisher", "Standing", "Target"]


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

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests, of what is live at least. Raises MachineryError."""

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release there, on the disk, but not live. Raises MachineryError, OSError."""

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live in one step, and return what could not follow. Raises MachineryError, OSError."""

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring what lags behind its live release up to it, and return what could not follow."""
