"""What the real nginx answers to requests: hosts, mounts, redirects, the switch, and hostile ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from govgen.release.objects import time_of
from tests.nginx import Server, county_of, eventually, lay_out, make_certificate, serve
from tests.served_county import DOMAIN, QS, assert_headers, make_county, make_root
from tests.world import MZJ, PORTAL, World


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
