"""Makes up the documents of a site, always the same ones for the same site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from benchmarks import words

_FIRST_DAY = datetime(2023, 11, 23, 8)
_DAYS = 1094
"""Three years, which end the day before 2026-11-22."""

_SHARE_WITH_LINK = 0.3
_SHARE_WITH_TABLE = 0.15
_SHARE_WITH_LIST = 0.4
_SHARE_WITH_HEADINGS = 0.6
LINK = "{link}"
"""Where a body links to another document; each tool writes links in its own way."""


@dataclass(frozen=True)
class Entry:
    """What is known of a document before its text is made up."""

    site: str
    section: str
    name: str
    """File name without its ending; ASCII, and it begins with the date."""

    title: str
    date: datetime
    number: int
    """Its place in the site, from 1."""


@dataclass(frozen=True)
class Article:
    """A document that every tool is given in its own form."""

    entry: Entry
    summary: str
    keywords: tuple[str, ...]
    body: str
    """Markdown that all tools read alike; holds `LINK` where there is a link."""

    link: Entry | None

    def body_with(self, address: str) -> str:
        """Return the body with its link leading to `address`."""
        return self.body.replace(LINK, f"[{self.link.title}]({address})") if self.link else self.body


def make_articles(site: str, number: int) -> Iterator[Article]:
    """Yield the documents of a site, in the order of their numbers."""
    random = Random(f"{site} {number}")
    entries = [_make_entry(random, site, place) for place in range(1, number + 1)]
    for entry in entries:
        yield _make_article(random, entry, entries)


def _make_entry(random: Random, site: str, number: int) -> Entry:
    sections = list(words.SECTIONS)
    # Each site has at least one document of each section.
    section = (
        sections[number - 1]
        if number <= len(sections)
        else random.choices(sections, [share for _, share in words.SECTIONS.values()])[0]
    )
    date = _FIRST_DAY + timedelta(days=random.randrange(_DAYS), minutes=random.randrange(600))
    kind = words.SECTIONS[section][0]
    title = f"{random.choice(words.WHO)}{random.choice(words.DOES)}{random.choice(words.WHAT)}{kind}"
    return Entry(site, section, f"{date:%Y-%m-%d}-{section}-{number:04}", title, date, number)


def _make_article(random: Random, entry: Entry, entries: Sequence[Entry]) -> Article:
    choice = random.choice
    blocks = [_paragraph(random) for _ in range(random.randint(10, 13))]
    blocks[1] += f"**{choice(words.BOLD)}**按本文执行。"
    if random.random() < _SHARE_WITH_LIST:
        rows = [f"- {choice(words.DOES)}{choice(words.WHAT)}，{choice(words.SO_THAT)}" for _ in range(4)]
        blocks.insert(4, "\n".join(rows))
    if random.random() < _SHARE_WITH_TABLE:
        blocks.insert(7, _table(random))
    link = choice(entries) if random.random() < _SHARE_WITH_LINK and len(entries) > 1 else None
    link = None if link is entry else link
    if link:
        blocks.append(f"此前的有关情况见{LINK}，与本文不一致的以本文为准。")
    if random.random() < _SHARE_WITH_HEADINGS:
        for place, (numeral, position) in enumerate(zip(words.NUMERALS, (2, 5, 9), strict=False)):
            blocks.insert(position + place, f"## {numeral}、{choice(words.HEADINGS)}")
    summary = f"{choice(words.WHO)}{choice(words.DOES)}{choice(words.WHAT)}，{choice(words.SO_THAT)}。"
    return Article(entry, summary, tuple(random.sample(words.KEYWORDS, 2)), "\n\n".join(blocks) + "\n", link)


def _paragraph(random: Random) -> str:
    choice = random.choice
    sentences = []
    for _ in range(random.randint(2, 3)):
        number = random.randint(3, 980)
        sentences.append(
            f"{choice(words.WHEN)}，{choice(words.WHO)}{choice(words.WHERE)}{choice(words.DOES)}{choice(words.WHAT)}"
            f"{number}件，{choice(words.SO_THAT)}，{choice(words.ALSO)}。"
        )
    return "".join(sentences)


def _table(random: Random) -> str:
    head = random.choice(words.COLUMNS).split()
    rows = [head, ["---"] * len(head)]
    for _ in range(random.randint(3, 5)):
        rows.append([random.choice(words.WHAT), *random.choices(words.CELLS, k=len(head) - 1)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
