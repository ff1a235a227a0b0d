"""Publishing to servers over ssh, with a real sshd: what travels, what is refused, and what a cut leaves."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from govgen.deploy.connection import Server, ssh_command
from govgen.deploy.ssh import SshTarget
from govgen.errors import MachineryError
from govgen.release.store import Store, lock
from tests.conftest import require
from tests.cut import cut_often
from tests.publisher import County
from tests.releases import NOON, make_release, publisher, release_id, served, signed, site_files
from tests.sshd import Sshd, allow_signer, free_port, make_key, receive_command


@pytest.fixture
def county(tmp_path: Path, sshd: Sshd) -> County:
    """Return a publisher and one server."""
    return County(tmp_path, sshd)


def test_a_changed_page_travels_and_nothing_else(county: County) -> None:
    target = county.target()
    county.publish(target, county.make(1, pages=800))
    assert target.sent_objects == 800 + 4
    objects, sent_bytes = target.sent_objects, target.sent_bytes
    county.publish(target, county.make(2, previous=1, pages=800))
    assert target.sent_objects - objects == 1
    # The manifest, its signature, a line of the listing, and the page; the whole listing would be a hundred thousand.
    assert target.sent_bytes - sent_bytes < 4000
    assert served(county.roots[0]) == site_files("第2版", 800)


def test_the_same_content_again_takes_no_objects_at_all(county: County) -> None:
    target = county.target()
    county.publish(target, county.make(1))
    objects = target.sent_objects
    county.publish(target, county.make(2, text="第1版", previous=1))
    assert target.sent_objects == objects
    assert served(county.roots[0]) == site_files("第1版")


def test_a_publish_cut_at_any_moment_tears_nothing_and_resumes_with_what_is_missing(tmp_path: Path, sshd: Sshd) -> None:
    cuts = cut_often(tmp_path, sshd, number=12, seed=4)
    assert (cuts.number, cuts.torn, cuts.stuck, cuts.unkept) == (12, 0, 0, 0)
    assert all(lacking == travelled for _, lacking, travelled in cuts.resent), cuts
    assert any(0 < lacking < whole - 1 for whole, lacking, _ in cuts.resent), "no cut came while files travelled"


def test_of_eight_publishers_at_once_one_wins_and_the_others_are_told(county: County) -> None:
    county.publish(county.target(), county.make(1))
    results: list[str] = []
    faults: list[MachineryError] = []
    at_once = threading.Barrier(8)

    def publish(number: int) -> None:
        known = Store(county.folder / f"own{number}")
        manifest = make_release(known, 10 + number, site_files(f"第{number}人"), 1)
        target = county.target(known=known, who=f"第{number}人")
        with target.open():
            at_once.wait(60)
            try:
                target.stage(signed(manifest, county.key), known)
                target.switch(manifest.id)
                results.append(f"第{number}人")
            except MachineryError as error:
                faults.append(error)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(results), len(faults)) == (1, 7)
    assert served(county.roots[0]) == site_files(results[0])
    for fault in faults:
        assert fault.key in ("busy", "overtaken", "release-old"), fault
        assert fault.key != "busy" or (fault.values["holder"].startswith("第") and fault.values["since"] != "?")


def test_who_comes_second_is_told_who_is_at_work_since_when(county: County) -> None:
    county.publish(county.target(), county.make(1))
    with lock(county.roots[0] / "lock", "李强@县府办", NOON), pytest.raises(MachineryError) as fault:
        county.publish(county.target(), county.make(2, previous=1))
    assert fault.value.key == "busy"
    assert fault.value.values == {"holder": "李强@县府办", "since": "2026-11-22 04:00:00 +0000"}


# What a server refuses


def test_a_server_takes_what_is_signed_by_those_it_knows(county: County) -> None:
    county.publish(county.target(), county.make(1))
    stranger = make_key(county.folder / "stranger")
    manifest = county.make(2, previous=1)
    for key, fault in ((None, "unsigned"), (stranger, "foreign-signed")):
        target = county.target()
        with pytest.raises(MachineryError) as caught, target.open():
            target.stage(signed(manifest, key), county.known)
        assert caught.value.key == fault
        assert target.sent_objects == 0
    allow_signer(county.roots[0], stranger)
    with pytest.raises(MachineryError, match="foreign-signed"):
        county.publish(county.target(), manifest)
    county.publish(county.target(), manifest, stranger)
    (county.roots[0] / "allowed_signers").unlink()
    with pytest.raises(MachineryError, match="no-signers"):
        county.publish(county.target(), county.make(3, previous=2))
    assert served(county.roots[0]) == site_files("第2版")


def test_a_server_takes_no_other_county(county: County) -> None:
    foreign = make_release(county.known, 1, site_files("邻县"), county="linxian.gov.example")
    county.use_command(receive_command(county.roots[0], "--county", "yunling.gov.example"))
    with pytest.raises(MachineryError, match="other-county"):
        county.publish(county.target(), foreign)
    county.publish(county.target(), county.make(1))
    county.use_command(receive_command(county.roots[0]))
    foreign = make_release(county.known, 2, site_files("邻县"), 1, county="linxian.gov.example")
    with pytest.raises(MachineryError, match="other-county"):
        county.publish(county.target(), foreign)


def test_who_holds_the_deploy_key_only_can_replay_nothing(county: County) -> None:
    county.publish(county.target(), county.make(1))
    county.publish(county.target(), county.make(2, previous=1))
    thief = county.target(known=Store(county.folder / "thief"))
    with thief.open() as standing:
        stolen = [thief.read(release) for release in standing.releases]
    assert len(stolen) == 2
    for manifest in stolen:
        with pytest.raises(MachineryError, match="release-old"), thief.open():
            thief.stage(manifest, county.known)
    with thief.open(), pytest.raises(MachineryError, match="not-staged"):
        thief.switch(release_id(1))
    assert served(county.roots[0]) == site_files("第2版")


def test_the_signature_of_what_never_went_live_is_nobodys_to_have(county: County) -> None:
    county.publish(county.target(), county.make(1))
    target, thief = county.target(), county.target()
    with target.open():
        target.stage(signed(county.make(2, previous=1), county.key), county.known)
        with thief.open(), pytest.raises(MachineryError, match="no-release"):
            thief.read(release_id(2))
    with thief.open() as standing:
        assert standing.releases == (release_id(1),)


def test_ssh_asks_nobody_forwards_nothing_and_trusts_no_new_host(county: County) -> None:
    command = [*ssh_command(county.servers[0]), "-G", county.servers[0].address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    settings = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    wanted = {
        **{"batchmode": "yes", "connecttimeout": "10", "serveraliveinterval": "5", "serveralivecountmax": "3"},
        **{"forwardagent": "no", "forwardx11": "no", "clearallforwardings": "yes", "identitiesonly": "yes"},
        **{"stricthostkeychecking": "true", "userknownhostsfile": str(county.sshd.known_hosts)},
        **{"globalknownhostsfile": "/dev/null", "requesttty": "false", "controlmaster": "false"},
    }
    assert {name: settings.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("words", ["/bin/sh -c id", "sftp-server", "scp -t /", "rsync --server . /", ""])
def test_the_deploy_key_runs_nothing_else(county: County, words: str) -> None:
    done = use_ssh(county, *shlex.split(words))
    assert b"uid=" not in done.stdout
    assert done.stdout == b""


def test_the_deploy_key_opens_no_door(county: County, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert use_ssh(county, "sftp", before=("-s",)).stdout == b""
    port = free_port()
    forwarding = use_ssh(county, before=("-N", "-o", "ExitOnForwardFailure=yes", "-R", f"{port}:127.0.0.1:1"))
    assert forwarding.returncode == 255
    assert b"forwarding" in forwarding.stderr
    assert b"PTY" in use_ssh(county, before=("-tt",)).stderr


def use_ssh(county: County, *words: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[bytes]:
    """Log in with the deploy key and ask for something."""
    server = county.servers[0]
    options = ("-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={server.known_hosts}", "-o", "IdentitiesOnly=yes")
    login = ("ssh", *options, "-i", str(server.identity), "-p", str(server.port), *before, server.address, *words)
    return subprocess.run(login, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)


# What the line is not there for


def test_a_server_that_is_not_there_or_not_the_one_is_named(county: County) -> None:
    server = county.servers[0]
    wrong = county.folder / "wrong_hosts"
    other = make_key(county.folder / "other_host").with_suffix(".pub").read_text(encoding="utf-8")
    wrong.write_text(f"[127.0.0.1]:{server.port} {other}", encoding="utf-8")
    for changed, words in (
        (Server(server.address, free_port(), server.identity, server.known_hosts), "refused"),
        (Server(server.address, server.port, server.identity, wrong), "Host key verification failed"),
        (Server(server.address, server.port, county.key, server.known_hosts), "Permission denied"),
    ):
        with pytest.raises(MachineryError) as fault, SshTarget("x", changed, publisher(), county.known).open():
            pass
        assert fault.value.key == "unreachable"
        assert words in fault.value.values["reason"]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("echo Welcome to Debian; cat", "garbled"),
        ("no-such-command", "unreachable"),
        ("""echo '{"protocol":99}'; cat >/dev/null""", "other-protocol"),
        ("""echo '{"error":"no-such-word","values":{"a":"b"}}'""", "strange-error"),
        ("""echo '{"error":"busy","values":{}}'""", "strange-error"),
        ("""echo '{"protocol":1,"releases":3,"clock":"now"}'""", "garbled"),
        ("exec sleep 20", "server-silent"),
    ],
)
def test_a_server_that_speaks_nonsense_is_told_apart(county: County, command: str, fault: str) -> None:
    county.use_command(command)
    server = county.servers[0]
    # Only the one who says nothing is to be given up; a busy machine may take a while to let the others speak.
    seconds = 2 if fault == "server-silent" else 20
    impatient = Server(server.address, server.port, server.identity, server.known_hosts, patience_seconds=seconds)
    with pytest.raises(MachineryError) as caught, SshTarget("x", impatient, publisher(), county.known).open():
        pass
    assert caught.value.key == fault


LOSES_ITS_ANSWER = """
import os, pathlib, subprocess, sys
place = pathlib.Path(sys.argv[1])
if place.exists():
    if sys.argv[2] == "for-good":
        sys.exit(1)
    os.execvp(sys.argv[3], sys.argv[3:])
