"""Cuts publishes over ssh at random moments: the publisher, its ssh, or the server's end is killed.

`cut_often` is for the tests (a dozen times) and for the collection of faults (as often as one likes).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from govgen.deploy.ssh import SshTarget
from govgen.errors import MachineryError
from govgen.release.manifest import Manifest
from govgen.release.store import Store, lock
from tests.releases import Files, make_release, publisher, served, signed
from tests.sshd import Sshd, allow_signer, make_key, receive_command
from tests.world import PROJECT

VICTIMS = ("publisher", "ssh", "server")

_SENDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from govgen.deploy.connection import Server
from govgen.deploy.ssh import SshTarget
from govgen.deploy.standing import Publisher
from govgen.release.manifest import parse_manifest
from govgen.release.signing import sign
from govgen.release.store import Store
known, manifest, key, address, port, identity, hosts = sys.argv[1:]
server = Server(address, int(port), Path(identity), Path(hosts))
target = SshTarget("cut", server, Publisher("cut", datetime.now(UTC)), Store(Path(known)))
content = Path(manifest).read_bytes()
print("ready", flush=True)
with target.open():
    target.stage(sign(content, Path(key)), Store(Path(known)))
    target.switch(parse_manifest(content).id)
"""


@dataclass
class Cuts:
    """What came of it."""

    number: int = 0
    torn: int = 0
    """After the cut something else was shown than the one release or the other."""

    stuck: int = 0
    """The lock was not free a minute after the cut, or the server's end still at work."""

    longest_wait_seconds: float = 0.0
    """From a cut until the next one could begin: what the server was at, such as a flush of the disk, ends first."""

    switched: int = 0
    """The release was live already when the cut came, or went live all the same."""

    unkept: int = 0
    """A publisher said it was done, and it was not so."""

    resent: list[tuple[int, int, int]] = field(default_factory=list)
    """For each resumed one: the objects of the release, those the server lacked, those that travelled again."""


def cut_often(folder: Path, sshd: Sshd, number: int, seed: int) -> Cuts:
    """Publish so many releases, each cut at some moment, then each finished; return what was seen."""
    chance, cuts = random.Random(seed), Cuts()
    key = make_key(folder / "release_key")
    root, known = folder / "root", Store(folder / "own")
    allow_signer(root, key)
    server = sshd.server(sshd.allow(f"cut-{folder.name}", receive_command(root)))
    target = SshTarget("cut", server, publisher(), known)
    files = _files(chance)
    manifest = make_release(known, 0, files)
    # The first one, whole, tells how long a publish takes.
    started = time.monotonic()
    _finish(target, manifest, key, known)
    usual_seconds = time.monotonic() - started
    for turn in range(1, number + 1):
        before, files = files, _files(chance)
        manifest = make_release(known, 2 * turn, files, _number(Store(root)))
        (folder / "manifest").write_bytes(manifest.content)
        reached = (server.address, server.port, server.identity, server.known_hosts)
        arguments = (known.root, folder / "manifest", key, *reached)
        exit_code = _cut(root, tuple(map(str, arguments)), chance, usual_seconds)
        cuts.number += 1
        waited = _seconds_until_free(root)
        cuts.stuck += waited < 0
        cuts.longest_wait_seconds = max(cuts.longest_wait_seconds, waited)
        shown = served(root)
        cuts.torn += shown not in (before, files)
        cuts.unkept += exit_code == 0 and shown != files
        if shown == files:
            cuts.switched += 1
            continue
        again = make_release(known, 2 * turn + 1, files, _number(Store(root)))
        listings = known.read_listings([site.tree for site in again.sites.values()])
        wanted = {entry.digest for listing in listings for entry in listing.entries}
        lacking = sum(Store(root).objects.find(digest) is None for digest in wanted)
        travelled = _finish(target, again, key, known)
        cuts.resent.append((len(wanted), lacking, travelled))
        cuts.torn += served(root) != files
    return cuts


def _files(chance: random.Random) -> Files:
    """Return a site with a few hundred files no release had before: some small, some not."""
    pages = {f"news/{number}.html": chance.randbytes(chance.choice((100, 3000, 40000))) for number in range(300)}
    return {"mzj": {"index.html": b"<h1>x</h1>", **pages}, "qingshui": {"index.html": b"always the same"}}


def _number(store: Store) -> int:
    """Return the number that the live release was made with."""
    live = store.find_live()
    assert live
    made = datetime.fromisoformat(live.manifest.made_at)
    return round((made - datetime(2026, 11, 22, 4, tzinfo=UTC)).total_seconds() / 60)


def _finish(target: SshTarget, manifest: Manifest, key: Path, known: Store) -> int:
    """Publish, and return how many objects travelled."""
    before = target.sent_objects
    with target.open():
        target.stage(signed(manifest, key), known)
        target.switch(manifest.id)
    return target.sent_objects - before


def _cut(root: Path, arguments: tuple[str, ...], chance: random.Random, usual_seconds: float) -> int:
    """Start a publish and kill a part of it at some moment; return the publisher's exit code."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SENDER, *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    process.stdout.readline()
    victim, moment = chance.choice(VICTIMS), time.monotonic() + chance.uniform(0, 1.1) * usual_seconds
    while time.monotonic() < moment and process.poll() is None:
        time.sleep(0.001)
    pids = {"publisher": [process.pid], "ssh": _children(process.pid), "server": list(_receivers(root))}[victim]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    code = process.wait(60)
    process.stdout.close()
    return code


def _seconds_until_free(root: Path) -> float:
    """Return how long after a cut the server's end was gone and the lock free; -1 where it was not within a minute."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < 60:
        try:
            with lock(root / "lock", "test", datetime.now(UTC)):
                if not list(_receivers(root)):
                    return waited
        except MachineryError as error:
            assert error.key == "busy"
        time.sleep(0.02)
    return -1


def _receivers(root: Path) -> Iterator[int]:
    """Yield the processes that receive into a folder: those this test started through its sshd."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if b"receive" in words and str(root).encode() in words:
                yield int(entry.name)


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []
