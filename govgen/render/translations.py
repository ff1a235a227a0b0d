"""The door to Babel: the theme's words in a language, and names that have none in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup, escape

from govgen.model.language import base_of, direction_of, is_same

OWN_NAMES = "names.po"
"""A county's translations of its own names, beside the theme's words."""


@dataclass(frozen=True)
class Words:
    """The theme's words in one language, by the Chinese words that templates are written with."""

    translations: Mapping[str, str]
    county: str = ""
    """The language of the county, in which its names are."""

    page: str = ""
    """The language of the pages they stand on; empty for a language that there are no words in."""

    def find(self, text: str) -> str:
        """Return the translation of a text; the text itself where there is none."""
        return self.translations.get(text, text)

    def find_plural(self, one: str, many: str, number: int) -> str:
        """Return the translation of the form that fits a number."""
        return self.find(one if number == 1 else many)

    def name(self, text: str) -> str:
        """Return a name of the county's – a section's, a label – translated, or marked as of the county's language."""
        known = self.translations.get(text)
        if known or self.page == self.county:
            return known or text
        mark = self.mark("")
        return Markup(f"<span{mark}>{escape(text)}</span>") if mark else text

    def mark(self, language: str) -> Markup:
        """Return attributes for what is not in the page's language; `language` is empty for the county's."""
        language = language or self.county
        if self.page and is_same(language, self.page):
            return Markup()
        is_turned = not self.page or direction_of(language) != direction_of(self.page)
        direction = f' dir="{direction_of(language)}"' if is_turned else ""
        return Markup(f' lang="{escape(language)}"{direction}')

    @property
    def frame_mark(self) -> Markup:
        """Attributes for what is written in these words: none, unless the page's language has none of its own."""
        return Markup() if self.page else self.mark("")


def load_translations(folder: Path, language: str, page: str | None = None) -> Words:
    """Return the theme's words for pages in the language `page`, by default the county's `language`.

    Chinese is what they are written in and needs no catalog; a language without a catalog gets the county's words.
    """
    if page is None:
        return Words(_read_words(folder, language), language, language)
    if not has_words(folder, page):
        return Words(_read_words(folder, language), language)
    return Words(_read_words(folder, page), language, page)


def has_words(folder: Path, language: str) -> bool:
    """Tell whether there are words in a language."""
    name = base_of(language)
    if name == "zh":
        return is_same(language, "zh")
    return name.isalpha() and (folder / name / "LC_MESSAGES" / "county.po").is_file()


def _read_words(folder: Path, language: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for name in (OWN_NAMES, "county.po"):
        file = folder / base_of(language) / "LC_MESSAGES" / name
        if base_of(language) != "zh" and file.is_file():
            # Imported here: a Chinese county never needs it.
            from babel.messages.pofile import read_po

            with file.open("rb") as stream:
                for message in read_po(stream):
                    ids, strings = _forms(message.id), _forms(message.string)
                    words.update((id, string) for id, string in zip(ids, strings, strict=False) if id and string)
    return words


def _forms(text: object) -> tuple[str, ...]:
    """Return the singular and plural of a catalog's entry, or its one form."""
    return tuple(map(str, text)) if isinstance(text, (tuple, list)) else (str(text),)
