"""Turns one file into a document, or into findings that say all that is wrong with it."""

from __future__ import annotations

import hashlib
import html
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from govgen.content.attachments import SiteFiles
from govgen.content.fault import Fault
from govgen.content.fields import Fields, day_or_none, parse_time, read_fields
from govgen.content.front_matter import CONTROL, FrontMatter, split_front_matter
from govgen.content.keys import KEYS, RELATIONS
from govgen.content.place import Place, Places
from govgen.content.plain import TOC_HEADINGS, Finished, make_plain_lane
from govgen.content.references import References
from govgen.content.tables import name_tables
from govgen.model.county import County
from govgen.model.document import CarriedFile, Document, Kind, Reference, Status, Validity
from govgen.model.finding import Finding, Severity
from govgen.model.rules import SEVERITIES
from govgen.repo.checkout import Checkout

if TYPE_CHECKING:
    from govgen.content.markdown import Converter

DOCUMENT_BYTES = 2_000_000
_SUMMARY_CHARACTERS = 120
_ALIAS = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+/?")
_DATED_PATH = re.compile(r".*/(\d{4}-\d{2}-\d{2})(?!\d)[^/]*(?:/index\.\w+)?")
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_FACT_KEYS = {kind: tuple(name for name, key in KEYS.items() if key.label == kind.value) for kind in Kind}
_PLACING_KEYS = {"FM-SECTION": "section", "FM-SLUG": "slug"}


@dataclass(frozen=True)
class Verdict:
    """What became of one file: a document, or none where findings hold it; and all findings."""

    path: str
    document: Document | None
    findings: tuple[Finding, ...]
    needs: tuple[str, ...] = ()
    """Files, there or missing, that another verdict may follow from if they change."""


class Parser:
    """Parses the documents of a county; made once in each worker."""

    def __init__(self, checkout: Checkout, county: County, markdown: Mapping[str, Any]) -> None:
        self._checkout = checkout
        self._county = county
        self._timezone = ZoneInfo(county.timezone)
        self._markdown = markdown
        self._lane = make_plain_lane(markdown)
        # Settings the short way does not know may be faulty: that shows at once, not at the first document.
        self._converter = None if self._lane else _make_converter(markdown)
        self._places = Places(county)
        self._files: dict[str, SiteFiles] = {}

    def renew(self) -> Parser:
        """Return a parser that has seen nothing yet."""
        return Parser(self._checkout, self._county, self._markdown)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file of the checkout. Raises OSError."""
        return self._checkout.read(path)

    def parse(self, path: str, content: bytes) -> Verdict:
        """Return the verdict on a file's bytes."""
        findings: list[Finding] = []
        needs: set[str] = set()
        document = None
        try:
            front = split_front_matter(_decode(content))
            document = self._parse(path, content, front, findings, needs)
        except Fault as fault:
            findings.append(fault.finding(path))
        is_held = any(SEVERITIES[finding.rule] is Severity.ERROR for finding in findings)
        ordered = tuple(sorted(findings, key=Finding.sort_key))
        return Verdict(path, None if is_held else document, ordered, tuple(sorted(needs)))

    def _parse(
        self, path: str, content: bytes, front: FrontMatter, findings: list[Finding], needs: set[str]
    ) -> Document | None:
        place, fields = self._read_head(path, front, findings)
        if place is None:
            return None
        if place.site.id not in self._files:
            self._files[place.site.id] = SiteFiles(self._checkout, place.site.id)
        files = self._files[place.site.id]
        references = References(path, place.address, files, front)
        references.needs = needs
        relations = [
            Reference(number, target, fields.lines.get(name), name)
            for name in RELATIONS
            for number, target in enumerate(fields.known.get(name, ()))
        ]
        for file in fields.known.get("attachments", ()):
            references.carry(file.target, file.title, file.line, is_listed=True)
        image = fields.text("image") and references.carry(
            fields.text("image"), "", fields.lines.get("image"), is_picture=True
        )
        finished, dropped = self._convert(front.body, references)
        if references.files:
            references.name_files(finished.html)
        findings += references.findings
        for tag in dropped:
            findings.append(Finding("HTML-DROPPED", path, references.find_line(f"<{tag}"), {"tag": tag}))
        if not finished.html.strip() and not place.is_standing:
            findings.append(Finding("BODY-EMPTY", path, front.body_line))
        files_carried = tuple(references.files.values())
        html_of_body = name_tables(finished.html, fields.text("lang") or self._county.language)
        body = _Body(html_of_body, finished.toc, image or "", (*references.found, *relations), files_carried)
        return _make_document(path, content, place, fields, body)

    def _convert(self, body: str, references: References) -> tuple[Finished, tuple[str, ...]]:
        """Return a body as safe HTML, the short way if it is plain, and the names of the elements taken out."""
        if self._lane and (finished := self._lane.convert(body, references.rewrite)):
            return finished, ()
        # Imported here: most documents are plain, and an edit of one must not wait for what it does not need.
        from govgen.content.sanitise import sanitise

        self._converter = self._converter or _make_converter(self._markdown)
        raw = self._converter.convert(body)
        clean = sanitise(raw.html, references.rewrite)
        toc = sanitise(raw.toc, references.rewrite).html if raw.headings >= TOC_HEADINGS else ""
        return Finished(clean.html, toc, raw.headings), clean.dropped

    def _read_head(self, path: str, front: FrontMatter, findings: list[Finding]) -> tuple[Place | None, Fields]:
        fields = read_fields(front, path, self._timezone, may_be_free="/services/" in path)
        findings += fields.findings
        place = self._place(path, fields, findings)
        if place:
            fields = self._complete(path, place, fields, findings)
        return place, fields

    def _place(self, path: str, fields: Fields, findings: list[Finding]) -> Place | None:
        """Return where a file belongs; a faulty key is left aside after its finding, so that the rest is checked."""
        given = {key: fields.text(key) for key in _PLACING_KEYS.values()}
        while True:
            try:
                return self._places.place(path, section_key=given["section"], slug=given["slug"])
            except Fault as fault:
                key = _PLACING_KEYS.get(fault.rule, "")
                findings.append(fault.finding(path, fields.lines.get(key)))
            if not given.pop(key, ""):
                return None
            given[key] = ""

    def _complete(self, path: str, place: Place, fields: Fields, findings: list[Finding]) -> Fields:
        """Fill in what a title, a date and a status are taken from when they are not given, and miss what is."""
        known = dict(fields.known)
        if place.is_standing:
            holder = place.section or place.village or place.site
            known.setdefault("title", holder.name)
        elif "title" not in fields.lines:
            findings.append(Finding("FM-TITLE", path, 1))
        is_dated = bool(place.section and place.section.kind.is_dated and not place.is_standing)
        if "date" not in known and "date" not in fields.lines:
            named = self._date_of_name(path)
            if named:
                known["date"] = named
            elif is_dated:
                findings.append(Finding("FM-DATE-MISSING", path, 1))
        if known.get("draft") == "true":
            known["status"] = "draft"
        if {"publish_at", "expires_at"} <= known.keys() and known["publish_at"] >= known["expires_at"]:
            findings.append(Finding("FM-WINDOW", path, fields.lines.get("expires_at")))
        for alias in known.get("aliases", ()):
            if not _ALIAS.fullmatch(alias) or len(alias) > 200:
                findings.append(Finding("FM-ADDRESS", path, fields.lines.get("aliases"), {"value": alias}))
        return Fields(known, fields.free, fields.lines)

    def _date_of_name(self, path: str) -> datetime | None:
        """Return the date a file's or bundle's name begins with; None where it begins with none."""
        named = _DATED_PATH.fullmatch(path)
        try:
            return parse_time(named[1], self._timezone) if named else None
        except Fault:
            return None


