"""`govgen verify`: holds what is live against what was published, mends it, and watches over it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govgen.cli.changes import say_lagging
from govgen.cli.console import Console
from govgen.cli.damage import as_json, say
from govgen.cli.session import find_target, open_checkout, read_publisher
from govgen.deploy.lag import Lag, find_lag, lag_of
from govgen.errors import MachineryError, UsageError
from govgen.release.guard import Guard
from govgen.release.heal import Outcome
from govgen.release.inspect import Inspector, Scope
from govgen.release.listing import Listing
from govgen.release.manifest import Manifest
from govgen.release.store import Store
from govgen.texts import visible

if TYPE_CHECKING:
    from govgen.deploy.http import Unserved
    from govgen.deploy.targets import Destination

_PATIENCE_SECONDS = 900.0
"""A publish of a large county over a slow line takes some minutes."""

_SIGNERS = "allowed_signers"
_REAL_NAMES = "https://{host}"


@dataclass(frozen=True)
class _Place:
    """What is verified."""

    name: str
    store: Store | None
    """None for one on another machine."""

    link: Path | None
    urls: tuple[str, ...]
    """Where what is live is looked at over HTTP."""

    destination: Destination | None


def run(options: Namespace, console: Console) -> int:
    """Verify once, or until interrupted."""
    place = _find_place(options)
    guard = _make_guard(place, options) if place.store else None
    if options.watch:
        # Imported here: who looks once on a server needs no watchdog.
        from govgen.cli.watching import watch

        if guard is None:
            raise UsageError("no-url", target=place.name)
        return watch(guard, options, console)
    outcomes: list[Outcome] = []
    if guard:
        scope = Scope(objects=options.objects)
        outcomes = guard.look(scope, is_healing=options.heal)
    live, unserved = _look_from_outside(place, guard, options)
    lagging = _find_lagging(live, place.destination) if place.destination else ()
    if options.json:
        console.print_json(
            {
                "release": live.id,
                "damage": [as_json(outcome) for outcome in outcomes],
                "unserved": [{"path": u.path, "url": u.url, "fault": u.fault, "found": u.found} for u in unserved],
                "lagging": [{"place": lag.place, "release": lag.release or None} for lag in lagging],
            }
        )
    else:
        for text in (*say(outcomes, console.texts), *_say_unserved(unserved, console)):
            console.print(text)
        healed = sum(outcome.is_healed for outcome in outcomes)
        if outcomes or unserved:
            console.say("unsound", number=len(outcomes) + len(unserved), healed=healed)
        else:
            console.say("sound", release=live.id, place="、".join(place.urls) or place.name)
        say_lagging(lagging, console)
    return 1 if outcomes or unserved or lagging else 0


def _find_place(options: Namespace) -> _Place:
    urls: tuple[str, ...] = (options.url,) if options.url else ()
    if options.root:
        if not (options.root / "releases").is_dir():
            raise UsageError("no-store", path=str(options.root))
        return _Place(str(options.root), Store(options.root.resolve()), None, urls, None)
    from govgen.deploy.directory import DirectoryTarget

    destination = find_target(open_checkout(options), options, read_publisher())
    target = destination.first
    urls = urls or tuple(showcase.url for showcase in destination.showcases if showcase.url)
    if isinstance(target, DirectoryTarget):
        return _Place(destination.place, target.store, target.link, urls, destination)
    return _Place(destination.place, None, None, urls or (_REAL_NAMES,), destination)


def _make_guard(place: _Place, options: Namespace) -> Guard:
    assert place.store
    own = place.store.root / _SIGNERS
    signers = options.signers or (own if own.is_file() else None)
    inspector = Inspector(place.store, signers, place.link)
    return Guard(inspector, read_publisher().name, lambda: datetime.now(UTC).astimezone(), _PATIENCE_SECONDS)


def _look_from_outside(place: _Place, guard: Guard | None, options: Namespace) -> tuple[Manifest, list[Unserved]]:
    """Return what should be live, and what of it a web server does not send as it is."""
    if guard:
        live = guard.inspector.live().manifest
        listings = guard.inspector.listings(live) if place.urls else []
    else:
        live, listings = _ask_target(place)
    from govgen.deploy.http import find_unserved

    entries = {entry.path: entry for listing in listings for entry in listing.entries}
    unserved = [one for url in place.urls for one in find_unserved(url, entries.values(), entries, ca=options.ca)]
    return live, unserved


def _ask_target(place: _Place) -> tuple[Manifest, list[Listing]]:
    """Return what is live at a target on another machine. Raises MachineryError."""
    assert place.destination
    with place.destination.target.open() as standing:
        if standing.live is None:
            raise MachineryError("nothing-ordered", path=place.name)
        live = standing.live.manifest
        return live, list(place.destination.target.read_listings([site.tree for site in live.sites.values()]))


def _find_lagging(live: Manifest, destination: Destination) -> tuple[Lag, ...]:
    """Return how far the mirror lags behind what is live, if there is one and it does."""
    if destination.mirror is None:
        return ()
    try:
        with destination.mirror.open() as standing:
            lag = find_lag(live, standing, destination.mirror.name)
    except MachineryError as error:
        lag = lag_of(destination.mirror.name, live, None, error)
    return (lag,) if lag else ()


def _say_unserved(unserved: Iterable[Unserved], console: Console) -> list[str]:
    return [visible(console.texts.word("damage", one.fault, url=one.url, found=one.found)) for one in unserved]
