"""`govgen serve`: previews every site on this machine; saving a file rebuilds and reloads."""

from __future__ import annotations

import signal
import webbrowser
from argparse import Namespace
from dataclasses import replace
from types import FrameType

from govgen.cli.console import Console
from govgen.cli.session import BUILD_FOLDER, build_options, open_checkout
from govgen.errors import MachineryError
from govgen.preview.builder import Builder, Outcome
from govgen.preview.server import DOMAIN, Board, PreviewServer
from govgen.preview.watch import watch
from govgen.sites.load import load_county

_WAKE_SECONDS = 1.0


def run(options: Namespace, console: Console) -> int:
    """Serve until interrupted."""
    checkout = open_checkout(options)
    load_county(checkout)
    wanted = build_options(checkout, options)
    wanted = replace(
        wanted,
        output=checkout.root / BUILD_FOLDER / "preview",
        catalog=checkout.root / BUILD_FOLDER / "cache" / "preview.sqlite",
        audience=replace(wanted.audience, drafts=True),
        domain=DOMAIN,
        port=options.port,
    )
    # The builder is forked before any thread starts.
    builder = Builder(checkout, wanted)
    board = Board()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with PreviewServer(wanted.output, options.port, board) as server, watch(checkout.root) as watcher:
            _tell(builder.build(), board, console)
            server.start()
            url = f"http://www.{DOMAIN}:{options.port}/"
            console.say("serving", url=url)
            if options.open:
                webbrowser.open(url)
            while True:
                if watcher.wait(_WAKE_SECONDS):
                    _tell(builder.build(), board, console)
    except KeyboardInterrupt:
        return 0
    except EOFError as error:
        raise MachineryError("worker-died") from error
    finally:
        builder.close()


def _tell(outcome: Outcome, board: Board, console: Console) -> None:
    """Show a build's findings on the terminal and in every open page."""
    if outcome.error:
        console.error(outcome.error)
    console.findings(outcome.findings)
    shown = [console.as_json(finding) for finding in outcome.findings]
    if outcome.error and not outcome.findings:
        text = console.texts.word("errors", outcome.error.key, **outcome.error.values)
        shown = [{"severity": "stop", "path": "govgen", "line": None, "message": text, "remedy": ""}]
    if outcome.report:
        console.say("rebuilt", written=outcome.report.written, seconds=f"{outcome.report.seconds:.2f}")
    board.post(shown)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