def _git_id(content: bytes) -> str:
    """Return the id git knows a file's bytes by: `git log --find-object` tells the commit that brought them."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _make_converter(settings: Mapping[str, Any]) -> Converter:
    from govgen.content.markdown import Converter

    return Converter(settings)


def _decode(content: bytes) -> str:
    """Return the text of a file. Raises Fault where it is empty, not UTF-8, or holds control characters."""
    bare = content.removeprefix(BOM_UTF8)
    if not bare or bare.isspace():
        raise Fault("FILE-EMPTY", None)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Fault("FILE-ENCODING", 1, guess="UTF-16")
    try:
        text = bare.decode()
    except UnicodeDecodeError as error:
        line = bare.count(b"\n", 0, error.start) + 1
        raise Fault("FILE-ENCODING", line, guess=_guess_encoding(content)) from error
    if b"\r" in bare:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if control := CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise Fault("FILE-CONTROL", line, character=f"U+{ord(control[0]):04X}")
    return text


def _guess_encoding(content: bytes) -> str:
    try:
        content.decode("gb18030")
        return "GBK"
    except UnicodeDecodeError:
        return "?"


@dataclass(frozen=True)
class _Body:
    """A body as HTML, and all that was found while it was made."""

    html: str
    toc: str
    image: str
    references: tuple[Reference, ...]
    files: tuple[CarriedFile, ...]


def _make_document(path: str, content: bytes, place: Place, fields: Fields, body: _Body) -> Document:
    given = fields.known.get
    return Document(
        id=place.id,
        site=place.site.id,
        section=place.section.id if place.section else "",
        village=place.village.id if place.village else "",
        kind=place.kind,
        name=place.name,
        address=place.address,
        path=path,
        digest=_git_id(content),
        title=given("title", ""),
        date=given("date"),
        updated=given("updated"),
        status=Status(given("status", "published")),
        publish_at=given("publish_at"),
        expires_at=given("expires_at"),
        source=given("source", ""),
        author="、".join(given("author", ())),
        summary=given("summary", "") or _first_words(body.html),
        html=body.html,
        toc=body.toc,
        language=given("lang", ""),
        keywords=given("keywords", ()),
        topics=given("topics", ()),
        submit=given("submit", ()),
        aliases=given("aliases", ()),
        reviewed_by=given("reviewed_by", ()),
        changes=given("changes", ()),
        image=body.image,
        image_text=given("image_alt", ""),
        life_event=given("life_event", ""),
        figures=given("figures", ()),
        order=given("order", 0),
        validity=Validity(given("validity")) if given("validity") else None,
        document_number=given("document_number", ""),
        days_of_letter=(day_or_none(given("received_on")), day_or_none(given("replied_on"))),
        opens_on=day_or_none(given("opens_on")),
        closes_on=day_or_none(given("closes_on")),
        review_by=day_or_none(given("review_by")),
        replied_by=given("replied_by", ""),
        facts=_facts(place.kind, fields),
        extra=fields.free,
        references=body.references,
        files=body.files,
    )


def _facts(kind: Kind, fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return what stands in a document's table of facts, in the order of the keys; a service's free keys as written."""
    if kind is Kind.SERVICE:
        return tuple((key, value) for key, value in fields.free.items() if isinstance(value, str) and value)
    return tuple((name, str(fields.known[name])) for name in _FACT_KEYS[kind] if name in fields.known)


def _first_words(body: str) -> str:
    """Return the beginning of the first paragraph that says something."""
    for match in _PARAGRAPH.finditer(body):
        text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", match[1])).split())
        if len(text) >= 30:
            return text if len(text) <= _SUMMARY_CHARACTERS else text[: _SUMMARY_CHARACTERS - 1] + "…"
    return ""
