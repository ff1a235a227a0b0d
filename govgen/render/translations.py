"""The door to Babel: the theme's words in the county's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Words:
    """The theme's words in one language, by the Chinese words that templates are written with."""

    translations: Mapping[str, str]

    def find(self, text: str) -> str:
        """Return the translation of a text; the text itself where there is none."""
        return self.translations.get(text, text)

    def find_plural(self, one: str, many: str, number: int) -> str:
        """Return the translation of the form that fits a number."""
        return self.find(one if number == 1 else many)


def load_translations(folder: Path, language: str) -> Words:
    """Return the theme's words in `language`; Chinese is what they are written in and needs no catalog."""
    name = language.split("-", maxsplit=1)[0].lower()
    words: dict[str, str] = {}
    file = folder / name / "LC_MESSAGES" / "county.po"
    if name != "zh" and file.is_file():
        # Imported here: a Chinese county never needs it.
        from babel.messages.pofile import read_po

        with file.open("rb") as stream:
            for message in read_po(stream):
                ids, strings = _forms(message.id), _forms(message.string)
                words.update((id, string) for id, string in zip(ids, strings, strict=False) if id and string)
    return Words(words)


def _forms(text: object) -> tuple[str, ...]:
    """Return the singular and plural of a catalog's entry, or its one form."""
    return tuple(map(str, text)) if isinstance(text, (tuple, list)) else (str(text),)
