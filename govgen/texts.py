"""The program's own words, in Chinese and English, from `translations/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from govgen.model.finding import Finding

LANGUAGES = ("zh", "en")


_HIDDEN_CHARACTERS = re.compile(r"[\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f\ufeff]")


def visible(text: str) -> str:
    """Return `text` with hidden characters written out: a file name may hold what terminals and readers obey."""
    return _HIDDEN_CHARACTERS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


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
    # Not through importlib.resources, whose import takes longer than reading the file.
    file = Path(__file__).parent / "translations" / f"{name}.toml"
    return Texts(name, tomllib.loads(file.read_text(encoding="utf-8")))
