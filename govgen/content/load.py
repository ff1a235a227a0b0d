"""Loads all documents of the county: parses every file, and falls back on the last good version of a faulty one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from govgen.content.parse import Parser
from govgen.content.place import DOCUMENT_ENDINGS
from govgen.content.pool import parse_files
from govgen.content.settings import read_markdown_settings
from govgen.events import Reporter
from govgen.model.county import County
from govgen.model.document import Document
from govgen.model.finding import Finding
from govgen.repo.checkout import Checkout, Entry


@dataclass(frozen=True)
class Loaded:
    """All documents, and what was wrong with the files that gave none."""

    files: int
    documents: tuple[Document, ...]
    held: tuple[str, ...]
    """Files that findings hold back."""

    recovered: tuple[str, ...]
    """Those of them that go on with their last good version."""

    findings: tuple[Finding, ...]


def load_documents(checkout: Checkout, county: County, processes: int, reporter: Reporter) -> Loaded:
    """Return one document or its findings for each Markdown file below `content/`."""
    found = list(checkout.walk("content"))
    entries = [entry for entry in found if entry.path.lower().endswith(DOCUMENT_ENDINGS)]
    reporter.stage("content", len(entries))
    parser = Parser(checkout, county, read_markdown_settings(checkout.root))
    documents: list[Document] = []
    # A linked folder is not entered; what its editor takes for documents must not be missed silently.
    others = [entry for entry in found if not entry.is_regular and entry not in entries]
    findings = [Finding("FILE-SYMLINK", e.path) for e in others if (checkout.root / e.path).is_dir()]
    held: list[str] = []
    for verdict in parse_files(entries, parser, processes):
        findings += verdict.findings
        if verdict.document:
            documents.append(verdict.document)
        else:
            held.append(verdict.path)
        reporter.advance()
    recovered = _recover(held, checkout, parser, processes)
    findings += [Finding("HELD-LAST-GOOD", document.path) for document in recovered]
    paths = tuple(document.path for document in recovered)
    return Loaded(len(entries), (*documents, *recovered), tuple(held), paths, tuple(findings))


def _recover(held: Sequence[str], checkout: Checkout, parser: Parser, processes: int) -> list[Document]:
    """Return the last good committed version of each held file that has one."""
    versions = checkout.earlier_versions(held)
    recovered = []
    while waiting := {path: blobs for path, blobs in versions.items() if blobs}:
        contents = {path: checkout.read_blob(blobs[0]) for path, blobs in waiting.items()}
        entries = [Entry(path, len(content), is_regular=True) for path, content in sorted(contents.items())]
        good = set()
        for verdict in parse_files(entries, parser, processes, contents):
            if verdict.document:
                recovered.append(verdict.document)
                good.add(verdict.path)
        versions = {path: blobs[1:] for path, blobs in waiting.items() if path not in good}
    return recovered
