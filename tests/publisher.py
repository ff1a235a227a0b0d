"""A publisher with a key, and servers of a real sshd that take what it signs."""

from __future__ import annotations

from pathlib import Path

from govgen.deploy.connection import Server
from govgen.deploy.servers import Servers
from govgen.deploy.ssh import SshTarget
from govgen.release.manifest import Manifest
from govgen.release.store import Store
from tests.releases import make_release, publisher, signed, site_files
from tests.sshd import Sshd, allow_signer, make_key, receive_command


class County:
    """A publisher with a key, and servers that take what it signs."""

    def __init__(self, folder: Path, sshd: Sshd, number_of_servers: int = 1) -> None:
        self.folder = folder
        self.sshd = sshd
        self.key = make_key(folder / "release_key")
        self.known = Store(folder / "own")
        self.roots = [folder / f"root{number}" for number in range(number_of_servers)]
        self.commands = [receive_command(root) for root in self.roots]
        self.servers: list[Server] = []
        for root, command in zip(self.roots, self.commands, strict=True):
            allow_signer(root, self.key)
            self.servers.append(sshd.server(sshd.allow(f"{folder.name}-{root.name}", command)))

    def target(self, number: int = 0, known: Store | None = None, who: str = "王芳@县府办") -> SshTarget:
        """Return one of the servers as a target."""
        return SshTarget(self.roots[number].name, self.servers[number], publisher(who), known or self.known)

    def all_servers(self, number_that_may_miss: int = 0) -> Servers:
        """Return all servers as one target."""
        members = [self.target(number) for number in range(len(self.servers))]
        return Servers("county", members, publisher(), self.known, number_that_may_miss)

    def make(self, number: int, text: str = "", previous: int | None = None, pages: int = 5) -> Manifest:
        """Make a release in the publisher's store."""
        return make_release(self.known, number, site_files(text or f"第{number}版", pages), previous)

    def publish(self, target: SshTarget | Servers, manifest: Manifest, key: Path | None = None) -> object:
        """Put a release live, and return what was left behind."""
        with target.open():
            target.stage(signed(manifest, key or self.key), self.known)
            return target.switch(manifest.id)

    def use_command(self, command: str, number: int = 0) -> None:
        """Have a server's key run something else from now on."""
        self.sshd.allow(f"{self.folder.name}-{self.roots[number].name}", command)
