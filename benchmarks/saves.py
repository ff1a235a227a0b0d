"""Times `govgen serve`: from saving a document to the event that makes a browser reload."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.contenders import Contender

_START_SECONDS = 1800.0
_EVENT_SECONDS = 900.0
_REST_SECONDS = 0.5
"""Between two saves, as between two thoughts."""


def time_saves(contender: Contender, saves: int) -> list[float]:
    """Return the seconds of each save. Raises OSError where the preview does not answer."""
    article = contender.edited.article
    before = article.read_bytes()
    seconds = []
    with _events(contender) as events:
        try:
            for number in range(1, saves + 1):
                time.sleep(_REST_SECONDS)
                text = before + f"\n第{number}次保存。\n".encode()
                started = time.monotonic()
                article.write_bytes(text)
                _await_reload(events)
                seconds.append(time.monotonic() - started)
        finally:
            article.write_bytes(before)
    return seconds


@contextmanager
def _events(contender: Contender) -> Iterator[http.client.HTTPResponse]:
    """Serve a county and yield its stream of events; the server ends with the block."""
    port = _free_port()
    process = subprocess.Popen(
        contender.govgen("serve", "--port", str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        connection = _connect(port, process)
        with connection.getresponse() as response:
            yield response
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=_EVENT_SECONDS)


def _connect(port: int, process: subprocess.Popen[bytes]) -> http.client.HTTPConnection:
    """Return a connection that has asked for events, once the first build is done."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_EVENT_SECONDS)
        try:
            connection.request("GET", "/-govgen/events", headers={"Host": f"www.localhost:{port}"})
            return connection
        except ConnectionRefusedError:
            connection.close()
            time.sleep(0.2)
    raise OSError("the preview did not start")


def _await_reload(events: http.client.HTTPResponse) -> None:
    while (line := events.readline()) != b"event: reload\n":
        if not line:
            raise OSError("the preview ended")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
