"""What a check found: a fault as data, with its place and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Severity(Enum):
    """How much a finding weighs."""

    STOP = "stop"
    """Nothing is released while it stands."""

    ERROR = "error"
    """The document is held."""

    WARNING = "warning"
    """The document is published; someone must look."""

    ADVICE = "advice"
    """Could be better."""


@dataclass(frozen=True)
class Finding:
    """One fault: which rule, where, and the values its message speaks of."""

    rule: str
    """An id of `model/rules.py`; the words stand in `translations/`."""

    path: str
    """Relative to the repository."""

    line: int | None = None
    values: dict[str, str] = field(default_factory=dict, hash=False)

    def sort_key(self) -> tuple[str, int, str, str]:
        """Order findings by place, so that equal builds report in equal order."""
        return (self.path, self.line or 0, self.rule, repr(sorted(self.values.items())))
