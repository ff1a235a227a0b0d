"""The server's end of the line: reads releases out, and takes only those that a key it knows has signed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from govgen.deploy.difference import apply_difference
from govgen.deploy.wire import (
    LISTING_BYTES,
    MANIFEST_BYTES,
    PROTOCOL,
    SIGNATURE_BYTES,
    Line,
    LineCut,
    error_as_message,
    garbled,
    pack_digests,
    plain,
    unpack_digests,
)
from govgen.errors import MachineryError
from govgen.release.disk import make_folder
from govgen.release.listing import Listing, parse_listing
from govgen.release.manifest import Manifest
from govgen.release.signing import verify
from govgen.release.store import SignedManifest, Store, lock

SILENT_SECONDS = 60.0
"""For so long a publisher that holds the lock may be silent."""

_IDLE_SECONDS = 1800.0
"""For so long one that holds nothing may: it may be building meanwhile."""

_SETTLE_SECONDS = 20.0
_NO_BASE = "0" * 64


@dataclass(frozen=True)
class Receiver:
    """A server's side: where releases are kept, and whose are taken."""

    root: Path
    signers: Path
    """The keys that may sign, in ssh-keygen(1)'s form ALLOWED SIGNERS."""

    county: str
    """The only domain taken; empty for that of what is live."""

    kept_releases: int
    clock: Callable[[], datetime]
    silent_seconds: float = SILENT_SECONDS


def receive(receiver: Receiver, line: Line) -> None:
    """Answer one publisher until it goes. Raises MachineryError, which the other end was told of, and OSError."""
    with ExitStack() as held:
        session = _Session(receiver, line, held)
        try:
            session.answer_all()
        finally:
            session.withdraw()


