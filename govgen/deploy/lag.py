"""Tells how far a place lags behind what is live elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from govgen.deploy.standing import Standing
from govgen.errors import MachineryError
from govgen.release.manifest import Manifest


@dataclass(frozen=True)
class Lag:
    """A place that shows an older release than the one that is live."""

    place: str
    release: str
    """What is live there; empty where that is nothing, or not known."""

    behind: timedelta | None = None
    """Between the making of that release and of the one that is live; None where that is not known."""

    reason: MachineryError | None = None
    """Why it was not brought up; None where nobody tried."""


def find_lag(live: Manifest, standing: Standing, place: str = "") -> Lag | None:
    """Return how far a place lags behind a release; None where that one or a newer one is live there."""
    if standing.live_id >= live.id:
        return None
    return lag_of(place, live, standing.live.manifest if standing.live else None)


def lag_of(place: str, live: Manifest, there: Manifest | None, reason: MachineryError | None = None) -> Lag:
    """Return how far a place with a release lags behind another; `there` is None where nobody knows what it has."""
    if there is None:
        return Lag(place, "", reason=reason)
    try:
        behind = datetime.fromisoformat(live.made_at) - datetime.fromisoformat(there.made_at)
    except (TypeError, ValueError):
        return Lag(place, there.id, reason=reason)
    return Lag(place, there.id, max(timedelta(0), behind), reason)
