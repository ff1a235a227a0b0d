"""The door to Babel: the theme's words in the county's language."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment


def install_translations(environment: Environment, folder: Path, language: str) -> None:
    """Give templates the catalog of `language`; Chinese is what they are written in and needs none."""
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

    environment.install_gettext_callables(find, find_plural, newstyle=True)  # type: ignore[attr-defined]


def _forms(text: object) -> tuple[str, ...]:
    """Return the singular and plural of a catalog's entry, or its one form."""
    return tuple(map(str, text)) if isinstance(text, (tuple, list)) else (str(text),)
