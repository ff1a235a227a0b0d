"""The web server's configuration, held by the real nginx: headers, hosts, redirects, mounts, and hostile requests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from govgen.release.objects import time_of
from govgen.webserver.nginx import Process, whole_configuration
from govgen.webserver.program import BROTLI, check_configuration, find_brotli
from govgen.webserver.serving import Serving
from tests.conftest import do_without, require
from tests.nginx import (
    Answer,
    Server,
    county_of,
    eventually,
    free_port,
    lay_out,
    make_certificate,
    require_nginx,
    serve,
)
from tests.test_mount import COUNTY, HEAD, VILLAGES
from tests.world import MZJ, PORTAL, PROJECT, World

QS = "qs.yunling.gov.example"
DOMAIN = "yunling.gov.example"
OBSERVATORY = PROJECT / "tests/node_modules/@mdn/mdn-http-observatory/src/index.js"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " media-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
ALWAYS = {
    "content-security-policy": PAGE_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cache-control": "no-cache, no-transform",
    "permissions-policy": "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(),"
    " geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
}
"""What every answer says, but where a test names another value."""

REDIRECTS = {
    f"{MZJ}/old/aid.html": f"https://{MZJ}/notices/2026-01-01-aid.html",
    f"{PORTAL}/qs/old/chungeng.html": f"https://{PORTAL}/qs/notices/2026-01-03-chun-geng-bei-geng.html",
    f"{PORTAL}/News/2026.html": f"https://{PORTAL}/news/2026.html",
}


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a county with one township below the portal and a department that may have been there."""
    world = World(tmp_path_factory.mktemp("webserver") / "county", COUNTY)
    world.write("sites/qingshui.toml", f'{HEAD}mount = "path"\n{VILLAGES}')
    world.write("sites/mzj.toml", 'name = "云岭县民政局"\nkind = "department"\nmount = "subdomain"\n')
    return world


@pytest.fixture(scope="module")
def root(county: World) -> Path:
    """Return a root with the county's release, and files in it that nobody may see."""
    root = lay_out(county, county.root.parent / "root", REDIRECTS)
    portal = root / "current/sites" / PORTAL
    for name in (".git/config", ".env", "x.md", "backup~", "index.html.bak", ".well-known/x/.y"):
        (portal / name).parent.mkdir(exist_ok=True)
        (portal / name).write_text("secret")
    (portal / "bare").mkdir()
    (portal / "bare/a.html").write_text("a page in a folder without a list")
    (portal / "feed.xml.gz").write_bytes(b"packed by gzip")
    (portal / "feed.xml.br").write_bytes(b"packed by brotli")
    (root / "secret").write_text("secret")
    return root


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


def assert_headers(answer: Answer, *, status: int, **differing: str) -> None:
    """Hold an answer's status and headers against what every answer says."""
    assert answer.status == status
    expected = {**ALWAYS, **{name.replace("_", "-"): value for name, value in differing.items()}}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert ("content-disposition" in answer.headers) == ("content_disposition" in differing)
    assert not {"last-modified", "expires", "set-cookie", "access-control-allow-origin"} & answer.headers.keys()
    assert re.fullmatch("nginx", answer.headers["server"])


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


@pytest.mark.parametrize("host", [PORTAL.upper(), f"{PORTAL}.", f"{PORTAL}:80", f"{PORTAL.upper()}.:8443"])
def test_a_host_written_otherwise_is_the_same_host(host: str, plain: Server) -> None:
    assert plain.get(host).body == plain.get(PORTAL).body


@pytest.mark.parametrize(
    "host",
    ["elsewhere.example", "x.yunling.gov.example", f"{PORTAL}.evil.example", "127.0.0.1", "[::1]", "localhost", "_"],
)
def test_an_unknown_host_is_misdirected(host: str, plain: Server) -> None:
    assert plain.get(host).status == 421


def test_the_bare_domain_leads_to_the_portal(plain: Server, secure: Server) -> None:
    assert plain.get(DOMAIN, "/a/b?c=d").location == f"https://{PORTAL}/a/b?c=d"
    # First to https on the same host, then on: browsers remember https for the host they asked.
    assert secure.get(DOMAIN, "/a").location == f"https://{DOMAIN}/a"
    assert secure.get(DOMAIN, "/a", tls=True).location == f"https://{PORTAL}/a"


