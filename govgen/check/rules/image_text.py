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
    if "<img" not in document.html:
        return
    sources = {f"file:{file.address}": file.source for file in document.files}
    references = {reference.number: reference for reference in document.references if reference.relation == "link"}
    for match in _SILENT_PICTURE.finditer(document.html):
        reference = references[int(match[1])]
        values = {"target": sources.get(reference.target, reference.target)}
        yield Finding("IMG-TEXT", document.path, reference.line, values)
