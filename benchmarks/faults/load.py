"""Switches between releases while citizens read through the real nginx, and looks at every answer they get."""

from __future__ import annotations

import hashlib
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, cast

from benchmarks.faults.county import LATER, MORNING, County, load_program
from benchmarks.faults.live import read_listings
from govgen.release.inspect import find_damage
from govgen.release.listing import Listing
from govgen.release.manifest import Manifest, next_id
from govgen.release.store import CURRENT, SignedManifest, Store
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.webserver.nginx import Process, whole_configuration
from govgen.webserver.program import find_brotli, find_nginx, run_nginx, wait_until_open
from govgen.webserver.serving import Serving

_LOOPBACK = "127.0.0.1"
_CLIENTS = 2
_KEPT = 3
_ENCODINGS = {"identity": "", "gzip": ".gz", "br": ".br"}
_SWEEP_EVERY = 20
_STYLE_SHARE = 0.1
_LONGEST_SECONDS = 300
_SITE = "qingshui"


@dataclass(frozen=True)
class Load:
    """What citizens got while releases were switched."""

    switches: int
    requests: int
    answers: Mapping[int, int]
    """How many answers of each status."""

    mixed: tuple[str, ...]
    """Addresses whose bytes were neither release's."""

    seconds: float

    @property
    def failed(self) -> int:
        """Answers other than 200."""
        return self.requests - self.answers.get(200, 0)


@dataclass(frozen=True)
class Page:
    """What may come for an address: digests by the encoding asked for."""

    host: str
    path: str
    digests: Mapping[str, frozenset[str]]


def is_possible() -> bool:
    """Tell whether there is an nginx."""
    return bool(find_nginx())


