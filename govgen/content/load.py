"""Loads all documents of the county: parses every file, and finds the last good version of a faulty one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    return Loaded(len(entries), tuple(documents), tuple(held), tuple(findings))


def recover_documents(
    held: Sequence[str], checkout: Checkout, county: County, processes: int, take: Callable[[Document], bool]
) -> list[Document]:
    """Return, for each held file that has one, the last good committed version that `take` accepts."""
    if not held:
        return []
    parser = Parser(checkout, county, read_markdown_settings(checkout.root))
    versions = checkout.earlier_versions(held)
    recovered = []
    while waiting := {path: blobs for path, blobs in versions.items() if blobs}:
        contents = {path: checkout.read_blob(blobs[0]) for path, blobs in waiting.items()}
        entries = [Entry(path, len(content), is_regular=True) for path, content in sorted(contents.items())]
        good = set()
        for verdict in parse_files(entries, parser, processes, contents):
            if verdict.document and take(verdict.document):
                recovered.append(verdict.document)
                good.add(verdict.path)
        versions = {path: blobs[1:] for path, blobs in waiting.items() if path not in good}
    return recovered
