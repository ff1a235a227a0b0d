"""A target where nothing can be installed: plain rsync over ssh. It promises less, see the manual."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import join

from govgen.deploy.connection import Server, ssh_command
from govgen.deploy.fetch import fetch_missing
from govgen.deploy.lag import Lag
from govgen.deploy.standing import Publisher, Standing
from govgen.deploy.wire import plain
from govgen.errors import MachineryError
from govgen.release.listing import Listing, parse_listing
from govgen.release.manifest import ID
from govgen.release.store import CURRENT, MANIFEST, SIGNATURE, SITES, SignedManifest, Source, Store

_LISTINGS = "listings"
_RELEASES = "releases"
_UNKNOWN_BYTES = 1 << 62
"""rsync does not tell how much room there is."""

_MISSING = 23
"""rsync's exit code where some of the files asked for are not there."""

_LINK = re.compile(rf"\s{CURRENT} -> {_RELEASES}/({ID.pattern})$")
_NAME = re.compile(rf"\s{_RELEASES}/({ID.pattern})(/{re.escape(SIGNATURE)})?$")


@dataclass(frozen=True)
class _Found:
    """What a listing of the remote folder tells."""

    live_id: str
    releases: tuple[str, ...]
    """Those that are whole: the signature is what comes last."""

    begun: tuple[str, ...]
    """All folders, oldest first."""


