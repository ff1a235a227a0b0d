"""The program's own words, in Chinese and English, from `translations/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from govgen.model.finding import Finding

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Texts:
    """One language's words."""

    language: str
    catalog: Mapping[str, Any]

    def word(self, table: str, key: str, **values: object) -> str:
        """Return the words of `key` in a table of the catalog, with `values` filled in."""
        return str(self.catalog[table][key]).format(**values)

    def message(self, finding: Finding) -> str:
        """Say what is wrong."""
        return self._of_rule(finding, "message")

    def remedy(self, finding: Finding) -> str:
        """Say what to do about it."""
        return self._of_rule(finding, "remedy")

    def _of_rule(self, finding: Finding, part: str) -> str:
        rule = self.catalog["rules"][finding.rule]
        template = rule.get(f"{part}_guess", rule[part]) if finding.values.get("guess") else rule[part]
        return str(template).format(**finding.values)


def load_texts(language: str) -> Texts:
    """Return the words of a language given as a tag (`zh-CN`, `en`); Chinese where there is no catalog for it."""
    name = language.split("-", maxsplit=1)[0].lower()
    return _read_texts(name if name in LANGUAGES else LANGUAGES[0])


@cache
def _read_texts(name: str) -> Texts:
    file = resources.files("govgen") / "translations" / f"{name}.toml"
    return Texts(name, tomllib.loads(file.read_text(encoding="utf-8")))
