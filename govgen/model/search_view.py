"""What the templates of searching are given: the search page, and the lists one looks through without it."""

from __future__ import annotations

from dataclasses import dataclass

from govgen.model.view import Item, Link, SiteGroup


@dataclass(frozen=True)
class Choice:
    """One of the values a search may be limited to."""

    value: str
    name: str
    href: str = ""
    """A site's home."""


@dataclass(frozen=True)
class SearchView:
    """A site's search page (template `search`): the portal's answers, the others' lead there."""

    county_href: str
    """The portal's search page."""

    lists_href: str
    recent: int
    shards: int
    """Where the index is read, empty but on the portal, and its shape: see `search/blocks.py`."""

    sites: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    validities: tuple[Choice, ...]
    years: tuple[str, ...]
    """Newest first."""

    synonyms: str
    """The county's own words and what documents call them, as JSON; empty for none."""

    by_year: tuple[Link, ...]
    numbers_href: str
    topics: tuple[Link, ...]
    by_initial: tuple[SiteGroup, ...]


@dataclass(frozen=True)
class YearSection:
    """A section, and the months of a year in which it has something."""

    section: Link
    months: tuple[Link, ...]


@dataclass(frozen=True)
class SearchYearView:
    """What a site published in a year (template `search_year`)."""

    year: str
    sections: tuple[YearSection, ...]


@dataclass(frozen=True)
class SearchNumbersView:
    """A site's documents by number (template `search_numbers`); on the portal also the way to the other sites'."""

    items: tuple[Item, ...]
    sites: tuple[Link, ...]
