"""Makes releases: complete copies of what was built, beside the live one, and one link that points to the live one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from govgen.errors import MachineryError
from govgen.files import write_atomic
from govgen.model.build import Artifact

STORE = ".govgen"
KEPT_RELEASES = 3
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Release:
    """A complete, immutable set of built files."""

    id: str
    folder: Path

    @property
    def tree(self) -> Path:
        """The folder citizens are served from: one folder a host."""
        return self.folder / "tree"


@contextmanager
def lock(repository: Path) -> Iterator[None]:
    """Hold the right to publish; raise MachineryError where another process holds it. Freed by the kernel on death."""
    store = repository / STORE
    store.mkdir(exist_ok=True)
    with (store / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise MachineryError("busy", holder=file.read().strip() or "?") from error
        file.truncate(0)
        file.write(f"pid {os.getpid()}")
        file.flush()
        yield


def find_live(link: Path) -> Release | None:
    """Return the release a link points to; None if there is none. Raises MachineryError for anything but our link."""
    if not link.is_symlink():
        if link.exists():
            raise MachineryError("not-a-link", path=str(link))
        return None
    folder = (link.parent / link.readlink()).parent
    return Release(folder.name, folder) if (folder / MANIFEST).is_file() else None


def digest_of(artifacts: Sequence[Artifact]) -> str:
    """Return one digest over all files of a build: equal builds, equal digests."""
    lines = sorted(f"{artifact.digest} {artifact.path}\n" for artifact in artifacts)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_digest(release: Release) -> str:
    """Return the digest a release's manifest gives for all its files."""
    return str(json.loads((release.folder / MANIFEST).read_text(encoding="utf-8"))["digest"])


def stage_release(
    repository: Path, output: Path, artifacts: Sequence[Artifact], commit: str, clock: datetime
) -> Release:
    """Make a release of what stands in `output`, complete before it gets its name. Raises OSError.

    Files are linked, not copied: builds replace files and never write into them.
    """
    releases = repository / STORE / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(releases)
    release_id = _next_id(releases, clock)
    staging = releases / f".{release_id}"
    for artifact in artifacts:
        target = staging / "tree" / artifact.path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(output / artifact.path, target)
    manifest = {
        "release": release_id,
        "commit": commit,
        "digest": digest_of(artifacts),
        "files": {a.path: {"sha256": a.digest, "size": a.size_bytes} for a in sorted(artifacts, key=lambda a: a.path)},
    }
    write_atomic(staging / MANIFEST, json.dumps(manifest, indent=1).encode())
    folder = releases / release_id
    staging.rename(folder)
    return Release(release_id, folder)


def switch(link: Path, release: Release) -> None:
    """Point the link at a release in one step: readers see the old one or the new one."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(release.tree, link.parent), target_is_directory=True)
    beside.rename(link)


def remove_old(repository: Path, live: Release) -> None:
    """Take away all but the newest releases; never the live one."""
    releases = repository / STORE / "releases"
    names = sorted(folder.name for folder in releases.iterdir() if not folder.name.startswith("."))
    for name in names[:-KEPT_RELEASES]:
        if name != live.id:
            shutil.rmtree(releases / name)


def _remove_unfinished(releases: Path) -> None:
    for folder in releases.iterdir():
        if folder.name.startswith("."):
            shutil.rmtree(folder)


def _next_id(releases: Path, clock: datetime) -> str:
    """Return an id that is later than all others, even if the clock went back."""
    wanted = clock.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    known = [folder.name for folder in releases.iterdir() if not folder.name.startswith(".")]
    newest = max(known, default="")
    if wanted > newest:
        return wanted
    stem, _, number = newest.partition("-")
    return f"{stem}-{int(number or 0) + 1:03}"
