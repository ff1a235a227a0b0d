"""Asks a web server for files of a release, and tells which of them it does not serve as they are."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

from govgen.errors import UsageError
from govgen.release.listing import COMPRESSED, Entry
from govgen.release.objects import digest_of

_CONNECTIONS = 4
_BATCH = 50
_SECONDS = 10.0
_TRIES = 2
_MOST_BYTES = 256 * 1024 * 1024
_HOST = "{host}"
NOT_FOUND_PAGE = "404.html"
_NO_SUCH_PAGE = "/govgen-no-such-page.html"
_ENCODINGS = dict(zip(COMPRESSED, ("gzip", "br"), strict=True))
_MOVED = (301, 302, 307, 308)


@dataclass(frozen=True)
class Unserved:
    """A file that citizens do not get as the release has it."""

    path: str
    """As in the listing: `<host folder>/…`."""

    url: str
    fault: str
    """The key of its words: `status`, `bytes`, `goal`, `header` or `connection`."""

    found: str = ""


@dataclass(frozen=True)
class _Question:
    """One request, and what answers are right."""

    entry: Entry
    address: str
    encoding: str
    """The smaller form that is asked for; empty for the file itself."""

    page: Entry | None
    """What a server may send that has no smaller forms."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    digest: str


def find_unserved(
    url: str, entries: Iterable[Entry], others: Mapping[str, Entry], *, ca: Path | None = None, limit: int = 20
) -> list[Unserved]:
    """Return which of these entries are not served as they are; about `limit` of them at most.

    `url` is where the county is served: `https://{host}` for the real names, or an address such as
    `http://127.0.0.1:8080` that tells the sites by the Host header. `others` has the entries a smaller form is of.
    Raises UsageError for a url of another form.
    """
    connect = _connector(url, ca)
    questions = [question for entry in entries if (question := _ask(entry, others))]
    by_host = groupby(questions, key=lambda question: _host(question.entry))
    batches = chain.from_iterable(_split(list(group)) for _, group in by_host)
    is_enough = Event()
    found: list[Unserved] = []

    def look(batch: Sequence[_Question]) -> None:
        for unserved in _Asker(connect, url).look(batch, is_enough):
            found.append(unserved)
            if len(found) >= limit:
                is_enough.set()

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(look, batches))
    return sorted(found, key=lambda unserved: unserved.path)


class _NamedConnection(http.client.HTTPSConnection):
    """A connection to a machine by whatever address; its certificate must be for the host that is asked for."""

    def __init__(self, address: str, port: int | None, name: str, context: ssl.SSLContext) -> None:
        super().__init__(address, port, timeout=_SECONDS, context=context)
        self._name = name
        self._tls = context

    def connect(self) -> None:
        """Connect. Raises OSError, as for a certificate that is not to be trusted."""
        line = socket.create_connection((self.host, self.port), _SECONDS)
        try:
            self.sock = self._tls.wrap_socket(line, server_hostname=self._name)
        except OSError:
            line.close()
            raise


def _connector(url: str, ca: Path | None) -> Callable[[str], http.client.HTTPConnection]:
    """Return what opens a connection for a host."""
    parts = urlsplit(url.replace(_HOST, "host.invalid"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise UsageError("bad-url", url=url)
    context = ssl.create_default_context(cafile=str(ca) if ca else None) if parts.scheme == "https" else None
    fixed = "" if _HOST in url else parts.hostname

    def connect(host: str) -> http.client.HTTPConnection:
        if context:
            return _NamedConnection(fixed or host, parts.port, host, context)
        return http.client.HTTPConnection(fixed or host, parts.port, timeout=_SECONDS)

    return connect


def _host(entry: Entry) -> str:
    return entry.path.partition("/")[0]


def _split(questions: Sequence[_Question]) -> Iterator[Sequence[_Question]]:
    for start in range(0, len(questions), _BATCH):
        yield questions[start : start + _BATCH]


def _ask(entry: Entry, others: Mapping[str, Entry]) -> _Question | None:
    """Return how to ask for a file; None for one that is never asked for."""
    whole, ending = entry.path[:-3], entry.path[-3:]
    if ending in _ENCODINGS and whole in others:
        path, encoding, page = whole, _ENCODINGS[ending], others[whole]
    else:
        path, encoding, page = entry.path, "", None
    inner = path.partition("/")[2]
    goal = (page or entry).goal
    if inner == NOT_FOUND_PAGE:
        # Where the page for what is not there leads elsewhere, servers answer in many ways.
        return None if goal else _Question(entry, _NO_SUCH_PAGE, encoding, page)
    if goal and encoding:
        return None
    return _Question(entry, f"/{inner.removesuffix('index.html') if _is_index(inner) else inner}", encoding, page)


def _is_index(path: str) -> bool:
    return path == "index.html" or path.endswith("/index.html")


class _Asker:
    """Asks over one connection that is kept open."""

    def __init__(self, connect: Callable[[str], http.client.HTTPConnection], url: str) -> None:
        self._connect = connect
        self._url = url

    def look(self, questions: Sequence[_Question], is_enough: Event) -> Iterator[Unserved]:
        """Yield what is wrong with the answers to questions about one host."""
        host = _host(questions[0].entry)
        with closing(self._connect(host)) as connection:
            for question in questions:
                if is_enough.is_set():
                    return
                try:
                    answer = self._get(connection, host, question)
                    wrong = _judge(question, answer)
                except (OSError, http.client.HTTPException) as error:
                    wrong = ("connection", str(error) or type(error).__name__)
                if wrong:
                    fault, found = wrong
                    yield Unserved(question.entry.path, self._shown(host, question), fault, found)

    def _get(self, connection: http.client.HTTPConnection, host: str, question: _Question) -> _Answer:
        """Return the answer; where the line breaks, ask once more. Raises OSError, HTTPException."""
        headers = {
            "Host": host,
            "Accept-Encoding": question.encoding or "identity",
            "Cache-Control": "no-cache",
            "User-Agent": "govgen-verify",
        }
        for tried in range(_TRIES):
            try:
                connection.request("GET", question.address, headers=headers)
                response = connection.getresponse()
                content = response.read(_MOST_BYTES)
                named = {name.lower(): value for name, value in response.getheaders()}
                return _Answer(response.status, named, digest_of(content))
            except (OSError, http.client.HTTPException):
                connection.close()
                if tried + 1 == _TRIES:
                    raise
        raise AssertionError  # One of the tries has returned or raised.

    def _shown(self, host: str, question: _Question) -> str:
        base = self._url.rstrip("/")
        return f"{base.replace(_HOST, host)}{question.address}" + ("" if _HOST in base else f" ({host})")


def _judge(question: _Question, answer: _Answer) -> tuple[str, str] | None:
    """Return what is wrong with an answer: the fault and what was found."""
    entry = question.entry
    if entry.goal and answer.status in _MOVED:
        found = answer.headers.get("location", "")
        return None if found == entry.goal else ("goal", found)
    wanted = 404 if question.address == _NO_SUCH_PAGE else 200
    if answer.status != wanted:
        return "status", str(answer.status)
    encoding = answer.headers.get("content-encoding", "")
    if encoding and encoding != question.encoding:
        return "header", f"Content-Encoding: {encoding}"
    right = entry if encoding or question.page is None else question.page
    if answer.digest != right.digest:
        return "bytes", answer.digest[:12]
    kind = answer.headers.get("content-type", "")
    if not kind or ((question.page or entry).is_page and not kind.startswith("text/html")):
        return "header", f"Content-Type: {kind}"
    return None
