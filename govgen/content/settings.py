"""Reads the Markdown settings of `pelicanconf.py`, which parsing and rendering share."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SETTINGS_FILE = "pelicanconf.py"


def read_markdown_settings(repository: Path) -> Mapping[str, Any]:
    """Return the MARKDOWN setting, without loading Pelican; the file is the maintainers' own code."""
    return dict(runpy.run_path(str(repository / SETTINGS_FILE)).get("MARKDOWN", {}))
