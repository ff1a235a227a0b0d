"""A target that is a folder of this machine: the repository's own `public/`, or a web server's folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from govgen.deploy.lag import Lag
from govgen.deploy.standing import Publisher, Standing
from govgen.errors import MachineryError
from govgen.release.disk import put_link
from govgen.release.listing import Listing
from govgen.release.store import CURRENT, SITES, SignedManifest, Source, Store, lock


class DirectoryTarget:
    """A store on this machine, and the link under which its live release is found."""

    def __init__(self, root: Path, publisher: Publisher, kept_releases: int, link: Path | None = None) -> None:
        self.name = str(link or root)
        self.is_signed = False
        self.root = root
        self._publisher = publisher
        self._kept = kept_releases
        self._link = link
        self.store = Store(root)

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Say what stands there. Raises MachineryError where something else stands in the place of the link."""
        if self._link and self._link.exists() and not self._link.is_symlink():
            raise MachineryError("not-a-link", path=str(self._link))
        now = self._publisher.now
        with lock(self.root / "lock", self._publisher.name, now):
            free_bytes = shutil.disk_usage(self.root).free
            yield Standing(self.store.find_live(), tuple(self.store.ids()), free_bytes, now)

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release. Raises MachineryError."""
        return self.store.read(release)

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees. Raises MachineryError."""
        return self.store.read_listings(digests)

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests. Raises MachineryError."""
        return self.store.read_objects(digests)

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Have the whole release there. Raises MachineryError, OSError."""
        self.store.stage(signed, source)

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live, then take away what is too old. Raises MachineryError, OSError."""
        self.store.switch(release)
        if self._link:
            goal = os.path.relpath(self.root / CURRENT / SITES, self._link.parent)
            if not self._link.is_symlink() or str(self._link.readlink()) != goal:
                put_link(self._link, goal)
        self.store.collect(self._kept)
        return ()

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring up what lags behind; it is one place, and lags behind nothing."""
        return ()
