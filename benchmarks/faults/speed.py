"""Times a publish of one changed page to a server over ssh, beside a plain rsync of the same change, in turns."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import PROJECT
from tests.sshd import Sshd, allow_signer, make_key, receive_command

_PARTS = ("content", "sites", "themes")
_PAGE = "content/mzj/news/2026-11-16-qiaotou-zhucandian.md"
_ANY_COMMAND = 'eval "$SSH_ORIGINAL_COMMAND"'
"""What a key may do on a server that is published to by plain rsync: everything."""


@dataclass(frozen=True)
class Speed:
    """Seconds of the middle one of several turns."""

    turns: int
    publish: float
    """`govgen publish` over ssh: build, release, signature, transfer, switch."""

    build_and_rsync: float
    """`govgen build`, then rsync of the whole output: what one would do without releases."""

    rsync: float
    """The rsync alone."""

    rollback: float
    """`govgen rollback` over ssh."""


def time_publishes(place: Path, turns: int) -> Speed:
    """Publish and rsync the demo county to a real sshd on this machine, one page changed for each turn."""
    place.mkdir()
    with Sshd(place / "sshd") as sshd:
        county = _prepare(place, sshd)
        plain = sshd.allow("plain", _ANY_COMMAND, options="no-pty")
        rsync = _rsync_command(sshd, plain, county, place / "plain")
        govgen = [sys.executable, "-m", "govgen", "--repo", str(county)]
        to_server = [*govgen, "publish", "-q", "--target", "county"]
        for command in (to_server, rsync):
            _time(command)
        seconds: dict[str, list[float]] = {name: [] for name in ("publish", "build", "rsync", "rollback")}
        for turn in range(turns):
            _edit(county, f"第{turn}次改")
            seconds["publish"].append(_time(to_server))
            seconds["rollback"].append(_time([*govgen, "rollback", "-q", "--target", "county"]))
            _edit(county, f"第{turn}次再改")
            seconds["build"].append(_time([*govgen, "build", "-q"]))
            seconds["rsync"].append(_time(rsync))
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    both = statistics.median(a + b for a, b in zip(seconds["build"], seconds["rsync"], strict=True))
    return Speed(turns, middle["publish"], both, middle["rsync"], middle["rollback"])


def _prepare(place: Path, sshd: Sshd) -> Path:
    """Return a copy of the demo county as a repository that knows the server as its target."""
    county, root = place / "county", place / "server"
    for part in _PARTS:
        shutil.copytree(PROJECT / part, county / part)
    shutil.copy(PROJECT / "pelicanconf.py", county)
    key = make_key(place / "release-key")
    allow_signer(root, key)
    deploy = sshd.allow("deploy", receive_command(root))
    (county / "targets.toml").write_text(
        f'[targets.county]\nkind = "ssh"\nkey = "{key}"\naddress = "{sshd.address}"\nport = {sshd.port}\n'
        f'identity = "{deploy}"\nknown_hosts = "{sshd.known_hosts}"\n',
        encoding="utf-8",
    )
    (county / ".gitignore").write_text("build/\npublic\n.govgen/\n", encoding="utf-8")
    git = ["git", "-c", "user.name=B", "-c", "user.email=b@county.invalid", "-C", str(county)]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "county"]):
        subprocess.run([*git, *command], check=True)
    return county


def _rsync_command(sshd: Sshd, key: Path, county: Path, goal: Path) -> list[str]:
    """Return a plain rsync of what was built: whole files held against each other by their bytes, as is safe."""
    shell = (
        f"ssh -p {sshd.port} -i {key} -o IdentitiesOnly=yes -o UserKnownHostsFile={sshd.known_hosts} -o BatchMode=yes"
    )
    return ["rsync", "-a", "-c", "--delete", "-e", shell, f"{county}/build/public/", f"{sshd.address}:{goal}/"]


def _edit(county: Path, title: str) -> None:
    page = county / _PAGE
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [f"title: {title}\n" if line.startswith("title:") else line for line in lines]
    assert changed != lines
    page.write_text("".join(changed), encoding="utf-8")


def _time(command: Sequence[str]) -> float:
    # Ids of releases are by the second: two within one would be told apart, but not as in life.
    time.sleep(1.1)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stdout + done.stderr
    return seconds
