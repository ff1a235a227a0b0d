"""Takes documents into the catalog and out of it, one file at a time; two that claim one address are told apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from govgen.catalog.lookups import lookup_keys
from govgen.catalog.rows import DOCUMENT_COLUMNS, Rows
from govgen.catalog.sources import is_storable
from govgen.catalog.store import Catalog
from govgen.model.finding import Finding

_MARKS = ", ".join("?" * len(DOCUMENT_COLUMNS))
_UPSERT = (
    f"INSERT INTO documents ({', '.join(DOCUMENT_COLUMNS)}) VALUES ({_MARKS}) ON CONFLICT (path) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in DOCUMENT_COLUMNS if column != "path")
)


class Intake:
    """One step's changes to the documents of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.changed: set[str] = set()
        """Paths whose document came, went or is another now."""

        self.related: set[str] = set()
        """Documents that one of them named before."""

        self.aliases: set[tuple[str, str]] = set()
        """Old addresses that one of them claimed before, or claims now."""

        self.freed: set[tuple[str, str]] = set()
        """Addresses at which something changed: whoever waits for one is asked again."""

    def put(self, rows: Rows, *, is_recovered: bool = False) -> None:
        """Take in a document, in place of what was known of its file."""
        path = rows.path
        self._note_old(path)
        run = self._catalog.connection
        run.execute(_UPSERT, rows.document)
        if is_recovered:
            run.execute("UPDATE documents SET is_recovered = 1 WHERE path = ?", (path,))
        self._put_refs(rows)
        self._put_all("bodies", "*", [rows.body], path)
        self._put_all("files", "*", rows.files, path)
        self._put_all("topics", "topic, document", [(topic, path) for topic in rows.topics], path)
        self._put_all("submissions", "document, section", [(path, section) for section in rows.submissions], path)
        claims = [(rows.site, alias, path) for alias in rows.aliases]
        self._put_all("alias_claims", "site, alias, document", claims, path)
        self._put_all("moments", "at, document", [(at, path) for at in rows.moments], path)
        self.aliases.update((rows.site, alias) for alias in rows.aliases)
        self.freed.add((rows.site, rows.address))
        self.changed.add(path)

    def put_new(self, batch: Sequence[Rows]) -> None:
        """Take in documents of files nothing is known of, in a catalog that is still being filled."""

        def insert(table: str, rows: Iterable[tuple[object, ...]]) -> None:
            listed = list(rows)
            if listed:
                marks = ", ".join("?" * len(listed[0]))
                self._catalog.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", listed)

        insert(f"documents ({', '.join(DOCUMENT_COLUMNS)})", (rows.document for rows in batch))
        insert("bodies", (rows.body for rows in batch))
        references = ((rows.path, *reference) for rows in batch for reference in rows.refs)
        insert("refs (document, relation, number, target, line)", references)
        insert("ref_lookups", (lookup for rows in batch for lookup in _lookups(rows)))
        insert("files", (file for rows in batch for file in rows.files))
        insert("topics", ((topic, rows.path) for rows in batch for topic in rows.topics))
        insert("submissions", ((rows.path, section) for rows in batch for section in rows.submissions))
        insert("alias_claims", ((rows.site, alias, rows.path) for rows in batch for alias in rows.aliases))
        insert("moments", ((at, rows.path) for rows in batch for at in rows.moments))
        self.aliases.update((rows.site, alias) for rows in batch for alias in rows.aliases)
        self.changed.update(rows.path for rows in batch)

    def remove(self, path: str) -> None:
        """Take a document out."""
        if not self._note_old(path):
            return
        run = self._catalog.connection
        run.execute("DELETE FROM refs WHERE document = ?", (path,))
        run.execute("DELETE FROM ref_lookups WHERE document = ?", (path,))
        run.execute("DELETE FROM documents WHERE path = ?", (path,))
        for table in ("bodies", "files", "topics", "submissions", "alias_claims", "moments"):
            run.execute(f"DELETE FROM {table} WHERE document = ?", (path,))
        self.changed.add(path)

    def _note_old(self, path: str) -> bool:
        if not is_storable(path):
            return False
        row = self._catalog.one("SELECT site, address, is_recovered FROM documents WHERE path = ?", path)
        if row is None:
            return False
        self.freed.add((row["site"], row["address"]))
        for ref in self._catalog.rows("SELECT to_document FROM refs WHERE document = ?", path):
            if ref["to_document"]:
                self.related.add(ref["to_document"])
        for claim in self._catalog.rows("SELECT site, alias FROM alias_claims WHERE document = ?", path):
            self.aliases.add((claim["site"], claim["alias"]))
        if row["is_recovered"]:
            self._catalog.run("UPDATE documents SET is_recovered = 0 WHERE path = ?", path)
        return True

    def _put_refs(self, rows: Rows) -> None:
        """Write what a document refers to; rows that stay the same are left, so that they touch nothing."""
        run, path = self._catalog.connection, rows.path
        known = {
            (row["relation"], row["number"]): row["target"]
            for row in self._catalog.rows("SELECT relation, number, target FROM refs WHERE document = ?", path)
        }
        wanted = {(relation, number): (target, line) for relation, number, target, line in rows.refs}
        for key, target in known.items():
            if key not in wanted or wanted[key][0] != target:
                run.execute("DELETE FROM refs WHERE document = ? AND relation = ? AND number = ?", (path, *key))
        for (relation, number), (target, line) in wanted.items():
            if known.get((relation, number)) == target:
                place = (line, path, relation, number)
                run.execute("UPDATE refs SET line = ? WHERE document = ? AND relation = ? AND number = ?", place)
            else:
                values = (path, relation, number, target, line)
                run.execute(
                    "INSERT INTO refs (document, relation, number, target, line) VALUES (?, ?, ?, ?, ?)", values
                )
        run.execute("DELETE FROM ref_lookups WHERE document = ?", (path,))
        run.executemany("INSERT OR IGNORE INTO ref_lookups VALUES (?, ?)", _lookups(rows))

    def _put_all(self, table: str, columns: str, rows: Sequence[tuple[object, ...]], path: str) -> None:
        """Write a document's rows of a table, unless they are the same already."""
        known = self._catalog.rows(f"SELECT {columns} FROM {table} WHERE document = ?", path)
        if sorted(map(tuple, known)) == sorted(map(tuple, rows)):
            return
        self._catalog.run(f"DELETE FROM {table} WHERE document = ?", path)
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            into = table if columns == "*" else f"{table} ({columns})"
            self._catalog.connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)


