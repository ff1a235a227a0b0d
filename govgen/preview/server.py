"""Serves a preview on the loopback address: every site under its own host name, findings and reloads in the page."""

from __future__ import annotations

import json
import mimetypes
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from govgen.errors import UsageError

DOMAIN = "localhost"
_OWN_PATHS = "/-govgen/"
_SCRIPT = b'<script src="/-govgen/reload.js" defer></script></body>'
_KEEP_ALIVE_SECONDS = 10.0
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


@dataclass
class Board:
    """What pages in browsers are told: the number of the build, and its findings."""

    build: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    condition: threading.Condition = field(default_factory=threading.Condition)

    def post(self, findings: list[dict[str, Any]]) -> None:
        """Tell all pages that a build is done."""
        with self.condition:
            self.build += 1
            self.findings = findings
            self.condition.notify_all()

    def wait_after(self, build: int) -> int:
        """Return the number of the newest build, waiting a while if it is still `build`."""
        with self.condition:
            self.condition.wait_for(lambda: self.build != build, _KEEP_ALIVE_SECONDS)
            return self.build


class PreviewServer(ThreadingHTTPServer):
    """The preview's web server; bound to the loopback address only."""

    daemon_threads = True

    def __init__(self, root: Path, port: int, board: Board) -> None:
        self.root = root
        self.board = board
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UsageError("port-taken", port=str(port), other=str(port + 1)) from error

    def start(self) -> None:
        """Answer requests in a thread of its own."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer one request."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0].rstrip(".").lower()
        path = unquote(urlsplit(self.path).path)
        if host in (DOMAIN, "127.0.0.1"):
            self._redirect(f"http://www.{DOMAIN}:{self.server.server_port}/")
        elif not self._is_site(host):
            # A name that only points here (DNS rebinding) gets nothing.
            self._send(HTTPStatus.MISDIRECTED_REQUEST, b"unknown host\n", "text/plain")
        elif path.startswith(_OWN_PATHS):
            self._answer_own(path.removeprefix(_OWN_PATHS))
        else:
            self._answer_file(self.server.root / host, path)

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _is_site(self, host: str) -> bool:
        return host.endswith(f".{DOMAIN}") and "/" not in host and (self.server.root / host).is_dir()

    def _answer_own(self, name: str) -> None:
        if name == "events":
            self._stream_events()
        elif name == "findings.json":
            content = json.dumps(self.server.board.findings, ensure_ascii=False).encode()
            self._send(HTTPStatus.OK, content, "application/json")
        elif name == "reload.js":
            script = (resources.files("govgen") / "preview" / "reload.js").read_bytes()
            self._send(HTTPStatus.OK, script, "text/javascript; charset=utf-8")
        else:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def _stream_events(self) -> None:
        """Tell a page of new builds until it goes away."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        for name, value in {**_HEADERS, "Content-Type": "text/event-stream"}.items():
            self.send_header(name, value)
        self.end_headers()
        build = self.server.board.build
        try:
            while True:
                newest = self.server.board.wait_after(build)
                self.wfile.write(b"event: reload\ndata: 1\n\n" if newest != build else b": still here\n\n")
                self.wfile.flush()
                build = newest
        except OSError:
            return

    def _answer_file(self, root: Path, path: str) -> None:
        file = find_served_file(root, path)
        if file is not None and file.is_dir():
            self._redirect(path + "/")
            return
        status = HTTPStatus.OK
        if file is None:
            file, status = root / "404.html", HTTPStatus.NOT_FOUND
        try:
            content = file.read_bytes()
        except OSError:
            self._send(HTTPStatus.NOT_FOUND, b"not found\n", "text/plain")
            return
        type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if type == "text/html":
            content = content.replace(b"</body>", _SCRIPT, 1)
        if type.startswith("text/") or type.endswith("xml"):
            type += "; charset=utf-8"
        self._send(status, content, type)

    def _redirect(self, address: str) -> None:
        self._send(HTTPStatus.FOUND, b"", "text/plain", {"Location": address})

    def _send(self, status: HTTPStatus, content: bytes, type: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {**_HEADERS, "Content-Type": type, "Content-Length": str(len(content)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for builds and findings."""


def find_served_file(root: Path, path: str) -> Path | None:
    """Return the file or folder a request path names below `root`; None where there is none, or it may not be seen."""
    segments = [segment for segment in path.split("/") if segment]
    if "\0" in path or any(s.startswith(".") and s != ".well-known" for s in segments):
        return None
    file = root
    for segment in segments:
        file = file / segment
        if file.is_symlink() or "\\" in segment:
            return None
    if file.is_dir():
        index = file / "index.html"
        return (index if path.endswith("/") else file) if index.is_file() else None
    return file if file.is_file() else None
