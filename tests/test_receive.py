"""The server's end of the line, held against clients that mean it harm: it takes what it asked for, or hangs up."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from os import pipe
from pathlib import Path

import pytest

from govgen.deploy.receive import Receiver, receive
from govgen.deploy.wire import Line, pack_digests
from govgen.errors import MachineryError
from govgen.release.listing import Listing
from govgen.release.manifest import Manifest
from govgen.release.store import SignedManifest, Store, lock
from tests.releases import make_release, release_id, served, signed, site_files
from tests.sshd import allow_signer, make_key
from tests.world import PROJECT


class Client:
    """Somebody at the other end of `govgen receive`, without ssh between, who sends what they like."""

    def __init__(self, root: Path, *python: str) -> None:
        command = [sys.executable, *python, "-m", "govgen", "receive", "--root", str(root)]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, cwd=root, bufsize=0, **pipes)  # type: ignore[call-overload]
        self.line = Line(self.process.stdout.fileno(), self.process.stdin.fileno(), 20)

    def raw(self, content: bytes) -> None:
        """Send bytes as they are; the other end may hang up meanwhile."""
        try:
            self.line._write(content)
        except MachineryError:
            return

    def error(self) -> str:
        """Return the error that the server answers with."""
        head, _ = self.line.receive()
        return str(head["error"])

    def end(self) -> tuple[int, str]:
        """Hang up, and return the server's exit code and what it complained of."""
        _, complaints = self.process.communicate(timeout=20)
        return self.process.returncode, complaints.decode("utf-8", "replace")