class RsyncTarget:
    """A folder on another machine, with one folder a release and a link to the one that is live."""

    is_signed = True

    def __init__(
        self, name: str, server: Server, folder: str, publisher: Publisher, known: Store, *, kept_releases: int = 10
    ) -> None:
        self.name = name
        self._server = server
        self._folder = folder.rstrip("/")
        self._publisher = publisher
        self._known = known
        """The publisher's own store: what is uploaded is linked together from its objects."""

        self._kept = kept_releases
        self._found = _Found("", (), ())
        self._shell = ssh_command(server)

    @contextmanager
    def open(self) -> Iterator[Standing]:
        """Reach the folder and say what stands there; its clock and its room are not known. Raises MachineryError."""
        with tempfile.TemporaryDirectory(prefix="govgen-") as folder:
            self._shell = ssh_command(self._server, Path(folder, "socket"))
            try:
                self._found = self._look()
                live = self.read(self._found.live_id) if self._found.live_id else None
                yield Standing(live, self._found.begun, _UNKNOWN_BYTES, self._publisher.now)
            finally:
                hang_up = [*self._shell, "-O", "exit", "--", self._server.address]
                subprocess.run(hang_up, stderr=subprocess.DEVNULL, check=False)

    def _look(self) -> _Found:
        """Say which releases there are and which one is live."""
        shown = (f"/{CURRENT}", f"/{_RELEASES}/", f"/{_RELEASES}/*/", f"/{_RELEASES}/*/{SIGNATURE}")
        rules = [*(f"--include={rule}" for rule in shown), "--exclude=*"]
        done = self._run("--list-only", "--recursive", "--links", *rules, self._there(""))
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        found = [match for line in lines if (match := _NAME.search(line))]
        live = next((match[1] for line in lines if (match := _LINK.search(line))), "")
        whole = tuple(sorted({match[1] for match in found if match[3]}))
        return _Found(live if live in whole else "", whole, tuple(sorted({match[1] for match in found})))

    # Reading

    def read(self, release: str) -> SignedManifest:
        """Return the manifest of a release. Raises MachineryError."""
        if release not in self._found.releases:
            raise MachineryError("no-release", release=plain(release, 40))
        with self._fetch(f"{_RELEASES}/{release}", [MANIFEST, SIGNATURE]) as folder:
            if not (folder / MANIFEST).is_file() or not (folder / SIGNATURE).is_file():
                raise MachineryError("no-release", release=release)
            return SignedManifest((folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes())

    def read_listings(self, digests: Sequence[str]) -> Iterator[Listing]:
        """Yield the listings of trees of what is live. Raises MachineryError."""
        known = {digest: self._known.trees.find_listing(digest) for digest in digests}
        names = [f"{digest}.list" for digest, listing in known.items() if listing is None]
        with self._fetch(f"{_RELEASES}/{self._found.live_id}/{_LISTINGS}", names) as folder:
            for digest in digests:
                listing = known[digest]
                file = folder / f"{digest}.list"
                if listing is None and not file.is_file():
                    raise MachineryError("bad-listing", tree=digest)
                yield listing or parse_listing(file.read_bytes(), digest)

    def read_objects(self, digests: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes with these digests, of what is live. Raises MachineryError."""
        if not digests:
            return
        trees = [site.tree for site in self.read(self._found.live_id).manifest.sites.values()]
        paths = {entry.digest: entry.path for listing in self.read_listings(trees) for entry in listing.entries}
        if missing := [digest for digest in digests if digest not in paths]:
            raise MachineryError("object-lost", object=missing[0])
        named = [paths[digest] for digest in digests]
        with self._fetch(f"{_RELEASES}/{self._found.live_id}/{SITES}", named) as folder:
            for digest in digests:
                file = folder / paths[digest]
                if not file.is_file():
                    raise MachineryError("object-lost", object=digest)
                yield digest, file.read_bytes()

    @contextmanager
    def _fetch(self, folder: str, names: Sequence[str]) -> Iterator[Path]:
        """Copy files of a remote folder into one that is gone afterwards; those that are not there are left out."""
        with tempfile.TemporaryDirectory() as place:
            if names:
                listed = "\0".join(names).encode()
                source = self._there(f"{folder}/")
                self._run("--from0", "--files-from=-", source, f"{place}/", text=listed, may_miss=True)
            yield Path(place)

    # A new release

    def stage(self, signed: SignedManifest, source: Source) -> None:
        """Upload the whole release, its signature last. Raises MachineryError, OSError."""
        manifest = signed.manifest
        if manifest.id <= max(self._found.begun, default=""):
            raise MachineryError("release-old", release=manifest.id, live=self._found.begun[-1])
        if manifest.previous < self._found.live_id:
            raise MachineryError("overtaken", previous=manifest.previous or "-", live=self._found.live_id)
        if self._found.live_id:
            fetch_missing(self._known, manifest, self)
        with self._laid_out(signed, source) as folder:
            if not self._found.begun:
                self._make_folder()
            place = self._there(f"{_RELEASES}/{manifest.id}/")
            like = [f"--link-dest={self._folder}/{_RELEASES}/{id}/" for id in self._alike()]
            copying = ("--recursive", "--times", "--perms", "--checksum")
            self._run(*copying, *like, f"--exclude=/{MANIFEST}*", f"{folder}/", place)
            # By itself and in this order: what has a signature is whole.
            self._run("--times", "--perms", f"{folder}/{MANIFEST}", f"{folder}/{SIGNATURE}", place)

    def _make_folder(self) -> None:
        """Have the folder of releases there: rsync makes the last folder of a path only."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, _RELEASES)
            folder.mkdir()
            folder.chmod(0o755)
            self._run("--dirs", "--perms", str(folder), self._there(""))

    def _alike(self) -> list[str]:
        """Return the releases whose unchanged files need not travel again: the live one, and one broken off."""
        unfinished = [id for id in self._found.begun if id > self._found.live_id]
        return [id for id in (self._found.live_id, *unfinished[-1:]) if id]

    @contextmanager
    def _laid_out(self, signed: SignedManifest, source: Source) -> Iterator[Path]:
        """Lay a release out as it is uploaded, linked together from the objects here; gone afterwards."""
        box = self._known.root / "outbox"
        shutil.rmtree(box, ignore_errors=True)
        trees = sorted({site.tree for site in signed.manifest.sites.values()})
        try:
            (box / _LISTINGS).mkdir(parents=True)
            for listing in source.read_listings(trees):
                (box / _LISTINGS / f"{listing.digest}.list").write_bytes(listing.content)
                self._link_tree(box / SITES, listing)
            (box / MANIFEST).write_bytes(signed.content)
            (box / SIGNATURE).write_bytes(signed.signature)
            _make_readable(box)
            yield box
        finally:
            shutil.rmtree(box, ignore_errors=True)

    def _link_tree(self, sites: Path, listing: Listing) -> None:
        folders: set[Path] = set()
        for entry in listing.entries:
            self._known.objects.read(entry.digest)
            file = sites / entry.path
            if file.parent not in folders:
                file.parent.mkdir(parents=True, exist_ok=True)
                folders.add(file.parent)
            os.link(self._known.objects.path(entry.digest), file)

    def switch(self, release: str) -> tuple[Lag, ...]:
        """Put a staged release live: rsync puts a new link in the place of the old one in one step.

        Nobody is kept out meanwhile: it looks once more what is live just before. Raises MachineryError.
        """
        now = self._look()
        if now.live_id != self._found.live_id:
            raise MachineryError("overtaken", previous=self._found.live_id or "-", live=now.live_id or "-")
        if release not in now.releases:
            raise MachineryError("not-staged", release=release)
        with tempfile.TemporaryDirectory() as place:
            link = Path(place, CURRENT)
            link.symlink_to(f"{_RELEASES}/{release}")
            self._run("--links", str(link), self._there(""))
        self._remove_old(now, release)
        return ()

    def _remove_old(self, found: _Found, live: str) -> None:
        kept = {live, *found.releases[-self._kept :]}
        old = [id for id in found.begun if id not in kept]
        if old:
            # An empty folder is copied over: of what is there, only what is named is taken away.
            rules = [f"--include=/{id}/***" for id in old]
            with tempfile.TemporaryDirectory() as place:
                goal = self._there(f"{_RELEASES}/")
                self._run("--recursive", "--delete", *rules, "--exclude=*", f"{place}/", goal)

    def catch_up(self) -> tuple[Lag, ...]:
        """Bring up what lags behind; it is one place, and lags behind nothing."""
        return ()

    def _there(self, path: str) -> str:
        return f"{self._server.address}:{self._folder}/{path}"

    def _run(self, *arguments: str, text: bytes = b"", may_miss: bool = False) -> subprocess.CompletedProcess[bytes]:
        """Run rsync. Raises MachineryError with what it says."""
        command = ["rsync", "--timeout=25", f"--rsh={join(self._shell)}", *arguments]
        try:
            done = subprocess.run(command, input=text, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise MachineryError("no-rsync") from error
        if done.returncode and not (may_miss and done.returncode == _MISSING):
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["?"]
            raise MachineryError("rsync", server=self._server.address, reason=plain(lines[0], 300))
        return done


def _make_readable(folder: Path) -> None:
    """Let everybody read files that do not have the store's mode yet, and pass through folders."""
    for place, _, names in os.walk(folder):
        Path(place).chmod(0o755)
        for name in names:
            file = Path(place, name)
            if file.stat().st_mode & 0o777 != 0o444:
                file.chmod(0o444)
