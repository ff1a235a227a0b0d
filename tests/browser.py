"""A real browser for tests: a loopback server for an output folder, and headless Chromium that reaches nothing else."""

from __future__ import annotations

import functools
import mimetypes
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.conftest import require

STRICT_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " media-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""What the county's web server sends; tests of sanitising leave it out, so that nothing hides a hole."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The county's hosts are on this machine, whatever they are called; no other name is ever looked up.
    "--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost,"
    " EXCLUDE 127.0.0.1",
)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class StaticServer(ThreadingHTTPServer):
    """Serves an output folder on a free loopback port: the Host header says which host's folder."""

    daemon_threads = True

    def __init__(self, root: Path, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler, root, headers))

    @property
    def port(self) -> int:
        """The port it listens on; known before anything is built."""
        return int(self.server_address[1])

    def url(self, path: str) -> str:
        """Return the address of `host/path`, a path below the output folder."""
        host, _, rest = path.partition("/")
        return f"http://{host}:{self.port}/{rest.removesuffix('index.html')}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, root: Path, headers: Mapping[str, str], *rest: Any) -> None:
        self._root, self._headers = root.resolve(), headers
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer one request."""
        host = self._root / self.headers.get("Host", "").rsplit(":", 1)[0].lower()
        path = unquote(urlsplit(self.path).path)
        file = (host / path.lstrip("/")).resolve()
        status = HTTPStatus.OK
        if file.is_dir() and not path.endswith("/"):
            self._send(HTTPStatus.FOUND, b"", {"Location": f"{path}/"})
            return
        file = file / "index.html" if path.endswith("/") else file
        if not file.is_relative_to(host) or not file.is_file():
            file, status = host / "404.html", HTTPStatus.NOT_FOUND
        content = file.read_bytes() if file.is_file() else b""
        type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        charset = "; charset=utf-8" if type.startswith("text/") else ""
        # As on the real server: names of assets change with their contents.
        age = "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-cache"
        self._send(status, content, {"Content-Type": type + charset, "Cache-Control": age})

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _send(self, status: HTTPStatus, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, **self._headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # A page that is left before it has loaded hangs up.
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Visit:
    """A browser context on a served output folder, and every request it made."""

    server: StaticServer
    context: BrowserContext
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Requests to our own server that it answered with 4xx or 5xx, and those that went nowhere."""

    def open(self, path: str) -> Page:
        """Open `host/path` in a new tab and wait until it has loaded."""
        page = self.context.new_page()
        page.goto(self.server.url(path), wait_until="load")
        return page

    def is_ours(self, url: str) -> bool:
        """Tell whether an address is served by our own server, or by the page itself."""
        parts = urlsplit(url)
        return parts.scheme in ("data", "blob", "about") or parts.port == self.server.port

    @property
    def foreign(self) -> list[str]:
        """The requests that went anywhere but to our own server."""
        return [url for url in self.requests if not self.is_ours(url)]

    def note_request(self, request: Request) -> None:
        """Remember a request."""
        self.requests.append(request.url)


@contextmanager
def serve(root: Path, *, csp: str = "") -> Iterator[StaticServer]:
    """Serve an output folder, which may still be empty, with a Content-Security-Policy if one is given."""
    server = StaticServer(root, {"Content-Security-Policy": csp} if csp else _NO_HEADERS)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def launch_chromium(*flags: str) -> Iterator[Browser]:
    """Start headless Chromium, with more flags if any are given; skips the test where it is not installed."""
    executable = require("chromium")
    with sync_playwright() as playwright:
        arguments = [*FLAGS, *flags]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, server: StaticServer, *, init_script: str = "", **context_options: Any) -> Iterator[Visit]:
    """Open a context of its own for a served folder; `init_script` runs in every page before anything of the page."""
    context = browser.new_context(**context_options)
    visitor = Visit(server, context)
    context.on("request", visitor.note_request)
    context.on("requestfailed", lambda request: visitor.failed.append(request.url))
    context.on("response", lambda answer: visitor.failed.append(answer.url) if answer.status >= 400 else None)
    if init_script:
        context.add_init_script(init_script)
    try:
        yield visitor
    finally:
        context.close()
