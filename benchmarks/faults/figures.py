"""What was measured: one figure a fault, each with its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One fault, and what came of bringing it about."""

    group: str
    """The part of the report it stands in."""

    name: str
    points: int
    """How often it was brought about."""

    torn: int = 0
    """How often something was live that was neither the old release nor the new one, whole."""

    stuck: int = 0
    """How often a lock stayed held, a process went on, or a publish did not end."""

    healed: int | None = None
    """How often the next publish put all right; None where none was tried."""

    tried: int = 0
    """How often the next publish was tried."""

    unclear: int = 0
    """How often the exit code or the words were not what people need."""

    note: str = ""
    is_met: bool = True
    examples: tuple[str, ...] = ()
    """What went wrong, for whoever mends it; not part of the report."""


@dataclass(frozen=True)
class LeftOut:
    """A fault that this machine does not let one bring about."""

    group: str
    name: str
    reason: str
