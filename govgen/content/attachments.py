"""Checks the files a document carries: they exist, lie in the site's folder, and are what their name says."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from govgen.content.fault import Fault
from govgen.model.document import CarriedFile
from govgen.pinyin import ascii_name
from govgen.repo.checkout import Checkout, Entry

ATTACHMENT_BYTES = 20_000_000
_ADDRESS_CHARACTERS = 250
PICTURE_TYPES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg"})
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "ofd": (_ZIP,),
    "docx": (_ZIP,),
    "xlsx": (_ZIP,),
    "pptx": (_ZIP,),
    "odt": (_ZIP,),
    "ods": (_ZIP,),
    "zip": (_ZIP,),
    "doc": (_OLE,),
    "xls": (_OLE,),
    "ppt": (_OLE,),
    "wps": (_OLE, _ZIP),
    "et": (_OLE, _ZIP),
    "csv": (),
    "txt": (),
    "json": (),
}
"""What a file of each type begins with; none for plain text."""

ATTACHMENT_TYPES = frozenset(_SIGNATURES)


def file_ending(target: str) -> str:
    """Return the type a name ends in, in lower case; empty if it has none."""
    return posixpath.splitext(target)[1].lstrip(".").lower()


class SiteFiles:
    """The files of one site's folder that its documents may carry."""

    def __init__(self, checkout: Checkout, site: str) -> None:
        self._checkout = checkout
        self._root = f"content/{site}/"
        self._known: dict[str, CarriedFile | Fault] = {}

    def locate(self, target: str, document_path: str) -> str:
        """Return where a reference points: beside the document, or below the site's folder if it begins with `/`.

        Raises Fault where that is outside the site's folder.
        """
        plain = unquote(target.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0]).replace("\\", "/")
        base = self._root if plain.startswith("/") else posixpath.dirname(document_path)
        path = posixpath.normpath(posixpath.join(base, plain.lstrip("/")))
        if not path.startswith(self._root) or "\0" in path:
            raise Fault("ATT-OUTSIDE", target=target)
        return path

    def has(self, path: str) -> bool:
        """Tell whether a regular file lies at a located path."""
        return self._checkout.has(path)

    def carry(self, path: str, name: str) -> CarriedFile:
        """Return the file at a located path, checked. Raises Fault."""
        if path not in self._known:
            try:
                self._known[path] = self._check(path)
            except Fault as fault:
                self._known[path] = fault
        known = self._known[path]
        if isinstance(known, Fault):
            raise known
        return replace(known, name=name or known.name)

    def _check(self, path: str) -> CarriedFile:
        type = file_ending(path)
        entry = self._checkout.find_entry(path)
        if entry is None:
            raise Fault("ATT-MISSING", target=path)
        if not entry.is_regular:
            raise Fault("ATT-SYMLINK", target=path)
        if type not in PICTURE_TYPES | ATTACHMENT_TYPES:
            raise Fault("ATT-TYPE", target=path, types=" ".join(sorted(ATTACHMENT_TYPES | PICTURE_TYPES)))
        if entry.size_bytes > ATTACHMENT_BYTES:
            raise Fault("ATT-SIZE", target=path, limit=str(ATTACHMENT_BYTES // 1_000_000))
        return self._look_inside(entry, type)

    def _look_inside(self, entry: Entry, type: str) -> CarriedFile:
        content = self._checkout.read(entry.path)
        width = height = 0
        widths: tuple[int, ...] = ()
        if type in PICTURE_TYPES:
            # Imported here: Pillow takes a while to load, and most documents have no pictures.
            from govgen.content.pictures import measure_picture

            try:
                size = measure_picture(content, type)
            except Fault as fault:
                fault.values["target"] = entry.path
                raise
            width, height, widths = size.width, size.height, size.widths
        elif not content or not _looks_like(content, type):
            raise Fault("ATT-CONTENT", target=entry.path, type=type)
        below = entry.path.removeprefix(self._root)
        is_picture = type in PICTURE_TYPES
        return CarriedFile(
            source=entry.path,
            address=("/images/" if is_picture else "/files/") + _unique_path(below, type),
            name=posixpath.splitext(posixpath.basename(below))[0],
            type=type.upper(),
            size_bytes=entry.size_bytes,
            is_picture=is_picture,
            width=width,
            height=height,
            widths=widths,
        )


def _looks_like(content: bytes, type: str) -> bool:
    signatures = _SIGNATURES[type]
    if signatures:
        return content.startswith(signatures)
    return b"\0" not in content[:4096]


def _unique_path(below: str, type: str) -> str:
    """Return a file's address below `/files/`; one too long for an output path is a digest alone."""
    path = "/".join(map(_unique_name, below.split("/")))
    return path if len(path) <= _ADDRESS_CHARACTERS else f"{_digest(below)}.{type}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]


def _unique_name(segment: str) -> str:
    """Return a part of a file's address; where the name had to be changed a digest keeps two such names apart."""
    name = ascii_name(segment)
    if name == segment:
        return name
    # The ending is taken from the name as it was: romanising cuts long ones short.
    stem, ending = map(ascii_name, posixpath.splitext(segment))
    return f"{stem or 'file'}-{_digest(segment)[:6]}" + (f".{ending}" if ending else "")
