"""Tampering with what is live is found, all of it, and mended byte for byte; and citizens' servers are looked at."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tests.tampering  # noqa: F401 - fills the list
from govgen.cli.arguments import make_parser
from govgen.release.heal import heal
from govgen.release.inspect import Inspector, Kind, Scope, find_damage
from govgen.release.store import Store, lock
from tests.conftest import require
from tests.tampered import TAMPERINGS, snapshot, write
from tests.world import NOON, PORTAL, PROJECT, QINGSHUI, World

TIMES = -(-int(os.environ.get("GOVGEN_TAMPERINGS", "60")) // len(TAMPERINGS))
"""How often each way to tamper is tried; `make faults` asks for 1,000 in all."""

SECONDS = 10.0
"""What a watch needs at most on a busy machine; alone it is well below two."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county published three times, a department of which is mounted at a path and has redirects."""
    county = World(tmp_path_factory.mktemp("origin") / "county")
    county.write("sites/mzj.toml", (county.root / "sites/mzj.toml").read_text(encoding="utf-8") + 'mount = "path"\n')
    county.write("content/qingshui/news/2026-01-02-b.md", "---\ntitle: 镇\n---\n正文。\n")
    for number in range(3):
        text = f"---\ntitle: 第{number}版\naliases: [/old/a.html]\n---\n正文。\n"
        county.write("content/mzj/news/2026-01-01-a.md", text)
        assert county.run("publish").returncode == 0
    return county


@pytest.fixture
def store(origin: World, tmp_path: Path) -> Store:
    """Return a store of one's own."""
    subprocess.run(["cp", "-a", origin.root / ".govgen", tmp_path / "store"], check=True)
    return Store(tmp_path / "store")


