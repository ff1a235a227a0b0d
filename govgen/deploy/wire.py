"""The line between a publisher and a server: a head of JSON on one line, then the bytes it tells the sizes of."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from govgen.errors import MachineryError
from govgen.texts import visible

PROTOCOL = 1
HEAD_BYTES = 64 * 1024
"""The longest head: those who send more are no govgen."""

MANIFEST_BYTES = 8 * 1024 * 1024
SIGNATURE_BYTES = 16 * 1024
LISTING_BYTES = 128 * 1024 * 1024
"""The listing of half a million files."""

OBJECT_BYTES = 1024 * 1024 * 1024
NEED_BYTES = 256 * 1024 * 1024
"""A need-list of eight million digests."""

WORKING = "working"
_BEAT_SECONDS = 5.0
_READ_BYTES = 256 * 1024
_BODIES = 4


class LineCut(MachineryError):
    """The other end went away, or was silent for too long."""


class Line:
    """Two file descriptors: one to read from, one to write to. One thread receives; any may send."""

    def __init__(self, reading: int, writing: int, patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        """How long the other end may be silent, or take nothing."""

        self.sent_bytes = 0
        self._reading = reading
        self._writing = writing
        self._arrived = bytearray()
        self._mutex = threading.Lock()
        os.set_blocking(writing, False)

    def send(self, head: Mapping[str, Any], *bodies: bytes) -> None:
        """Send one message. Raises LineCut."""
        sizes = {"sizes": [len(body) for body in bodies]} if bodies else {}
        text = json.dumps({**head, **sizes}, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        # Small ones as one piece: each piece is a packet.
        pieces = [text, *bodies] if sum(map(len, bodies)) > _READ_BYTES else [b"".join((text, *bodies))]
        with self._mutex:
            for piece in pieces:
                self._write(piece)

    def receive(self, *limits_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
        """Return the next message: its head and its bodies, each as large as its limit at most.

        Signs of life are passed over. Raises LineCut, MachineryError for what is no message.
        """
        while True:
            head = self._receive_head()
            sizes = head.pop("sizes", [])
            is_sound = isinstance(sizes, list) and all(type(size) is int and size >= 0 for size in sizes)
            if not is_sound or len(sizes) > min(_BODIES, len(limits_bytes)):
                raise garbled(head)
            if any(size > limit for size, limit in zip(sizes, limits_bytes, strict=False)):
                raise garbled(head)
            bodies = [self._take(size) for size in sizes]
            if WORKING not in head:
                return head, bodies

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Give signs of life while a long piece of work is done."""
        is_done = threading.Event()

        def beat() -> None:
            while not is_done.wait(_BEAT_SECONDS):
                try:
                    self.send({WORKING: ""})
                except LineCut:
                    return

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_done.set()
            thread.join()

    def _receive_head(self) -> dict[str, Any]:
        looked = 0
        while (end := self._arrived.find(b"\n", looked)) < 0:
            looked = len(self._arrived)
            if looked > HEAD_BYTES:
                raise garbled(self._arrived[:80])
            self._arrived += self._read(_READ_BYTES)
        text = bytes(self._arrived[:end])
        del self._arrived[: end + 1]
        try:
            head = json.loads(text) if len(text) <= HEAD_BYTES else None
        except (ValueError, RecursionError) as error:
            raise garbled(text[:80]) from error
        if not isinstance(head, dict):
            raise garbled(text[:80])
        return head

    def _take(self, size_bytes: int) -> bytes:
        taken = bytes(self._arrived[:size_bytes])
        del self._arrived[:size_bytes]
        pieces, missing = [taken], size_bytes - len(taken)
        while missing:
            pieces.append(self._read(min(missing, _READ_BYTES)))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _read(self, size_bytes: int) -> bytes:
        self._wait(self._reading, select.POLLIN)
        try:
            content = os.read(self._reading, size_bytes)
        except OSError as error:
            raise LineCut("line-cut", reason=error.strerror or "?") from error
        if not content:
            raise LineCut("line-cut", reason="EOF")
        return content

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            try:
                written = os.write(self._writing, view)
            except BlockingIOError:
                self._wait(self._writing, select.POLLOUT)
                continue
            except OSError as error:
                raise LineCut("line-cut", reason=error.strerror or "?") from error
            view = view[written:]
            self.sent_bytes += written

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        deadline = time.monotonic() + self.patience_seconds
        while not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            if time.monotonic() >= deadline:
                raise LineCut("line-silent", seconds=f"{self.patience_seconds:g}")


def garbled(what: object) -> MachineryError:
    """Return the error that what came over a line is not what was to come."""
    text = bytes(what).decode("utf-8", "replace") if isinstance(what, (bytes, bytearray)) else str(what)
    return MachineryError("garbled", reason=plain(text, 80))


def plain(text: str, length: int) -> str:
    """Return a text from the other end as it may be shown: one line, no longer than that, nothing hidden in it."""
    return visible(text.strip()[:length])


def error_as_message(error: MachineryError) -> dict[str, Any]:
    """Return the message that tells the other end of an error."""
    return {"error": error.key, "values": {name: plain(value, 300) for name, value in error.values.items()}}


def raise_error(head: Mapping[str, Any], known: Mapping[str, str]) -> None:
    """Raise the error that a message tells of, if it does; `known` are the words of errors by their keys.

    An end that is newer, or no friend, may name errors there are no words for.
    """
    if "error" not in head:
        return
    key, values = head["error"], head.get("values")
    told = {str(name): plain(str(value), 300) for name, value in values.items()} if isinstance(values, dict) else {}
    if isinstance(key, str) and key in known and _fits(known[key], told):
        raise MachineryError(key, **told)
    raise MachineryError("strange-error", reason=plain(f"{key} {told}", 300))


def _fits(words: str, values: Mapping[str, str]) -> bool:
    try:
        words.format(**values)
    except (KeyError, IndexError, ValueError):
        return False
    return all(name.isidentifier() and name not in ("self", "key") for name in values)


def pack_digests(digests: Sequence[str]) -> bytes:
    """Return digests as they travel: 32 bytes each."""
    return bytes.fromhex("".join(digests))


def unpack_digests(content: bytes) -> list[str]:
    """Return digests that travelled. Raises MachineryError."""
    if len(content) % 32:
        raise garbled(content[:40])
    text = content.hex()
    return [text[start : start + 64] for start in range(0, len(text), 64)]
