"""Reads the Markdown settings of `pelicanconf.py`, which parsing and rendering share."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from govgen.errors import MachineryError

SETTINGS_FILE = "pelicanconf.py"
SETTINGS_FAULTS = (
    *(SyntaxError, ImportError, NameError, AttributeError),
    *(TypeError, ValueError, LookupError, ArithmeticError),
)
"""What a slip in hand-written settings raises."""


def read_markdown_settings(repository: Path) -> Mapping[str, Any]:
    """Return the MARKDOWN setting, without loading Pelican; the file is the maintainers' own code.

    Raises MachineryError where the file does not run.
    """
    try:
        return dict(runpy.run_path(str(repository / SETTINGS_FILE)).get("MARKDOWN", {}))
    except SETTINGS_FAULTS as error:
        raise MachineryError("engine", reason=f"{type(error).__name__}: {error}") from error
