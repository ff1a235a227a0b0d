"""The county's information centre as one SQLite file: every document of every site, and what was made of it.

It stays between builds. What changes in it writes down the keys it touched (`triggers.py`), and whatever was made from
a touched key is looked at again. A build that is killed leaves it as it was before the step that broke off.
"""

from __future__ import annotations

import errno
import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from govgen.catalog.sums import LOG, SUMS, logged_blocks, renew
from govgen.catalog.triggers import TRIGGERS
from govgen.errors import MachineryError

FORMAT = "9"
_TABLES = """
CREATE TABLE documents (
    path TEXT PRIMARY KEY, id TEXT, site TEXT, section TEXT, village TEXT, kind TEXT, name TEXT, address TEXT,
    digest TEXT, title TEXT, date TEXT, month TEXT, updated TEXT, status TEXT, publish_at TEXT, expires_at TEXT,
    source TEXT, author TEXT, summary TEXT, language TEXT, image TEXT, image_text TEXT,
    place INTEGER, own_validity TEXT, number TEXT, received_on TEXT, replied_on TEXT, replied_by TEXT, opens_on TEXT,
    closes_on TEXT, review_by TEXT, life_event TEXT, figures TEXT, is_recovered INTEGER DEFAULT 0,
    state TEXT DEFAULT '', is_listed INTEGER DEFAULT 0, has_page INTEGER DEFAULT 0, validity TEXT DEFAULT '',
    phase TEXT DEFAULT '', is_interpreted INTEGER DEFAULT 0
);
CREATE TABLE bodies (document TEXT PRIMARY KEY, html TEXT, toc TEXT, details TEXT);
CREATE TABLE refs (
    document TEXT, relation TEXT, number INTEGER, target TEXT, line INTEGER,
    to_document TEXT, to_site TEXT, to_address TEXT, fragment TEXT DEFAULT '',
    PRIMARY KEY (document, relation, number)
) WITHOUT ROWID;
CREATE TABLE ref_lookups (key TEXT, document TEXT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE files (
    document TEXT, place INTEGER, source TEXT, site TEXT, address TEXT, name TEXT, type TEXT, size_bytes INTEGER,
    is_picture INTEGER, width INTEGER, height INTEGER, widths TEXT, is_listed INTEGER,
    PRIMARY KEY (document, place)
) WITHOUT ROWID;
CREATE TABLE topics (topic TEXT, document TEXT, PRIMARY KEY (topic, document)) WITHOUT ROWID;
CREATE TABLE submissions (document TEXT, section TEXT, PRIMARY KEY (document, section)) WITHOUT ROWID;
CREATE TABLE alias_claims (site TEXT, alias TEXT, document TEXT, PRIMARY KEY (site, alias, document)) WITHOUT ROWID;
CREATE TABLE moments (at INTEGER, document TEXT, PRIMARY KEY (at, document)) WITHOUT ROWID;
CREATE TABLE aliases (site TEXT, alias TEXT, document TEXT, PRIMARY KEY (site, alias)) WITHOUT ROWID;
CREATE TABLE section_kinds (site TEXT, section TEXT, kind TEXT, PRIMARY KEY (site, section)) WITHOUT ROWID;
CREATE TABLE homes (path TEXT PRIMARY KEY, site TEXT, address TEXT, title TEXT, text TEXT) WITHOUT ROWID;
CREATE TABLE adoptions (section TEXT, id TEXT, name TEXT, line INTEGER, PRIMARY KEY (section, id)) WITHOUT ROWID;
CREATE TABLE listings (
    site TEXT, section TEXT, document TEXT, id TEXT, kind TEXT, date TEXT, month TEXT, is_own INTEGER,
    PRIMARY KEY (document, site, section)
) WITHOUT ROWID;
CREATE TABLE sources (
    path BLOB PRIMARY KEY, version TEXT, is_document INTEGER, is_held INTEGER DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE needs (source BLOB, document BLOB, PRIMARY KEY (source, document)) WITHOUT ROWID;
CREATE TABLE waiting (site TEXT, address TEXT, document TEXT, PRIMARY KEY (site, address, document)) WITHOUT ROWID;
CREATE TABLE findings (path BLOB, origin TEXT, rule TEXT, line INTEGER, details TEXT);
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE touched (key TEXT);
CREATE TABLE artifacts (
    output TEXT PRIMARY KEY, site TEXT, path TEXT, kind TEXT, subject TEXT, month TEXT, is_page INTEGER,
    value TEXT DEFAULT '', digest TEXT DEFAULT '', size_bytes INTEGER DEFAULT 0, reason TEXT DEFAULT ''
);
CREATE TABLE uses (key TEXT, output TEXT, PRIMARY KEY (key, output)) WITHOUT ROWID;
CREATE TABLE dirty (output TEXT PRIMARY KEY, reason TEXT) WITHOUT ROWID;
CREATE TABLE gone (output TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE searched (document TEXT PRIMARY KEY, day INTEGER, place INTEGER, record BLOB);
CREATE TABLE search_shards (name TEXT, number INTEGER, content BLOB, PRIMARY KEY (name, number));
CREATE TABLE search_blocks (first INTEGER PRIMARY KEY, level INTEGER, parts INTEGER);
CREATE TABLE codes (url TEXT PRIMARY KEY, code BLOB) WITHOUT ROWID;
CREATE TABLE site_trees (site TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX documents_by_id ON documents (id);
CREATE INDEX documents_by_address ON documents (site, address);
CREATE INDEX documents_by_section ON documents (site, section);
CREATE INDEX documents_by_date ON documents (is_listed, date);
CREATE INDEX documents_by_state ON documents (state, site);
CREATE INDEX documents_recovered ON documents (path) WHERE is_recovered;
CREATE INDEX refs_to ON refs (to_document, relation);
CREATE INDEX lookups_by_document ON ref_lookups (document);
CREATE INDEX files_by_source ON files (source);
CREATE INDEX files_by_site ON files (site, address);
CREATE INDEX topics_by_document ON topics (document);
CREATE INDEX claims_by_document ON alias_claims (document);
CREATE INDEX aliases_by_document ON aliases (document);
CREATE INDEX moments_by_document ON moments (document);
CREATE INDEX adoptions_by_id ON adoptions (id);
CREATE INDEX listings_by_date ON listings (site, section, date, id);
CREATE INDEX listings_by_month ON listings (site, section, month);
CREATE INDEX listings_by_kind ON listings (site, kind, date, id);
CREATE INDEX listings_by_site ON listings (site, date, id);
CREATE INDEX sources_held ON sources (path) WHERE is_held;
CREATE INDEX sources_by_use ON sources (is_document);
CREATE INDEX needs_by_document ON needs (document);
CREATE INDEX waiting_by_document ON waiting (document);
CREATE INDEX findings_by_origin ON findings (origin, path);
CREATE INDEX artifacts_by_subject ON artifacts (subject);
CREATE INDEX artifacts_by_site ON artifacts (site, is_page);
CREATE INDEX searched_by_day ON searched (day);
CREATE INDEX touched_by_key ON touched (key);
CREATE INDEX uses_by_output ON uses (output);
"""
ALL = "*"
"""The key that touches everything."""

