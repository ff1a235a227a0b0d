"""A target with a second place that gets the same signed releases; where that fails the first is live all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from govgen.deploy.fetch import fetch_missing
from govgen.deploy.lag import Lag, find_lag, lag_of
from govgen.deploy.standing import Standing
from govgen.deploy.target import Target
from govgen.errors import MachineryError
from govgen.release.listing import Listing
from govgen.release.store import SignedManifest, Source, Store


class Mirrored:
    """A target, and the mirror that follows it."""

    def __init__(self, target: Target, mirror: Target, mirror_name: str, known: Store) -> None:
        self.name = target.name
        self.is_signed = target.is_signed or mirror.is_signed
        self._target = target
        self._mirror = mirror
        self._mirror_name = mirror_name
        self._known = known
        """The publisher's own store."""

        self._live: SignedManifest | None = None
        self._staged: SignedManifest | None = None

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Reach the target and say what stands there; the mirror may be away. Raises MachineryError."""
        with self._target.open() as standing:
            self._live, self._staged = standing.live, None
            yield standing

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release. Raises MachineryError."""
        return self._target.read(release)

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees. Raises MachineryError."""
        return self._target.read_listings(digests)

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests. Raises MachineryError."""
        return self._target.read_objects(digests)

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release at the target. Raises MachineryError, OSError."""
        self._target.stage(signed, source)
        self._staged = signed

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live, then at the mirror too; return what could not follow. Raises MachineryError."""
        assert self._staged and self._staged.manifest.id == release
        return (*self._target.switch(release), *self._follow(self._staged))

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring up what lags behind what is live; return what could not follow."""
        return (*self._target.catch_up(), *(self._follow(self._live) if self._live else ()))

    def _follow(self, signed: SignedManifest) -> tuple[Lag, ...]:
        """Have the mirror show the same release, byte for byte with its signature; return how far it lags if not."""
        live, there = signed.manifest, self._known.sent.find_newest(self._mirror_name)
        try:
            with self._mirror.open() as standing:
                there = standing.live.manifest if standing.live else None
                if find_lag(live, standing) is None:
                    return self._mirror.catch_up()
                if standing.live_id != live.previous:
                    # It missed some: more than this publisher made may be missing there.
                    fetch_missing(self._known, live, self._target)
                self._mirror.stage(signed, self._known)
                left_behind = self._mirror.switch(live.id)
                self._known.sent.note(self._mirror_name, live, 1)
                return left_behind
        except MachineryError as error:
            return (lag_of(self._mirror_name, live, there, error),)
        except OSError as error:
            return (lag_of(self._mirror_name, live, there, MachineryError("disk", reason=str(error))),)
