"""`govgen serve`: previews every site on this machine; saving a file rebuilds and reloads."""

from __future__ import annotations

import signal
import webbrowser
from argparse import Namespace
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from govgen.cli.console import Console
from govgen.cli.session import BUILD_FOLDER, build_options, open_checkout
from govgen.errors import MachineryError
from govgen.preview.builder import Builder, Outcome
from govgen.preview.server import DOMAIN, Board, PreviewServer
from govgen.preview.watch import Watcher, watch
from govgen.sites.load import load_county

_WAKE_SECONDS = 1.0
_QUIET_SECONDS = 5.0


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
            _follow(watcher, builder, board, console)
    except KeyboardInterrupt:
        return 0
    except EOFError as error:
        raise MachineryError("worker-died") from error
    finally:
        builder.close()


def _follow(watcher: Watcher, builder: Builder, board: Board, console: Console) -> NoReturn:
    """Build after every change; once it has been quiet for a while, look for changes that nothing told of."""
    quiet_seconds, is_sure = 0.0, True
    while True:
        known = watcher.wait(_WAKE_SECONDS)
        if known:
            _tell(builder.build(known), board, console)
            quiet_seconds, is_sure = 0.0, known.named is None
            continue
        quiet_seconds += _WAKE_SECONDS
        if not is_sure and quiet_seconds >= _QUIET_SECONDS:
            outcome = builder.build()
            if outcome.error or (outcome.report and outcome.report.written + outcome.report.removed):
                _tell(outcome, board, console)
            is_sure = True


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