CatalogFault = sqlite3.DatabaseError
"""What a catalog raises that can't be read or written."""

_LOG_BYTES = 32 * 2**20
"""A log of that size is moved into the catalog's file in the middle of a build: it gets slower to read."""

_CUT_OFF = (sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA)
"""What SQLite calls a fault of the disk, and is a file that ends too early or holds something else."""

_DISK_FAULTS = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
)


class Catalog:
    """Every document of every site, and what was made of it."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self.connection = connection
        self.file = file
        self._lock: IO[bytes] | None = None
        connection.row_factory = sqlite3.Row

    @classmethod
    def create(cls, file: Path) -> Catalog:
        """Return a new empty catalog at `file`; what stood there is gone. Call `index` when it has been filled."""
        file.parent.mkdir(parents=True, exist_ok=True)
        discard(file)
        catalog = cls(_connect(file), file)
        catalog.connection.executescript("PRAGMA page_size = 8192; PRAGMA journal_mode = OFF;" + _TABLES)
        catalog.touch(ALL)
        return catalog

    @classmethod
    def resume(cls, file: Path, identity: str) -> Catalog | None:
        """Return the catalog an earlier build left, or None where there is none that `identity` can go on with.

        Raises CatalogFault where the disk fails it.
        """
        if not file.is_file():
            return None
        with ExitStack() as undo:
            try:
                catalog = cls(undo.enter_context(closing(_connect(file))), file)
                if catalog.fact("identity") == identity:
                    undo.pop_all()
                    return catalog
            except sqlite3.DatabaseError as error:
                if _is_disk_fault(error):
                    raise
                # Torn, or of another program: it is made anew.
        return None

    @classmethod
    def open(cls, file: Path) -> Catalog:
        """Return a catalog for reading."""
        return cls(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True), file)

    @classmethod
    def reserve(cls, file: Path, *, may_wait: bool = True) -> IO[bytes]:
        """Wait until no other process changes the catalog at `file`; hand what is returned to `keep` or close it.

        Raises BlockingIOError instead of waiting.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undo:
            lock = undo.enter_context(file.with_name(file.name + "-lock").open("ab"))
            fcntl.flock(lock, fcntl.LOCK_EX if may_wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            undo.pop_all()
        return lock

    def keep(self, lock: IO[bytes]) -> None:
        """Hold a lock until the catalog is closed; the kernel frees it if the process dies."""
        self._lock = lock

    def close(self) -> None:
        """Close the catalog, what was not finished undone, and let others change it."""
        if not self._lock:
            self.connection.close()
            return
        with self._lock:
            # Where a disk fails now, the sums are not right afterwards, and the catalog is made anew.
            with suppress(OSError):
                blocks = logged_blocks(self.file)
                self.connection.close()
                if blocks:
                    renew(self.file, blocks)
            self.connection.close()

    def index(self) -> None:
        """Make the indexes of a new catalog once its documents are in."""
        self.connection.executescript(_INDEXES)

    def watch(self, identity: str) -> None:
        """Finish a new catalog: from here on every change notes what it touches, and `identity` may go on with it."""
        self.connection.executescript(TRIGGERS + "PRAGMA journal_mode = WAL;")
        self.connection.execute("ANALYZE")
        self.remember({"identity": identity})

    def rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return self.connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object) -> sqlite3.Row | None:
        """Return the first row of a query; None if there is none."""
        row: sqlite3.Row | None = self.connection.execute(statement, values).fetchone()
        return row

    def run(self, statement: str, *values: object) -> None:
        """Run one statement."""
        self.connection.execute(statement, values)

    def finish(self) -> None:
        """Make the changes so far stay, whatever happens to this process afterwards."""
        self.connection.commit()
        is_new = not _size(self.file.with_name(self.file.name + SUMS))
        if self._lock and (is_new or _size(self.file.with_name(self.file.name + LOG)) > _LOG_BYTES):
            # Into the file, which SQLite never does by itself here: the sums follow at once.
            blocks = logged_blocks(self.file)
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            renew(self.file, blocks)

    def fact(self, key: str) -> str:
        """Return a value kept under a key; empty if there is none."""
        row = self.one("SELECT value FROM facts WHERE key = ?", key)
        return str(row["value"]) if row else ""

    def set_fact(self, key: str, value: str) -> bool:
        """Keep a value; where it differs from the one known, its key is touched. Return whether it differs."""
        if self.one("SELECT 1 FROM facts WHERE key = ? AND value = ?", key, value):
            return False
        self.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", key, value)
        self.touch(key)
        return True

    def remember(self, values: Mapping[str, str]) -> None:
        """Keep values that nothing is made with: their keys are not touched."""
        self.connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", values.items())

    def touch(self, *keys: str) -> None:
        """Note that what was made with these keys must be looked at again."""
        self.connection.executemany("INSERT INTO touched VALUES (?)", [(key,) for key in keys])

    def is_touched(self, key: str) -> bool:
        """Tell whether a key, or everything, was touched since the last build."""
        return self.one("SELECT 1 FROM touched WHERE key IN (?, ?)", key, ALL) is not None

    def touched(self, prefix: str) -> list[str]:
        """Return what follows `prefix:` in the touched keys that begin with it."""
        rows = self.rows("SELECT DISTINCT key FROM touched WHERE key >= ? AND key < ?", f"{prefix}:", f"{prefix};")
        return [row["key"][len(prefix) + 1 :] for row in rows]

    def mark(self, table: str, paths: Iterable[str]) -> None:
        """Fill a temporary table of one column `path`, which queries of this step are limited to.

        They name it first, and CROSS JOIN keeps it there. SQLite takes a table it has not measured for a large one, and
        would read all documents for a filter before it looks up the few that are named: it is measured while small.
        """
        if self.one("SELECT 1 FROM temp.sqlite_schema WHERE name = ?", table) is None:
            self.run(f"CREATE TEMP TABLE {table} (path TEXT PRIMARY KEY)")
            self.run(f"INSERT INTO {table} VALUES ('')")
            self.run(f"ANALYZE temp.{table}")
        self.run(f"DELETE FROM {table}")
        self.connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES (?)", [(path,) for path in paths])