MOVES = {
    (QS, "/"): f"https://{PORTAL}/qs/",
    (QS, "/feed.xml"): f"https://{PORTAL}/qs/feed.xml",
    (QS, "/files/notices/biao.csv?a=b&c"): f"https://{PORTAL}/qs/files/notices/biao.csv?a=b&c",
    (QS, "/images/%E5%9B%BE.svg"): f"https://{PORTAL}/qs/images/%E5%9B%BE.svg",
    (QS, "/robots.txt"): f"https://{PORTAL}/robots.txt",
    (QS, "/.well-known/security.txt"): f"https://{PORTAL}/.well-known/security.txt",
    (QS, "/a%0d%0aX-Evil:%20b"): f"https://{PORTAL}/qs/a%0d%0aX-Evil:%20b",
    (QS, "//evil.example/"): f"https://{PORTAL}/qs//evil.example/",
    (PORTAL, "/mzj/"): f"https://{MZJ}/",
    (PORTAL, "/mzj/files/a.pdf?x"): f"https://{MZJ}/files/a.pdf?x",
    (PORTAL, "/mzj/%0d%0aX-Evil:%20b"): f"https://{MZJ}/%0d%0aX-Evil:%20b",
}


@pytest.mark.parametrize("place", MOVES, ids="".join)
def test_addresses_of_the_other_mount_lead_to_this_one(place: tuple[str, str], plain: Server) -> None:
    answer = plain.get(*place)
    assert (answer.status, answer.location) == (301, MOVES[place])
    assert "x-evil" not in answer.headers


def test_what_moved_is_there(plain: Server) -> None:
    for path in ("/feed.xml", "/files/notices/biao.csv", "/images/notices/tu.svg", "/robots.txt"):
        goal = plain.get(QS, path).location.removeprefix(f"https://{PORTAL}")
        assert plain.get(PORTAL, goal).status == 200


def test_an_old_address_that_differs_in_capitals_only_does_not_lead_to_itself(plain: Server) -> None:
    assert plain.get(PORTAL, "/News/2026.html").location == f"https://{PORTAL}/news/2026.html"
    assert plain.get(PORTAL, "/news/2026.html").status == 404


def test_redirects_are_read_at_reload_and_may_be_missing(county: World, tmp_path: Path) -> None:
    root = lay_out(county, tmp_path / "root")
    with serve(root, county_of(county), tmp_path) as server:
        assert 'http-equiv="refresh"' in server.get(MZJ, "/old/aid.html").text
        lines = "".join(f'"{MZJ}/old/{n}/{"long-" * 30}.html" "https://{MZJ}/{n}.html";\n' for n in range(20_000))
        (root / "current/redirects").mkdir()
        (root / "current/redirects/mzj.map").write_text(f'"{MZJ}/old/aid.html" "https://{MZJ}/new.html";\n{lines}')
        server.reload()
        assert eventually(lambda: server.get(MZJ, "/old/aid.html").location == f"https://{MZJ}/new.html")
        assert server.get(MZJ, f"/old/19999/{'long-' * 30}.html").location == f"https://{MZJ}/19999.html"
        kept = "?from=wechat&a=%0d%0aX:%20y&b=$host"
        assert server.get(MZJ, f"/old/aid.html{kept}").location == f"https://{MZJ}/new.html{kept}"
        assert server.get(MZJ, "/new.html?a").status == 404, "asked for once, with the query it leads nowhere else"


def test_the_switch_is_seen_at_the_next_request(county: World, tmp_path: Path) -> None:
    root = lay_out(county, tmp_path / "root")
    for release in ("r2", "r3"):
        (root / "releases" / release / "sites" / PORTAL).mkdir(parents=True)
        (root / "releases" / release / "sites" / PORTAL / "index.html").write_text(release)
    with serve(root, county_of(county), tmp_path) as server:
        for release in ("r2", "r3") * 20:
            (root / "next").symlink_to(f"releases/{release}")
            (root / "next").rename(root / "current")
            assert server.get(PORTAL).text == release


def test_pages_of_equal_size_published_in_one_second_are_not_taken_for_each_other(
    county: World, tmp_path: Path
) -> None:
    root = lay_out(county, tmp_path / "root")
    page = root / "current/sites" / PORTAL / "fee.html"
    with serve(root, county_of(county), tmp_path) as server:
        tags = set()
        for words in (b"fee: 10", b"fee: 90", b"fee: 10"):
            page.unlink(missing_ok=True)
            page.write_bytes(words)
            made = time_of(hashlib.sha256(words).hexdigest())
            os.utime(page, (made, made))
            answers = [server.get(PORTAL, "/fee.html", If_None_Match=tag) for tag in tags]
            assert sum(answer.status == 304 for answer in answers) == (words == b"fee: 10" and len(tags) == 2)
            fresh = server.get(PORTAL, "/fee.html")
            assert fresh.body == words
            tags.add(fresh.headers["etag"])
        assert len(tags) == 2


