"""Lines that several commands print about releases: what is another now, where it is not yet, and what is to do."""

from __future__ import annotations

from pathlib import Path

from govgen.cli.console import Console
from govgen.deploy.lag import Lag
from govgen.release.compare import SiteChange


def say_sites(changes: tuple[SiteChange, ...], console: Console) -> None:
    """Print how many pages are another now, site by site."""
    for change in changes:
        if not change.is_nothing:
            console.say("site-live", **numbers(change))


def say_redirects(changes: tuple[SiteChange, ...], nginx: Path | None, console: Console) -> None:
    """Print that nginx is to be reloaded where its redirects changed, and how soon; `nginx` as in the settings."""
    if nginx and any(change.has_lost_redirects for change in changes):
        console.say("redirects-lost")
    elif needs_reload(changes, nginx):
        console.say("redirects-new")


def needs_reload(changes: tuple[SiteChange, ...], nginx: Path | None) -> bool:
    """Tell whether an nginx serves a target, and has other redirects than those it read."""
    return nginx is not None and any(change.has_new_redirects or change.has_lost_redirects for change in changes)


def say_lagging(lagging: tuple[Lag, ...], console: Console) -> None:
    """Print which places show an older release still, how old, and why."""
    for lag in lagging:
        minutes = f"{lag.behind.total_seconds() / 60:.0f}" if lag.behind is not None else "?"
        console.say("lagging", place=lag.place, release=lag.release or "—", minutes=minutes)
        if lag.reason:
            console.say("lagging-reason", reason=console.explain(lag.reason))


def numbers(change: SiteChange) -> dict[str, object]:
    """Return what the words about a site's change are filled in with."""
    parts = {"added": change.added, "changed": change.changed, "removed": change.removed}
    return {"site": change.site, **{name: len(paths) for name, paths in parts.items()}}
