"""`govgen status`: says what is live since when, site by site, and whether the change of a document is."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from govgen.cli.console import Console
from govgen.cli.session import find_target, open_checkout, read_publisher
from govgen.deploy.target import Standing, Target
from govgen.errors import UsageError
from govgen.release.manifest import Manifest
from govgen.repo.checkout import Checkout


def run(options: Namespace, console: Console) -> int:
    """Print what is live; return 1 where a document that was asked for is not."""
    checkout = open_checkout(options)
    destination = find_target(checkout, options, read_publisher())
    target = destination.target
    with target.open() as standing:
        if options.paths:
            answers = [_tell(path, checkout, target, standing) for path in _find_paths(options, checkout)]
            _say_paths(answers, standing, options, console)
            return int(any(answer["state"] != "live" for answer in answers))
    live = standing.live.manifest if standing.live else None
    if options.json:
        console.print_json(_as_json(live, checkout))
    elif live is None:
        console.say("nothing-live", place=destination.place)
    else:
        _say_live(live, destination.place, console)
        if checkout.commit and checkout.commit != live.commit:
            console.say("commit-waits", head=checkout.commit[:10], commit=live.commit[:10] or "-")
    return 0


def _find_paths(options: Namespace, checkout: Checkout) -> list[str]:
    """Return the named files, relative to the repository; those that were deleted too. Raises UsageError."""
    paths = []
    for name in options.paths:
        path = Path.cwd().joinpath(name).resolve()
        base = checkout.repository.resolve()
        inside = path if path.is_relative_to(base) else base / name
        relative = inside.relative_to(base).as_posix()
        if not checkout.find_last_commit(relative) and not inside.exists():
            raise UsageError("no-path", path=name)
        paths.append(relative)
    return paths


def _tell(path: str, checkout: Checkout, target: Target, standing: Standing) -> dict[str, str]:
    """Return what became of the last change of one file: live since when, waiting, held, or not committed."""
    commit = checkout.find_last_commit(path)
    answer = {"path": path, "commit": commit, "release": "", "rule": ""}
    if path in checkout.uncommitted(path) or not commit:
        return {**answer, "state": "uncommitted"}
    live = standing.live.manifest if standing.live else None
    if live and (site := live.sites.get(_site_of(path))) and site.taken_back:
        return {**answer, "state": "taken-back", "release": live.id}
    if live is None or not checkout.contains(_commit_of(live, path), commit):
        return {**answer, "state": "waiting"}
    for held, rule in live.held:
        if held == path:
            return {**answer, "state": "held", "rule": rule}
    return {**answer, "state": "live", "release": _find_first(path, commit, live, (checkout, target, standing))}


def _find_first(path: str, commit: str, live: Manifest, places: tuple[Checkout, Target, Standing]) -> str:
    """Return the oldest kept release with a commit, going back from the live one without a gap."""
    checkout, target, standing = places
    first = live.id
    for id in reversed([id for id in standing.releases if id < live.id]):
        if not checkout.contains(_commit_of(target.read(id).manifest, path), commit):
            break
        first = id
    return first


def _site_of(path: str) -> str:
    parts = path.split("/")
    return parts[1] if parts[0] == "content" and len(parts) > 1 else ""


def _commit_of(manifest: Manifest, path: str) -> str:
    """Return the commit whose version of a file is live: its site's, or the county's for what all sites share."""
    site = manifest.sites.get(_site_of(path))
    return site.commit if site else manifest.commit


def _say_paths(answers: list[dict[str, str]], standing: Standing, options: Namespace, console: Console) -> None:
    if options.json:
        console.print_json(answers)
        return
    for answer in answers:
        since = _local(answer["release"], standing.live.manifest) if answer["release"] and standing.live else ""
        console.print(console.texts.word("report", f"change-{answer['state']}", **answer, since=since))


def _say_live(live: Manifest, place: str, console: Console) -> None:
    console.say("live", place=place, release=live.id, since=_local(live.id, live), commit=live.commit[:10] or "-")
    if live.restores:
        console.say("live-restores", restores=live.restores)
    for id, site in live.sites.items():
        key = "site-taken-back" if site.taken_back else "site-since"
        console.say(key, site=id, since=_local(site.since, live), commit=site.commit[:10] or "-", pages=site.pages)


def _local(release: str, live: Manifest) -> str:
    """Return when a release was made, in the county's time zone: ids are in UTC."""
    made = datetime.strptime(release.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"{made.astimezone(datetime.fromisoformat(live.made_at).tzinfo):%Y-%m-%d %H:%M:%S}"


def _as_json(live: Manifest | None, checkout: Checkout) -> dict[str, object]:
    if live is None:
        return {"release": None, "head": checkout.commit, "sites": {}}
    sites = {id: {"commit": site.commit, "since": site.since, "pages": site.pages} for id, site in live.sites.items()}
    return {
        "release": live.id,
        "commit": live.commit,
        "head": checkout.commit,
        "restores": live.restores,
        "sites": sites,
    }
