"""`govgen receive`: the server's end of a publish over ssh, run by the key one logs in with and by nothing else."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from datetime import UTC, datetime

from govgen.cli.console import Console
from govgen.deploy.receive import Receiver, receive
from govgen.deploy.wire import Line

_BEGINNING_SECONDS = 60.0


def run(options: Namespace, console: Console) -> int:
    """Answer the publisher at the other end of standard input and output."""
    receiver = Receiver(
        root=options.root,
        signers=options.signers or options.root / "allowed_signers",
        county=options.county,
        kept_releases=max(1, options.keep),
        clock=lambda: datetime.now(UTC),
    )
    # Whatever anything prints must not get between the messages.
    line = Line(os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno()), _BEGINNING_SECONDS)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    receive(receiver, line)
    return 0
