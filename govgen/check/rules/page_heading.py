"""Every page has exactly one h1."""

from __future__ import annotations

from collections.abc import Iterator

from govgen.check.pages import BuiltPage
from govgen.model.finding import Finding

SCOPE = "page"


def check(page: BuiltPage) -> Iterator[Finding]:
    """Count the h1 of pages that are not redirects."""
    number = len(page.soup.find_all("h1"))
    if number != 1 and not page.is_redirect:
        yield Finding("PAGE-H1", page.path, None, {"number": str(number)})
