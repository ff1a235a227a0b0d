"""Every address a page gives within the county leads to a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage

SCOPE = "page"


def check(page: BuiltPage) -> Iterator[Finding]:
    """Find links, pictures, style sheets and redirects that lead nowhere."""
    for name, attribute in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src"), ("source", "src")):
        for address in page.attributes(name, attribute):
            file = page.find_file(address)
            if file is not None and not file.is_file():
                yield Finding("PAGE-LINK", page.path, None, {"target": address})
