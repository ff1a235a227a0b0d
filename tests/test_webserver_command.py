"""`govgen webserver`: configurations in files, what is published opened on this machine, and the Caddyfile."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from govgen.webserver.caddy import caddy_configuration
from govgen.webserver.program import check_configuration
from govgen.webserver.serving import Serving
from tests.conftest import require
from tests.nginx import Server, county_of, eventually, free_port, lay_out, make_certificate, require_nginx, serve
from tests.served_county import ALWAYS, DOMAIN, QS
from tests.test_mount import COUNTY, HEAD, VILLAGES
from tests.world import MZJ, PORTAL, PROJECT, World

WHOLE = "pid {folder}/pid; error_log {folder}/log; events {{}} http {{ access_log off; include {file}; }}"


def make_world(folder: Path) -> World:
    """Return a county with one township below the portal and a department that may have been there."""
    world = World(folder, COUNTY)
    world.write("sites/qingshui.toml", f'{HEAD}mount = "path"\n{VILLAGES}')
    world.write("sites/mzj.toml", 'name = "云岭县民政局"\nkind = "department"\nmount = "subdomain"\n')
    return world


@pytest.fixture
def county(tmp_path: Path) -> World:
    """Return a county that is not built."""
    return make_world(tmp_path / "county")


def nginx_faults(file: Path, folder: Path) -> str | None:
    """Return what nginx finds wrong with a file it is to include."""
    require_nginx()
    whole = folder / "whole.conf"
    modules = "".join(
        f'load_module "{module}";\n'
        for module in Path("/usr/lib/nginx/modules").glob("*brotli_static*")
        if "brotli_static on" in file.read_text()
    )
    whole.write_text(modules + WHOLE.format(folder=folder, file=file))
    return check_configuration(whole)


def test_the_configuration_printed_is_one_nginx_takes(county: World, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    # Its default ports are those of a real server: a test may not be allowed to open them.
    command = ("webserver", "nginx", "--root", str(tmp_path), "--port", str(free_port()))
    tls = ("--certificate", str(certificate.file), "--key", str(certificate.key))
    for more in ((), ("--no-ipv6", "--no-brotli"), tls):
        printed = county.run(*command, *more)
        assert printed.returncode == 0, printed.stderr
        file = tmp_path / "govgen.conf"
        file.write_text(printed.stdout.replace(":443 ", f":{free_port()} "))
        assert nginx_faults(file, tmp_path) is None
        assert printed.stdout.startswith("# 由 govgen")
        assert ("Strict-Transport-Security" in printed.stdout) == (more == tls)
        assert ("[::]" in printed.stdout) == ("--no-ipv6" not in more)
        assert "brotli_static" not in printed.stdout or "--no-brotli" not in more


def test_a_new_site_is_one_more_host(county: World) -> None:
    assert "nonglin" not in county.run("webserver", "nginx").stdout
    county.write("sites/nonglin.toml", 'name = "云岭县农林局"\nkind = "department"\n')
    assert '"nonglin.yunling.gov.example" "nonglin.yunling.gov.example";' in county.run("webserver", "nginx").stdout


def test_a_file_is_written_whole_and_a_folder_left_alone(county: World, tmp_path: Path) -> None:
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (folder / "other.conf").write_text("other")
    refused = county.run("webserver", "nginx", "--output", str(folder))
    assert refused.returncode == 2 and str(folder) in refused.stderr
    file = folder / "govgen.conf"
    written = county.run("webserver", "nginx", "--output", str(file), "--no-brotli")
    assert written.returncode == 0 and "nginx -t" in written.stdout
    assert "$govgen_site" in file.read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["govgen.conf", "other.conf"]


def test_a_whole_configuration_runs_by_itself(county: World, tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    county.run("webserver", "nginx", "--alone", str(tmp_path), "--port", str(free_port()), "--output", str(file))
    require_nginx()
    assert check_configuration(file) is None


@pytest.mark.parametrize(
    "arguments",
    [("--certificate", "a.pem"), ("--key", "a.pem"), ("--root", "/srv/$name"), ("--root", '/srv/a"b')],
)
def test_what_cannot_be_configured_is_wrong_usage(arguments: tuple[str, ...], county: World) -> None:
    answer = county.run("webserver", "nginx", *arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Traceback" not in answer.stderr


@contextmanager
def published(name: str = "county") -> Iterator[World]:
    """Give a county that is published, in a folder that everybody may enter, and whose name is of no ease."""
    with tempfile.TemporaryDirectory(prefix="govgen-") as folder:
        Path(folder).chmod(0o755)
        world = make_world(Path(folder) / name)
        lay_out(world, world.root / ".govgen")
        yield world


@contextmanager
def served(county: World, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `govgen webserver serve`, and end it by force if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "govgen", "webserver", "serve", "--port", str(port)],
        cwd=county.root,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def children_of(pid: int) -> list[int]:
    """Return the processes a process started, and theirs."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(grandchild for child in children for grandchild in children_of(child))]


