"""The parts of releases one by one: ids, listings, manifests, clocks, room and signatures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from govgen.deploy.preflight import check_clocks, check_room
from govgen.deploy.target import Standing
from govgen.errors import MachineryError
from govgen.release.listing import Entry, Listing, parse_listing
from govgen.release.manifest import next_id, parse_manifest
from govgen.release.objects import digest_of
from govgen.release.signing import sign, verify
from govgen.release.store import SignedManifest, Store
from tests.test_publish import live
from tests.thrice import publish_thrice
from tests.world import NOON, World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    return publish_thrice(world())


def test_ids_rise_even_if_the_clock_goes_back() -> None:
    known: list[str] = []
    clock = NOON
    for step in range(2500):
        clock = NOON - timedelta(days=step % 3)
        known.append(next_id(known, clock))
    assert known == sorted(set(known))
    assert all(parse_id(id) for id in known)


def parse_id(id: str) -> bool:
    """Tell whether an id is of the form the store takes."""
    from govgen.release.manifest import ID

    return ID.fullmatch(id) is not None


DIGEST = digest_of(b"x")


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST} 1 ../etc/passwd\n",
        f"{DIGEST} 1 /etc/passwd\n",
        f"{DIGEST} 1 host\n",
        f"{DIGEST} 1 host/../x\n",
        f"{DIGEST} 1 host/.git/config\n",
        f"{DIGEST} 1 host/a b\n",
        f"{DIGEST} -1 host/a\n",
        f"{DIGEST[:-1]} 1 host/a\n",
        f"{DIGEST} 1 host/b\n{DIGEST} 1 host/a\n",
        f"{DIGEST} 1 host/a\n{DIGEST} 1 host/a\n",
        f'{DIGEST} 1 host/a https://x/";}}\n',
        f"{DIGEST} 1 host/a https://x/$document_root\n",
        f"{DIGEST} 1 host/a javascript:alert(1)\n",
    ],
)
def test_a_listing_with_a_trick_in_it_is_refused(line: str) -> None:
    content = line.encode()
    with pytest.raises(MachineryError):
        parse_listing(content, digest_of(content))


def test_a_listing_of_another_digest_is_refused() -> None:
    listing = Listing.of([Entry("host/index.html", DIGEST, 1), Entry("host/a", DIGEST, 1, "https://h/b")])
    assert parse_listing(listing.content, listing.digest) == listing
    with pytest.raises(MachineryError):
        parse_listing(listing.content + b"\n", listing.digest)


@pytest.mark.parametrize("change", [{"id": "../x"}, {"format": 2}, {"sites": {"a/b": {}}}, {"sites": []}, {"more": 1}])
def test_a_manifest_with_a_trick_in_it_is_refused(county: World, change: dict[str, object]) -> None:
    table = json.loads((live(county).parent / "manifest.json").read_text("utf-8"))
    with pytest.raises(MachineryError):
        parse_manifest(json.dumps({**table, **change}).encode())


def test_a_clock_that_is_wrong_is_told_and_one_that_differs_from_the_target_stops(county: World) -> None:
    signed = Store(county.root / ".govgen").find_live()
    standing = Standing(signed, (), 10**12, NOON)
    assert check_clocks(standing, NOON) == {}
    early, late = NOON - timedelta(days=365), NOON + timedelta(days=365)
    assert list(check_clocks(replace(standing, clock=early), early)) == ["clock-back"]
    assert list(check_clocks(replace(standing, clock=late), late)) == ["clock-leap"]
    with pytest.raises(MachineryError, match="clocks-apart"):
        check_clocks(standing, late)


def test_a_target_without_room_is_refused_before_anything_is_sent() -> None:
    standing = Standing(None, (), 40_000_000, datetime.now(UTC))
    check_room(standing, [Listing.of([Entry("host/a", DIGEST, 1_000_000)])])
    with pytest.raises(MachineryError, match="no-room"):
        check_room(standing, [Listing.of([Entry("host/a", DIGEST, 10_000_000)])])


def make_key(folder: Path, name: str) -> Path:
    """Make a key pair, and a file of allowed signers that lists it; return the private key."""
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text("ascii").split()
    (folder / f"{name}.signers").write_text(f"{name} {public[0]} {public[1]}\n", encoding="ascii")
    return key


def test_signatures_hold_for_one_text_and_one_key_only(tmp_path: Path) -> None:
    key = make_key(tmp_path, "fabu")
    make_key(tmp_path, "other")
    signed = sign(b"manifest", key)
    assert verify(signed, tmp_path / "fabu.signers") == "fabu"
    for wrong, signers in (
        (replace(signed, content=b"manifesT"), "fabu"),
        (signed, "other"),
        (SignedManifest(b"manifest"), "fabu"),
        (SignedManifest(b"manifest", b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"), "fabu"),
    ):
        with pytest.raises(MachineryError):
            verify(wrong, tmp_path / f"{signers}.signers")
    with pytest.raises(MachineryError, match="not-signed"):
        sign(b"manifest", tmp_path / "missing")


def test_a_signature_for_something_else_is_refused(tmp_path: Path) -> None:
    key = make_key(tmp_path, "fabu")
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key)]
    signature = subprocess.run(command, input=b"manifest", capture_output=True, check=True).stdout
    with pytest.raises(MachineryError):
        verify(SignedManifest(b"manifest", signature), tmp_path / "fabu.signers")
