"""A document as its own page shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence, Set
from typing import Any

from govgen.catalog.records import Record, read_records
from govgen.catalog.rows import read_time
from govgen.catalog.values import read_json
from govgen.model.address import calendar_of
from govgen.model.document import Kind
from govgen.model.figures import Attachment, Picture
from govgen.model.view import Block, Change, DocumentView, Fact, Item, Link, TopicView
from govgen.plan.bodies import resolve_body
from govgen.plan.items import COLUMNS, days_waited, make_items
from govgen.plan.parts import has_code, make_code, report_address
from govgen.plan.pictures import picture_of
from govgen.plan.scope import Scope
from govgen.plan.translations import find_editions


def find_record(scope: Scope, path: str) -> Record:
    """Return a document's record in the catalog, at hand where it was read ahead."""
    known = scope.records.get(path)
    return known or read_records(scope.catalog, [path])[path]


def find_standing(scope: Scope, folder: str) -> Record | None:
    """Return the standing text of a section, a village or (folder empty) the site; None if there is none."""
    id = f"{scope.site.id}:{folder}/index" if folder else f"{scope.site.id}:index"
    row = scope.catalog.one("SELECT path FROM documents WHERE id = ? AND is_listed", id)
    scope.use(f"id:{id}", *([f"document:{row['path']}"] if row else ()))
    return find_record(scope, row["path"]) if row else None


def document_view(scope: Scope, record: Record) -> DocumentView:
    """Return all that a document's page shows."""
    row = record.row
    path, kind = row["path"], Kind(row["kind"])
    scope.use(f"document:{path}", f"relating:{path}")
    details = read_json(row["details"])
    related = _finder(scope, _RELATED, path, {reference["relation"] for reference in record.references})
    relating = _finder(scope, _RELATING, path, record.named_in)
    previous, following = _neighbours(scope, record)
    editions = find_editions(scope, record)
    cover = _cover(scope, record)
    return DocumentView(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        html=resolve_body(scope, record, row["html"], is_first=cover is None),
        toc=resolve_body(scope, record, row["toc"]),
        date=read_time(row["date"]),
        updated=read_time(row["updated"]),
        source=row["source"] or scope.site.short_name,
        author=row["author"],
        summary=row["summary"],
        keywords=tuple(details["keywords"]),
        image=scope.href(row["image"]) if row["image"] else "",
        image_text=row["image_text"],
        attachments=_attachments(scope, record.files),
        facts=_facts(scope, kind, row["validity"], details["facts"]),
        topics=_topics(scope, details["topics"]),
        interprets=related("interprets"),
        interpreted_by=relating("interprets"),
        repealed_by=next(iter(related("repealed_by")), None),
        amends=related("amends"),
        amended_by=relating("amends"),
        outcome=next(iter(related("outcome")), None),
        validity=row["validity"],
        number=row["number"],
        phase=row["phase"],
        replied_by=row["replied_by"],
        days=days_waited(row),
        changes=tuple(Change(day, note) for day, note in details["changes"]),
        reviewed_by=tuple(details["reviewed_by"]),
        previous=previous,
        next=following,
        translations=editions.translations,
        is_stale=editions.is_stale,
        status="published" if row["state"] == "listed" else row["state"],
        extra=details["extra"],
        cover=cover,
        **_parts(scope, row),
    )


def _parts(scope: Scope, row: sqlite3.Row) -> dict[str, Any]:
    """Return the small parts of a page that are made of its address."""
    identity, section = scope.county.identity, scope.site.find_section(row["section"])
    url = scope.addresses.url(scope.site, row["address"])
    has_days = row["kind"] == Kind.CONSULTATION.value and row["is_listed"] and (row["opens_on"] or row["closes_on"])
    return {
        "report_href": report_address(identity.report_error_url, identity.site_code, url, row["digest"]),
        "calendar_href": scope.href(calendar_of(row["address"])) if has_days else "",
        "code": make_code(scope, url) if section and has_code(section.kind) else None,
    }


def _cover(scope: Scope, record: Record) -> Picture | None:
    """Return the picture that the front matter names; None where there is none, or the body has it anyway."""
    address = record.row["image"]
    if not address or any(r["to_address"] == address for r in record.references if r["relation"] == "link"):
        return None
    return next((picture_of(scope, file) for file in record.files if file["address"] == address), None)


