"""How stages tell what they do: a Reporter is passed to them, and tests record it."""

from __future__ import annotations

from typing import Protocol

STAGES = ("sites", "content", "catalog", "plan", "render", "release")


class Reporter(Protocol):
    """Told of the work's progress."""

    def stage(self, name: str, total: int) -> None:
        """Note that a stage begins, with `total` steps; 0 where the number is not known."""

    def advance(self, steps: int = 1) -> None:
        """Note that `steps` of the stage's steps are done."""

    def note(self, key: str, **values: str) -> None:
        """Say one thing worth a line in the log; `key` names its words in `translations/`."""


class Silence:
    """A reporter that says nothing."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""

    def note(self, key: str, **values: str) -> None:
        """Say nothing."""
