"""Composes a site's tree from what was built: every file with its smaller forms, all of them kept as objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import read_regular
from govgen.release.listing import COMPRESSED, Entry, Listing
from govgen.release.objects import Objects, digest_of
from govgen.release.packing import is_packable, pack


class Composer:
    """Turns built files into listings, and their bytes into objects.

    What an earlier listing tells of a file's smaller forms is not found out again: each is made once in its life.
    """

    def __init__(self, output: Path, objects: Objects, threads: int) -> None:
        self._output = output
        self._objects = objects
        self._threads = threads
        self._forms: dict[str, tuple[tuple[str, Entry], ...]] = {}
        """The smaller forms known by the digest of the file: their endings and entries."""

    def compose(self, built: Sequence[Entry], earlier: Iterable[Listing]) -> Listing:
        """Return the listing of a site's built files, all objects of which are kept then.

        Raises MachineryError where a built file is not what the build left, OSError.
        """
        paths = {entry.path for entry in built}
        standing: set[Entry] = set()
        for listing in earlier:
            self._learn(listing)
            standing.update(listing.entries)
        # Threads: digests, compression and writing all let others run meanwhile.
        with ThreadPoolExecutor(self._threads) as pool:
            made = pool.map(lambda entry: list(self._keep(entry, paths, entry in standing)), built)
            return Listing.of(chain.from_iterable(made))

    def _learn(self, listing: Listing) -> None:
        for entry in listing.entries:
            if is_packable(entry.path):
                forms = ((ending, listing.by_path.get(entry.path + ending)) for ending in COMPRESSED)
                self._forms[entry.digest] = tuple((ending, form) for ending, form in forms if form)

    def _keep(self, entry: Entry, paths: set[str], is_standing: bool) -> Iterator[Entry]:
        """Yield a built file's entry and those of its smaller forms, having kept the bytes of each."""
        forms = self._forms.get(entry.digest) if is_packable(entry.path) else ()
        content = b""
        if (
            forms is None
            or not self._is_kept(entry, is_standing)
            or not all(self._is_kept(form, is_standing) for _, form in forms)
        ):
            content = self._read(entry)
            forms = tuple(self._keep_forms(entry, content))
            self._objects.put(entry.digest, content)
            self._forms[entry.digest] = forms
        yield entry
        # A document may carry a packed attachment whose name is that of a smaller form.
        yield from (
            form._replace(path=entry.path + ending) for ending, form in forms if entry.path + ending not in paths
        )

    def _keep_forms(self, entry: Entry, content: bytes) -> Iterator[tuple[str, Entry]]:
        if is_packable(entry.path):
            for ending, form in pack(content).items():
                digest = digest_of(form)
                self._objects.put(digest, form)
                yield ending, Entry(entry.path + ending, digest, len(form))

    def _is_kept(self, entry: Entry, is_standing: bool) -> bool:
        """Tell whether an object is there; what stands in an earlier tree is looked at when it is linked."""
        return self._objects.has(entry.digest) if is_standing else self._objects.find(entry.digest) is not None

    def _read(self, entry: Entry) -> bytes:
        content = read_regular(self._output / entry.path)
        if digest_of(content) != entry.digest:
            raise MachineryError("output-changed", path=entry.path)
        return content
