"""What becomes of a document in one build."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """What becomes of a document in one build, with its status, the clock and its findings taken together."""

    LISTED = "listed"
    """Has a page and stands in lists."""

    WITHDRAWN = "withdrawn"
    """Leaves a short page that says so."""

    DRAFT = "draft"
    FUTURE = "future"
    EXPIRED = "expired"
    HELD = "held"
