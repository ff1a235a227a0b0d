"""Reads documents: parses files, and finds the last good version of a faulty one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from govgen.content.child import FEW_FILES, parse_in_child
from govgen.content.parse import Parser, Verdict
from govgen.content.place import DOCUMENT_ENDINGS
from govgen.content.settings import read_markdown_settings
from govgen.model.county import County
from govgen.repo.checkout import Checkout, Entry

T = TypeVar("T")


def is_document(path: str) -> bool:
    """Tell whether a file of the repository is a document."""
    return path.startswith("content/") and path.lower().endswith(DOCUMENT_ENDINGS)


def parse_documents(
    checkout: Checkout, county: County, paths: Sequence[str], processes: int, finish: Callable[[Verdict], T]
) -> Iterator[T]:
    """Yield what `finish` makes of the verdict on each of these files, in their order."""
    if not paths:
        return
    entries = [
        entry or Entry(path, 0, is_regular=True)
        for path, entry in zip(paths, checkout.find_entries(paths), strict=True)
    ]
    parser = Parser(checkout, county, read_markdown_settings(checkout.root))
    yield from parse_files(entries, parser, processes, finish, {})


def read_earlier(
    checkout: Checkout, county: County, versions: Mapping[str, str], processes: int, finish: Callable[[Verdict], T]
) -> Iterator[T]:
    """Yield what `finish` makes of the verdict on an earlier version of each of these files, in their order.

    `versions` gives the blob id of each path.
    """
    contents = {path: checkout.read_blob(blob) for path, blob in versions.items()}
    entries = [Entry(path, len(content), is_regular=True) for path, content in contents.items()]
    parser = Parser(checkout, county, read_markdown_settings(checkout.root))
    yield from parse_files(entries, parser, processes, finish, contents)


def parse_files(
    entries: Sequence[Entry],
    parser: Parser,
    processes: int,
    finish: Callable[[Verdict], T],
    contents: Mapping[str, bytes],
) -> Iterator[T]:
    """Yield what `finish` makes of the verdict on each file, in the order of `entries`.

    `finish` runs in the worker, within the file's limits; `contents` stands in for files read from elsewhere.
    """
    if len(entries) <= FEW_FILES:
        yield from parse_in_child(entries, parser, finish, contents)
        return
    # Imported here: the pool takes longer to load than a few files to parse.
    from govgen.content.pool import parse_in_pool

    yield from parse_in_pool(entries, parser, processes, finish, contents)
