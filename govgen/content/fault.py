"""How a step of parsing says that it can't go on: a finding still without its file."""

from __future__ import annotations

from govgen.model.finding import Finding


class Fault(Exception):
    """Something in a file is wrong; `rule` names the finding, `values` are what its words speak of."""

    def __init__(self, rule: str, line: int | None = None, **values: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.line = line
        self.values = values

    def finding(self, path: str, line: int | None = None, **more: str) -> Finding:
        """Return the finding on the file at `path`; `line` where the fault itself knows none."""
        return Finding(self.rule, path, self.line or line, {**self.values, **more})
