"""Raises the alarm: a line in the log, and a message to an address the maintainer named."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from govgen.errors import UsageError
from govgen.texts import Texts, visible

_SECONDS = 5.0


class Alarm:
    """Where a watch says what it found. Nothing that goes wrong in saying it stops the watch."""

    def __init__(self, texts: Texts, webhook: str | None) -> None:
        """Raises UsageError for an address that is not one of the web."""
        if webhook is not None and (
            urlsplit(webhook).scheme not in ("http", "https") or not urlsplit(webhook).hostname
        ):
            raise UsageError("bad-webhook", url=webhook)
        self._texts = texts
        self._webhook = webhook
        self._senders: list[threading.Thread] = []
        self._host = socket.gethostname()

    def note(self, text: str) -> None:
        """Write a line to the log, as syslog does."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        line = f"{now} {self._host} govgen[{os.getpid()}]: {visible(text)}\n"
        sys.stderr.write(line.encode("utf-8", "replace").decode("utf-8"))
        sys.stderr.flush()

    def raise_(self, texts: Sequence[str], details: Mapping[str, Any]) -> None:
        """Write a line a text, and send all of them on."""
        for text in texts:
            self.note(text)
        if self._webhook:
            now = datetime.now().astimezone().isoformat(timespec="seconds")
            message = {"host": self._host, "time": now, "text": "\n".join(texts), **details}
            sender = threading.Thread(target=self._send, args=(self._webhook, message), daemon=True)
            sender.start()
            self._senders = [*(one for one in self._senders if one.is_alive()), sender]

    def close(self) -> None:
        """Wait, not for long, until all is sent."""
        for sender in self._senders:
            sender.join(_SECONDS + 1)

    def _send(self, url: str, message: Mapping[str, Any]) -> None:
        content = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        request = urllib.request.Request(url, content, {"Content-Type": "application/json; charset=utf-8"})
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                answer.read(1024)
        except (OSError, ValueError) as error:
            self.note(self._texts.word("damage", "webhook-failed", url=url, reason=error))
