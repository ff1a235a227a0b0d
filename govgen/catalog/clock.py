"""What the passing of time changes by itself: which documents are due, and how long what was made still holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from govgen.catalog.store import Catalog, digest_of
from govgen.model.county import County

_HOLDS = "holds"
"""The fact that tells from when until when the clock alone changes nothing."""


def find_due(catalog: Catalog, clock: datetime) -> list[str]:
    """Return the documents for which a moment lies between the last build's clock and this one, either way."""
    before, now = catalog.fact("clock"), int(clock.timestamp())
    if not before:
        return []
    first, last = sorted((int(before), now))
    rows = catalog.rows("SELECT DISTINCT document FROM moments WHERE at > ? AND at <= ?", first, last)
    return [row["document"] for row in rows]


def note_clock(catalog: Catalog, county: County, clock: datetime) -> None:
    """Note what the clock says, in the county's time, and until when all of it stays so."""
    newest = catalog.one("SELECT max(date) AS date FROM documents WHERE is_listed = 1")
    catalog.set_fact("year", str((newest and newest["date"]) or clock.year)[:4])
    catalog.set_fact("clock-month", f"{clock:%Y-%m}")
    for site in county.sites:
        standing = (county.banners_on(site, clock), county.is_mourning(site, clock))
        catalog.set_fact(f"banners:{site.id}", digest_of(standing))
    first, last = _window(catalog, county, clock)
    catalog.remember({"clock": str(int(clock.timestamp())), _HOLDS: f"{first} {last}"})


def still_holds(catalog: Catalog, clock: datetime) -> bool:
    """Tell whether a build at this moment would differ from the last one only if something else has changed."""
    window = catalog.fact(_HOLDS).split()
    return bool(window) and int(window[0]) <= int(clock.timestamp()) < int(window[1])


def _window(catalog: Catalog, county: County, clock: datetime) -> tuple[int, int]:
    """Return the last moment at which time changed something, and the next one."""
    now = int(clock.timestamp())
    moments = [month_of(clock), next_month(clock), *period_moments(county)]
    seconds = [int(moment.timestamp()) for moment in moments]
    seconds += [
        row["at"]
        for row in (
            catalog.one("SELECT max(at) AS at FROM moments WHERE at <= ?", now),
            catalog.one("SELECT min(at) AS at FROM moments WHERE at > ?", now),
        )
        if row and row["at"] is not None
    ]
    return max(at for at in seconds if at <= now), min(at for at in seconds if at > now)


def month_of(clock: datetime) -> datetime:
    """Return when the month of a moment began."""
    return clock.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(clock: datetime) -> datetime:
    """Return when the next month begins."""
    month = month_of(clock)
    year, number = divmod(month.year * 12 + month.month, 12)
    return month.replace(year=year, month=number + 1)


def period_moments(county: County) -> Iterable[datetime]:
    """Yield when banners and mourning begin and end."""
    for period in (*county.banners, *county.mourning):
        yield from (moment for moment in (period.starts, period.ends) if moment)
