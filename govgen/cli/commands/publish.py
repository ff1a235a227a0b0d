"""`govgen publish`: builds, makes a release beside the live one, switches to it in one step, and says what is live."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from govgen.cli.changes import needs_reload, numbers, say_lagging, say_redirects, say_sites
from govgen.cli.commands.build import exit_code, report_as_json, say_report
from govgen.cli.console import Console
from govgen.cli.session import build_options, find_target, open_checkout, read_publisher
from govgen.deploy.targets import Destination
from govgen.errors import MachineryError
from govgen.model.build import BuildReport
from govgen.publish import Receipt, Wishes, publish
from govgen.release.compare import SiteChange

_SHOWN_PATHS = 5


def run(options: Namespace, console: Console) -> int:
    """Publish to a target."""
    checkout = open_checkout(options)
    publisher = read_publisher()
    goal = find_target(checkout, options, publisher)
    if goal.nginx:
        _check_nginx(goal.nginx, console)
    wishes = Wishes(
        build=build_options(checkout, options),
        publisher=publisher,
        shrink_percent=options.allow_shrink,
        is_dry_run=options.dry_run,
    )

    def tell(report: BuildReport) -> None:
        if not options.json:
            say_report(report, console)

    receipt = publish(checkout, wishes, goal, console, tell)
    if options.json:
        console.print_json({**report_as_json(receipt.report, console), **_as_json(receipt, goal)})
    else:
        _say(receipt, goal, console, is_dry_run=options.dry_run)
    return exit_code(receipt.report) or (1 if receipt.lagging else 0)


def _check_nginx(file: Path, console: Console) -> None:
    """Raise MachineryError where nginx would not start again with its configuration; say so where it cannot tell."""
    # Imported here: most publish to where nobody said which nginx serves it.
    from govgen.webserver.program import check_configuration

    fault = check_configuration(file)
    if fault and "Permission denied" in fault:
        # A publisher need not be able to read the certificate's key.
        console.say("nginx-unchecked", reason=fault)
    elif fault:
        raise MachineryError("nginx-faulty", file=str(file), reason=fault)


def _say(receipt: Receipt, goal: Destination, console: Console, *, is_dry_run: bool) -> None:
    for key, values in receipt.warnings.items():
        console.say(key, **values)
    live = receipt.live
    if is_dry_run:
        _say_changes(receipt.changes, console)
        console.say("dry-run", place=goal.place)
        return
    assert live is not None
    if live.uncommitted:
        shown = "、".join(live.uncommitted[:_SHOWN_PATHS]) + (" …" if len(live.uncommitted) > _SHOWN_PATHS else "")
        console.say("uncommitted", number=len(live.uncommitted), paths=shown)
    for site in receipt.kept_back:
        console.say("kept-back", site=site)
    say_lagging(receipt.lagging, console)
    if not receipt.is_published:
        console.say("unchanged", release=live.id, place=goal.place)
        return
    say_sites(receipt.changes, console)
    console.say("published", release=live.id, place=goal.place, commit=live.commit[:10] or "-")
    say_redirects(receipt.changes, goal.nginx, console)


def _say_changes(changes: tuple[SiteChange, ...], console: Console) -> None:
    """Print the pages a publish would add, change and remove, site by site."""
    for change in changes:
        if change.is_nothing:
            continue
        console.say("site-differs", **numbers(change))
        for mark, paths in (("+", change.added), ("~", change.changed), ("-", change.removed)):
            for path in paths if console.verbose else paths[:_SHOWN_PATHS]:
                console.say("page-differs", mark=mark, path=path)
            if len(paths) > _SHOWN_PATHS and not console.verbose:
                console.say("more-pages", number=len(paths) - _SHOWN_PATHS)


def _as_json(receipt: Receipt, goal: Destination) -> dict[str, object]:
    live = receipt.live
    return {
        "release": live.id if live else None,
        "commit": live.commit if live else None,
        "published": receipt.is_published,
        "live": {id: {"commit": site.commit, "since": site.since} for id, site in live.sites.items()} if live else {},
        "changes": {
            change.site: {"added": change.added, "changed": change.changed, "removed": change.removed}
            for change in receipt.changes
        },
        "reload_nginx": receipt.is_published and needs_reload(receipt.changes, goal.nginx),
        "kept_back": receipt.kept_back,
        "lagging": [
            {
                "place": lag.place,
                "release": lag.release or None,
                "seconds": lag.behind.total_seconds() if lag.behind is not None else None,
                "reason": lag.reason.key if lag.reason else None,
            }
            for lag in receipt.lagging
        ],
    }