HOSTILE = {
    "/..%2f..%2f..%2fsecret": 400,
    "/%2e%2e/%2e%2e/%2e%2e/secret": 400,
    "/../../../secret": 400,
    "/a/../../secret": 400,
    "/..%5c..%5csecret": 404,
    "/%00": 400,
    "/index.html%00.md": 400,
    "/index.html%0a": 404,
    "/.git/config": 404,
    "/%2egit/config": 404,
    "//.git//config": 404,
    "/.env": 404,
    "/.well-known/../.env": 404,
    "/.well-known/x/.y": 404,
    "/x.md": 404,
    "/X.MD": 404,
    "/backup~": 404,
    "/index.html.bak": 404,
    "/index.html/": 404,
    "/bare/": 404,
    "/404.html": 404,
    "/news/index.php?x=<script>": 404,
    "/" + "a" * 9000: 414,
    "/?" + "a" * 9000: 414,
    "//": 200,
    "/./": 200,
    "/?x=../../secret": 200,
}


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path[:40])
def test_a_hostile_address_gets_nothing(path: str, plain: Server) -> None:
    answer = plain.get(PORTAL, path)
    assert (answer.status, "secret" in answer.text) == (HOSTILE[path], False)
    assert_headers(answer, status=HOSTILE[path])


REQUESTS = {
    b"GET / HTTP/1.0\r\n\r\n": 421,
    b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n": 400,
    b"GET http://www.elsewhere.example/ HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 421,
    b"POST / HTTP/1.1\r\nHost: %(portal)b\r\nContent-Length: 9\r\nConnection: close\r\n\r\nall of it": 405,
    b"POST / HTTP/1.1\r\nHost: %(portal)b\r\nContent-Length: 999999999\r\nConnection: close\r\n\r\na": 405,
    b"PUT /x.html HTTP/1.1\r\nHost: %(portal)b\r\nContent-Length: 1\r\nConnection: close\r\n\r\na": 405,
    b"DELETE / HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 405,
    b"PROPFIND / HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 405,
    b"TRACE / HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 405,
    b"CONNECT www.elsewhere.example:443 HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 400,
    b"get / HTTP/1.1\r\nHost: %(portal)b\r\nConnection: close\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: %(portal)b\r\nX: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: %(portal)b\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n": 400,
}


@pytest.mark.parametrize("request_bytes", REQUESTS, ids=lambda request: request[:60].decode().strip())
def test_a_hostile_request_is_refused_with_all_headers(request_bytes: bytes, plain: Server) -> None:
    answer = plain.send(request_bytes.replace(b"%(portal)b", PORTAL.encode()))
    assert_headers(answer, status=REQUESTS[request_bytes])


def test_a_part_of_a_file_can_be_had(plain: Server) -> None:
    answer = plain.get(PORTAL, Range="bytes=0-14")
    assert_headers(answer, status=206)
    assert answer.body == plain.get(PORTAL).body[:15]
    assert plain.get(PORTAL, Range="bytes=99999999-").status == 416


def test_on_this_machine_redirects_stay_here(county: World, root: Path, tmp_path: Path) -> None:
    with serve(root, county_of(county), tmp_path, is_local=True) as server:
        for domain in (DOMAIN, "localhost"):
            here = f"{domain}:{server.port}"
            assert server.get(f"www.{here}").body == server.get(PORTAL).body
            assert server.get(here, "/a").location == f"http://www.{here}/a"
            assert server.get(f"qs.{here}", "/news/?a").location == f"http://www.{here}/qs/news/?a"
            old = server.get(f"mzj.{here}", "/old/aid.html")
            assert old.location == f"http://mzj.{here}/notices/2026-01-01-aid.html"
            asked = server.get(f"mzj.{here}", "/old/aid.html?a=b")
            assert asked.location == f"http://mzj.{here}/notices/2026-01-01-aid.html?a=b"
            assert server.get(f"www.{here}", "/News/2026.html").location == f"http://www.{here}/news/2026.html"
            assert server.get(f"www.{here}", "/news/2026.html").status == 404
        assert server.get("127.0.0.1", "/").location == f"http://www.localhost:{server.port}/"
        assert server.get("evil.example").status == 421


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
