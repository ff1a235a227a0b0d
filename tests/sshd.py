"""A real sshd on a free loopback port, with keys of its own: `with Sshd(folder) as sshd:`.

Give it keys with `allow`, which returns the private key's file; `server` tells a target how to reach it. It ends with
the block, and only what it started itself.
"""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from govgen.deploy.connection import Server
from tests.conftest import require
from tests.world import PROJECT


class Sshd:
    """An SSH server in a folder: its configuration, its keys, its log."""

    def __init__(self, folder: Path) -> None:
        self._program = require_sshd()
        self.folder = folder
        folder.mkdir(parents=True)
        self.port = free_port()
        self.user = getpass.getuser()
        self.address = f"{self.user}@127.0.0.1"
        self.known_hosts = folder / "known_hosts"
        self._authorized = folder / "authorized_keys"
        self._lines: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        make_key(folder / "host_key")
        host_key = (folder / "host_key.pub").read_text(encoding="utf-8")
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port},[localhost]:{self.port} {host_key}", encoding="utf-8")
        self._authorized.touch(mode=0o600)
        (folder / "sshd_config").write_text(self._configuration(), encoding="utf-8")

    def _configuration(self) -> str:
        return f"""
ListenAddress 127.0.0.1
Port {self.port}
HostKey {self.folder}/host_key
AuthorizedKeysFile {self._authorized}
PidFile {self.folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
MaxStartups 100:30:200
Subsystem sftp internal-sftp
"""

    def allow(self, name: str, command: str, options: str = "restrict") -> Path:
        """Make a key that may run one command, or let it run another, and return the private key's file."""
        key = self.folder / name
        if not key.exists():
            make_key(key)
        public = key.with_suffix(".pub").read_text(encoding="utf-8")
        quoted = command.replace("\\", "\\\\").replace('"', '\\"')
        self._lines[name] = f'{options},command="{quoted}" {public}'
        self._authorized.write_text("".join(self._lines.values()), encoding="utf-8")
        return key

    def server(self, key: Path) -> Server:
        """Return how this server is reached with a key."""
        return Server(self.address, self.port, key, self.known_hosts)

    def __enter__(self) -> Self:
        """Start it."""
        if os.getuid() == 0:
            # Where sshd goes to have no rights; Debian's service makes it at its start.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        command = [self._program, "-D", "-f", str(self.folder / "sshd_config"), "-E", str(self.folder / "log")]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + 10
        while not is_listening(self.port):
            assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process
        self._process.terminate()
        self._process.wait()


def receive_command(root: Path, *arguments: str) -> str:
    """Return the command of a key that publishes into a folder: this very govgen."""
    python = [sys.executable, "-m", "govgen", "receive", "--root", str(root), *arguments]
    return f"PYTHONPATH={shlex.quote(str(PROJECT))} exec {shlex.join(python)}"


def make_key(file: Path) -> Path:
    """Make a key pair without a passphrase and return the private one's file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", file.name, "-f", str(file)], check=True)
    return file


def allow_signer(root: Path, *keys: Path) -> None:
    """Write the list of those who may sign into a server's folder."""
    root.mkdir(parents=True, exist_ok=True)
    lines = (f"{key.name} {key.with_suffix('.pub').read_text(encoding='utf-8')}" for key in keys)
    (root / "allowed_signers").write_text("".join(lines), encoding="utf-8")


def require_sshd() -> str:
    """Return sshd's path, or skip the test where it is missing; sbin is not on everybody's path."""
    return "/usr/sbin/sshd" if Path("/usr/sbin/sshd").is_file() else require("sshd")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    """Tell whether somebody answers on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
