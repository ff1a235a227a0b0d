"""Every page has exactly one h1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage

SCOPE = "page"


def check(page: BuiltPage) -> Iterator[Finding]:
    """Count the h1 of pages that are not redirects."""
    number = len(page.soup.find_all("h1"))
    if number != 1 and not page.is_redirect:
        yield Finding("PAGE-H1", page.path, None, {"number": str(number)})
