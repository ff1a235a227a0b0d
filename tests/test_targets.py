"""What holds for every kind of target: a folder, a server over ssh, several of them, plain rsync, one with a mirror."""

from __future__ import annotations

import shutil
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from govgen.deploy.directory import DirectoryTarget
from govgen.deploy.mirror import Mirrored
from govgen.deploy.rsync import RsyncTarget
from govgen.deploy.servers import Servers
from govgen.deploy.ssh import SshTarget
from govgen.deploy.target import Target
from govgen.errors import MachineryError
from govgen.release.store import Store
from tests.conftest import require
from tests.releases import make_release, publisher, release_id, served, signed, site_files
from tests.sshd import Sshd, allow_signer, make_key, receive_command

KINDS = ("directory", "ssh", "servers", "rsync", "mirrored")


@dataclass(frozen=True)
class Place:
    """A target, and the folders it fills."""

    target: Target
    roots: tuple[Path, ...]
    known: Store
    key: Path

    def publish(self, number: int, text: str, previous: int | None = None) -> None:
        """Put a release live."""
        with self.target.open():
            self.stage(number, text, previous)
            assert self.target.switch(release_id(number)) == ()

    def stage(self, number: int, text: str, previous: int | None = None) -> None:
        """Have a release there."""
        manifest = make_release(self.known, number, site_files(text), previous)
        self.target.stage(signed(manifest, self.key), self.known)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, sshd: Sshd) -> Place:
    """Return an empty place of each kind."""
    key = make_key(tmp_path / "release_key")
    known = Store(tmp_path / "own")
    roots = tuple(tmp_path / f"root{number}" for number in range(2))
    for root in roots:
        allow_signer(root, key)

    def over_ssh(root: Path, command: str = "") -> SshTarget:
        deploy = sshd.allow(f"{tmp_path.name}-{root.name}", command or receive_command(root))
        return SshTarget(root.name, sshd.server(deploy), publisher(), known)

    def over_rsync(root: Path, command: str, folder: str) -> RsyncTarget:
        require("rsync")
        deploy = sshd.allow(f"{tmp_path.name}-{root.name}", command)
        return RsyncTarget("r", sshd.server(deploy), folder, publisher(), known, kept_releases=2)

    match request.param:
        case "directory":
            return Place(DirectoryTarget(roots[0], publisher(), 2), roots[:1], known, key)
        case "ssh":
            return Place(over_ssh(roots[0], receive_command(roots[0], "--keep", "2")), roots[:1], known, key)
        case "servers":
            members = [over_ssh(root, receive_command(root, "--keep", "2")) for root in roots]
            return Place(Servers("county", members, publisher(), known, 0), roots, known, key)
        case "rsync":
            return Place(over_rsync(roots[0], f"rrsync {roots[0]}", "/"), roots[:1], known, key)
    mirror = over_ssh(roots[1])
    return Place(Mirrored(DirectoryTarget(roots[0], publisher(), 2), mirror, "m", known), roots[:2], known, key)


def test_a_release_goes_live_byte_for_byte(place: Place) -> None:
    with place.target.open() as standing:
        assert (standing.live, standing.releases, standing.live_id) == (None, (), "")
        assert standing.free_bytes > 0
        assert place.target.catch_up() == ()
    place.publish(1, "第一版")
    for root in place.roots:
        assert served(root) == site_files("第一版")
        file = root / "current/sites/mzj.yunling.gov.example/index.html"
        assert file.stat().st_mode & 0o777 == 0o444
        assert all(above.stat().st_mode & 0o005 == 0o005 for above in file.resolve().parents if root in above.parents)
    with place.target.open() as standing:
        assert (standing.live_id, standing.releases) == (release_id(1), (release_id(1),))
        assert standing.live is not None and standing.live.signature
        assert place.target.read(release_id(1)) == standing.live
        trees = [site.tree for site in standing.live.manifest.sites.values()]
        shutil.rmtree(place.known.trees.folder)
        listings = list(place.target.read_listings(trees))
        assert [listing.digest for listing in listings] == trees
        entry = listings[0].entries[-1]
        ((digest, content),) = place.target.read_objects([entry.digest])
        assert (digest, len(content)) == (entry.digest, entry.size_bytes)
        with pytest.raises(MachineryError, match="no-release"):
            place.target.read(release_id(7))


def test_what_is_staged_is_not_live_and_hinders_nothing(place: Place) -> None:
    place.publish(1, "第一版")
    with place.target.open():
        place.stage(2, "中断的一版", 1)
        for root in place.roots:
            assert served(root) == site_files("第一版")
    for root in place.roots:
        assert served(root) == site_files("第一版")
    place.publish(3, "第三版", 1)
    for root in place.roots:
        assert served(root) == site_files("第三版")


def test_a_release_is_taken_once_and_none_that_is_older_or_overtaken(place: Place) -> None:
    place.publish(1, "第一版")
    place.publish(3, "第三版", 1)
    for number, previous, fault in ((3, 1, "release-old"), (2, 3, "release-old"), (5, 1, "overtaken")):
        with pytest.raises(MachineryError, match=fault), place.target.open():
            place.stage(number, "又一版", previous)
    for root in place.roots:
        assert served(root) == site_files("第三版")


def test_only_the_newest_releases_are_kept_and_missed_ones_are_no_fault(place: Place) -> None:
    for number, previous in ((1, None), (3, 2), (4, 3)):
        place.publish(number, f"第{number}版", previous)
    with place.target.open() as standing:
        assert standing.releases == (release_id(3), release_id(4))
        with pytest.raises(MachineryError, match="no-release"):
            place.target.read(release_id(1))
    for root in place.roots[:1]:
        assert served(root) == site_files("第4版")


@pytest.mark.parametrize("place", ["rsync"], indirect=True)
def test_rsync_switches_only_where_nobody_else_did_meanwhile(place: Place) -> None:
    place.publish(1, "第一版")
    other = replace(place, target=copy(place.target))
    with place.target.open():
        place.stage(3, "第三版", 1)
        other.publish(4, "第四版", 1)
        with pytest.raises(MachineryError, match="overtaken"):
            place.target.switch(release_id(3))
    assert served(place.roots[0]) == site_files("第四版")


@pytest.mark.parametrize("place", ["rsync"], indirect=True)
def test_rsync_fetches_what_this_clone_never_had(place: Place) -> None:
    place.publish(1, "第一版")
    manifest = make_release(place.known, 2, site_files("第二版"), 1)
    kept = manifest.sites["qingshui"].tree
    for listing in place.known.read_listings([kept]):
        place.known.trees.forget_listing(kept)
        for entry in listing.entries:
            place.known.objects.path(entry.digest).unlink()
    with place.target.open():
        place.target.stage(signed(manifest, place.key), place.known)
        assert place.target.switch(release_id(2)) == ()
    assert served(place.roots[0]) == site_files("第二版")


def test_a_damaged_file_at_the_publisher_stops_the_release(place: Place) -> None:
    place.publish(1, "第一版")
    manifest = make_release(place.known, 2, site_files("第二版"), 1)
    listing = place.known.trees.find_listing(manifest.sites["mzj"].tree)
    assert listing
    object = place.known.objects.path(listing.by_path["mzj.yunling.gov.example/index.html"].digest)
    object.chmod(0o644)
    object.write_bytes(b"damaged")
    with pytest.raises(MachineryError, match="object-lost"), place.target.open():
        place.target.stage(signed(manifest, place.key), place.known)
    assert served(place.roots[0]) == site_files("第一版")