def is_alive(pid: int) -> bool:
    """Tell whether a process is at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_is_published_is_opened_and_closed(ending: signal.Signals) -> None:
    require_nginx()
    port = free_port()
    with published("云岭 county") as county, served(county, port) as process:
        assert process.stdout
        assert f"http://www.localhost:{port}/" in process.stdout.readline()
        server = Server(port, 0, process.pid)
        assert "云岭县人民政府" in server.get(f"www.localhost:{port}").text
        assert server.get("localhost").location == f"http://www.localhost:{port}/"
        workers = children_of(process.pid)
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in workers}
        assert len(workers) >= 2 and 0 not in owners
        process.send_signal(ending)
        process.wait(timeout=10)
        assert process.returncode == (-9 if ending == signal.SIGKILL else 0)
        eventually(lambda: not any(map(is_alive, workers)))


def test_serving_says_what_it_lacks(county: World, tmp_path: Path) -> None:
    require_nginx()
    nothing = county.run("webserver", "serve")
    assert nothing.returncode == 2 and "make publish" in nothing.stderr
    lay_out(county, county.root / ".govgen")
    with serve(county.root / ".govgen", county_of(county), tmp_path) as other:
        taken = county.run("webserver", "serve", "--port", str(other.port))
    assert taken.returncode == 2 and f"--port {other.port + 1}" in taken.stderr
    if os.geteuid() == 0:
        (tmp_path / "county").chmod(stat.S_IRWXU)
        closed = county.run("webserver", "serve", "--port", str(free_port()))
        assert closed.returncode == 3 and "chmod o+x" in closed.stderr
    assert "Traceback" not in nothing.stderr + taken.stderr


@contextmanager
def caddy(county: World, root: Path, folder: Path) -> Iterator[Server]:
    """Run Caddy on a port of its own with the Caddyfile the program writes."""
    program, port, tls_port = require("caddy"), free_port(), free_port()
    folder = folder / "caddy"
    folder.mkdir()
    file = folder / "Caddyfile"
    serving = Serving(root, port, tls_port, make_certificate(folder), addresses=("127.0.0.1",))
    file.write_text(caddy_configuration(county_of(county), serving), encoding="utf-8")
    own = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    process = subprocess.Popen(
        [program, "run", "--config", str(file), "--adapter", "caddyfile"],
        env={"PATH": "/usr/bin:/bin", **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    server = Server(port, tls_port, process.pid)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                server.get(PORTAL)
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, process.communicate()[1].decode()
                time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=10)


REQUESTS = [
    *(
        (PORTAL, path)
        for path in ("/", "/feed.xml", "/sitemap.xml", "/.well-known/security.txt", "/nothing", "/search/")
    ),
    *((PORTAL, path) for path in ("/404.html", "/.git/config", "/x.md", "/assets/nothing.css", "/files/nothing.pdf")),
    *((PORTAL, path) for path in ("/qs/", "/qs/files/notices/biao.csv", "/qs/images/notices/tu.svg", "/feed.xml.gz")),
    *((PORTAL, path) for path in ("/mzj/news/?a=b", "/..%2f..%2fsecret", "/../../secret", "/%00")),
    *((QS, path) for path in ("/", "/news/?a=b", "/feed.xml", "/robots.txt", "/%0d%0aX-Evil:%20b")),
    *((DOMAIN, path) for path in ("/", "/a?b")),
    *((host, "/") for host in (MZJ, PORTAL.upper(), f"{PORTAL}:8443", "elsewhere.example", "127.0.0.1")),
]


def test_caddy_answers_as_nginx_does(county: World, tmp_path: Path) -> None:
    root = lay_out(county, tmp_path / "root")
    portal = root / "current/sites" / PORTAL
    (portal / "feed.xml.gz").write_bytes(b"packed by gzip")
    (tmp_path / "root/secret").write_text("secret")
    alike = {*ALWAYS, "strict-transport-security", "content-disposition", "allow"}
    certificate = make_certificate(tmp_path)
    with (
        serve(root, county_of(county), tmp_path, certificate=certificate) as nginx,
        caddy(county, root, tmp_path) as other,
    ):
        for host, path in REQUESTS:
            for method in ("GET", "HEAD", "POST"):
                mine, its = (server.get(host, path, tls=True, method=method) for server in (nginx, other))
                place = f"{method} {host}{path}"
                # What nginx cannot read, Caddy may: it finds nothing there.
                both_refuse = mine.status == 400 and its.status >= 400
                assert both_refuse or (its.status, its.location) == (mine.status, mine.location), place
                if not both_refuse:
                    assert {n: its.headers.get(n) for n in alike} == {n: mine.headers.get(n) for n in alike}, place
                assert "secret" not in its.text and "x-evil" not in its.headers
                if mine.status == 200:
                    assert its.body == mine.body, place
        assert other.get(MZJ, "/a?b").location == nginx.get(MZJ, "/a?b").location == f"https://{MZJ}/a?b"
        packed = other.get(PORTAL, "/feed.xml", tls=True, Accept_Encoding="gzip")
        assert packed.body == b"packed by gzip"
        tag = other.get(PORTAL, tls=True).headers["etag"]
        assert other.get(PORTAL, tls=True, If_None_Match=tag).status == 304
