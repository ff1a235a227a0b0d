"""`govgen publish`: builds, makes a release beside the live one, and switches `public/` to it in one step."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from govgen.cli.commands.build import exit_code, report_as_json, say_report
from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.errors import StoppedError, UsageError
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.pipeline import build, read_artifacts
from govgen.release.releases import (
    compose_release,
    digest_of,
    find_live,
    lock,
    read_digest,
    remove_old,
    stage_release,
    switch,
)

LINK = "public"
_SHOWN_PATHS = 5


def run(options: Namespace, console: Console) -> int:
    """Publish into the local directory."""
    if options.target:
        raise UsageError("no-target", target=options.target)
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    link = checkout.repository / LINK
    with lock(checkout.repository):
        live = find_live(link)
        # Without a live release there is nothing to keep the other sites from: all are built.
        wanted = wanted if live else replace(wanted, sites=())
        report = build(checkout, wanted, console)
        if not options.json:
            say_report(report, console)
        stops = sum(SEVERITIES[finding.rule] is Severity.STOP for finding in report.findings)
        if stops:
            raise StoppedError("stop-findings", number=str(stops))
        files = compose_release(wanted.output, read_artifacts(wanted.catalog, wanted.sites), live, wanted.sites)
        is_same = live is not None and read_digest(live) == digest_of(files)
        if not is_same and not options.dry_run:
            clock = wanted.audience.clock
            live = stage_release(checkout.repository, files, checkout.commit, clock)
            switch(link, live)
            remove_old(checkout.repository, live)
    if options.json:
        release = live.id if live else None
        console.print_json({**report_as_json(report, console), "release": release, "commit": checkout.commit})
        return exit_code(report)
    if uncommitted := checkout.uncommitted("content", "sites", "themes", "pelicanconf.py"):
        shown = "、".join(uncommitted[:_SHOWN_PATHS]) + (" …" if len(uncommitted) > _SHOWN_PATHS else "")
        console.say("uncommitted", number=len(uncommitted), paths=shown)
    if options.dry_run:
        console.say("dry-run", folder=LINK)
    elif live:
        console.say("unchanged" if is_same else "published", release=live.id, folder=f"{LINK}/")
    return exit_code(report)