def verify(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `govgen verify` where there is no repository."""
    return subprocess.run(
        [sys.executable, "-m", "govgen", "verify", *map(str, arguments)],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Tampering


def test_what_was_published_is_as_it_should_be(store: Store) -> None:
    assert find_damage(store, objects=True) == []
    answer = verify("--root", store.root, "--objects")
    assert answer.returncode == 0
    assert f"{store.find_live_id()} 与发布时一样" in answer.stdout


@pytest.mark.parametrize("way", TAMPERINGS)
def test_tampering_is_found_and_mended_byte_for_byte(store: Store, way: str) -> None:
    inspector = Inspector(store)
    whole = snapshot(store.root)
    for number in range(TIMES):
        TAMPERINGS[way](store.root, random.Random(f"{way} {number}"))
        assert snapshot(store.root) != whole
        assert find_damage(store), number
        outcomes = heal(inspector, Scope(), f"time{number}")
        assert [outcome for outcome in outcomes if not outcome.is_healed] == []
        assert snapshot(store.root) == whole
        assert find_damage(store, objects=True) == []


def test_much_tampering_at_once_is_mended(store: Store) -> None:
    whole = snapshot(store.root)
    for number in range(3):
        for way, tamper in TAMPERINGS.items():
            # With both notes of an order gone, or its release too, nobody can know that there was one.
            if "order" in way or way == "delete a release":
                continue
            # One hides what the other needs to find its place.
            try:
                tamper(store.root, random.Random(f"{way} {number}"))
            except (OSError, IndexError, ValueError):
                continue
        assert all(outcome.is_healed for outcome in heal(Inspector(store), Scope(), f"time{number}"))
        assert snapshot(store.root) == whole


def test_what_was_tampered_with_is_kept_as_evidence_that_nobody_runs(store: Store) -> None:
    page = next(store.root.glob(f"trees/*/{QINGSHUI}/index.html"))
    write(page, b"<h1>defaced</h1>")
    (page.parent / "shell.php").write_bytes(b"evil")
    answer = verify("--root", store.root, "--heal")
    assert answer.returncode == 1
    assert "内容被改动，时间 20" in answer.stdout
    assert "shell.php：多出来的" in answer.stdout
    assert "2 处与发布时不一样，其中 2 处已改回" in answer.stdout
    (evidence,) = (store.root / "quarantine").iterdir()
    assert evidence.stat().st_mode & 0o777 == 0
    evidence.chmod(0o700)
    inner = evidence / page.parent.relative_to(store.root)
    assert (inner / "index.html").read_bytes() == b"<h1>defaced</h1>"
    assert (inner / "shell.php").read_bytes() == b"evil"
    assert verify("--root", store.root).returncode == 0


def test_looking_changes_nothing(store: Store) -> None:
    write(next(store.root.glob(f"trees/*/{QINGSHUI}/index.html")), b"x")
    before = snapshot(store.root)
    answer = verify("--root", store.root, "--json")
    assert answer.returncode == 1
    assert snapshot(store.root) == before
    (damage,) = json.loads(answer.stdout)["damage"]
    assert (damage["kind"], damage["healed"]) == ("changed", False)
    assert damage["path"].endswith(f"{QINGSHUI}/index.html")


def test_strange_things_beside_the_store_are_named_and_left(store: Store) -> None:
    (store.root / "notes.txt").write_text("mine", encoding="utf-8")
    answer = verify("--root", store.root, "--heal")
    assert answer.returncode == 1
    assert "notes.txt：不是 govgen 放的" in answer.stdout
    assert (store.root / "notes.txt").is_file()


def test_what_a_killed_publisher_left_is_no_damage(store: Store) -> None:
    for place in ("trees/.new-1-x.list", "releases/.new-20270101T000000Z/sites/a", "objects/00/.new-1-x"):
        (store.root / place).parent.mkdir(parents=True, exist_ok=True)
        (store.root / place).write_bytes(b"half")
    (store.root / ".new-current").symlink_to("releases/x")
    assert find_damage(store, objects=True) == []


def test_readers_are_served_while_damage_is_mended(store: Store) -> None:
    chance = random.Random(1)
    sites = store.root / "current" / "sites"
    pages = sorted(p for host in (PORTAL, QINGSHUI) for p in (sites / host).rglob("*.html"))
    right = {page: page.read_bytes() for page in pages}
    faults: list[str] = []
    state = {"round": 0, "tampered": 0}
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            before = dict(state)
            page = chance.choice(pages)
            try:
                is_right = page.read_bytes() == right[page]
            except OSError:
                is_right = False
            if not is_right and before == state and not state["tampered"]:
                faults.append(str(page))

    reader = threading.Thread(target=read)
    reader.start()
    inspector = Inspector(store)
    for number in range(12):
        page = pages[number % len(pages)].resolve()
        state["tampered"] = 1
        write(page, b"defaced") if number % 2 else page.unlink()
        heal(inspector, Scope(is_deep=False), f"time{number}")
        state["round"] += 1
        state["tampered"] = 0
        # All is right from here on, and stays so while the rest is looked at.
        heal(inspector, Scope(is_deep=False), f"time{number}")
    is_done.set()
    reader.join()
    assert faults == []


def damaged_object(store: Store, path: str) -> Path:
    """Flip a byte of the object a file was made from; return the object."""
    listings = (store.trees.find_listing(digest) for digest in store.trees.listed())
    entry = next(listing.by_path[path] for listing in listings if listing and path in listing.by_path)
    file = store.objects.path(entry.digest)
    write(file, b"\0" + file.read_bytes()[1:])
    return file


def test_a_damaged_object_is_mended_from_what_is_published(store: Store) -> None:
    whole = snapshot(store.root)
    for path in (f"{QINGSHUI}/index.html", f"{QINGSHUI}/index.html.br", f"{QINGSHUI}/robots.txt"):
        damaged_object(store, path)
        assert find_damage(store) == []
        assert [damage.kind for damage in find_damage(store, objects=True)] == [Kind.CHANGED]
        assert verify("--root", store.root, "--objects", "--heal").returncode == 1
        assert snapshot(store.root) == whole
    shutil.rmtree(store.objects.folder)
    assert verify("--root", store.root, "--objects", "--heal").returncode == 1
    assert find_damage(store, objects=True) == []
    assert snapshot(store.root).keys() <= whole.keys()


def test_a_page_and_its_object_are_mended_from_the_packed_form(store: Store) -> None:
    whole = snapshot(store.root)
    path = f"{QINGSHUI}/index.html"
    damaged_object(store, path)
    for file in store.root.glob(f"trees/*/{path}"):
        write(file, b"gone")
    assert verify("--root", store.root, "--objects", "--heal").returncode == 1
    assert snapshot(store.root) == whole


def test_what_has_no_whole_copy_is_named_and_the_next_publish_brings_it(world: Callable[..., World]) -> None:
    county = world()
    assert county.run("publish").returncode == 0
    store = Store(county.root / ".govgen")
    path = f"{QINGSHUI}/index.html"
    for ending in ("", ".gz", ".br"):
        damaged_object(store, path + ending)
        for file in store.root.glob(f"trees/*/{path}{ending}"):
            write(file, b"gone")
    answer = county.run("verify", "--objects", "--heal")
    assert answer.returncode == 1
    assert f"{path}：内容被改动" in answer.stdout
    assert "没能改回" in answer.stdout
    county.write("content/qingshui/news/2026-01-02-b.md", "---\ntitle: 新\n---\n正文。\n")
    assert county.run("publish").returncode == 0
    damage = find_damage(store, objects=True)
    live = county.root.joinpath("public", path).resolve()
    assert [one for one in damage if (store.root / one.path) == live] == []


def test_a_store_nothing_was_published_to_is_no_sound_one(tmp_path: Path) -> None:
    assert verify("--root", tmp_path).returncode == 2
    (tmp_path / "releases").mkdir()
    answer = verify("--root", tmp_path)
    assert answer.returncode == 3
    assert "没有发布过" in answer.stderr


def test_the_newest_release_that_was_ordered_must_be_live_not_one_that_was_staged(world: Callable[..., World]) -> None:
    county = world()
    assert county.run("publish").returncode == 0
    store = Store(county.root / ".govgen")
    live = store.find_live()
    assert live is not None
    staged = live.content.replace(live.manifest.id.encode(), b"20261122T050000Z", 1)
    staged = staged.replace(b'"previous": ""', f'"previous": "{live.manifest.id}"'.encode())
    staged = staged.replace(f'"id": "{live.manifest.id}"'.encode(), b'"id": "20261122T050000Z"')
    store.stage(type(live)(staged), store)
    assert find_damage(store) == []
    (store.root / "current").unlink()
    (store.root / "current").symlink_to("releases/20261122T050000Z")
    (damage,) = find_damage(store)
    assert (damage.kind, damage.path, damage.wanted) == (Kind.RETARGETED, "current", f"releases/{live.manifest.id}")
    store.switch("20261122T050000Z")
    assert find_damage(store) == []


def test_the_repository_looks_at_its_own_store_and_at_public(world: Callable[..., World]) -> None:
    county = world()
    assert county.run("publish").returncode == 0
    assert county.run("verify").returncode == 0
    public = county.root / "public"
    public.unlink()
    public.symlink_to("/tmp")
    answer = county.run("verify", "--heal")
    assert answer.returncode == 1
    assert "../public：链接指向 /tmp，应当指向 .govgen/current/sites" in answer.stdout
    assert str(public.readlink()) == ".govgen/current/sites"
    public.unlink()
    assert county.run("verify", "--heal").returncode == 1
    assert county.run("verify").returncode == 0


def test_signatures_are_held_against_the_list_of_those_allowed(world: Callable[..., World], tmp_path: Path) -> None:
    county = world()
    for name in ("good", "evil"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    county.write("targets.toml", f'[public]\nkey = "{tmp_path / "good"}"\n')
    assert county.run("publish").returncode == 0
    signers = county.root / ".govgen/allowed_signers"
    signers.write_text("wang " + (tmp_path / "good.pub").read_text(encoding="ascii"), encoding="ascii")
    assert county.run("verify").returncode == 0
    first = (county.root / ".govgen/current").readlink()
    county.write("targets.toml", f'[public]\nkey = "{tmp_path / "evil"}"\n')
    county.write("content/mzj/news/2026-01-01-a.md", "---\ntitle: 假\n---\n文\n")
    assert county.run("publish").returncode == 0
    answer = county.run("verify", "--heal")
    assert answer.returncode == 1
    assert "签名不在允许的名单里" in answer.stdout
    assert (county.root / ".govgen/current").readlink() == first
    signers.write_text("", encoding="ascii")
    assert county.run("verify", "--heal").returncode == 3


def test_an_earlier_manifest_does_not_pass_for_that_of_the_newest_release(store: Store) -> None:
    first, second, newest = store.ids()
    earlier = (store.root / "ordered" / first).read_bytes()
    for note in (store.root / "ordered" / newest, store.releases / newest / "ordered"):
        write(note, earlier)
    outcomes = heal(Inspector(store), Scope(), "time")
    assert {(o.damage.kind, o.damage.path, o.is_healed) for o in outcomes} == {
        (Kind.FORGED, f"releases/{newest}/manifest.json", False),
        (Kind.RETARGETED, "current", True),
    }
    assert store.find_live_id() == second


def test_the_theme_of_a_release_that_is_gone_may_stay_as_it_was(
    world: Callable[..., World],
) -> None:
    county = world()
    county.write("targets.toml", "[public]\nkeep = 1\n")
    assert county.run("publish").returncode == 0
    (old,) = (county.root / ".govgen/assets/css").glob("county.*.css")
    style = county.root / "themes/county/static/css/county.css"
    style.write_text(style.read_text(encoding="utf-8") + "\n.new { color: red }\n", encoding="utf-8")
    assert county.run("publish").returncode == 0
    assert old.is_file()
    store = Store(county.root / ".govgen")
    assert len(store.ids()) == 1
    assert find_damage(store, objects=True) == []
    write(old, b".evil {}")
    assert [(one.kind, store.root / one.path) for one in find_damage(store)] == [(Kind.ADDED, old)]


def test_a_publish_under_way_is_waited_for(store: Store) -> None:
    page = next(store.root.glob(f"trees/*/{QINGSHUI}/index.html"))
    write(page, b"x")
    command = [sys.executable, "-m", "govgen", "verify", "--root", str(store.root), "--heal"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"}
    with lock(store.root / "lock", "王芳", NOON):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        assert process.poll() is None
        assert page.read_bytes() == b"x"
    assert process.wait(30) == 1
    assert page.read_bytes() != b"x"


# The watch


@contextmanager
def watching(root: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Watch a store in another process; yield it once it is watching, with the lines of its log."""
    process = subprocess.Popen(
        [sys.executable, "-m", "govgen", "verify", "--root", str(root), "--watch", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    stream = process.stderr
    reader = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")))
    reader.start()
    try:
        wait_for(lambda: any("开始守着" in line for line in lines))
        yield process, lines
    finally:
        process.terminate()
        process.wait(20)
        reader.join()
        stream.close()


def wait_for(is_so: Callable[[], object], seconds: float = SECONDS) -> float:
    """Wait until something is so; return how long it took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < seconds
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_watch_mends_at_once_rings_and_ends_with_what_it_found(store: Store) -> None:
    whole = snapshot(store.root)
    received: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    took: dict[str, float] = {}
    with serving(Webhook) as url, watching(store.root, "--webhook", url) as (process, lines):
        for way, tamper in TAMPERINGS.items():
            before = len(lines)
            # The watch may be faster than who tampers.
            with suppress(OSError):
                tamper(store.root, random.Random(f"watch {way}"))
            took[way] = wait_for(lambda before=before: len(lines) > before and is_as(store.root, whole))
        wait_for(lambda: len(received) >= len(TAMPERINGS))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 1
    print(f"mended after {max(took.values()):.2f} s at most ({max(took, key=lambda way: took[way])})")
    assert not [line for line in lines if "没能" in line]
    assert [line for line in lines if " govgen[" not in line] == []
    assert {message["store"] for message in received} == {str(store.root)}
    assert all(damage["healed"] for message in received for damage in message["damage"])


def is_as(root: Path, whole: dict[str, tuple[object, ...]]) -> bool:
    """Tell whether a store that is being mended is whole by now."""
    try:
        return snapshot(root) == whole
    except OSError:
        return False


def test_a_webhook_that_does_not_answer_stops_nothing(store: Store) -> None:
    page = next(store.root.glob(f"trees/*/{QINGSHUI}/index.html"))
    whole = page.read_bytes()
    with watching(store.root, "--webhook", "http://127.0.0.1:1/") as (process, lines):
        for _ in range(2):
            write(page, b"x")
            wait_for(lambda: page.exists() and page.read_bytes() == whole)
        wait_for(lambda: sum("报警没有发到" in line for line in lines) == 2)
        assert process.poll() is None


def test_what_nobody_told_of_is_found_by_the_next_look_at_everything(store: Store, tmp_path: Path) -> None:
    page = next(store.root.glob(f"trees/*/{QINGSHUI}/index.html"))
    whole, times = page.read_bytes(), page.stat()
    # Written to under a name outside the store: no folder of the store tells of it.
    other = tmp_path / "another name"
    other.hardlink_to(page)
    with watching(store.root, "--every", "1"):
        write(other, b"\0" + whole[1:])
        other.chmod(0o444)
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
        wait_for(lambda: page.read_bytes() == whole)


def test_a_publish_under_watch_raises_no_alarm(world: Callable[..., World]) -> None:
    county = world()
    assert county.run("publish").returncode == 0
    with watching(county.root / ".govgen", "--every", "0.3") as (process, lines):
        for number in range(4):
            county.write("content/mzj/news/2026-01-01-a.md", f"---\ntitle: 第{number}版\n---\n文\n")
            assert county.run("publish").returncode == 0
        time.sleep(1)
        process.terminate()
        assert process.wait(20) == 0
    assert len(lines) == 1


def test_systemd_takes_the_unit_of_the_watch(tmp_path: Path) -> None:
    text = (PROJECT / "docs/examples/govgen-watch.service").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    options = make_parser().parse_args(line.split()[1:])
    assert (options.command, options.watch, options.root) == ("verify", True, Path("/srv/yunling/.govgen"))
    text = text.replace("/srv/yunling/.venv/bin/govgen", "/bin/true").replace("/srv/yunling/.govgen", "/tmp")
    (tmp_path / "govgen-watch.service").write_text(text, encoding="utf-8")
    command = [require("systemd-analyze"), "verify", str(tmp_path / "govgen-watch.service")]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


def test_a_watch_refuses_an_address_for_alarms_that_is_none(store: Store) -> None:
    answer = verify("--root", store.root, "--watch", "--webhook", "file:///etc/passwd")
    assert answer.returncode == 2
    assert "报警网址" in answer.stderr


# Over HTTP


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
