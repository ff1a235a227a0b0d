"""Pictures in the sizes they are published in: each made once, in a child process, and kept by what it holds."""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from govgen.catalog.findings import put_findings
from govgen.catalog.store import Catalog, CatalogFault
from govgen.content.attachments import file_ending
from govgen.content.fault import Fault
from govgen.content.limits import used_bytes
from govgen.content.variants import STRIPPED_TYPES
from govgen.errors import MachineryError
from govgen.files import read_regular, write_atomic
from govgen.model.finding import Finding
from govgen.processes import fork_worker

if TYPE_CHECKING:
    from govgen.content.scaling import Scaled

FOLDER = "pictures"
"""Beside the catalog."""

_CPU_SECONDS = 120
_MEMORY_BYTES = 1_500_000_000
_UNMAKEABLE, _DISK = 1, 3
_AT_FAULT = frozenset(
    {_UNMAKEABLE, -signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGFPE, -signal.SIGILL}
)
"""How a child ends for which the picture is at fault; who is killed otherwise may make it the next time."""

_SWEPT = "pictures-swept"
"""The fact that the cache holds nothing but what builds show; empty in a new catalog, and once a picture went."""

_ORIGIN = "picture"
_DAMAGED = "damaged"
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class PictureCache:
    """The files made from pictures, by the digest of what they were made from and how."""

    folder: Path

    def make(self, content: bytes, ending: str, variant: str) -> bytes:
        """Return a variant of a picture, made now unless it is kept. Raises Fault where the picture is none."""
        place = self.place_of(content)
        kept = _read(place / (variant or "whole"))
        if kept is None:
            _wait(_start(self, content, ending), self, content, ending)
            kept = _read(place / (variant or "whole"))
        if kept is None:
            raise OSError(f"{place}: {variant}")
        return kept

    def place_of(self, content: bytes) -> Path:
        """Return the folder of what is made from a picture."""
        # Imported here: most builds have no picture to make.
        from govgen.content.scaling import recipe

        digest = hashlib.sha256(content).hexdigest()
        return self.folder / recipe() / digest[:2] / digest[2:]

    def is_damaged(self, content: bytes) -> bool:
        """Tell whether a picture that was made could not be decoded to its end."""
        return (self.place_of(content) / _DAMAGED).is_file()

    def keep(self, content: bytes, scaled: Scaled) -> None:
        """Keep what was made from a picture."""
        place = self.place_of(content)
        place.mkdir(parents=True, exist_ok=True)
        if not scaled.is_whole:
            write_atomic(place / _DAMAGED, b"")
        # The picture itself comes last: where it stands, all of them do.
        for variant, made in sorted(scaled.files.items(), reverse=True):
            write_atomic(place / (variant or "whole"), hashlib.sha256(made).digest() + made)

    def sweep(self, shown: Collection[str]) -> None:
        """Take away all but what was made from the pictures shown, which are named by the digests of their own files.

        Raises OSError.
        """
        from govgen.content.scaling import recipe

        for recipes in self.folder.iterdir() if self.folder.is_dir() else ():
            unseen = [place for place in recipes.glob("*/*") if _digest_at(place / "whole") not in shown]
            for folder in unseen if recipes.name == recipe() else [recipes]:
                shutil.rmtree(folder, ignore_errors=True)


def prepare_pictures(
    catalog: Catalog, repository: Path, cache: PictureCache, sites: Collection[str], processes: int
) -> None:
    """Make the pictures that are to be published now, several at once, and note those that can't be decoded."""
    rows = catalog.rows(
        "SELECT site, subject, max(digest) AS known FROM dirty CROSS JOIN artifacts USING (output)"
        " WHERE kind = 'picture' GROUP BY site, subject ORDER BY subject"
    )
    if any(row["known"] for row in rows) or any(file_ending(path) in STRIPPED_TYPES for path in _find_gone(catalog)):
        catalog.remember({_SWEPT: ""})
    sources = sorted({row["subject"] for row in rows if row["site"] in sites})
    if sources:
        damaged = list(_make_all(sources, repository, cache, processes))
        findings = [Finding("IMG-DAMAGED", path, None, {"target": path}) for path in damaged]
        put_findings(catalog, _ORIGIN, findings, sources)
    elif catalog.one("SELECT 1 FROM findings WHERE origin = ?", _ORIGIN) is None:
        return
    published = "SELECT CAST(subject AS BLOB) FROM artifacts WHERE kind = 'picture'"
    catalog.run(f"DELETE FROM findings WHERE origin = ? AND path NOT IN ({published})", _ORIGIN)


