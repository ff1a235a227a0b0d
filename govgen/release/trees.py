"""Trees: one site's whole output as an immutable folder named by the digest of its listing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import read_regular
from govgen.release.disk import BESIDE, READ_ONLY, make_folder, put_file, write_new
from govgen.release.listing import ASSETS, Entry, Listing, parse_listing
from govgen.release.objects import Objects, digest_of, time_of

ASSETS_LINK = f"../../../{ASSETS}"
"""Where `trees/<digest>/<host folder>/assets` leads: to the store's pool of the theme's files."""


class Trees:
    """The trees of a store, each with its listing beside it; the pool of theme files they share."""

    def __init__(self, root: Path, objects: Objects) -> None:
        self.folder = root / "trees"
        self.pool = root / ASSETS
        self._objects = objects

    def path(self, digest: str) -> Path:
        """Return the folder of a tree, if there is such."""
        return self.folder / digest

    def has(self, digest: str) -> bool:
        """Tell whether a tree is there, whole: it got its name after all of it was on the disk."""
        return self.path(digest).is_dir() and self.listing_file(digest).is_file()

    def is_sound(self, digest: str) -> bool:
        """Tell whether every file of a tree has the bytes its listing names."""
        listing = self.find_listing(digest)
        return listing is not None and all(_is_whole(self._place(self.path(digest), e), e) for e in listing.entries)

    def find_listing(self, digest: str) -> Listing | None:
        """Return the listing of a tree that is or was here; None where there is none, or a damaged one."""
        with suppress(OSError, MachineryError):
            return parse_listing(read_regular(self.listing_file(digest)), digest)
        return None

    def redirects(self, digest: str) -> Path:
        """Return the file that tells a web server a tree's redirects, if it has any."""
        return self.folder / f"{digest}.map"

    def keep_listing(self, listing: Listing) -> None:
        """Keep a listing whose tree may not be here."""
        # What stands there soundly stays: a power cut might take it while it is replaced.
        if self.find_listing(listing.digest) is None:
            make_folder(self.folder)
            put_file(self.listing_file(listing.digest), listing.content, time_of(listing.digest))

    def prepare(self, listing: Listing, before: Listing | None) -> None:
        """Lay a tree out under an unfinished name. Raises MachineryError for a missing object, OSError.

        What the tree `before` had is linked, not copied, where its bytes still are what they should be.
        """
        unfinished = self._unfinished(listing.digest)
        with suppress(FileNotFoundError):
            shutil.rmtree(unfinished)
        known = before.by_path if before and self.has(before.digest) else {}
        earlier = f"{self.path(before.digest)}/" if before else ""
        folders: set[str] = set()
        for entry in listing.entries:
            place = self._place(unfinished, entry)
            folder = os.path.dirname(place)  # noqa: PTH120 - a hundred thousand Path objects take a second
            if folder not in folders:
                make_folder(Path(folder))
                folders.add(folder)
            if entry.is_asset:
                self._put_asset(place, entry)
                continue
            if known.get(entry.path) == entry and self._link(earlier + entry.path, place, entry):
                continue
            write_new(place, self._objects.read(entry.digest), time_of(entry.digest))
        for host in {entry.path.split("/")[0] for entry in listing.entries if entry.is_asset}:
            (unfinished / host / ASSETS).symlink_to(ASSETS_LINK)
        self.keep_listing(listing)
        if content := listing.redirects:
            put_file(self.redirects(listing.digest), content, time_of(listing.digest))

    def finish(self, listing: Listing) -> None:
        """Give a prepared tree its name; all of it must have reached the disk."""
        folder = self.path(listing.digest)
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        self._unfinished(listing.digest).rename(folder)

    def drop(self, digest: str) -> None:
        """Take a tree its name; its listing stays, so that the next sweep finds its objects."""
        self.path(digest).rename(self._unfinished(digest))

    def names(self) -> list[str]:
        """Return the digests of all trees."""
        return [e.name for e in self._scan() if not e.name.startswith(BESIDE) and e.is_dir(follow_symlinks=False)]

    def listed(self) -> list[str]:
        """Return the digests of all listings."""
        return [entry.name.removesuffix(".list") for entry in self._scan() if entry.name.endswith(".list")]

    def forget_listing(self, digest: str) -> None:
        """Take a listing away whose tree is gone."""
        self.listing_file(digest).unlink()
        self.redirects(digest).unlink(missing_ok=True)

    def find_unfinished(self) -> list[Path]:
        """Return what a broken-off publisher left half done."""
        return [Path(entry.path) for entry in self._scan() if entry.name.startswith(BESIDE)] + [
            *self.pool.rglob(f"{BESIDE}*")
        ]

    def sweep_assets(self, kept: set[str]) -> None:
        """Take away the theme's files that no kept release has; paths below the pool."""
        for folder, _, names in os.walk(self.pool):
            for name in names:
                file = Path(folder, name)
                if file.relative_to(self.pool).as_posix() not in kept:
                    file.unlink()

    def _place(self, unfinished: Path, entry: Entry) -> str:
        if entry.is_asset:
            return f"{self.pool}/{pool_path(entry)}"
        return f"{unfinished}/{entry.path}"

    def _put_asset(self, place: str, entry: Entry) -> None:
        """Put a file of the theme into the pool; one with another content under its name gives way."""
        if not _is_whole(place, entry):
            put_file(Path(place), self._objects.read(entry.digest), time_of(entry.digest))

    def _link(self, source: str, place: str, entry: Entry) -> bool:
        """Link a file of an earlier tree; tell whether its bytes are still the right ones."""
        if not _is_whole(source, entry):
            return False
        os.link(source, place)
        return True

    def listing_file(self, digest: str) -> Path:
        """Return the file that a tree's listing is kept in, if it is."""
        return self.folder / f"{digest}.list"

    def _unfinished(self, digest: str) -> Path:
        return self.folder / f"{BESIDE}{digest}"

    def _scan(self) -> Iterator[os.DirEntry[str]]:
        return iter(os.scandir(self.folder)) if self.folder.is_dir() else iter(())


def pool_path(entry: Entry) -> str:
    """Return where a file of the theme stands below the pool."""
    return entry.path.split("/", 2)[2]


def _is_whole(file: str, entry: Entry) -> bool:
    """Tell whether a file is a plain one with the bytes an entry names, that web servers may read and nobody write."""
    with suppress(OSError):
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            is_sound = stat.S_IMODE(os.fstat(descriptor).st_mode) == READ_ONLY
            return is_sound and digest_of(stream.read()) == entry.digest
    return False
