"""Makes wide tables scroll without a mouse: each box around one can be reached by keyboard, and has a name."""

from __future__ import annotations

import html
import re

from govgen.texts import load_texts

_BOX = re.compile(r'<div class="table">(?=<table[^>]*>(?:\s*<caption[^>]*>(.*?)</caption>)?)', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def name_tables(body: str, language: str) -> str:
    """Return a safe body whose boxes of tables are regions, each with a name that no other one has.

    It is the table's caption, or says what it is in `language` or, where there are no words in it, in Chinese.
    """
    if '<div class="table">' not in body:
        return body
    texts, number = load_texts(language), 0
    taken: set[str] = set()

    def name(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        caption = " ".join(html.unescape(_TAG.sub("", match[1] or "")).split())
        words = texts.word("pages", "table_named", name=caption) if caption else texts.word("pages", "table")
        if words in taken:
            words = texts.word(
                "pages", "table_numbered", name=caption or texts.word("pages", "table_one"), number=number
            )
        taken.add(words)
        return f'<div class="table" role="region" tabindex="0" aria-label="{html.escape(words)}">'

    return _BOX.sub(name, body)
