"""Builds previews in a process of its own, so that the server's threads never meet a fork."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection

from govgen.errors import ConfigurationError, GovgenError, MachineryError
from govgen.events import Silence
from govgen.model.build import BuildReport
from govgen.model.finding import Finding
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.processes import become_worker
from govgen.repo.checkout import Checkout
from govgen.repo.survey import NOTHING_KNOWN, Known


@dataclass(frozen=True)
class Outcome:
    """What one preview build came to."""

    report: BuildReport | None
    """None where nothing could be built; the last pages stay."""

    findings: tuple[Finding, ...]
    error: GovgenError | None = None


class Builder:
    """A process that builds the preview whenever it is asked."""

    def __init__(self, checkout: Checkout, options: BuildOptions) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, there = context.Pipe()
        ends = (os.getpid(), self._connection, there)
        self._process = context.Process(target=_serve_builds, args=(*ends, checkout, options), daemon=False)
        self._process.start()
        there.close()

    def build(self, known: Known = NOTHING_KNOWN) -> Outcome:
        """Build once, git asked what changed unless that is known. Raises EOFError where the process died."""
        self._connection.send(known)
        outcome: Outcome = self._connection.recv()
        return outcome

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(timeout=1)
        if self._process.is_alive():
            self._process.terminate()


def _serve_builds(
    parent: int, far_end: Connection, connection: Connection, checkout: Checkout, options: BuildOptions
) -> None:
    become_worker(parent)
    # The server ends this process by closing the far end, so no copy may stay.
    far_end.close()
    is_up_to_date = False
    while True:
        try:
            known: Known = connection.recv()
        except EOFError:
            return
        # After a build that broke off, or before the first one, more may have changed than what is named.
        outcome = _build(checkout, options, known if is_up_to_date else NOTHING_KNOWN)
        is_up_to_date = outcome.report is not None
        connection.send(outcome)


def _build(checkout: Checkout, options: BuildOptions, known: Known) -> Outcome:
    try:
        report = build(checkout, options, Silence(), known)
        return Outcome(report, report.findings)
    except ConfigurationError as error:
        return Outcome(None, error.findings, error)
    except GovgenError as error:
        return Outcome(None, (), error)
    except OSError as error:
        return Outcome(None, (), MachineryError("disk", reason=str(error)))
