"""The web server's configuration, held by the real nginx: headers, types, packing, and that it is checked."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govgen.webserver.nginx import Process, whole_configuration
from govgen.webserver.program import BROTLI, check_configuration, find_brotli
from govgen.webserver.serving import Serving
from tests.conftest import do_without, require
from tests.nginx import Answer, Server, county_of, free_port, make_certificate, require_nginx, serve
from tests.served_county import DRAWING_POLICY, FILE_POLICY, QS, assert_headers, make_county, make_root
from tests.world import MZJ, PORTAL, PROJECT, World

OBSERVATORY = PROJECT / "tests/node_modules/@mdn/mdn-http-observatory/src/index.js"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with one township below the portal and a department that may have been there."""
    return make_county(tmp_path_factory.mktemp("webserver"))


@pytest.fixture(scope="module")
def root(county: World) -> Path:
    """Return a root with the county's release, and files in it that nobody may see."""
    return make_root(county)


@pytest.fixture(scope="module")
def plain(county: World, root: Path) -> Iterator[Server]:
    """Return nginx on plain http."""
    with serve(root, county_of(county), county.root.parent) as server:
        yield server


@pytest.fixture(scope="module")
def secure(county: World, root: Path) -> Iterator[Server]:
    """Return nginx with a certificate, which sends plain http there."""
    folder = county.root.parent
    with serve(root, county_of(county), folder, certificate=make_certificate(folder)) as server:
        yield server


def stylesheet(server: Server) -> str:
    """Return the address of the portal's style sheet."""
    found = re.search(r'/assets/css/[^"]+', server.get(PORTAL, tls=True).text)
    assert found
    return found[0]


