"""Every picture has a text for those who can't see it (GB/T 37668-2019, text alternatives)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govgen.model.document import REFERENCE_MARK, Document
from govgen.model.finding import Finding

SCOPE = "document"
_SILENT_PICTURE = re.compile(rf'<img(?=[^>]*\salt="\s*")[^>]*\ssrc="{REFERENCE_MARK}(\d+)"')


def check(document: Document) -> Iterator[Finding]:
    """Find pictures without words.

    Wrong: ![](route.png)
    Right: ![从车站到政务服务中心的步行路线](route.png)
    """
    for match in _SILENT_PICTURE.finditer(document.html):
        reference = next(r for r in document.references if r.number == int(match[1]) and r.relation == "link")
        values = {"target": reference.target.removeprefix("file:")}
        yield Finding("IMG-TEXT", document.path, reference.line, values)
