"""The real nginx on the loopback address, with the configuration the program writes, for tests.

    with serve(root, county, tmp_path) as server:
        assert server.get("www.yunling.gov.example", "/").status == 200

`root` is the folder that holds `current`; `lay_out` makes one of a build. A test that needs a certificate gives
`certificate=make_certificate(tmp_path)` and asks with `tls=True`.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from govgen.model.county import County
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.webserver.nginx import Process, whole_configuration
from govgen.webserver.program import find_brotli, find_nginx, run_nginx, wait_until_open
from govgen.webserver.serving import Certificate, Serving
from tests.conftest import require
from tests.world import World

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """What a server answered; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str:
        """Where a redirect leads; empty without one."""
        return self.headers.get("location", "")


@dataclass(frozen=True)
class Server:
    """A web server at work on the loopback address."""

    port: int
    tls_port: int
    pid: int

    def get(self, host: str, path: str = "/", *, tls: bool = False, method: str = "GET", **headers: str) -> Answer:
        """Ask a host for a path, sent as it is written; `If_None_Match="…"` sends a header."""
        connection = self._connect(tls=tls)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host, **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def send(self, request: bytes) -> Answer:
        """Send bytes as they are, over plain http, and return what came back until the server closed."""
        with socket.create_connection((LOOPBACK, self.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            body = answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def reload(self) -> None:
        """Have the configuration read again; the old one goes on answering for a moment."""
        os.kill(self.pid, signal.SIGHUP)

    def _connect(self, *, tls: bool) -> http.client.HTTPConnection:
        if not tls:
            return http.client.HTTPConnection(LOOPBACK, self.port, timeout=PATIENCE_SECONDS)
        unchecked = ssl.create_default_context()
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(LOOPBACK, self.tls_port, timeout=PATIENCE_SECONDS, context=unchecked)


def free_port() -> int:
    """Return a port nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_nginx() -> None:
    """Skip the test where there is no nginx; it may be where only root's search path leads."""
    if not find_nginx():
        require("nginx")


@contextmanager
def serve(root: Path, county: County, folder: Path, **changes: Any) -> Iterator[Server]:
    """Run nginx for a county on ports of its own; `changes` are those of Serving. Its files lie in `folder`."""
    require_nginx()
    brotli = find_brotli()
    serving = Serving(root, free_port(), free_port(), addresses=(LOOPBACK,), has_brotli=bool(brotli))
    serving = replace(serving, **changes)
    own = folder / f"nginx-{serving.http_port}"
    own.mkdir()
    # The tests' folders are closed to others: where root runs them, workers stay root.
    process = Process(own, (brotli,) if brotli else (), "root" if os.geteuid() == 0 else "")
    file = own / "nginx.conf"
    file.write_text(whole_configuration(county, serving, process), encoding="utf-8")
    with run_nginx(file) as running:
        wait_until_open(running, LOOPBACK, serving.http_port)
        yield Server(serving.http_port, serving.https_port, running.pid)


def county_of(world: World) -> County:
    """Return the county a world's settings describe."""
    return load_county(Checkout(world.root))


def lay_out(world: World, root: Path, redirects: Mapping[str, str] | None = None) -> Path:
    """Build a world and return a root whose `current` is that build, with these redirects; files are copies."""
    release = root / "releases" / "r1"
    built = world.build()
    shutil.copytree(built.output, release / "sites", ignore=shutil.ignore_patterns(".govgen*"))
    lines = [f'"{address}" "{goal}";\n' for address, goal in (redirects or {}).items()]
    if lines:
        (release / "redirects").mkdir()
        (release / "redirects/all.map").write_text("".join(lines), encoding="utf-8")
    (root / "current").symlink_to("releases/r1")
    return root


def make_certificate(folder: Path, domain: str = "yunling.gov.example") -> Certificate:
    """Return a new certificate for a domain and all hosts below it, signed by itself."""
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        [
            *(require("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "30", "-subj", f"/CN={domain}", "-addext", f"subjectAltName=DNS:{domain},DNS:*.{domain}"),
            *("-out", str(certificate.file), "-keyout", str(certificate.key)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate


def certificate_pin(certificate: Certificate) -> str:
    """Return what a browser knows a certificate's key by: the digest of its public half."""
    command = (require("openssl"), "pkey", "-in", str(certificate.key), "-pubout", "-outform", "DER")
    public = subprocess.run(command, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def eventually(condition: Callable[[], Any]) -> Any:
    """Return what a condition gives once it is true; fail where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return value
