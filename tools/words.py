"""Brings a theme's catalogs of words up to date with its templates: new words come in, empty; stale ones go.

Run it in the repository after changing a template, then translate what it names:

    .venv/bin/python tools/words.py
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

THEME = Path(__file__).parent.parent / "themes" / "county"
OPTIONS = {"templates/**.html": {"encoding": "utf-8", "trim_blocks": "true", "lstrip_blocks": "true"}}


def extract(theme: Path) -> Catalog:
    """Return the words of a theme's templates."""
    catalog = Catalog(charset="utf-8")
    found = extract_from_dir(str(theme), [("templates/**.html", "jinja2")], OPTIONS)
    for _, _, message, _, _ in sorted(found, key=lambda entry: str(entry[2])):
        catalog.add(message)
    return catalog


def update(file: Path, words: Catalog) -> list[str]:
    """Write a catalog anew with exactly these words, keeping its header; return those that want a translation."""
    header, _, _ = file.read_text(encoding="utf-8").partition("\n\n")
    with file.open("rb") as stream:
        catalog = read_po(stream)
    catalog.update(words, no_fuzzy_matching=True)
    is_partial = "X-Completeness: partial" in header
    for message in list(catalog):
        if is_partial and message.id and not any(_forms(message.string)):
            catalog.delete(message.id)
    body = io.BytesIO()
    # Without the places of words: they would change with every line of a template.
    write_po(body, catalog, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    file.write_text(f"{header}\n\n{body.getvalue().decode()}".rstrip("\n") + "\n", encoding="utf-8")
    return [str(message.id) for message in catalog if message.id and not all(_forms(message.string))]


def _forms(string: object) -> tuple[str, ...]:
    return tuple(map(str, string)) if isinstance(string, (tuple, list)) else (str(string or ""),)


def main() -> int:
    """Update the list of words and each language's catalog; tell what is not translated."""
    words = extract(THEME)
    files = [THEME / "translations/county.pot", *sorted(THEME.glob("translations/*/LC_MESSAGES/county.po"))]
    missing = {file: update(file, words) for file in files}
    for file in files[1:]:
        for word in missing[file]:
            print(f"{file.relative_to(THEME)}: {word}")
    return 1 if any(missing[file] for file in files[1:]) else 0


if __name__ == "__main__":
    sys.exit(main())
