"""Every page carries the tags of 《政府网站发展指引》 that its kind must have, none of them empty.

Source: 国办发〔2017〕47号, annex on page tags: the site's three on every page, the column's on lists and documents, the
article's on documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage

SCOPE = "page"
_SITE = ("SiteName", "SiteDomain", "SiteIDCode")
_COLUMN = ("ColumnName", "ColumnType")
_ARTICLE = ("ArticleTitle", "ContentSource")


def check(page: BuiltPage) -> Iterator[Finding]:
    """Find missing and empty tags."""
    if page.is_redirect:
        return
    tags = {str(tag["name"]): str(tag.get("content", "")) for tag in page.soup.find_all("meta", attrs={"name": True})}
    required = [*_SITE]
    if "ColumnName" in tags:
        required += _COLUMN
    if "ArticleTitle" in tags:
        required += _ARTICLE
    for name in required:
        if tags.get(name, "").strip() in ("", "null", "None"):
            yield Finding("PAGE-TAG", page.path, None, {"value": name})
