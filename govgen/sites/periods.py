"""What the settings say for a time only: banners above pages, and grey pages in mourning."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from govgen.model.county import Banner, BannerLevel, Period
from govgen.model.finding import Finding
from govgen.model.moment import find_moment
from govgen.sites.schema import Source

PERIODS = ("banners", "mourning")
"""The keys whose tables have a beginning and an end."""

_Entries = Iterable[Mapping[str, Any]]


def check_periods(
    source: Source, key: str, entries: _Entries, sites: Collection[str], zone: ZoneInfo
) -> Iterable[Finding]:
    """Yield the faults of tables that speak of a time: one that is over before it begins, a site that is not there."""
    for number, entry in enumerate(entries):
        starts, ends = (find_moment(str(entry.get(name, "")), zone) for name in ("starts", "ends"))
        if starts and ends and ends <= starts:
            times = {"starts": str(entry["starts"]), "ends": str(entry["ends"])}
            yield source.finding("CFG-PERIOD", f"{key}.{number}.ends", **times)
        named = entry.get("sites", ())
        for name in named if isinstance(named, list) else ():
            if isinstance(name, str) and name not in sites:
                near = difflib.get_close_matches(name, sites, n=1)
                guess = near[0] if near else "、".join(sorted(sites))
                yield source.finding("CFG-CHOICE", f"{key}.{number}.sites", value=name, guess=guess)


def make_banners(path: str, entries: _Entries, sites: Sequence[str], zone: ZoneInfo) -> list[Banner]:
    """Return the banners of a settings file without faults; `sites` are those it speaks for."""
    return [
        Banner(
            *_times(entry, zone),
            _sites(entry, sites),
            path,
            text=" ".join(entry["text"].split()),
            url=entry.get("url", ""),
            level=BannerLevel(entry.get("level", BannerLevel.NOTICE)),
        )
        for entry in entries
    ]


def order_banners(banners: Iterable[Banner]) -> tuple[Banner, ...]:
    """Return banners in the order readers see them: alerts first."""
    return tuple(sorted(banners, key=lambda banner: banner.level is not BannerLevel.ALERT))


def make_mourning(path: str, entries: _Entries, sites: Sequence[str], zone: ZoneInfo) -> tuple[Period, ...]:
    """Return when pages are grey, as a settings file without faults says it."""
    return tuple(Period(*_times(entry, zone), _sites(entry, sites), path) for entry in entries)


def _sites(entry: Mapping[str, Any], sites: Sequence[str]) -> tuple[str, ...]:
    """Return the sites an entry names, in the county's order; all where it names none."""
    named = entry.get("sites") or sites
    return tuple(site for site in sites if site in named)


def _times(entry: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime | None, datetime]:
    # TOML's own times are text in settings that were kept, so they always are read as such.
    starts, ends = (find_moment(str(entry.get(name, "")), zone) for name in ("starts", "ends"))
    assert ends is not None
    return starts, ends