KINDS: dict[str, Callable[[Server], tuple[Answer, dict[str, str]]]] = {
    "200 page": lambda s: (s.get(PORTAL, tls=True), {}),
    "200 head": lambda s: (s.get(PORTAL, tls=True, method="HEAD"), {}),
    "200 theme file": lambda s: (
        s.get(PORTAL, stylesheet(s), tls=True),
        {"cross_origin_resource_policy": "same-site", "cache_control": "public, max-age=31536000, immutable"},
    ),
    "200 picture below the mount": lambda s: (
        s.get(PORTAL, "/qs/images/notices/tu.svg", tls=True),
        {"content_security_policy": DRAWING_POLICY, "cross_origin_resource_policy": "same-site"},
    ),
    "200 attachment below the mount": lambda s: (
        s.get(PORTAL, "/qs/files/notices/biao.csv", tls=True),
        {"content_security_policy": FILE_POLICY, "content_disposition": "attachment"},
    ),
    "200 search": lambda s: (s.get(PORTAL, "/search/", tls=True), {}),
    "301 slash": lambda s: (s.get(PORTAL, "/news", tls=True), {"location": "/news/"}),
    "301 old address": lambda s: (
        s.get(MZJ, "/old/aid.html", tls=True),
        {"location": f"https://{MZJ}/notices/2026-01-01-aid.html"},
    ),
    "301 other mount": lambda s: (s.get(QS, "/news/", tls=True), {"location": f"https://{PORTAL}/qs/news/"}),
    "301 to https": lambda s: (s.get(MZJ, "/a?b=c"), {"location": f"https://{MZJ}/a?b=c"}),
    "304": lambda s: (
        s.get(PORTAL, tls=True, If_None_Match=s.get(PORTAL, tls=True).headers["etag"]),
        {},
    ),
    "304 theme file": lambda s: (
        s.get(PORTAL, stylesheet(s), tls=True, If_None_Match=s.get(PORTAL, stylesheet(s), tls=True).headers["etag"]),
        {"cross_origin_resource_policy": "same-site", "cache_control": "public, max-age=31536000, immutable"},
    ),
    "400": lambda s: (s.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), {}),
    "404": lambda s: (s.get(PORTAL, "/nothing", tls=True), {}),
    "404 theme file": lambda s: (s.get(PORTAL, "/assets/css/county.0000000000.css", tls=True), {}),
    "404 attachment": lambda s: (s.get(PORTAL, "/files/nothing.pdf", tls=True), {}),
    "405": lambda s: (s.get(PORTAL, method="POST", tls=True), {"allow": "GET, HEAD"}),
    "405 theme file": lambda s: (
        s.get(PORTAL, stylesheet(s), method="POST", tls=True),
        {"allow": "GET, HEAD", "cross_origin_resource_policy": "same-site"},
    ),
    "405 trace": lambda s: (s.get(PORTAL, method="TRACE", tls=True), {"allow": "GET, HEAD"}),
    "405 plain": lambda s: (s.get(PORTAL, method="OPTIONS"), {"allow": "GET, HEAD"}),
    "414": lambda s: (s.get(PORTAL, "/" + "a" * 9000, tls=True), {}),
    "421": lambda s: (s.get("www.elsewhere.example", tls=True), {}),
    "421 theme file": lambda s: (
        s.get("www.elsewhere.example", "/assets/css/county.css", tls=True),
        {"cross_origin_resource_policy": "same-site"},
    ),
    "421 plain": lambda s: (s.get("www.elsewhere.example"), {}),
}
"""Every kind of answer, asked of the server with a certificate, and the headers that are not as always."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_carries_all_headers(kind: str, secure: Server) -> None:
    answer, differing = KINDS[kind](secure)
    assert answer.body or answer.status == 304 or "head" in kind
    assert_headers(answer, status=int(kind[:3]), **differing, strict_transport_security="max-age=63072000")


def test_without_a_certificate_nothing_is_promised_about_https(plain: Server) -> None:
    answer = plain.get(PORTAL)
    assert_headers(answer, status=200)
    assert "strict-transport-security" not in answer.headers


def test_browsers_are_offered_http_2_over_modern_tls_only(secure: Server) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", secure.tls_port), timeout=5) as connection,
        context.wrap_socket(connection, server_hostname=PORTAL) as channel,
    ):
        assert (channel.selected_alpn_protocol(), channel.version()) == ("h2", "TLSv1.3")


def test_the_observatory_gives_a_plus(secure: Server, county: World) -> None:
    node = require("node")
    if not OBSERVATORY.is_file():
        do_without("the Observatory is not installed: run tools/setup.sh tests")
    answer = subprocess.run(
        [node, str(PROJECT / "tests/observatory.mjs"), PORTAL, str(secure.port), str(secure.tls_port)],
        env={"PATH": "/usr/bin:/bin", "NODE_EXTRA_CA_CERTS": str(county.root.parent / "certificate.pem")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    print(f"Observatory: {result['grade']} {result['score']}")
    assert [test for test in result["tests"] if not test[3]] == []
    assert (result["grade"], result["score"] >= 130) == ("A+", True), result


TYPES = {
    (PORTAL, "/"): "text/html; charset=utf-8",
    (PORTAL, "/feed.xml"): "application/atom+xml; charset=utf-8",
    (PORTAL, "/qs/notices/feed.xml"): "application/atom+xml; charset=utf-8",
    (PORTAL, "/sitemap.xml"): "application/xml; charset=utf-8",
    (PORTAL, "/robots.txt"): "text/plain; charset=utf-8",
    (PORTAL, "/.well-known/security.txt"): "text/plain; charset=utf-8",
    (PORTAL, "/qs/images/notices/tu.svg"): "image/svg+xml; charset=utf-8",
    (PORTAL, "/qs/files/notices/biao.csv"): "text/csv",
    (MZJ, "/nothing"): "text/html; charset=utf-8",
}


@pytest.mark.parametrize("place", TYPES, ids="".join)
def test_a_file_is_of_its_type(place: tuple[str, str], plain: Server) -> None:
    assert plain.get(*place).headers["content-type"] == TYPES[place]


@pytest.mark.parametrize(("accepted", "coding"), [("gzip", "gzip"), ("gzip, br", "br")])
def test_packed_files_are_sent_to_those_who_take_them(accepted: str, coding: str, plain: Server) -> None:
    if coding == "br" and not find_brotli():
        do_without(f"nginx has no {BROTLI}")
    answer = plain.get(PORTAL, "/feed.xml", Accept_Encoding=accepted)
    assert answer.headers["content-encoding"] == coding
    assert answer.body == {"gzip": b"packed by gzip", "br": b"packed by brotli"}[coding]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"


def test_packed_files_are_sent_to_nobody_else(plain: Server) -> None:
    assert b"<feed" in plain.get(PORTAL, "/feed.xml").body
    assert plain.get(PORTAL, "/feed.xml.gz").status == 404
    assert plain.get(PORTAL, "/feed.xml.br").status == 404
    # Nothing is packed on the way: what is signed is what is sent.
    assert "content-encoding" not in plain.get(PORTAL, Accept_Encoding="gzip, br").headers


def test_ipv6_is_listened_on(county: World, root: Path, tmp_path: Path) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        do_without("this machine has no IPv6")
    with (
        serve(root, county_of(county), tmp_path, addresses=("127.0.0.1", "[::1]")) as server,
        socket.create_connection(("::1", server.port), timeout=5) as connection,
    ):
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {PORTAL}\r\n\r\n".encode())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


def test_a_configuration_is_checked_before_it_is_used(county: World, root: Path, tmp_path: Path) -> None:
    require_nginx()
    file = tmp_path / "nginx.conf"
    serving = Serving(root, free_port(), free_port(), make_certificate(tmp_path), has_brotli=False)
    text = whole_configuration(county_of(county), serving, Process(tmp_path))
    assert text.count("listen [::]:") == 2
    file.write_text(text)
    assert check_configuration(file) is None
    file.write_text(text.replace("gzip_static on", "gzip_static perhaps"))
    assert "perhaps" in (check_configuration(file) or "")
    (tmp_path / "key.pem").unlink()
    file.write_text(text)
    assert "key.pem" in (check_configuration(file) or "")