def discard(file: Path) -> None:
    """Remove a catalog: the next build makes it anew from the repository."""
    for ending in ("", "-journal", LOG, "-shm", SUMS):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def is_damage(error: BaseException) -> bool:
    """Tell whether an error means that a catalog's file is not what was written to it."""
    is_cut_off = isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorcode in _CUT_OFF
    return is_cut_off or _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def digest_of(value: object) -> str:
    """Return what stands for a value made of plain values: equal values, equal digests."""
    return digest_bytes(repr(value).encode("utf-8", "surrogatepass"))


def digest_bytes(content: bytes) -> str:
    """Return what stands for these bytes."""
    # Imported here: OpenSSL takes a moment to load, and mostly nothing has changed.
    import hashlib

    return hashlib.sha256(content).hexdigest()[:32]


@contextmanager
def naming_disk_faults(file: Path) -> Iterator[None]:
    """Raise MachineryError where the disk fails the catalog at `file`: full, not to be written, or not to be read."""
    try:
        yield
    except CatalogFault as error:
        if _is_disk_fault(error):
            raise MachineryError("disk", reason=f"{file}: {error}") from error
        raise


def _is_disk_fault(error: BaseException) -> bool:
    return _code(error) in _DISK_FAULTS and not is_damage(error)


def is_full_disk(error: BaseException) -> bool:
    """Tell whether an error, or the one it tells people of, may mean that a disk has no room left."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if isinstance(error, MachineryError):
        return error.__cause__ is not None and is_full_disk(error.__cause__)
    # Where there is no room to open a file for writing, SQLite says that it cannot, or opens it for reading only.
    return _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _code(error: BaseException) -> int | None:
    return error.sqlite_errorcode & 0xFF if isinstance(error, sqlite3.DatabaseError) else None


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=60, isolation_level="DEFERRED")
    with ExitStack() as undo:
        undo.callback(connection.close)
        # Safe against a killed process, whose writes the system still has; after a power cut the file may be made anew.
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        undo.pop_all()
    return connection
