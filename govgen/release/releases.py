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


@dataclass(frozen=True)
class StagedFile:
    """One file of a release, and where its bytes stand now."""

    artifact: Artifact
    source: Path


def compose_release(
    output: Path, artifacts: Sequence[Artifact], live: Release | None, sites: Sequence[str]
) -> list[StagedFile]:
    """Return the files of a release: what was built, and, where only some sites were, the live files of the others."""
    built = {artifact.path: StagedFile(artifact, output / artifact.path) for artifact in artifacts}
    kept = _read_files(live) if live and sites else []
    others = {f.artifact.path: f for f in kept if f.artifact.site not in sites}
    return list({**others, **built}.values())


def _read_files(release: Release) -> list[StagedFile]:
    manifest = json.loads((release.folder / MANIFEST).read_text(encoding="utf-8"))
    return [
        StagedFile(Artifact(path, file["sha256"], file["size"], False, file["site"]), release.tree / path)
        for path, file in manifest["files"].items()
    ]


def digest_of(files: Sequence[StagedFile]) -> str:
    """Return one digest over all files of a release: equal files, equal digests."""
    lines = sorted(f"{file.artifact.digest} {file.artifact.path}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_digest(release: Release) -> str:
    """Return the digest a release's manifest gives for all its files."""
    return str(json.loads((release.folder / MANIFEST).read_text(encoding="utf-8"))["digest"])


def stage_release(repository: Path, files: Sequence[StagedFile], commit: str, clock: datetime) -> Release:
    """Make a release, complete before it gets its name. Raises OSError.

    Files are linked, not copied: builds replace files and never write into them.
    """
    releases = repository / STORE / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    _remove_unfinished(releases)
    release_id = _next_id(releases, clock)
    staging = releases / f".{release_id}"
    for file in files:
        target = staging / "tree" / file.artifact.path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(file.source, target)
    artifacts = sorted((file.artifact for file in files), key=lambda artifact: artifact.path)
    manifest = {
        "release": release_id,
        "commit": commit,
        "digest": digest_of(files),
        "files": {a.path: {"sha256": a.digest, "size": a.size_bytes, "site": a.site} for a in artifacts},
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
