"""The command line: reads the arguments, runs one command, and turns faults into exit codes."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from govgen.cli.arguments import make_parser
from govgen.cli.console import Console
from govgen.errors import ConfigurationError, GovgenError, MachineryError, StoppedError
from govgen.texts import load_texts

DONE, HELD_BACK, WRONG_USAGE, MACHINERY_FAILED = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = make_parser(arguments).parse_args(arguments)
    texts = load_texts(options.lang or os.environ.get("GOVGEN_LANG", "zh"))
    console = Console(texts, options)
    try:
        return _run(options, console)
    except ConfigurationError as error:
        console.error(error)
        if options.json:
            console.print_json({"findings": [console.as_json(finding) for finding in error.findings]})
        else:
            console.findings(error.findings)
        return WRONG_USAGE
    except MachineryError as error:
        console.error(error)
        if error.__cause__ and options.verbose:
            import traceback

            traceback.print_exception(error.__cause__, file=sys.stderr)
        return MACHINERY_FAILED
    except StoppedError as error:
        console.error(error)
        return HELD_BACK
    except GovgenError as error:
        console.error(error)
        return WRONG_USAGE
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return MACHINERY_FAILED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        console.error(MachineryError("disk", reason=f"{place}{error.strerror or error}"))
        return MACHINERY_FAILED
    except Exception as error:
        # A fault of the program itself: what was live stays live, and whoever mends it finds the place with -v.
        console.error(MachineryError("internal", reason=f"{type(error).__name__}: {error}"))
        if options.verbose:
            import traceback

            traceback.print_exc()
        return MACHINERY_FAILED
    except KeyboardInterrupt:
        console.error(MachineryError("stopped"))
        return MACHINERY_FAILED


def _run(options: Namespace, console: Console) -> int:
    # Each command's module is imported only when it is called: start-up time counts.
    from importlib import import_module

    command = import_module(f"govgen.cli.commands.{options.command}")
    return int(command.run(options, console))


def entry_point() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(main())
