"""Finds where in the theme an error comes from: the template and its line."""

from __future__ import annotations

import traceback
from pathlib import Path


def template_place(error: BaseException) -> str:
    """Return `name.html:12`, the innermost line of a template that an error passed through; empty if it passed none."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames if frame.filename.endswith(".html")]
    return places[-1] if places else ""