class Server:
    """A server's folder with one release live, and the key it believes."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.key = make_key(folder / "key")
        self.known = Store(folder / "own")
        allow_signer(self.root, self.key)
        Store(self.root).stage(signed(make_release(self.known, 1, site_files("第一版")), self.key), self.known)
        Store(self.root).switch(release_id(1))
        self.before = self.snapshot()

    def next(self, text: str = "第二版") -> Manifest:
        """Make a release that would be taken."""
        return make_release(self.known, 2, site_files(text), 1)

    def snapshot(self) -> tuple[list[str], dict[str, dict[str, bytes]]]:
        """Return the names of all there is, but for the lock, and what is served."""
        files = (file for file in self.root.rglob("*") if file.name != "lock")
        return sorted(str(file) for file in files), served(self.root)

    def assert_unharmed(self) -> None:
        """Hold what stands there against what stood there; listings and objects that were asked for may have come."""
        assert self.snapshot() == self.before
        with lock(self.root / "lock", "test", datetime.now(UTC)):
            pass


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """Return a server's folder."""
    return Server(tmp_path)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Return somebody connected to it."""
    caller = Client(server.root)
    yield caller
    caller.process.kill()
    caller.process.communicate()


def assert_refused(server: Server, client: Client, fault: str) -> None:
    """Hold that the server told of a fault, hung up with exit code 3 and was left as it was."""
    assert client.error() == fault
    code, complaints = client.end()
    assert code == 3
    assert "Traceback" not in complaints
    server.assert_unharmed()


NONSENSE: dict[str, bytes] = {
    "no JSON": b"GET / HTTP/1.1\r\n\r\n",
    "a head that never ends": b"x" * 1_000_000,
    "a head that is too long": b'{"ask":"' + b"x" * 70_000 + b'"}\n',
    "a head that is no table": b"[1,2]\n",
    "a head nested too deep": b"[" * 60_000 + b"\n",
    "bytes that are no text": b"\xff\xfe\x00\n",
    "a size no manifest has": b'{"ask":"stage","sizes":[1000000000000,10]}\n',
    "a size below nothing": b'{"ask":"stage","sizes":[-1,10]}\n',
    "a size that is no number": b'{"ask":"stage","sizes":[true,"1"]}\n',
    "sizes without end": b'{"ask":"stage","sizes":' + json.dumps([0] * 1000).encode() + b"}\n",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_refused(server: Server, client: Client, what: str) -> None:
    client.raw(NONSENSE[what])
    assert_refused(server, client, "garbled")


def test_a_question_nobody_knows_is_refused_and_the_line_goes_on(server: Server, client: Client) -> None:
    for head in ({"ask": "delete"}, {"ask": ["stage"]}, {}, {"object": "x"}, {"error": "busy"}):
        client.line.send(head)
        assert client.error() == "garbled"
    client.line.send({"ask": "read", "release": "../../etc"})
    assert client.error() == "no-release"
    client.line.send({"ask": "listings"}, b"odd")
    assert client.error() == "garbled"
    client.line.send({"ask": "listings"}, b"\0" * 32)
    assert client.error() == "bad-listing"
    client.line.send({"ask": "hello"})
    assert client.line.receive(10_000, 10_000)[0]["releases"] == [release_id(1)]
    assert client.end()[0] == 0


def test_only_files_that_everybody_can_read_anyway_can_be_fetched(server: Server, client: Client) -> None:
    secret = "未公开".encode()
    digest = make_release(Store(server.root), 5, {"mzj": {"index.html": secret}}).sites["mzj"].tree
    hidden = next(Store(server.root).read_listings([digest])).entries[0].digest
    client.line.send({"ask": "objects"}, pack_digests([hidden]))
    assert client.error() == "object-lost"


def stage(client: Client, manifest: SignedManifest) -> None:
    """Begin to stage a release that is signed, and wait for the question for its listings."""
    client.line.send({"ask": "stage", "who": "thief\n\x1b[2J"}, manifest.content, manifest.signature)
    assert "accepted" in client.line.receive()[0]
    assert client.line.receive(1000, 1000)[0]["want"] == "listings"


def send_listings(client: Client, server: Server, manifest: Manifest) -> list[str]:
    """Answer that question, and return the digests of the objects wanted then."""
    for listing in server.known.read_listings([manifest.sites["mzj"].tree]):
        client.line.send({"listing": listing.digest}, listing.content)
    head, bodies = client.line.receive(10_000)
    assert head["want"] == "objects"
    return [bodies[0].hex()[start : start + 64] for start in range(0, len(bodies[0].hex()), 64)]


def test_a_signature_comes_before_everything(server: Server, client: Client) -> None:
    manifest = server.next()
    client.line.send({"ask": "stage"}, manifest.content, b"")
    assert_refused(server, client, "unsigned")


def test_a_signature_of_something_else_is_none(server: Server, client: Client) -> None:
    manifest = signed(server.next(), server.key)
    client.line.send({"ask": "stage"}, manifest.content.replace(b"yunling", b"jiahuan"), manifest.signature)
    assert_refused(server, client, "foreign-signed")


OBJECTS: dict[str, tuple[Callable[[Client, str], None], str]] = {
    "one that was not asked for": (lambda c, d: c.line.send({"object": "0" * 64}, b"webshell"), "garbled"),
    "other bytes of the same length": (lambda c, d: c.line.send({"object": d}, b"x" * 9), "wrong-object"),
    "fewer bytes": (lambda c, d: c.line.send({"object": d}, b"x"), "wrong-object"),
    "more bytes than it may have": (lambda c, d: c.line.send({"object": d}, b"x" * 10_000_000), "garbled"),
    "none": (lambda c, d: c.line.send({"object": d}), "garbled"),
    "another question": (lambda c, d: c.line.send({"ask": "switch", "release": release_id(2)}), "garbled"),
    "a name that is a path": (lambda c, d: c.line.send({"object": "../../current"}, b"x" * 9), "garbled"),
}


@pytest.mark.parametrize("what", OBJECTS)
def test_of_objects_only_those_wanted_are_taken(server: Server, client: Client, what: str) -> None:
    manifest = server.next()
    stage(client, signed(manifest, server.key))
    (wanted,) = send_listings(client, server, manifest)
    send, fault = OBJECTS[what]
    try:
        send(client, wanted)
    except MachineryError as error:
        assert error.key == "line-cut"
    assert_refused(server, client, fault)


LINE = "0" * 64 + " 5 "
LISTINGS: dict[str, bytes] = {
    "upwards": f"{LINE}mzj.yunling.gov.example/../../../current\n".encode(),
    "absolute": f"{LINE}/etc/cron.d/x\n".encode(),
    "hidden": f"{LINE}mzj.yunling.gov.example/.htaccess\n".encode(),
    "a blank": f"{LINE}mzj.yunling.gov.example/a b\n".encode(),
    "a configuration": f'{LINE}mzj.yunling.gov.example/a https://x/";}}server{{\n'.encode(),
    "twice": f"{LINE}mzj.yunling.gov.example/a\n{LINE}mzj.yunling.gov.example/a\n".encode(),
    "no host": f"{LINE}a\n".encode(),
}


@pytest.mark.parametrize("what", LISTINGS)
def test_a_listing_that_leads_elsewhere_is_refused_whoever_signed_it(server: Server, client: Client, what: str) -> None:
    manifest = server.next()
    tree = hashlib.sha256(LISTINGS[what]).hexdigest()
    bad = replace(manifest, sites={**manifest.sites, "mzj": replace(manifest.sites["mzj"], tree=tree)})
    stage(client, signed(bad, server.key))
    client.line.send({"listing": tree}, LISTINGS[what])
    assert client.error() in ("bad-listing", "unsafe-path")
    assert client.end()[0] == 3
    server.assert_unharmed()


def test_another_listing_than_the_one_signed_is_refused(server: Server, client: Client) -> None:
    manifest = server.next()
    tree = manifest.sites["mzj"].tree
    stage(client, signed(manifest, server.key))
    # Others are shown who holds the lock; what a terminal would obey is written out.
    assert (server.root / "lock").read_text(encoding="utf-8").startswith("thief\\u000a\\u001b[2J\n")
    client.line.send({"listing": tree}, Listing(()).content)
    assert_refused(server, client, "bad-listing")


def test_a_difference_that_is_none_is_refused(server: Server, client: Client) -> None:
    manifest = server.next()
    stage(client, signed(manifest, server.key))
    client.line.send({"listing": manifest.sites["mzj"].tree, "differs": True}, b"-no/such/path\n+\n")
    assert_refused(server, client, "garbled")


def test_a_switch_is_only_to_what_was_staged_by_the_same_hand(server: Server, client: Client) -> None:
    client.line.send({"ask": "switch", "release": release_id(1)})
    assert_refused(server, client, "not-staged")


def test_who_falls_silent_is_let_go_and_the_next_gets_in(server: Server) -> None:
    there, here = pipe(), pipe()
    receiver = Receiver(server.root, server.root / "allowed_signers", "", 3, lambda: datetime.now(UTC), 0.5)
    line, own = Line(there[0], here[1], 20), Line(here[0], there[1], 20)
    faults: list[MachineryError] = []

    def answer() -> None:
        try:
            receive(receiver, line)
        except MachineryError as error:
            faults.append(error)

    thread = threading.Thread(target=answer)
    thread.start()
    manifest = signed(server.next(), server.key)
    own.send({"ask": "stage", "who": "睡着的人"}, manifest.content, manifest.signature)
    assert "accepted" in own.receive()[0]
    with pytest.raises(MachineryError, match="睡着的人"), lock(server.root / "lock", "x", datetime.now(UTC)):
        pass
    started = time.monotonic()
    thread.join(20)
    assert time.monotonic() - started < 10
    assert [error.key for error in faults] == ["line-silent"]
    server.assert_unharmed()


def test_signs_of_life_are_passed_over() -> None:
    there = pipe()
    sender, receiver = Line(there[0], there[1], 5), Line(there[0], there[1], 5)
    sender.send({"working": ""})
    sender.send({"staged": "x"}, b"body")
    assert receiver.receive(10) == ({"staged": "x"}, [b"body"])


BARE = """
import sys
class Door:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"govgen"}:
            raise ImportError(f"a server has no {name}")
sys.meta_path.insert(0, Door())
"""


def test_a_server_needs_python_and_nothing_else(server: Server, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/sitecustomize.py").write_text(BARE, encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tmp_path / 'bare'}:{PROJECT}"}
    refused = subprocess.run([sys.executable, "-c", "import brotli"], env=environment, capture_output=True, check=False)
    assert b"a server has no brotli" in refused.stderr
    manifest = signed(server.next(), server.key)
    head = {"ask": "stage", "sizes": [len(manifest.content), len(manifest.signature)]}
    done = subprocess.run(
        [sys.executable, "-m", "govgen", "receive", "--root", str(server.root)],
        input=json.dumps(head).encode() + b"\n" + manifest.content + manifest.signature,
        env=environment,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert b'"accepted"' in done.stdout
    assert b'"want":"listings"' in done.stdout
    assert b"a server has no" not in done.stderr
