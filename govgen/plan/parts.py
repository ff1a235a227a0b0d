"""Small parts of a document's page that are made of its address: the way to report an error, and the code to scan.

The door to segno.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from govgen.catalog.codes import find_code
from govgen.model.county import SectionKind
from govgen.model.figures import Code
from govgen.plan.scope import Scope

_POSTED = frozenset(
    {SectionKind.NOTICES, SectionKind.POLICIES, SectionKind.SERVICES, SectionKind.CONSULTATIONS},
)
"""Kinds of sections whose documents are printed and put up on boards, where a code leads to the version that holds."""

_VERSION_CHARACTERS = 12
_DIGITS = b"01".ljust(256, b"1")


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


def make_code(scope: Scope, url: str) -> Code:
    """Return the QR code of an address; one that is made now can be kept, and need not be made for the next edit."""
    kept = find_code(scope.catalog, url)
    if kept is None:
        kept = scope.codes[url] = _pack(url)
    modules, bits = kept[0], int.from_bytes(kept[1:])
    text = f"{bits:0{modules * modules}b}"
    return Code("".join(_row(row, text[row * modules : (row + 1) * modules]) for row in range(modules)), modules)


def _pack(url: str) -> bytes:
    """Return how many modules a code has along a side, then all of them, row by row, a bit each."""
    # Imported here: it takes longer to load than an edit's page to make.
    import segno

    # A mask that is given need not be looked for, which takes most of the time; every reader undoes every mask.
    matrix = segno.make_qr(url, error="l", mask=0).matrix
    bits = int(b"".join(matrix).translate(_DIGITS), 2)
    return bytes((len(matrix),)) + bits.to_bytes(-(-(len(matrix) ** 2) // 8))


def _row(number: int, row: str) -> str:
    """Return the dark modules of a row as strokes of an SVG path."""
    strokes: list[str] = []
    at = end = 0
    while (at := row.find("1", at)) >= 0:
        stop = row.find("0", at)
        stop = len(row) if stop < 0 else stop
        strokes.append(f"M{at} {number}.5h{stop - at}" if not strokes else f"m{at - end} 0h{stop - at}")
        at = end = stop
    return "".join(strokes)