def topic_view(scope: Scope, record: Record) -> TopicView:
    """Return a topic with what was gathered for it from all sites, by kind of document."""
    name = record.row["name"]
    scope.use(f"topic:{name}")
    items = make_items(
        scope,
        scope.catalog.rows(
            f"SELECT {COLUMNS} FROM topics JOIN documents d ON d.path = topics.document"
            " WHERE topic = ? AND d.is_listed ORDER BY d.date DESC, d.id",
            name,
        ),
    )
    blocks = []
    # Who comes for a life event comes for its services.
    kinds = sorted(Kind, key=lambda kind: kind is not Kind.SERVICE) if record.row["life_event"] else Kind
    for kind in kinds:
        fitting = tuple(item for item in items if item.kind == kind.value)
        if fitting:
            blocks.append(Block(kind.value, scope.word(f"topic_{kind.value}"), kind.value, "", fitting))
    return TopicView(document_view(scope, record), tuple(blocks))


def _attachments(scope: Scope, files: Sequence[sqlite3.Row]) -> tuple[Attachment, ...]:
    """Return the files a reader may take along: those the front matter names, and others the body links to."""
    return tuple(
        Attachment(
            name=file["name"],
            href=scope.href(file["address"]),
            file_name=file["source"].rpartition("/")[2],
            type=file["type"],
            size_bytes=file["size_bytes"],
        )
        for file in files
        if file["is_listed"] or not file["is_picture"]
    )


def _facts(scope: Scope, kind: Kind, validity: str, known: Sequence[tuple[str, str]]) -> tuple[Fact, ...]:
    """Return a document's table of facts; `known` are the fields it gave, by key, or by a service's own labels."""
    if kind is Kind.SERVICE:
        return tuple(Fact(label, text) for label, text in known)
    facts = [Fact(scope.texts.word("fields", name), text) for name, text in known]
    if validity:
        facts.append(Fact(scope.texts.word("fields", "validity"), scope.texts.word("validity", validity)))
    return tuple(facts)


def _topics(scope: Scope, names: Sequence[str]) -> tuple[Link, ...]:
    if not names:
        return ()
    portal = scope.county.portal
    links = []
    for topic in names:
        id = f"{portal.id}:topics/{topic}"
        row = scope.catalog.one("SELECT path, title, address FROM documents WHERE id = ? AND is_listed", id)
        scope.use(f"id:{id}")
        if row:
            scope.use(f"item:{row['path']}")
            links.append(Link(row["title"], scope.href(row["address"], portal)))
    return tuple(links)


_RELATED = (
    f"SELECT {COLUMNS} FROM refs r JOIN documents d ON d.path = r.to_document"
    " WHERE r.document = ? AND r.relation = ? ORDER BY r.number"
)
"""The documents that one names in its front matter."""

_RELATING = (
    f"SELECT DISTINCT {COLUMNS} FROM refs r JOIN documents d ON d.path = r.document"
    " WHERE r.to_document = ? AND r.relation = ? AND d.is_listed ORDER BY d.date, d.id"
)
"""The documents that name one in theirs."""


def _finder(scope: Scope, statement: str, path: str, known: Set[str]) -> Callable[[str], tuple[Item, ...]]:
    """Return what finds the documents at the other end of a relation; `known` are the relations there are."""

    def find(relation: str) -> tuple[Item, ...]:
        return make_items(scope, scope.catalog.rows(statement, path, relation)) if relation in known else ()

    return find


def _neighbours(scope: Scope, record: Record) -> tuple[Link | None, Link | None]:
    """Return the next older and the next newer document of the section; none for undated ones."""
    row = record.neighbours
    if row is None:
        return None, None
    return _neighbour(scope, row, "previous"), _neighbour(scope, row, "next")


def _neighbour(scope: Scope, row: sqlite3.Row, which: str) -> Link | None:
    address = row[f"{which}_address"]
    if not address:
        return None
    return Link(row[f"{which}_title"], scope.href(address), language=row[f"{which}_language"])
