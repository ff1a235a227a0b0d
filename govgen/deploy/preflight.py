"""Looks, before anything is published, whether it can be: the clocks, room on the disk, and who made what is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from govgen.deploy.standing import Standing
from govgen.errors import MachineryError
from govgen.release.listing import Listing
from govgen.release.signing import verify
from govgen.release.store import SignedManifest

_CLOCKS_APART = timedelta(minutes=5)
_LEAP = timedelta(days=180)
_ROOM_TIMES = 2
"""An object and the copy in its tree."""

_SPARE_BYTES = 32 * 1024 * 1024


def check_clocks(standing: Standing, now: datetime) -> Mapping[str, Mapping[str, str]]:
    """Return warnings about the clock, by their key. Raises MachineryError where the target's is another.

    A clock that is ahead would put out what is to be published later.
    """
    here, there = f"{now:%Y-%m-%d %H:%M:%S %z}", f"{standing.clock:%Y-%m-%d %H:%M:%S %z}"
    if abs(now - standing.clock) > _CLOCKS_APART:
        raise MachineryError("clocks-apart", here=here, there=there)
    if standing.live is None:
        return {}
    last = datetime.fromisoformat(standing.live.manifest.made_at)
    times = {"now": here, "last": f"{last:%Y-%m-%d %H:%M:%S %z}"}
    if last.tzinfo and last - now > _CLOCKS_APART:
        return {"clock-back": times}
    return {"clock-leap": times} if last.tzinfo and now - last > _LEAP else {}


def check_room(standing: Standing, listings: Iterable[Listing]) -> None:
    """Raise MachineryError where a target's disk has no room for the trees that change."""
    needed = _ROOM_TIMES * sum(listing.size_bytes for listing in listings) + _SPARE_BYTES
    if standing.free_bytes < needed:
        megabytes = {"needed": f"{needed / 1e6:.0f}", "free": f"{standing.free_bytes / 1e6:.0f}"}
        raise MachineryError("no-room", **megabytes)


def check_trust(signed: SignedManifest | None, signers: Path | None) -> None:
    """Raise MachineryError where a release was signed by none of `signers`, if they are known.

    What is not built anew goes into the new release, and under its signature, as the target says it is.
    """
    if signers is None or signed is None:
        return
    try:
        verify(signed, signers)
    except MachineryError as error:
        raise MachineryError("live-untrusted", release=signed.manifest.id, file=str(signers)) from error
