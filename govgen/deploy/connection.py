"""A line to a server over ssh: started as a process of its own, and ended with it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from govgen.deploy.wire import Line, LineCut, plain, raise_error
from govgen.errors import MachineryError
from govgen.texts import load_texts

_CLOSING_SECONDS = 30.0
_SHARED_SECONDS = 20
"""For so long a shared connection outlives a publisher that was killed."""

_OPTIONS = (
    "BatchMode=yes",
    "ClearAllForwardings=yes",
    "Compression=yes",
    "ConnectTimeout=10",
    "ForwardAgent=no",
    "ForwardX11=no",
    "LogLevel=ERROR",
    "PermitLocalCommand=no",
    "PreferredAuthentications=publickey",
    "RequestTTY=no",
    "ServerAliveCountMax=3",
    "ServerAliveInterval=5",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
)


@dataclass(frozen=True)
class Server:
    """How a server is reached over ssh."""

    address: str
    """user@host."""

    port: int = 22
    identity: Path | None = None
    """The private key one logs in with; None for what ssh finds by itself."""

    known_hosts: Path | None = None
    """The host keys that are believed; None for the user's own list."""

    patience_seconds: float = 25.0
    """For so long it may be silent: it gives a sign of life every five seconds, however long its work takes."""


def ssh_command(server: Server, shared: Path | None = None) -> list[str]:
    """Return the command that reaches a server, but for the address; it never asks, and trusts no new host key.

    `shared` is a socket: who comes again soon goes through the connection that is there.
    """
    command = ["ssh", "-p", str(server.port), "-o", f"ControlPath={shared or 'none'}"]
    command += ["-o", f"ControlMaster={'auto' if shared else 'no'}", "-o", f"ControlPersist={_SHARED_SECONDS}"]
    for option in _OPTIONS:
        command += ["-o", option]
    if server.identity:
        command += ["-i", str(server.identity), "-o", "IdentitiesOnly=yes"]
    if server.known_hosts:
        # Quoted: ssh splits the value at blanks.
        command += ["-o", f'UserKnownHostsFile="{server.known_hosts}"', "-o", "GlobalKnownHostsFile=/dev/null"]
    return command


class Connection:
    """An ssh process, and the line through it."""

    def __init__(self, server: Server) -> None:
        self._address = server.address
        # In a file: a pipe nobody reads would fill, and stop the process.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process runs
        try:
            self._process = subprocess.Popen(
                [*ssh_command(server), "--", re.sub(r"[\[\]]", "", server.address), "govgen receive"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                bufsize=0,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            self._complaints.close()
            raise MachineryError("no-ssh") from error
        assert self._process.stdin and self._process.stdout
        self.line = Line(self._process.stdout.fileno(), self._process.stdin.fileno(), server.patience_seconds)
        self._has_answered = False
        self._words: Mapping[str, str] = load_texts("zh").catalog["errors"]

    def ask(self, head: Mapping[str, Any], *bodies: bytes) -> None:
        """Send a message. Raises the error that made the server hang up, LineCut where it said none."""
        try:
            self.line.send(head, *bodies)
        except LineCut as error:
            self._listen_once_more()
            raise self._explain(error) from error

    def receive(self, *limits_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
        """Return the server's next message. Raises the error it tells of, LineCut where none comes any more."""
        try:
            head, bodies = self.line.receive(*limits_bytes)
        except LineCut as error:
            raise self._explain(error) from error
        self._has_answered = True
        raise_error(head, self._words)
        return head, bodies

    def close(self) -> None:
        """Hang up, and wait until the other end is done: the next one finds the lock free."""
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.close()
        try:
            process.wait(_CLOSING_SECONDS if self._has_answered else 0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._complaints.close()

    def cut(self) -> None:
        """Hang up at once, whatever the other end is at."""
        self._process.kill()
        self._process.wait()

    def _listen_once_more(self) -> None:
        """Raise the error the server left before it hung up, if it did."""
        while True:
            try:
                head, _ = self.line.receive()
            except MachineryError:
                return
            raise_error(head, self._words)

    def _explain(self, error: LineCut) -> LineCut:
        """Return why the line broke, in the words of ssh where it has some."""
        if error.key == "line-silent":
            self.cut()
            return LineCut("server-silent", server=self._address, **error.values)
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.cut()
        self._complaints.seek(0)
        lines = self._complaints.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        reason = plain(lines[-1], 200) if lines else error.values["reason"]
        return LineCut("server-cut" if self._has_answered else "unreachable", server=self._address, reason=reason)