class _Session:
    """What one publisher asks for, and what it has staged."""

    def __init__(self, receiver: Receiver, line: Line, held: ExitStack) -> None:
        self._receiver = receiver
        self._line = line
        self._held = held
        """The lock, from the moment a signature was found good."""

        self._store = Store(receiver.root)
        self._staged = ""

    def answer_all(self) -> None:
        """Answer what is asked, until nothing more is."""
        answers: Mapping[object, Callable[[Mapping[str, Any], Sequence[bytes]], None]] = {
            "hello": self._hello,
            "read": self._read,
            "listings": self._read_listings,
            "objects": self._read_objects,
            "stage": self._stage,
            "switch": self._switch,
        }
        while True:
            self._line.patience_seconds = self._receiver.silent_seconds if self._staged else _IDLE_SECONDS
            try:
                head, bodies = self._line.receive(MANIFEST_BYTES, SIGNATURE_BYTES)
            except LineCut:
                return
            except MachineryError as error:
                self._line.send(error_as_message(error))
                raise
            asked = str(head.get("ask"))
            self._answer(answers.get(asked, self._refuse), head, bodies, is_end_at_fault=asked in ("stage", "switch"))
            if asked == "switch":
                self._tidy()

    def withdraw(self) -> None:
        """Take away what was staged and never switched to."""
        if self._staged:
            self._store.withdraw(self._staged)

    def _answer(
        self,
        answer: Callable[[Mapping[str, Any], Sequence[bytes]], None],
        head: Mapping[str, Any],
        bodies: Sequence[bytes],
        *,
        is_end_at_fault: bool,
    ) -> None:
        """Answer one question; a fault is told to who asked, in whatever language that one reads."""
        try:
            answer(head, bodies)
        except LineCut:
            raise
        except MachineryError as error:
            self._line.send(error_as_message(error))
            if is_end_at_fault:
                # More of what was on its way may come: no question any more.
                raise
        except OSError as error:
            reason = f"{error.filename or self._receiver.root}: {error.strerror or error}"
            self._line.send(error_as_message(MachineryError("server-disk", reason=reason)))
            raise

    def _refuse(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        raise garbled(head)

    # What anybody with a deploy key may ask

    def _hello(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        make_folder(self._receiver.root)
        if head.get("settle"):
            self._wait_for_others()
        live = self._store.find_live()
        answer = {
            "protocol": PROTOCOL,
            "releases": self._store.ids(),
            "free_bytes": shutil.disk_usage(self._receiver.root).free,
            "clock": self._receiver.clock().isoformat(),
        }
        self._line.send(answer, *((live.content, live.signature) if live else ()))

    def _wait_for_others(self) -> None:
        """Wait until no publisher is at work: then what is live stays so. Raises MachineryError."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        with self._line.beating():
            while True:
                try:
                    with lock(self._receiver.root / "lock", "settling", self._receiver.clock()):
                        return
                except MachineryError:
                    if time.monotonic() > deadline:
                        raise
                time.sleep(0.1)

    def _read(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        release = str(head.get("release"))
        if release > self._store.find_live_id():
            # One that is staged only may never go live: its signature is nobody's to have.
            raise MachineryError("no-release", release=plain(release, 40))
        signed = self._store.read(release)
        self._line.send({"release": release}, signed.content, signed.signature)

    def _read_listings(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        listings = list(self._store.read_listings(_digests(bodies)))
        for listing in listings:
            self._line.send({"listing": listing.digest}, listing.content)

    def _read_objects(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        """Send files of what is live: those everybody may read."""
        digests = _digests(bodies)
        live = self._store.find_live()
        trees = sorted({site.tree for site in live.manifest.sites.values()}) if live else []
        public = {entry.digest for listing in self._store.read_listings(trees) for entry in listing.entries}
        if foreign := [digest for digest in digests if digest not in public]:
            raise MachineryError("object-lost", object=foreign[0])
        for digest, content in self._store.read_objects(digests):
            self._line.send({"object": digest}, content)

    # What a signature is needed for

    def _stage(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        if len(bodies) != 2 or self._staged:
            raise garbled(head)
        signed = SignedManifest(*bodies)
        self._check_signature(signed)
        manifest = signed.manifest
        live = self._check_county(manifest)
        who = plain(str(head.get("who", "?")), 100)
        self._held.enter_context(lock(self._receiver.root / "lock", who, self._receiver.clock()))
        self._line.patience_seconds = self._receiver.silent_seconds
        self._store.forget_staged()
        self._store.check_newer(manifest)
        self._line.send({"accepted": manifest.id})
        earlier = live.sites if live else {}
        bases = {site.tree: earlier[id].tree for id, site in manifest.sites.items() if id in earlier}
        with self._line.beating():
            self._store.stage(signed, _FarEnd(self._line, self._store, bases))
            self._staged = manifest.id
            self._line.send({"staged": manifest.id})

    def _check_signature(self, signed: SignedManifest) -> None:
        if not self._receiver.signers.is_file():
            raise MachineryError("no-signers", file=str(self._receiver.signers))
        verify(signed, self._receiver.signers)

    def _check_county(self, manifest: Manifest) -> Manifest | None:
        """Return what is live. Raises MachineryError where it is another county's."""
        signed = self._store.find_live()
        live = signed.manifest if signed else None
        domain = self._receiver.county or (live.county if live else manifest.county)
        if manifest.county != domain:
            raise MachineryError("other-county", domain=domain)
        return live

    def _switch(self, head: Mapping[str, Any], bodies: Sequence[bytes]) -> None:
        release = self._staged
        if not release or head.get("release") != release:
            raise MachineryError("not-staged", release=plain(str(head.get("release")), 40))
        with self._line.beating():
            self._store.switch(release)
            self._staged = ""
            self._line.send({"switched": release})

    def _tidy(self) -> None:
        """Take away what is too old, and let the next publisher in."""
        # With signs of life: to take thousands of files away may take a while, and the publisher may ask on.
        with self._line.beating():
            self._store.collect(self._receiver.kept_releases)
        self._held.close()


class _FarEnd:
    """The publisher at the other end of the line, as a source: sends what it is asked for and nothing else."""

    def __init__(self, line: Line, store: Store, bases: Mapping[str, str]) -> None:
        self._line = line
        self._store = store
        self._bases = bases
        """By the trees asked for: those they may be told by their difference from."""

        self._sizes_bytes: dict[str, int] = {}

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of these trees, asked for at once. Raises MachineryError."""
        if not digests:
            return
        bases = {tree: self._store.trees.find_listing(self._bases[tree]) for tree in digests if tree in self._bases}
        offered = [found.digest if (found := bases.get(tree)) else _NO_BASE for tree in digests]
        self._line.send({"want": "listings"}, pack_digests(digests), pack_digests(offered))
        for tree in digests:
            head, bodies = self._line.receive(LISTING_BYTES)
            if head.get("listing") != tree or len(bodies) != 1:
                raise garbled(head)
            base = bases.get(tree) if head.get("differs") else None
            listing = parse_listing(apply_difference(base, bodies[0]) if base else bodies[0], tree)
            self._sizes_bytes.update((entry.digest, entry.size_bytes) for entry in listing.entries)
            yield listing

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests, asked for at once: none may be larger than a listing says."""
        if not digests:
            return
        self._line.send({"want": "objects"}, pack_digests(digests))
        for digest in digests:
            head, bodies = self._line.receive(self._sizes_bytes[digest])
            if head.get("object") != digest or len(bodies) != 1:
                raise garbled(head)
            yield digest, bodies[0]


def _digests(bodies: Sequence[bytes]) -> list[str]:
    if len(bodies) != 1:
        raise garbled("")
    return unpack_digests(bodies[0])
