"""No document shows the template code of the system it was moved from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govgen.model.document import Document
from govgen.model.finding import Finding

SCOPE = "document"
_CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
_TEMPLATE = re.compile(r"\{%.{1,200}?%\}|\{\{.{1,200}?\}\}|&lt;%.{1,200}?%&gt;", re.DOTALL)


def check(document: Document) -> Iterator[Finding]:
    """Find Liquid, Jinja and ERB that would be read as it stands; as an example in code it may stay.

    Wrong: 详见{{ site.url }}/about
    Right: 详见[机构职能](about/duties.md)
    """
    if "{" not in document.html and not ("&" in document.html and "%" in document.html):
        return
    if match := _TEMPLATE.search(_CODE.sub("", document.html)):
        yield Finding("BODY-TEMPLATE", document.path, None, {"value": " ".join(match[0].split())[:60]})
