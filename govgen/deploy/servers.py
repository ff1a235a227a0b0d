"""Several servers as one target: all have the whole release before the first of them shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from govgen.deploy.fetch import fetch_missing
from govgen.deploy.lag import Lag, lag_of
from govgen.deploy.ssh import SshTarget
from govgen.deploy.standing import Publisher, Standing
from govgen.errors import MachineryError
from govgen.release.listing import Listing
from govgen.release.manifest import Manifest
from govgen.release.store import SignedManifest, Source, Store

_NO_SERVERS = ("busy", "overtaken", "release-old", "object-lost", "bad-listing")
"""Faults that are no server's: another publisher is or was at work, or a file is damaged here."""


class Servers:
    """Servers that show the same. Where some may be missing, the next publish brings those up."""

    is_signed = True

    def __init__(
        self, name: str, members: Sequence[SshTarget], publisher: Publisher, known: Store, number_that_may_miss: int
    ) -> None:
        self.name = name
        self._members = members
        self._publisher = publisher
        self._known = known
        self._number_that_may_miss = number_that_may_miss
        self._standings: dict[str, Standing] = {}
        """Of those that were reached, by their names."""

        self._faults: dict[str, MachineryError] = {}
        """Why others are left out, by their names."""

        self._staged: Manifest | None = None

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Reach all servers; what is live on one of them at least is live. Raises MachineryError."""
        self._standings, self._faults, self._staged = {}, {}, None
        openings = {member.name: member.open() for member in self._members}

        def reach(member: SshTarget) -> None:
            self._standings[member.name] = openings[member.name].__enter__()

        with ExitStack() as opened:
            for member in self._at_once(self._members, reach):
                opened.push(openings[member.name])
            self._check_missing()
            yield self._sum_up()

    def _sum_up(self) -> Standing:
        """Return what stands there as of one place; of several clocks the one that differs most from here."""
        standings = self._standings.values()
        releases = sorted({id for standing in standings for id in standing.releases})
        clock = max((standing.clock for standing in standings), key=lambda clock: abs(clock - self._publisher.now))
        return Standing(self._live, tuple(releases), min(standing.free_bytes for standing in standings), clock)

    # Reading

    @property
    def _reached(self) -> list[SshTarget]:
        """Those that nothing went wrong with so far."""
        return [m for m in self._members if m.name in self._standings and m.name not in self._faults]

    @property
    def _leader(self) -> SshTarget:
        """The first of those with the newest release live."""
        return max(self._reached, key=lambda member: self._standings[member.name].live_id)

    @property
    def _live(self) -> SignedManifest | None:
        return self._standings[self._leader.name].live

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release. Raises MachineryError."""
        keepers = [member for member in self._reached if release in self._standings[member.name].releases]
        return (keepers[0] if keepers else self._leader).read(release)

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees. Raises MachineryError."""
        return self._leader.read_listings(digests)

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests. Raises MachineryError."""
        return self._leader.read_objects(digests)

    # A new release

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release on all servers, side by side. Raises MachineryError where more fail than may."""
        if self._lagging():
            # What did not change may not be here: it was not built, and is with the servers that are up to date.
            fetch_missing(self._known, signed.manifest, self._leader)
        self._stage(self._reached, signed, source)
        self._check_missing()
        self._staged = signed.manifest

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live on all servers; return those left behind. Raises MachineryError where all are."""
        assert self._staged and self._staged.id == release
        if not self._at_once(self._reached, lambda member: member.switch(release)):
            raise next(iter(self._faults.values()))
        return self._left_behind(self._staged)

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring servers that lag behind up to what is live on the others; return those that could not follow."""
        signed = self._live
        if signed is None:
            return ()
        live = signed.manifest
        if lagging := self._lagging():
            try:
                fetch_missing(self._known, live, self._leader)
                self._at_once(self._stage(lagging, signed, self._known), lambda member: member.switch(live.id))
            except MachineryError as error:
                # What is live elsewhere stays so, whatever hinders these.
                for member in lagging:
                    self._faults.setdefault(member.name, error)
        return self._left_behind(live)

    def _stage(self, members: Sequence[SshTarget], signed: SignedManifest, source: Source) -> list[SshTarget]:
        """Stage a release on some servers, and return those that have it."""
        accepting = []
        for member in members:
            # One after the other, always in the same order: of two publishers one gets the first lock, and then all.
            accepting += self._at_once([member], lambda member: member.begin(signed))
        return self._at_once(accepting, lambda member: member.send(source))

    def _lagging(self) -> list[SshTarget]:
        newest = self._standings[self._leader.name].live_id
        return [member for member in self._reached if self._standings[member.name].live_id < newest]

    # Those that are left out

    def _at_once(self, members: Sequence[SshTarget], act: Callable[[SshTarget], object]) -> list[SshTarget]:
        """Do something with servers side by side; return those it went well with, and note what is with the others."""
        if not members:
            return []
        with ThreadPoolExecutor(len(members)) as pool:
            doings = [pool.submit(act, member) for member in members]
        done = []
        for member, doing in zip(members, doings, strict=True):
            try:
                doing.result()
                done.append(member)
            except MachineryError as error:
                if error.key in _NO_SERVERS:
                    raise
                self._faults[member.name] = error
        return done

    def _check_missing(self) -> None:
        """Raise MachineryError that names the servers left out, where they are more than may be."""
        if self._faults and (len(self._faults) > self._number_that_may_miss or not self._reached):
            fault = next(iter(self._faults.values()))
            raise MachineryError("servers-missing", servers="、".join(self._faults)) from fault

    def _left_behind(self, live: Manifest) -> tuple[Lag, ...]:
        return tuple(lag_of(name, live, self._find_manifest(name), fault) for name, fault in self._faults.items())

    def _find_manifest(self, name: str) -> Manifest | None:
        signed = self._standings[name].live if name in self._standings else None
        return signed.manifest if signed else None
