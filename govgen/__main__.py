"""Runs the command line: `python -m govgen`."""

from govgen.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
