"""A document as its own page shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Set

from govgen.catalog.rows import read_document
from govgen.model.document import Document, Kind
from govgen.model.view import Attachment, Block, Change, DocumentView, Fact, Item, Link, TopicView
from govgen.plan.bodies import resolve_body
from govgen.plan.items import COLUMNS, make_items
from govgen.plan.scope import Scope


def find_row(scope: Scope, path: str) -> sqlite3.Row:
    """Return a document's row in the catalog."""
    row = scope.catalog.one("SELECT * FROM documents WHERE path = ?", path)
    assert row is not None
    return row


def find_standing(scope: Scope, folder: str) -> sqlite3.Row | None:
    """Return the row of the standing text of a section, a village or (folder empty) the site; None if there is none."""
    id = f"{scope.site.id}:{folder}/index" if folder else f"{scope.site.id}:index"
    row = scope.catalog.one("SELECT * FROM documents WHERE id = ? AND is_listed", id)
    scope.use(f"id:{id}", *([f"document:{row['path']}"] if row else ()))
    return row


def document_view(scope: Scope, row: sqlite3.Row) -> DocumentView:
    """Return all that a document's page shows."""
    references = scope.catalog.rows("SELECT * FROM refs WHERE document = ? ORDER BY relation, number", row["path"])
    files = scope.catalog.rows("SELECT * FROM files WHERE document = ? ORDER BY place", row["path"])
    document = read_document(row, references, files)
    scope.use(f"document:{document.path}", f"relating:{document.path}")
    previous, following = _neighbours(scope, document)
    related = _related(scope, document, {reference["relation"] for reference in references})
    relating = _relating(scope, document)
    received, replied = document.days_of_letter
    return DocumentView(
        id=document.id,
        kind=document.kind.value,
        title=document.title,
        html=resolve_body(scope, row, document.html),
        toc=resolve_body(scope, row, document.toc),
        date=document.date,
        updated=document.updated,
        source=document.source or scope.site.short_name,
        author=document.author,
        summary=document.summary,
        keywords=document.keywords,
        image=scope.href(document.image) if document.image else "",
        image_text=document.image_text,
        attachments=_attachments(scope, document),
        facts=_facts(scope, document),
        topics=_topics(scope, document),
        interprets=related("interprets"),
        interpreted_by=relating("interprets"),
        repealed_by=next(iter(related("repealed_by")), None),
        amends=related("amends"),
        amended_by=relating("amends"),
        outcome=next(iter(related("outcome")), None),
        validity=document.validity.value if document.validity else "",
        number=document.document_number,
        phase=row["phase"],
        replied_by=document.replied_by,
        days=(replied - received).days if received and replied else None,
        changes=tuple(Change(day, note) for day, note in document.changes),
        reviewed_by=document.reviewed_by,
        previous=previous,
        next=following,
        translations=tuple(Link(i.title, i.href) for r in (related, relating) for i in r("translation_of")),
        status="published" if row["state"] == "listed" else row["state"],
        extra=dict(document.extra),
    )


def topic_view(scope: Scope, row: sqlite3.Row) -> TopicView:
    """Return a topic with what was gathered for it from all sites, by kind of document."""
    scope.use(f"topic:{row['name']}")
    items = make_items(
        scope,
        scope.catalog.rows(
            f"SELECT {COLUMNS} FROM topics JOIN documents d ON d.path = topics.document"
            " WHERE topic = ? AND d.is_listed ORDER BY d.date DESC, d.id",
            row["name"],
        ),
    )
    blocks = []
    for kind in Kind:
        fitting = tuple(item for item in items if item.kind == kind.value)
        if fitting:
            blocks.append(Block(kind.value, scope.word(f"topic_{kind.value}"), kind.value, "", fitting))
    return TopicView(document_view(scope, row), tuple(blocks))


def _attachments(scope: Scope, document: Document) -> tuple[Attachment, ...]:
    """Return the files a reader may take along: those the front matter names, and others the body links to."""
    return tuple(
        Attachment(
            name=file.name,
            href=scope.href(file.address),
            file_name=file.source.rpartition("/")[2],
            type=file.type,
            size_bytes=file.size_bytes,
        )
        for file in document.files
        if file.is_listed or not file.is_picture
    )


def _facts(scope: Scope, document: Document) -> tuple[Fact, ...]:
    if document.kind is Kind.SERVICE:
        return tuple(Fact(label, text) for label, text in document.facts)
    facts = [Fact(scope.texts.word("fields", name), text) for name, text in document.facts]
    if document.validity:
        facts.append(
            Fact(scope.texts.word("fields", "validity"), scope.texts.word("validity", document.validity.value))
        )
    return tuple(facts)


def _topics(scope: Scope, document: Document) -> tuple[Link, ...]:
    portal = scope.county.portal
    links = []
    for topic in document.topics:
        id = f"{portal.id}:topics/{topic}"
        row = scope.catalog.one("SELECT path, title, address FROM documents WHERE id = ? AND is_listed", id)
        scope.use(f"id:{id}")
        if row:
            scope.use(f"item:{row['path']}")
            links.append(Link(row["title"], scope.href(row["address"], portal)))
    return tuple(links)


_Finder = Callable[[str], tuple[Item, ...]]
"""Given a relation, returns the documents at its other end."""


def _related(scope: Scope, document: Document, known: Set[str]) -> _Finder:
    """Return what finds the documents that this one names in its front matter; `known` are the relations it has."""

    def find(relation: str) -> tuple[Item, ...]:
        if relation not in known:
            return ()
        rows = scope.catalog.rows(
            f"SELECT {COLUMNS} FROM refs r JOIN documents d ON d.path = r.to_document"
            " WHERE r.document = ? AND r.relation = ? ORDER BY r.number",
            document.path,
            relation,
        )
        return make_items(scope, rows)

    return find


def _relating(scope: Scope, document: Document) -> _Finder:
    """Return what finds the documents that name this one in their front matter."""
    named = scope.catalog.rows("SELECT DISTINCT relation FROM refs WHERE to_document = ?", document.path)
    known = {row["relation"] for row in named}

    def find(relation: str) -> tuple[Item, ...]:
        if relation not in known:
            return ()
        rows = scope.catalog.rows(
            f"SELECT DISTINCT {COLUMNS} FROM refs r JOIN documents d ON d.path = r.document"
            " WHERE r.to_document = ? AND r.relation = ? AND d.is_listed ORDER BY d.date, d.id",
            document.path,
            relation,
        )
        return make_items(scope, rows)

    return find


def _neighbours(scope: Scope, document: Document) -> tuple[Link | None, Link | None]:
    """Return the next older and the next newer document of the section; none for undated ones."""
    if document.date is None:
        return None, None
    links = []
    for comparison, order in (("<", "DESC"), (">", "ASC")):
        row = scope.catalog.one(
            "SELECT d.title, d.address FROM listings l JOIN documents d ON d.path = l.document"
            f" WHERE l.site = ?1 AND l.section = ?2 AND l.is_own AND (l.date, l.id) {comparison} (?3, ?4)"
            f" ORDER BY l.date {order}, l.id {order} LIMIT 1",
            document.site,
            document.section,
            document.date.isoformat(),
            document.id,
        )
        links.append(Link(row["title"], scope.href(row["address"])) if row else None)
    return links[0], links[1]
