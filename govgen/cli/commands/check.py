"""`govgen check`: reports every finding on documents, and with `--built` on built pages; builds nothing."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from govgen.check.pages import read_pages
from govgen.check.run import check_page
from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.errors import UsageError
from govgen.model.finding import Finding, Severity
from govgen.model.rules import SEVERITIES
from govgen.pipeline import open_account
from govgen.repo.checkout import Checkout
from govgen.texts import visible

_GITHUB_LEVELS = {
    Severity.STOP: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
}


def run(options: Namespace, console: Console) -> int:
    """Check what was asked for."""
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    _, account = open_account(checkout, wanted, console)
    findings = _select(account.findings, _prefixes(options, checkout, options.site))
    if options.built:
        findings += [finding for page in read_pages(options.built) for finding in check_page(page)]
    _print(findings, "json" if options.json else options.format, console)
    return int(any(SEVERITIES[finding.rule] in (Severity.ERROR, Severity.STOP) for finding in findings))


def _prefixes(options: Namespace, checkout: Checkout, sites: Sequence[str]) -> list[str] | None:
    """Return what a finding's path must begin with; None where everything is wanted."""
    prefixes = [f"content/{site}/" for site in sites]
    for path in options.paths:
        full = (Path.cwd() / path).resolve() if not (checkout.root / path).exists() else checkout.root / path
        if not full.exists() or not full.is_relative_to(checkout.root):
            raise UsageError("no-path", path=path)
        prefixes.append(full.relative_to(checkout.root).as_posix() + ("/" if full.is_dir() else ""))
    if options.changed:
        prefixes += checkout.uncommitted("content", "sites")
    return prefixes if prefixes or options.changed else None


def _select(findings: Iterable[Finding], prefixes: Sequence[str] | None) -> list[Finding]:
    if prefixes is None:
        return list(findings)
    return [f for f in findings if any(f.path == p or (p.endswith("/") and f.path.startswith(p)) for p in prefixes)]


def _print(findings: Sequence[Finding], format: str, console: Console) -> None:
    if format == "json":
        console.print_json([console.as_json(finding) for finding in findings])
    elif format == "github":
        for finding in findings:
            level = _GITHUB_LEVELS[SEVERITIES[finding.rule]]
            text = visible(f"{console.texts.message(finding)} {console.texts.remedy(finding)}".replace("\n", " "))
            place = f"file={visible(finding.path)},line={finding.line or 1}"
            console.print(f"::{level} {place},title={finding.rule}::{text}")
    else:
        console.findings(findings)
        console.tally(findings)
        if not findings:
            console.say("clean-check")
