"""How stages tell what they do: a Reporter is passed to them, and tests record it."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Told of the work's progress."""

    def stage(self, name: str, total: int) -> None:
        """Note that a stage begins, with `total` steps; 0 where the number is not known."""

    def advance(self, steps: int = 1) -> None:
        """Note that `steps` of the stage's steps are done."""


class Silence:
    """A reporter that says nothing."""

    def stage(self, name: str, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""
