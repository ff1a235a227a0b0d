"""The door to Babel: the theme's words in the county's language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Gettext = Callable[[str], str]
Ngettext = Callable[[str, str, int], str]


def load_translations(folder: Path, language: str) -> tuple[Gettext, Ngettext]:
    """Return what finds the theme's words in `language`; Chinese is what they are written in and needs no catalog."""
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

    def find(text: str) -> str:
        return words.get(text, text)

    def find_plural(one: str, many: str, number: int) -> str:
        return find(one if number == 1 else many)

    return find, find_plural


def _forms(text: object) -> tuple[str, ...]:
    """Return the singular and plural of a catalog's entry, or its one form."""
    return tuple(map(str, text)) if isinstance(text, (tuple, list)) else (str(text),)
