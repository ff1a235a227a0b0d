"""The errors the program raises; faults in content are findings, never errors."""

from __future__ import annotations

from collections.abc import Sequence

from govgen.model.finding import Finding


class GovgenError(Exception):
    """The root of all errors raised on purpose; `key` names its words in `translations/`."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        """Let the error travel between processes: keyword arguments do not by themselves."""
        return (_rebuild, (type(self), self.key, self.values))


def _rebuild(type: type[GovgenError], key: str, values: dict[str, str]) -> GovgenError:
    return type(key, **values)


class UsageError(GovgenError):
    """The command was called wrongly. Exit code 2."""


class ConfigurationError(GovgenError):
    """The sites' configuration has faults, all of them listed. Exit code 2."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("configuration")
        self.findings = tuple(findings)


class StoppedError(GovgenError):
    """Findings of severity stop keep a release back. Exit code 1."""


class MachineryError(GovgenError):
    """The program, the disk or a library failed; what was live stays live. Exit code 3."""