receiver = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE)
while (line := os.read(receiver.stdout.fileno(), 1 << 20)):
    if b'"switched"' in line:
        place.touch()
        break
    os.write(1, line)
"""


@pytest.mark.parametrize("how", ["once", "for-good"])
def test_an_answer_that_is_lost_is_asked_for_again(county: County, how: str) -> None:
    county.publish(county.target(), county.make(1))
    script = county.folder / "loses.py"
    script.write_text(LOSES_ITS_ANSWER, encoding="utf-8")
    receiver = county.commands[0].partition("exec ")
    county.use_command(f"{receiver[0]}exec {sys.executable} {script} {county.folder}/mark {how} {receiver[2]}")
    manifest = county.make(2, previous=1)
    if how == "once":
        assert county.publish(county.target(), manifest) == ()
    else:
        with pytest.raises(MachineryError) as fault:
            county.publish(county.target(), manifest)
        assert (fault.value.key, fault.value.values["target"]) == ("state-unknown", "root0")
    assert served(county.roots[0]) == site_files("第2版")


def test_a_line_that_breaks_before_the_switch_says_that_nothing_was_switched(county: County) -> None:
    county.publish(county.target(), county.make(1))
    target = county.target()
    with target.open():
        target.stage(signed(county.make(2, previous=1), county.key), county.known)
        assert target._connection
        target._connection.cut()
        with pytest.raises(MachineryError, match="not-switched"):
            target.switch(release_id(2))
    assert served(county.roots[0]) == site_files("第1版")


def test_a_server_with_a_failing_disk_says_so(county: County) -> None:
    county.publish(county.target(), county.make(1))
    require("bash")
    county.use_command(f"bash -c {shlex.quote(f'ulimit -f 1; {county.commands[0]}')}")
    # So much that it is still being sent when the server gives up.
    big = {f"{number}.bin": number.to_bytes(1, "big") * 3_000_000 for number in range(6)}
    manifest = make_release(county.known, 2, {**site_files("第2版"), "big": big}, 1)
    with pytest.raises(MachineryError) as fault:
        county.publish(county.target(), manifest)
    assert fault.value.key == "server-disk"
    assert "File too large" in fault.value.values["reason"]
    assert served(county.roots[0]) == site_files("第1版")
