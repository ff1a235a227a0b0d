"""The county's information centre as one SQLite file: every document of every site, with what it refers to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from govgen.model.document import CarriedFile, Document, Kind, Reference, Status, Validity

SCHEMA = """
CREATE TABLE documents (
    path TEXT PRIMARY KEY, id TEXT, site TEXT, section TEXT, village TEXT, kind TEXT, name TEXT, address TEXT,
    digest TEXT, title TEXT, date TEXT, month TEXT, updated TEXT, status TEXT, publish_at TEXT, expires_at TEXT,
    source TEXT, author TEXT, summary TEXT, html TEXT, toc TEXT, language TEXT, image TEXT, image_text TEXT,
    place INTEGER, validity TEXT, number TEXT, received_on TEXT, replied_on TEXT, replied_by TEXT, opens_on TEXT,
    closes_on TEXT, details TEXT, state TEXT DEFAULT '', is_listed INTEGER DEFAULT 0, has_page INTEGER DEFAULT 0
);
CREATE INDEX documents_by_id ON documents (id);
CREATE INDEX documents_by_address ON documents (site, address);
CREATE TABLE refs (
    document TEXT, relation TEXT, number INTEGER, target TEXT, line INTEGER,
    to_document TEXT, to_site TEXT, to_address TEXT, fragment TEXT DEFAULT '',
    PRIMARY KEY (document, relation, number)
) WITHOUT ROWID;
CREATE INDEX refs_to ON refs (to_document, relation);
CREATE TABLE files (
    document TEXT, place INTEGER, source TEXT, site TEXT, address TEXT, name TEXT, type TEXT, size_bytes INTEGER,
    is_picture INTEGER, width INTEGER, height INTEGER, is_listed INTEGER, PRIMARY KEY (document, place)
) WITHOUT ROWID;
CREATE TABLE aliases (site TEXT, alias TEXT, document TEXT, PRIMARY KEY (site, alias)) WITHOUT ROWID;
CREATE TABLE topics (topic TEXT, document TEXT, PRIMARY KEY (topic, document)) WITHOUT ROWID;
CREATE TABLE submissions (document TEXT, section TEXT, PRIMARY KEY (document, section)) WITHOUT ROWID;
CREATE TABLE listings (site TEXT, section TEXT, document TEXT, date TEXT, month TEXT);
CREATE INDEX listings_by_date ON listings (site, section, date);
CREATE TABLE gathered (section_kind TEXT, site TEXT, document TEXT, rank INTEGER);
CREATE INDEX gathered_by_kind ON gathered (section_kind, site, rank);
"""


class Catalog:
    """Every document of every site, filled once a build and then only read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.row_factory = sqlite3.Row

    @classmethod
    def create(cls, file: Path) -> Catalog:
        """Return a new empty catalog at `file`; what stood there is gone."""
        file.parent.mkdir(parents=True, exist_ok=True)
        for old in (file, file.with_name(file.name + "-journal")):
            old.unlink(missing_ok=True)
        # Autocommit off, journal off: a catalog that was not finished is never opened again.
        connection = sqlite3.connect(file)
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        return cls(connection)

    @classmethod
    def open(cls, file: Path) -> Catalog:
        """Return a finished catalog for reading."""
        return cls(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True))

    def add(self, document: Document) -> None:
        """Take in one document."""
        row = document_row(document)
        marks = ", ".join("?" * len(row))
        execute = self.connection.execute
        execute(f"INSERT INTO documents ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        self.connection.executemany(
            "INSERT INTO refs (document, relation, number, target, line) VALUES (?, ?, ?, ?, ?)",
            [(document.path, r.relation, r.number, r.target, r.line) for r in document.references],
        )
        self.connection.executemany(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (document.path, place, f.source, document.site, f.address, f.name, f.type, f.size_bytes)
                + (f.is_picture, f.width, f.height, f.is_listed)
                for place, f in enumerate(document.files)
            ],
        )
        for table, values in (("topics", document.topics), ("submissions", document.submit)):
            columns = "(topic, document)" if table == "topics" else "(section, document)"
            self.connection.executemany(
                f"INSERT OR IGNORE INTO {table} {columns} VALUES (?, ?)", [(value, document.path) for value in values]
            )

    def remove(self, paths: Iterable[str]) -> None:
        """Take documents out again."""
        for path in paths:
            self.connection.execute("DELETE FROM documents WHERE path = ?", (path,))
            for table in ("refs", "files", "topics", "submissions"):
                self.connection.execute(f"DELETE FROM {table} WHERE document = ?", (path,))

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query; None if there is none."""
        row: sqlite3.Row | None = self.connection.execute(statement, values).fetchone()
        return row

    def finish(self) -> None:
        """Write everything to the file."""
        self.connection.commit()


def document_row(document: Document) -> dict[str, Any]:
    """Return a document as columns; what no query asks for goes into `details`."""
    received, replied = document.days_of_letter
    return {
        **{name: getattr(document, name) for name in _PLAIN},
        "kind": document.kind.value,
        "status": document.status.value,
        "validity": document.validity.value if document.validity else "",
        "number": document.document_number,
        "place": document.order,
        "month": f"{document.date:%Y-%m}" if document.date else "",
        **{name: _iso(getattr(document, name)) for name in _TIMES + _DAYS},
        "received_on": _iso(received),
        "replied_on": _iso(replied),
        "details": json.dumps({name: getattr(document, name) for name in _DETAILS}, ensure_ascii=False),
    }


_PLAIN = (
    "path id site section village name address digest title source author summary html toc language image image_text"
    " replied_by"
).split()
_TIMES = ["date", "updated", "publish_at", "expires_at"]
_DAYS = ["opens_on", "closes_on"]
_DETAILS = ["keywords", "topics", "submit", "aliases", "reviewed_by", "changes", "facts", "extra"]


def read_document(catalog: Catalog, row: sqlite3.Row) -> Document:
    """Return the document a row of `documents` holds, with its references and files."""
    details = json.loads(row["details"])
    references = catalog.rows("SELECT * FROM refs WHERE document = ? ORDER BY relation, number", row["path"])
    files = catalog.rows("SELECT * FROM files WHERE document = ? ORDER BY place", row["path"])
    return Document(
        **{name: row[name] for name in _PLAIN},
        kind=Kind(row["kind"]),
        status=Status(row["status"]),
        validity=Validity(row["validity"]) if row["validity"] else None,
        document_number=row["number"],
        order=row["place"],
        **{name: read_time(row[name]) for name in _TIMES},
        **{name: read_day(row[name]) for name in _DAYS},
        days_of_letter=(read_day(row["received_on"]), read_day(row["replied_on"])),
        **{name: tuple(details[name]) for name in _DETAILS if name not in ("facts", "changes", "extra")},
        facts=tuple((name, text) for name, text in details["facts"]),
        changes=tuple((day, note) for day, note in details["changes"]),
        extra=details["extra"],
        references=tuple(Reference(r["number"], r["target"], r["line"], r["relation"]) for r in references),
        files=tuple(
            CarriedFile(
                **{name: f[name] for name in ("source", "address", "name", "type", "size_bytes", "width", "height")},
                is_picture=bool(f["is_picture"]),
                is_listed=bool(f["is_listed"]),
            )
            for f in files
        ),
    )


def _iso(moment: date | datetime | None) -> str:
    return moment.isoformat() if moment else ""


def read_time(text: str) -> datetime | None:
    """Return the moment a column holds; None where it is empty."""
    return datetime.fromisoformat(text) if text else None


def read_day(text: str) -> date | None:
    """Return the day a column holds; None where it is empty."""
    return date.fromisoformat(text) if text else None
