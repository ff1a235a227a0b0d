"""What every command begins with: the repository, the clock, and the words for what it found."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from govgen.catalog.states import Audience
from govgen.errors import UsageError
from govgen.model.county import County
from govgen.options import BuildOptions
from govgen.repo.checkout import Checkout, find_checkout

BUILD_FOLDER = "build"
PUBLIC_OUTPUT = "build/public"


def open_checkout(options: Namespace) -> Checkout:
    """Return the repository the command is about. Raises UsageError."""
    return find_checkout((options.repo or Path.cwd()).resolve())


def read_clock(options: Namespace, timezone: str = "Asia/Shanghai") -> datetime:
    """Return the moment the command works at: `--clock`, or now. Raises UsageError."""
    zone = ZoneInfo(timezone)
    if not options.clock:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(options.clock)
    except ValueError as error:
        raise UsageError("bad-clock", value=options.clock) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def check_sites(county: County, names: list[str]) -> tuple[str, ...]:
    """Return the sites a command was asked for. Raises UsageError for one that is not there."""
    for name in names:
        if county.find_site(name) is None:
            raise UsageError("no-site", site=name, sites="、".join(site.id for site in county.sites))
    return tuple(names)


def build_options(checkout: Checkout, county: County, options: Namespace) -> BuildOptions:
    """Return the build a command asks for."""
    audience = Audience(
        read_clock(options, county.timezone),
        drafts=getattr(options, "drafts", False),
        future=getattr(options, "future", False),
        expired=getattr(options, "expired", False),
    )
    output = getattr(options, "output", None)
    return BuildOptions(
        output=output.resolve() if output else checkout.root / PUBLIC_OUTPUT,
        catalog=checkout.root / BUILD_FOLDER / "cache" / "catalog.sqlite",
        audience=audience,
        sites=check_sites(county, getattr(options, "site", None) or []),
        processes=max(1, options.jobs),
    )
