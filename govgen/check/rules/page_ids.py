"""No id stands twice on a page, else links and labels lead to the wrong place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage

SCOPE = "page"


def check(page: BuiltPage) -> Iterator[Finding]:
    """Find ids given more than once."""
    ids = Counter(str(element["id"]) for element in page.soup.find_all(id=True))
    for id, number in sorted(ids.items()):
        if number > 1:
            yield Finding("PAGE-ID", page.path, None, {"value": id})
