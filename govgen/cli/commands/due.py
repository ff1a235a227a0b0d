"""`govgen due`: says when the next publish must happen because time passes, and what changes then."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from govgen.catalog.due import Occasion, find_occasions
from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.model.county import County
from govgen.pipeline import open_account
from govgen.texts import visible


def run(options: Namespace, console: Console) -> int:
    """Print the next occasions, the first one as a sentence."""
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    gathered, _ = open_account(checkout, wanted, console)
    number = max(1, options.number)
    with closing(gathered.catalog) as catalog:
        occasions = find_occasions(catalog, gathered.county, gathered.audience, number)
    if options.json:
        console.print_json([_as_json(occasion) for occasion in occasions[:number]])
        return 0
    first = [occasion for occasion in occasions if occasion.at == occasions[0].at]
    console.print(_say_next(first, gathered.county, console))
    for occasion in occasions[:number]:
        words = _say(occasion, gathered.county, console)
        console.print("  ".join(text for text in (f"  {occasion.at:%Y-%m-%d %H:%M}", words, occasion.path) if text))
    return 0


def _say_next(first: Sequence[Occasion], county: County, console: Console) -> str:
    """Say when the next publish must happen, and for what; `first` is all that happens then."""
    what = _say(first[0], county, console)
    if len(first) > 1:
        what = console.texts.word("due", "more", what=what, number=len(first))
    return console.texts.word("due", "next", at=f"{first[0].at:%Y-%m-%d %H:%M}", what=what)


def _say(occasion: Occasion, county: County, console: Console) -> str:
    names = [site.short_name for site in county.sites if site.id in occasion.sites]
    sites = console.texts.word("due", "all-sites") if len(names) == len(county.sites) else "、".join(names)
    return console.texts.word("due", occasion.what, title=visible(occasion.title), sites=sites)


def _as_json(occasion: Occasion) -> dict[str, object]:
    return {
        "at": occasion.at.isoformat(),
        "what": occasion.what,
        "title": occasion.title,
        "path": occasion.path,
        "sites": list(occasion.sites),
    }
