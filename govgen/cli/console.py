"""The door to rich: prints progress, findings and tables; plain lines where there is no terminal."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from govgen.errors import GovgenError
from govgen.model.finding import Finding, Severity
from govgen.model.rules import SEVERITIES
from govgen.texts import Texts, visible

_STYLES = {Severity.STOP: "1;31", Severity.ERROR: "31", Severity.WARNING: "33", Severity.ADVICE: "2"}


class Console:
    """Where a command speaks; also the Reporter its stages speak to."""

    def __init__(self, texts: Texts, options: Namespace) -> None:
        self.texts = texts
        self.verbose = bool(options.verbose)
        self._is_quiet = bool(options.quiet or options.json)
        self._has_color = sys.stdout.isatty() and not options.no_color
        self._progress = _Progress() if sys.stderr.isatty() and not self._is_quiet else None

    def say(self, key: str, **values: object) -> None:
        """Print a line of the report, unless quiet."""
        if not self._is_quiet:
            self._finish_progress()
            print(self.texts.word("report", key, **values))

    def print(self, text: str) -> None:
        """Print a result that was asked for."""
        self._finish_progress()
        print(text.encode("utf-8", "replace").decode("utf-8"))

    def print_json(self, value: object) -> None:
        """Print a result as JSON."""
        self.print(json.dumps(value, ensure_ascii=False, indent=2))

    def error(self, error: GovgenError) -> None:
        """Print why a command could not be done, on the error stream."""
        self._finish_progress()
        print(f"govgen: {self.explain(error)}".encode("utf-8", "replace").decode("utf-8"), file=sys.stderr)

    def explain(self, error: GovgenError) -> str:
        """Return the words of an error, and of the one behind it if that has words too."""
        text = self.texts.word("errors", error.key, **error.values)
        cause = error.__cause__
        return f"{text}\n  {self.explain(cause)}" if isinstance(cause, GovgenError) else text

    def findings(self, findings: Iterable[Finding]) -> None:
        """Print findings by file, each with what to do; advice only when verbose."""
        self._finish_progress()
        last = None
        for finding in findings:
            severity = SEVERITIES[finding.rule]
            if severity is Severity.ADVICE and not self.verbose:
                continue
            if self._is_quiet and severity not in (Severity.ERROR, Severity.STOP):
                continue
            if finding.path != last:
                self.print(visible(finding.path))
                last = finding.path
            line = self.texts.word("report", "line", line=finding.line) + "  " if finding.line else ""
            label = self._colored(self.texts.word("severities", severity.value), _STYLES[severity])
            self.print(f"  {line}{label}  {visible(self.texts.message(finding))}  [{finding.rule}]")
            self.print(f"      {self.texts.word('report', 'remedy')}{self.texts.remedy(finding)}")

    def tally(self, findings: Sequence[Finding]) -> None:
        """Print how many findings there are of each severity."""
        counts = Counter(SEVERITIES[finding.rule] for finding in findings)
        if counts:
            self.say(
                "findings",
                stops=counts[Severity.STOP],
                errors=counts[Severity.ERROR],
                warnings=counts[Severity.WARNING],
                advice=counts[Severity.ADVICE],
            )
        if counts[Severity.ADVICE] and not self.verbose:
            self.say("more-advice", number=counts[Severity.ADVICE])

    def as_json(self, finding: Finding) -> dict[str, Any]:
        """Return a finding in the form of the contract."""
        parts = finding.path.split("/")
        return {
            "rule": finding.rule,
            "severity": SEVERITIES[finding.rule].value,
            "site": parts[1] if parts[0] == "content" and len(parts) > 1 else "",
            "path": finding.path,
            "line": finding.line,
            "message": self.texts.message(finding),
            "remedy": self.texts.remedy(finding),
        }

    def stage(self, name: str, total: int) -> None:
        """Begin to show a stage's progress."""
        if self._is_quiet or name not in self.texts.catalog["stages"]:
            return
        words = self.texts.word("stages", name)
        if self._progress:
            self._progress.begin(words, total)
        else:
            print(f"{words} {total}" if total else words, file=sys.stderr, flush=True)

    def advance(self, steps: int = 1) -> None:
        """Move the stage's progress on."""
        if self._progress:
            self._progress.advance(steps)

    def _finish_progress(self) -> None:
        if self._progress:
            self._progress.end()

    def _colored(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self._has_color else text


class _Progress:
    """A bar on the terminal for work that takes longer than a moment."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._name = ""
        self._total = 0
        self._done = 0
        self._started = 0.0

    def begin(self, name: str, total: int) -> None:
        self.end()
        self._name, self._total, self._done, self._started = name, total, 0, time.monotonic()

    def advance(self, steps: int) -> None:
        self._done += steps
        if self._bar is None and time.monotonic() - self._started > 0.3:
            # Imported here: work that is done at once needs no bar, and rich costs a moment to load.
            from rich.console import Console as RichConsole
            from rich.progress import Progress

            self._bar = Progress(console=RichConsole(stderr=True), transient=True)
            self._task = self._bar.add_task(self._name, total=self._total or None)
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
