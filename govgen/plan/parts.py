"""Small parts of a document's page that are made of its address: the way to report an error, and the code to scan.

The door to segno.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from govgen.model.county import SectionKind
from govgen.model.figures import Code

_POSTED = frozenset(
    {SectionKind.NOTICES, SectionKind.POLICIES, SectionKind.SERVICES, SectionKind.CONSULTATIONS},
)
"""Kinds of sections whose documents are printed and put up on boards, where a code leads to the version that holds."""

_VERSION_CHARACTERS = 12


def report_address(report_url: str, site_code: str, url: str, version: str) -> str:
    """Return where an error on a page is reported, which says of itself whose page it is, where, and which version.

    Names are those the national platform uses; what the address says already is not said again.
    """
    parts = urlsplit(report_url)
    said = parse_qsl(parts.query, keep_blank_values=True)
    names, values = {name for name, _ in said}, {value for _, value in said}
    wanted = {"site_code": site_code, "url": url, "version": version[:_VERSION_CHARACTERS]}
    more = [(name, value) for name, value in wanted.items() if name not in names and value not in values]
    return urlunsplit(parts._replace(query=urlencode([*said, *more])))


def has_code(kind: SectionKind | None) -> bool:
    """Tell whether the documents of such a section have a code to scan."""
    return kind in _POSTED


def make_code(url: str) -> Code:
    """Return the QR code of an address."""
    # Imported here: it takes a while to load, and most documents have none.
    import segno

    # A mask that is given need not be looked for, which takes most of the time; every reader undoes every mask.
    code = segno.make_qr(url, error="l", mask=0)
    path = "".join(_row(number, row) for number, row in enumerate(code.matrix))
    return Code(path, len(code.matrix))


def _row(number: int, row: bytearray) -> str:
    """Return the dark modules of a row as strokes of an SVG path."""
    strokes: list[str] = []
    at = end = 0
    while (at := row.find(1, at)) >= 0:
        stop = row.find(0, at)
        stop = len(row) if stop < 0 else stop
        strokes.append(f"M{at} {number}.5h{stop - at}" if not strokes else f"m{at - end} 0h{stop - at}")
        at = end = stop
    return "".join(strokes)
