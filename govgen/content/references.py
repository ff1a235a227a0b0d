"""Gathers what a body refers to – links, pictures, attachments – and puts marks where addresses go later."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from functools import cached_property
from html import unescape
from urllib.parse import unquote

from govgen.content.attachments import ATTACHMENT_TYPES, PICTURE_TYPES, SiteFiles, file_ending
from govgen.content.fault import Fault
from govgen.content.front_matter import FrontMatter
from govgen.content.place import DOCUMENT_ENDINGS
from govgen.model.document import REFERENCE_MARK, CarriedFile, Reference
from govgen.model.finding import Finding

_DOCUMENT_REFERENCE = re.compile(r"[a-z0-9-]+:[^\s:]+")
_FILE_LINK = re.compile(rf'<a [^>]*?href="{REFERENCE_MARK}(\d+)"[^>]*>(.*?)</a>', re.DOTALL)
_SCHEME = re.compile(r"([^/:]+):")
_NEVER_SITES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "ftp", "ws", "wss"})


class References:
    """What one document refers to, found while its body is sanitised."""

    def __init__(self, path: str, address: str, files: SiteFiles, front: FrontMatter) -> None:
        self._path = path
        self._address = address
        self._site_files = files
        self._front = front
        self._cursor = 0
        self.found: list[Reference] = []
        self.files: dict[str, CarriedFile] = {}
        self.findings: list[Finding] = []
        self.needs: set[str] = set()
        """Where files are, or would have to be, that the verdict on this document depends on."""

    @cached_property
    def _body(self) -> str:
        """The body in lower case; most bodies refer to nothing, and are never asked."""
        return self._front.body.lower()

    def find_line(self, written: str) -> int | None:
        """Return the line of the file on which a piece of the body stands; None if it stands nowhere literally.

        What was found last is where the next search begins, for references come in the order of the body.
        """
        position = self._body.find(written.lower(), self._cursor)
        if position < 0:
            position = self._body.find(written.lower())
        if position < 0:
            return None
        self._cursor = position
        return self._front.body_line + self._body.count("\n", 0, position)

    def rewrite(self, tag: str, target: str) -> str | None:
        """Return the mark for a local target of the body, or None where it is left out; see sanitise.Rewrite."""
        line = self.find_line(target) or self.find_line(unquote(target))
        if tag == "img":
            return self._file(target, line, is_picture=True)
        if scheme := _SCHEME.match(target):
            if scheme[1].lower() in _NEVER_SITES or not _DOCUMENT_REFERENCE.fullmatch(target):
                self.findings.append(Finding("LNK-INT", self._path, line, {"target": target[:200]}))
                return None
            return self._mark(target, line)
        return self._local(target, line)

    def carry(
        self, target: str, title: str, line: int | None, *, is_listed: bool = False, is_picture: bool = False
    ) -> str | None:
        """Take in a file, which must be a picture if `is_picture`; return its address, or None where it is faulty."""
        if is_picture and (target.startswith("//") or _SCHEME.match(target)):
            self.findings.append(Finding("IMG-FOREIGN", self._path, line, {"target": target[:200]}))
            return None
        try:
            path = self._site_files.locate(target, self._path)
            self.needs.add(path)
            file = self._site_files.carry(path, title)
            if is_picture and not file.is_picture:
                raise Fault("ATT-TYPE", types=" ".join(sorted(PICTURE_TYPES)))
        except Fault as fault:
            self.findings.append(fault.finding(self._path, line, target=target))
            return None
        known = self.files.get(file.source)
        if known is None or (is_listed and not known.is_listed):
            self.files[file.source] = replace(file, is_listed=is_listed)
        return file.address

    def name_files(self, html: str) -> None:
        """Call files the body links to by the words of their link, unless the front matter named them."""
        sources = {f"file:{file.address}": source for source, file in self.files.items() if not file.is_listed}
        for number, words in _FILE_LINK.findall(html):
            source = sources.get(self.found[int(number)].target)
            name = " ".join(unescape(re.sub(r"<[^>]*>", "", words)).split())
            if source and name:
                self.files[source] = replace(self.files[source], name=name)

    def _local(self, target: str, line: int | None) -> str | None:
        plain = unquote(re.split(r"[#?]", target)[0])
        if plain.lower().endswith(DOCUMENT_ENDINGS):
            base = self._path.split("/")[1] if plain.startswith("/") else posixpath.dirname(self._path)
            base = f"content/{base}" if plain.startswith("/") else base
            path = posixpath.normpath(posixpath.join(base, plain.lstrip("/")))
            return self._mark(f"path:{path}{_fragment(target)}", line)
        if file_ending(plain) in ATTACHMENT_TYPES | PICTURE_TYPES:
            return self._file(target, line)
        address = posixpath.normpath(posixpath.join(posixpath.dirname(self._address), plain))
        address += "/" if plain.endswith("/") and address != "/" else ""
        return self._mark(f"address:{address}{_fragment(target)}", line)

    def _file(self, target: str, line: int | None, *, is_picture: bool = False) -> str | None:
        address = self.carry(target, "", line, is_picture=is_picture)
        return self._mark(f"file:{address}", line) if address else None

    def _mark(self, target: str, line: int | None) -> str:
        number = len(self.found)
        self.found.append(Reference(number, target, line))
        return f"{REFERENCE_MARK}{number}"


def _fragment(target: str) -> str:
    return "#" + target.split("#", 1)[1] if "#" in target else ""
