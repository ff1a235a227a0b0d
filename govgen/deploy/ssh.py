"""A target on another machine, reached over ssh: `govgen receive` answers there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from govgen.deploy.connection import Connection, Server
from govgen.deploy.difference import make_difference
from govgen.deploy.lag import Lag
from govgen.deploy.standing import Publisher, Standing
from govgen.deploy.wire import (
    LISTING_BYTES,
    MANIFEST_BYTES,
    NEED_BYTES,
    OBJECT_BYTES,
    PROTOCOL,
    SIGNATURE_BYTES,
    LineCut,
    garbled,
    pack_digests,
    unpack_digests,
)
from govgen.errors import MachineryError
from govgen.release.listing import Listing, parse_listing
from govgen.release.manifest import ID
from govgen.release.store import SignedManifest, Source, Store

_ASKED_AT_ONCE = 100_000
"""So many digests fit into one question."""


class SshTarget:
    """A server's store, as far as the server lets one."""

    is_signed = True

    def __init__(self, name: str, server: Server, publisher: Publisher, known: Store) -> None:
        self.name = name
        self._server = server
        self._publisher = publisher
        self._known = known
        """The publisher's own store: listings that are there need not be asked for."""

        self._connection: Connection | None = None
        self.sent_objects = 0
        """How many files travelled."""

        self.sent_bytes = 0
        """All bytes that went out, before ssh made them fewer."""

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Reach the server and say what stands there. Raises MachineryError."""
        self._connection = Connection(self._server)
        try:
            yield self._hello(self._line)
        finally:
            self._close()

    @property
    def _line(self) -> Connection:
        assert self._connection, "a target is opened before it is asked anything"
        return self._connection

    def _close(self) -> None:
        if self._connection:
            self.sent_bytes += self._connection.line.sent_bytes
            self._connection.close()
            self._connection = None

    def _hello(self, line: Connection, *, settle: bool = False) -> Standing:
        """Ask what stands there; `settle`: once no publisher is at work there any more."""
        line.ask({"ask": "hello", "settle": settle})
        head, bodies = line.receive(MANIFEST_BYTES, SIGNATURE_BYTES)
        if head.get("protocol") != PROTOCOL:
            there = str(head.get("protocol"))
            raise MachineryError("other-protocol", server=self._server.address, here=str(PROTOCOL), there=there)
        return _parse_standing(head, bodies)

    # Reading

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release it keeps. Raises MachineryError."""
        self._line.ask({"ask": "read", "release": release})
        _, bodies = self._line.receive(MANIFEST_BYTES, SIGNATURE_BYTES)
        if len(bodies) != 2:
            raise garbled("")
        return SignedManifest(*bodies)

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees, those not known here from there. Raises MachineryError."""
        known = {digest: self._known.trees.find_listing(digest) for digest in digests}
        unknown = [digest for digest, listing in known.items() if listing is None]
        found = self._ask_for("listings", unknown, LISTING_BYTES)
        for digest in digests:
            if (listing := known[digest]) is None:
                listing = known[digest] = parse_listing(next(found), digest)
            yield listing

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests; files of what is live only. Raises MachineryError."""
        return zip(digests, self._ask_for("objects", digests, OBJECT_BYTES), strict=True)

    def _ask_for(self, what: str, digests: Sequence[str], limit_bytes: int) -> Iterator[bytes]:
        for start in range(0, len(digests), _ASKED_AT_ONCE):
            asked = digests[start : start + _ASKED_AT_ONCE]
            self._line.ask({"ask": what}, pack_digests(asked))
            for _ in asked:
                _, bodies = self._line.receive(limit_bytes)
                if len(bodies) != 1:
                    raise garbled("")
                yield bodies[0]

    # A new release

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release there, on the disk, but not live. Raises MachineryError, OSError."""
        self.begin(signed)
        self.send(source)

    def begin(self, signed: SignedManifest) -> None:
        """Have the server look at the signature and keep others out. Raises MachineryError."""
        self._line.ask({"ask": "stage", "who": self._publisher.name}, signed.content, signed.signature)
        head, _ = self._line.receive()
        if "accepted" not in head:
            raise garbled(head)

    def send(self, source: Source) -> None:
        """Send what the server wants of the release it accepted, until it has all. Raises MachineryError, OSError."""
        while True:
            head, bodies = self._line.receive(NEED_BYTES, NEED_BYTES)
            if "staged" in head:
                return
            if head.get("want") == "listings" and len(bodies) == 2:
                self._send_listings(source, *map(unpack_digests, bodies))
            elif head.get("want") == "objects" and len(bodies) == 1:
                for digest, content in source.read_objects(unpack_digests(bodies[0])):
                    self._line.ask({"object": digest}, content)
                    self.sent_objects += 1
            else:
                raise garbled(head)

    def _send_listings(self, source: Source, trees: Sequence[str], bases: Sequence[str]) -> None:
        for listing, base in zip(source.read_listings(trees), bases, strict=True):
            before = self._known.trees.find_listing(base)
            difference = make_difference(before, listing) if before else listing.content
            self._line.ask({"listing": listing.digest, "differs": before is not None}, difference)

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live in one step. Raises MachineryError.

        Where the answer does not come, it asks once more whether the switch happened.
        """
        try:
            self._line.ask({"ask": "switch", "release": release})
            head, _ = self._line.receive()
        except LineCut as error:
            self._settle(release, error)
            return ()
        if head.get("switched") != release:
            raise garbled(head)
        return ()

    def _settle(self, release: str, fault: LineCut) -> None:
        self._close()
        try:
            self._connection = Connection(self._server)
            standing = self._hello(self._connection, settle=True)
        except MachineryError as error:
            raise MachineryError("state-unknown", release=release, target=self.name) from error
        # Another publisher may have gone on meanwhile: releases that never went live are not kept.
        if standing.live_id < release or release not in standing.releases:
            raise MachineryError("not-switched", release=release, live=standing.live_id or "-") from fault

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring up what lags behind; it is one place, and lags behind nothing."""
        return ()


def _parse_standing(head: dict[str, Any], bodies: Sequence[bytes]) -> Standing:
    """Return what a server says of itself. Raises MachineryError for what makes no sense."""
    try:
        releases = tuple(str(id) for id in head["releases"] if ID.fullmatch(id))
        clock = datetime.fromisoformat(head["clock"])
        free_bytes = int(head["free_bytes"])
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise garbled(head) from error
    if clock.tzinfo is None or len(bodies) not in (0, 2):
        raise garbled(head)
    return Standing(SignedManifest(*bodies) if bodies else None, releases, free_bytes, clock)
