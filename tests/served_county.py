"""A county for tests of web servers: sites of both mounts, old addresses, and files that nobody may see."""

from __future__ import annotations

import re
from pathlib import Path

from tests.nginx import Answer, lay_out
from tests.test_mount import COUNTY, HEAD, VILLAGES
from tests.world import MZJ, PORTAL, World

QS = "qs.yunling.gov.example"
DOMAIN = "yunling.gov.example"

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


def make_county(folder: Path) -> World:
    """Return a county with one township below the portal and a department that may have been there."""
    world = World(folder / "county", COUNTY)
    world.write("sites/qingshui.toml", f'{HEAD}mount = "path"\n{VILLAGES}')
    world.write("sites/mzj.toml", 'name = "云岭县民政局"\nkind = "department"\nmount = "subdomain"\n')
    return world


def make_root(county: World) -> Path:
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


def assert_headers(answer: Answer, *, status: int, **differing: str) -> None:
    """Hold an answer's status and headers against what every answer says."""
    assert answer.status == status
    expected = {**ALWAYS, **{name.replace("_", "-"): value for name, value in differing.items()}}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert ("content-disposition" in answer.headers) == ("content_disposition" in differing)
    assert not {"last-modified", "expires", "set-cookie", "access-control-allow-origin"} & answer.headers.keys()
    assert re.fullmatch("nginx", answer.headers["server"])