def switch_under_load(folder: Path, switches: int, requests: int, is_careless: bool) -> Load:
    """Switch at least so often under at least so many requests; carelessly, there are moments without any release."""
    load_program()
    county = County(folder)
    first, second = _publish_two(county)
    pages = _pages([read_listings(county.store, manifest) for manifest in (first, second)])
    stop = folder / "stop"
    started = time.monotonic()
    with _serve(county, folder) as port, ProcessPoolExecutor(_CLIENTS, get_context("spawn")) as pool:
        clients = [pool.submit(ask, port, pages, stop, requests // _CLIENTS, seed) for seed in range(_CLIENTS)]
        store = _CarelessStore(county.store) if is_careless else Store(county.store)
        done = _switch(store, (first, second), switches, stop, clients)
        heard = [client.result() for client in clients]
    answers = sum((Counter(answers) for answers, _ in heard), Counter[int]())
    mixed = tuple(fault for _, faults in heard for fault in faults)
    return Load(done, sum(answers.values()), dict(answers), mixed, time.monotonic() - started)


@dataclass(frozen=True)
class Returns:
    """What citizens got, and how long it took, while maintainers went back and forth."""

    county_seconds: tuple[float, ...]
    """Of each rollback of the whole county, the start of the program among it."""

    site_seconds: tuple[float, ...]
    unequal: int
    """How often what was live afterwards was not, file by file, what was asked for."""

    heard: Load


def go_back_under_load(folder: Path, times: int, requests: int) -> Returns:
    """Run `govgen rollback` so often for the county and for a site, under at least so many requests."""
    load_program()
    county = County(folder)
    # Each rollback is a release of its own: the two must not be among those that go.
    (county.root / "targets.toml").write_text(f"[public]\nkeep = {2 * times + 2}\n", encoding="utf-8")
    pair = _publish_two(county)
    pages = _pages([read_listings(county.store, manifest) for manifest in pair])
    stop, started = folder / "stop", time.monotonic()
    seconds: dict[bool, list[float]] = {True: [], False: []}
    unequal, is_site = 0, False
    with _serve(county, folder) as port, ProcessPoolExecutor(_CLIENTS, get_context("spawn")) as pool:
        clients = [pool.submit(ask, port, pages, stop, requests // _CLIENTS, seed) for seed in range(_CLIENTS)]
        try:
            for turn in range(2 * times):
                goal, is_site = pair[turn % 2], turn % 4 in (2, 3)
                seconds[is_site].append(_go_back(county, goal, [_SITE] if is_site else []))
                unequal += not _is_there(county.store, goal, [_SITE] if is_site else list(goal.sites))
        finally:
            stop.touch()
        heard = [client.result() for client in clients]
    answers = sum((Counter(answers) for answers, _ in heard), Counter[int]())
    mixed = tuple(fault for _, faults in heard for fault in faults)
    load = Load(2 * times, sum(answers.values()), dict(answers), mixed, time.monotonic() - started)
    return Returns(tuple(seconds[False]), tuple(seconds[True]), unequal, load)


def _go_back(county: County, goal: Manifest, sites: Sequence[str]) -> float:
    """Run a rollback as a maintainer does, and return how long it took. Raises RuntimeError where it fails."""
    command = [sys.executable, "-m", "govgen", "--repo", str(county.root), "rollback", goal.id]
    started = time.monotonic()
    done = subprocess.run(
        [*command, *(f"--site={site}" for site in sites)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.monotonic() - started


def _is_there(root: Path, goal: Manifest, sites: Sequence[str]) -> bool:
    """Tell whether these sites are live as a release has them, and nothing in the store is damaged."""
    store = Store(root)
    live = store.find_live()
    trees = {id: site.tree for id, site in live.manifest.sites.items()} if live else {}
    return all(trees.get(id) == goal.sites[id].tree for id in sites) and not find_damage(store)


def _publish_two(county: County) -> tuple[Manifest, Manifest]:
    """Publish twice; between the two every page and every style sheet changes."""
    county.must_publish(MORNING)
    settings, style = county.root / "sites/_county.toml", next((county.root / "themes").rglob("*.css"))
    settings.write_text(settings.read_text(encoding="utf-8").replace("0000-1234567", "0000-7654321"), encoding="utf-8")
    style.write_text(style.read_text(encoding="utf-8") + "\n.second { color: inherit; }\n", encoding="utf-8")
    county.must_publish(LATER)
    store = Store(county.store)
    first, second = (store.read(id).manifest for id in store.ids())
    return first, second


def _pages(listings: Sequence[Sequence[Listing]]) -> list[Page]:
    """Return the pages both releases have under an address, and none that both have alike."""
    releases = [{e.path: e for listing in release for e in listing.entries} for release in listings]
    pages = []
    for path in sorted(releases[0].keys() & releases[1].keys()):
        entries = [release[path] for release in releases]
        if not entries[0].is_page or entries[0].digest == entries[1].digest or path.endswith("/404.html"):
            continue
        digests = {
            encoding: frozenset((release.get(path + ending) or release[path]).digest for release in releases)
            for encoding, ending in _ENCODINGS.items()
        }
        host, _, below = path.partition("/")
        pages.append(Page(host, "/" + below.removesuffix("index.html"), digests))
    return pages


@contextmanager
def _serve(county: County, folder: Path) -> Iterator[int]:
    """Run nginx with the configuration the program writes; give its port."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    brotli, own = find_brotli(), folder / "nginx"
    own.mkdir()
    serving = Serving(county.store, http_port=port, addresses=(_LOOPBACK,), has_brotli=bool(brotli))
    # The folder is closed to others: where root runs this, the workers stay root.
    process = Process(own, (brotli,) if brotli else (), "root" if os.geteuid() == 0 else "")
    file = own / "nginx.conf"
    file.write_text(whole_configuration(load_county(Checkout(county.root)), serving, process), encoding="utf-8")
    with run_nginx(file) as running:
        wait_until_open(running, _LOOPBACK, port)
        yield port


def _switch(
    store: Store, pair: tuple[Manifest, Manifest], switches: int, stop: Path, clients: Sequence[Future[Any]]
) -> int:
    """Go from one release to the other and back until enough was switched and asked; return how often."""
    done, live, deadline = 0, pair[1].id, time.monotonic() + _LONGEST_SECONDS
    clock = datetime.fromisoformat(LATER)
    while time.monotonic() < deadline and (done < switches or not all(client.done() for client in clients)):
        id = next_id([live], clock)
        manifest = replace(pair[done % 2], id=id, previous=live)
        store.stage(SignedManifest(manifest.content), store)
        store.switch(id)
        store.collect(_KEPT, is_thorough=done % _SWEEP_EVERY == 0)
        done, live = done + 1, id
        if done >= switches and not stop.exists():
            stop.touch()
    stop.touch()
    return done


class _CarelessStore(Store):
    """What whoever looks at the answers has to notice."""

    def switch(self, release: str) -> None:
        """Take the old link away, and put the new one up."""
        (self.root / CURRENT).unlink()
        (self.root / CURRENT).symlink_to(f"{self.releases.name}/{release}")


def ask(port: int, pages: Sequence[Page], stop: Path, number: int, seed: int) -> tuple[dict[int, int], list[str]]:
    """Ask for pages, at least so many, until told to stop; return the answers by status, and what was mixed."""
    chance, answers, mixed = random.Random(seed), Counter[int](), list[str]()
    reader = _Reader(port)
    while answers.total() < number or not stop.exists():
        page, encoding = chance.choice(pages), chance.choice(list(_ENCODINGS))
        status, body = reader.get(page.host, page.path, encoding)
        answers[status] += 1
        if status == 200 and hashlib.sha256(body).hexdigest() not in page.digests[encoding]:
            mixed.append(f"{page.host}{page.path} ({encoding})")
        if encoding == "identity" and chance.random() < _STYLE_SHARE:
            # The style of the page at hand, whichever release it is of.
            for style in re.findall(rb'<link rel="stylesheet" href="(/[^"]+)"', body):
                answers[reader.get(page.host, style.decode(), "identity")[0]] += 1
    return dict(answers), mixed


class _Reader:
    """A browser that keeps its connection open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stream: IO[bytes] | None = None

    def get(self, host: str, path: str, encoding: str) -> tuple[int, bytes]:
        """Ask for one path; return the status, 0 where there is no answer, and the bytes as they came."""
        stream = self._stream or self._connect()
        stream.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Encoding: {encoding}\r\n\r\n".encode())
        stream.flush()
        first, size_bytes, is_last = stream.readline().split(), 0, False
        while first and (header := stream.readline()) not in (b"\r\n", b""):
            name, _, value = header.lower().partition(b":")
            size_bytes = int(value) if name == b"content-length" else size_bytes
            is_last = is_last or (name == b"connection" and value.strip() == b"close")
        body = stream.read(size_bytes)
        if is_last or not first:
            stream.close()
            self._stream = None
        return (int(first[1]), body) if first and len(body) == size_bytes else (0, b"")

    def _connect(self) -> IO[bytes]:
        with socket.create_connection((_LOOPBACK, self._port), timeout=30) as line:
            stream = cast(IO[bytes], line.makefile("rwb"))
        self._stream = stream
        return stream
