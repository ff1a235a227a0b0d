"""A target that is a folder of this machine: the repository's own `public/`, or a web server's folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path

from govgen.deploy.lag import Lag
from govgen.deploy.standing import Publisher, Standing
from govgen.errors import MachineryError
from govgen.release.disk import make_folder, put_link
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
        self.link = link
        self.store = Store(root)

    @property
    def served(self) -> Path:
        """The folder that shows what is live."""
        return self.link or self.root / CURRENT / SITES

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Say what stands there. Raises MachineryError where something else stands in the place of the link."""
        if self.link and self.link.exists() and not self.link.is_symlink():
            raise MachineryError("not-a-link", path=str(self.link))
        make_folder(self.root)
        free_bytes = shutil.disk_usage(self.root).free
        self._tidy()
        with ExitStack() as self._held:
            yield Standing(self.store.find_live(), tuple(self.store.ids()), free_bytes, self._publisher.now)

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
        """Have the whole release there; until the target is closed nobody else does. Raises MachineryError, OSError."""
        self._held.enter_context(self._lock())
        self.store.stage(signed, source)

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live, then take away what is too old. Raises MachineryError, OSError."""
        self.store.switch(release)
        if self.link:
            goal = os.path.relpath(self.root / CURRENT / SITES, self.link.parent)
            if not self.link.is_symlink() or str(self.link.readlink()) != goal:
                put_link(self.link, goal)
        self.store.collect(self._kept)
        return ()

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring up what lags behind; it is one place, and lags behind nothing."""
        return ()

    def _tidy(self) -> None:
        """Take away what a broken-off publisher left, unless it is somebody's who is at work."""
        if self.store.find_unfinished():
            # What can't be taken away now hinders nobody but the next release, which says so.
            with suppress(MachineryError, OSError), self._lock():
                self.store.remove_unfinished()

    def _lock(self) -> AbstractContextManager[None]:
        return lock(self.root / "lock", self._publisher.name, self._publisher.now)
