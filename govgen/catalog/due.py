"""Tells what the passing of time will change by itself, and when: the moments at which someone must publish."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from govgen.catalog.clock import next_month
from govgen.catalog.resolve import phase_on
from govgen.catalog.states import Audience, state_at, teach_time
from govgen.catalog.store import Catalog
from govgen.model.county import County, Period

NIGHTLY = timedelta(minutes=5)
"""After midnight: limits of inspection are counted in days, and what is new on a day begins at its midnight."""


@dataclass(frozen=True)
class Occasion:
    """Something that changes by itself at a moment."""

    at: datetime
    what: str
    """publish, expire, opens, closes, review; banner-begins, banner-ends, mourning-begins, mourning-ends; month,
    nightly."""

    sites: tuple[str, ...]
    """The ids of the sites it is about."""

    title: str = ""
    """A document's, or a banner's words."""

    path: str = ""
    """The file that says so: a document, or a settings file."""


def find_occasions(catalog: Catalog, county: County, audience: Audience, number: int) -> list[Occasion]:
    """Return at least the next `number` occasions, if there are as many, in the order of time, with their like.

    The catalog is up to date for the audience's clock. The publish of the next night is always among them.
    """
    now = audience.clock
    everywhere = tuple(site.id for site in county.sites)
    found = [
        Occasion(_next_night(now), "nightly", everywhere),
        Occasion(next_month(now), "month", everywhere),
        *(occasion for occasion in _of_periods(county) if occasion.at > now),
    ]
    teach_time(catalog)
    moments = catalog.connection.execute(
        "SELECT DISTINCT at FROM moments WHERE at > ? ORDER BY at", (int(now.timestamp()),)
    )
    documents: list[Occasion] = []
    for row in moments:
        documents += _of_documents(catalog, audience, datetime.fromtimestamp(row["at"], now.tzinfo))
        if len(documents) >= number:
            break
    return sorted([*documents, *found], key=lambda occasion: occasion.at)


def _next_night(now: datetime) -> datetime:
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0) + NIGHTLY
    return tonight if tonight > now else tonight + timedelta(days=1)


def _of_periods(county: County) -> Iterator[Occasion]:
    for banner in county.banners:
        if banner.starts:
            yield Occasion(banner.starts, "banner-begins", banner.sites, banner.text, banner.path)
        yield Occasion(banner.ends, "banner-ends", banner.sites, banner.text, banner.path)
    for period in county.mourning:
        if period.starts and (sites := _turning(county, period, period.starts)):
            yield Occasion(period.starts, "mourning-begins", sites, path=period.path)
        if sites := _turning(county, period, period.ends):
            yield Occasion(period.ends, "mourning-ends", sites, path=period.path)


def _turning(county: County, period: Period, at: datetime) -> tuple[str, ...]:
    """Return the sites of a period whose pages turn grey at a moment, or back: another period may cover it."""
    before = at - timedelta(seconds=1)
    sites = (site for site in county.sites if site.id in period.sites)
    return tuple(site.id for site in sites if county.is_mourning(site, before) != county.is_mourning(site, at))


def _of_documents(catalog: Catalog, audience: Audience, at: datetime) -> Iterable[Occasion]:
    """Yield what becomes of the documents that a moment is about: of many it changes nothing."""
    before = at - timedelta(seconds=1)
    shown = {state.value for state in audience.states}
    rows = catalog.rows(
        f"SELECT d.*, {state_at(before)} AS old_state, {state_at(at)} AS new_state,"
        f" {phase_on(before.date())} AS old_phase, {phase_on(at.date())} AS new_phase"
        " FROM moments CROSS JOIN documents d ON d.path = moments.document WHERE at = ? ORDER BY d.id",
        int(at.timestamp()),
    )
    for row in rows:
        was_shown, is_shown = row["old_state"] in shown, row["new_state"] in shown
        whats = []
        if was_shown != is_shown:
            whats.append("publish" if is_shown else "expire")
        elif is_shown and row["old_phase"] != row["new_phase"]:
            whats.append("opens" if row["new_phase"] == "open" else "closes")
        if is_shown and row["review_by"] == at.date().isoformat() and at == _midnight(at):
            whats.append("review")
        for what in whats:
            yield Occasion(at, what, (row["site"],), row["title"], row["path"])


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
