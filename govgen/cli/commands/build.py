"""`govgen build`: builds the county and reports every finding."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.model.build import BuildReport
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.render.ledger import Ledger
from govgen.repo.checkout import Checkout
from govgen.repo.survey import Known
from govgen.standing import find_standing

MACHINERY_FAILED = 3
_SHOWN_PATHS = 20


def run(options: Namespace, console: Console) -> int:
    """Build into the output folder."""
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    if options.clean and Ledger.open(wanted.output).read():
        # Imported here, as whatever telling that nothing has changed does not need.
        import shutil

        shutil.rmtree(wanted.output)
        wanted.catalog.unlink(missing_ok=True)
    found = find_standing(checkout, wanted)
    report = _build(checkout, wanted, console, found) if isinstance(found, Known) else found
    if options.json:
        console.print_json(report_as_json(report, console))
    else:
        say_report(report, console)
        console.say("output", folder=wanted.output)
    if options.verify and not _verify(checkout, wanted, console):
        return MACHINERY_FAILED
    return exit_code(report)


def _verify(checkout: Checkout, wanted: BuildOptions, console: Console) -> bool:
    """Build from nothing beside, and tell whether that gives the same bytes."""
    from govgen.pipeline import find_unequal, read_artifacts

    unequal = find_unequal(checkout, wanted, console)
    if unequal:
        console.say("not-verified", number=len(unequal))
        for path in unequal[:_SHOWN_PATHS]:
            console.print(f"  {path}")
    else:
        console.say("verified", number=len(read_artifacts(wanted.catalog, wanted.sites)))
    return not unequal


def _build(checkout: Checkout, wanted: BuildOptions, console: Console, known: Known) -> BuildReport:
    # Imported here: most of the time nothing has changed, and telling so needs little of it.
    from govgen.pipeline import build

    return build(checkout, wanted, console, known)


def exit_code(report: BuildReport) -> int:
    """Return 1 where findings hold something back."""
    holding = (Severity.ERROR, Severity.STOP)
    return int(bool(report.held) or any(SEVERITIES[finding.rule] in holding for finding in report.findings))


def say_report(report: BuildReport, console: Console) -> None:
    """Print what a build came to."""
    console.findings(report.findings)
    console.tally(report.findings)
    words = [f"{console.texts.word('states', state)} {number}" for state, number in report.states.items() if number]
    console.say("states", states="，".join(words))
    if report.held:
        recovered = sum(finding.rule == "HELD-LAST-GOOD" for finding in report.findings)
        console.say("held", number=len(report.held), recovered=recovered)
    console.say(
        "built",
        sites=len(report.sites),
        documents=report.documents,
        pages=report.pages,
        written=report.written,
        removed=report.removed,
        seconds=f"{report.seconds:.2f}",
        rate=round(report.pages / max(report.seconds, 0.001)),
    )


def report_as_json(report: BuildReport, console: Console) -> dict[str, Any]:
    """Return what a build came to in the form of the contract."""
    return {
        "sites": [vars(site) for site in report.sites],
        "documents": report.documents,
        "states": report.states,
        "pages": report.pages,
        "written": report.written,
        "removed": report.removed,
        "held": list(report.held),
        "findings": [console.as_json(finding) for finding in report.findings],
        "seconds": round(report.seconds, 3),
    }
