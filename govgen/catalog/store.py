"""The county's information centre as one SQLite file: every document of every site, with what it refers to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from govgen.catalog.rows import document_row, file_row
from govgen.model.document import Document

SCHEMA = """
CREATE TABLE documents (
    path TEXT PRIMARY KEY, id TEXT, site TEXT, section TEXT, village TEXT, kind TEXT, name TEXT, address TEXT,
    digest TEXT, title TEXT, date TEXT, month TEXT, updated TEXT, status TEXT, publish_at TEXT, expires_at TEXT,
    source TEXT, author TEXT, summary TEXT, html TEXT, toc TEXT, language TEXT, image TEXT, image_text TEXT,
    place INTEGER, validity TEXT, number TEXT, received_on TEXT, replied_on TEXT, replied_by TEXT, opens_on TEXT,
    closes_on TEXT, review_by TEXT, details TEXT, state TEXT DEFAULT '', is_listed INTEGER DEFAULT 0,
    has_page INTEGER DEFAULT 0
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
        return cls(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True))

    def add(self, document: Document) -> None:
        """Take in one document."""
        row = document_row(document)
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"INSERT INTO documents ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        self.connection.executemany(
            "INSERT INTO refs (document, relation, number, target, line) VALUES (?, ?, ?, ?, ?)",
            [(document.path, r.relation, r.number, r.target, r.line) for r in document.references],
        )
        self.connection.executemany(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [file_row(document, place) for place in range(len(document.files))],
        )
        for statement, values in (
            ("INSERT INTO topics (topic, document) VALUES (?, ?)", document.topics),
            ("INSERT INTO submissions (section, document) VALUES (?, ?)", document.submit),
        ):
            self.connection.executemany(statement, [(value, document.path) for value in values])

    def add_if_free(self, document: Document) -> bool:
        """Take in a document unless another one has its address; return whether it was taken in."""
        known = self.one("SELECT 1 FROM documents WHERE site = ? AND address = ?", document.site, document.address)
        if known is None:
            self.add(document)
        return known is None

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