def _lookups(rows: Rows) -> set[tuple[str, str]]:
    return {(key, rows.path) for _, _, target, _ in rows.refs for key in lookup_keys(rows.site, target)}


def settle_addresses(catalog: Catalog, intake: Intake, candidates: Sequence[Rows]) -> tuple[list[Finding], list[str]]:
    """Take in documents, each address going to the one published first.

    Return what the others are told, and which files gave way with an earlier version of theirs. Whoever gives way is
    taken out, waits for the address, and is asked again when something changes there.
    """
    claims: dict[tuple[str, str], list[tuple[tuple[object, ...], str, Rows | None]]] = {}
    for rows in candidates:
        claims.setdefault((rows.site, rows.address), []).append((rows.rank, rows.path, rows))
    moving = {rows.path for rows in candidates}
    findings, displaced = [], []
    for (site, address), claimants in sorted(claims.items()):
        for row in catalog.rows(
            "SELECT path, status, date, is_recovered FROM documents WHERE site = ? AND address = ?", site, address
        ):
            if row["path"] in moving:
                continue
            if row["is_recovered"]:
                intake.remove(row["path"])
                wait(catalog, site, address, row["path"])
                displaced.append(row["path"])
            else:
                claimants.append(((row["status"] == "draft", row["date"], row["path"]), row["path"], None))
        claimants.sort(key=lambda claimant: claimant[0])
        _, keeper, rows_of_keeper = claimants[0]
        for _, path, _ in claimants[1:]:
            intake.remove(path)
            findings.append(_give_way(catalog, site, address, path, keeper))
        if rows_of_keeper:
            intake.put(rows_of_keeper)
    return findings, displaced


def settle_all_addresses(catalog: Catalog, intake: Intake) -> list[Finding]:
    """Leave one document at each address of a catalog just filled; see `settle_addresses`."""
    twins = catalog.rows(
        "SELECT path, site, address FROM documents WHERE (site, address) IN"
        " (SELECT site, address FROM documents GROUP BY site, address HAVING count(*) > 1)"
        " ORDER BY site, address, status = 'draft', date, path"
    )
    findings = []
    keepers: dict[tuple[str, str], str] = {}
    for twin in twins:
        keeper = keepers.setdefault((twin["site"], twin["address"]), twin["path"])
        if keeper != twin["path"]:
            intake.remove(twin["path"])
            findings.append(_give_way(catalog, twin["site"], twin["address"], twin["path"], keeper))
    return findings


def _give_way(catalog: Catalog, site: str, address: str, path: str, keeper: str) -> Finding:
    wait(catalog, site, address, path)
    return Finding("ADR-TWICE", path, None, {"address": f"{site}:{address}", "other": keeper})


def wait(catalog: Catalog, site: str, address: str, path: str) -> None:
    """Note that a document would be at an address if another one were not."""
    catalog.run("INSERT OR IGNORE INTO waiting VALUES (?, ?, ?)", site, address, path)