def sweep_pictures(catalog: Catalog, cache: PictureCache) -> None:
    """Once a picture went, or was replaced, take away what was made from those that no build shows any more.

    All pictures must be made. Where another build is at work with the same cache, that is left to a later one.
    Raises OSError.
    """
    if catalog.fact(_SWEPT):
        return
    others = sorted(set(catalog.file.parent.glob("*.sqlite")) - {catalog.file})
    with ExitStack() as held:
        try:
            for other in others:
                held.enter_context(Catalog.reserve(other, may_wait=False))
            catalogs = [catalog, *(held.enter_context(closing(Catalog.open(other))) for other in others)]
            shown = {row["digest"] for each in catalogs for row in each.rows(_SHOWN)}
        except (BlockingIOError, CatalogFault):
            return
        cache.sweep(shown)
    catalog.remember({_SWEPT: "yes"})


_SHOWN = "SELECT digest FROM artifacts WHERE kind = 'picture' AND month = ''"


def _find_gone(catalog: Catalog) -> list[str]:
    return [row["output"] for row in catalog.rows("SELECT output FROM gone")]


def _make_all(sources: Sequence[str], repository: Path, cache: PictureCache, processes: int) -> Iterator[str]:
    """Make all pictures, and yield those that are damaged."""
    running: deque[tuple[int, str]] = deque()

    def finish() -> Iterator[str]:
        child, source = running.popleft()
        content = read_regular(repository / source)
        _wait(child, cache, content, file_ending(source))
        if cache.is_damaged(content):
            yield source

    for source in sources:
        # What is not there, or no picture any more, is told when it is to be published.
        with suppress(OSError):
            content = read_regular(repository / source)
            if _read(cache.place_of(content) / "whole") is None:
                running.append((_start(cache, content, file_ending(source)), source))
            elif cache.is_damaged(content):
                yield source
        if len(running) >= processes:
            yield from finish()
    while running:
        yield from finish()


def _start(cache: PictureCache, content: bytes, ending: str) -> int:
    """Begin to make a picture in a child process: what a decoder does to that, it does not do to a build."""

    def work() -> int:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, resource.RLIM_INFINITY))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES + used_bytes(), resource.RLIM_INFINITY))
            _make(cache, content, ending, is_blank=False)
        except OSError:
            # What decoders say of a picture is caught; this is the disk.
            return _DISK
        return 0

    return fork_worker(work)


def _wait(child: int, cache: PictureCache, content: bytes, ending: str) -> None:
    """Wait until a picture is made; one whose child does not survive it is blank.

    Raises MachineryError where the picture is not at fault: what is kept of it stays for good.
    """
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == _DISK:
        raise MachineryError("disk", reason=str(cache.folder))
    if code in _AT_FAULT:
        with suppress(Fault):
            _make(cache, content, ending, is_blank=True)
    elif code:
        raise MachineryError("worker-died")


def _make(cache: PictureCache, content: bytes, ending: str, *, is_blank: bool) -> None:
    from govgen.content.pictures import measure_picture
    from govgen.content.scaling import blank_picture, scale_picture

    size = measure_picture(content, ending)
    make = blank_picture if is_blank else scale_picture
    cache.keep(content, make(content, ending, size))


def _digest_at(file: Path) -> str:
    """Return the digest of what a file of the cache holds, as noted there; empty where there is none."""
    try:
        with file.open("rb") as stream:
            return stream.read(_DIGEST_BYTES).hex()
    except OSError:
        return ""


def _read(file: Path) -> bytes | None:
    """Return what a file of the cache holds; None where there is none, or a disk has changed it."""
    try:
        kept = read_regular(file)
    except OSError:
        return None
    made = kept[_DIGEST_BYTES:]
    return made if hashlib.sha256(made).digest() == kept[:_DIGEST_BYTES] else None
