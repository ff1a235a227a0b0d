"""Small releases made without a build: a few files of a few sites, kept in a publisher's own store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from govgen.deploy.standing import Publisher
from govgen.release.listing import Entry, Listing
from govgen.release.manifest import Manifest, SiteTree
from govgen.release.signing import sign
from govgen.release.store import SignedManifest, Store

COUNTY = "yunling.gov.example"
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
NOBODY = "0" * 40

Files = Mapping[str, Mapping[str, bytes]]
"""By site, each file's bytes by its path below the host's folder."""


def release_id(number: int) -> str:
    """Return the id of a release made so many minutes after noon."""
    return f"{NOON + timedelta(minutes=number):%Y%m%dT%H%M%SZ}"


def publisher(name: str = "王芳@县府办") -> Publisher:
    """Return somebody who publishes now."""
    return Publisher(name, datetime.now(UTC))


def site_files(text: str, number_of_pages: int = 5) -> Files:
    """Return two sites; `text` stands on the first page of one of them."""
    pages = {f"news/{number}.html": f"<h1>旧闻{number}</h1>".encode() * 40 for number in range(number_of_pages)}
    return {
        "mzj": {**pages, "index.html": text.encode(), "assets/css/county.1234.css": b"h1{color:red}"},
        "qingshui": {"index.html": "<h1>清水镇</h1>".encode(), "empty.txt": b""},
    }


def make_release(
    store: Store, number: int, files: Files, previous: int | None = None, county: str = COUNTY
) -> Manifest:
    """Keep a release's listings and objects in a store, as a draft does, and return its manifest."""
    sites = {}
    for site, contents in files.items():
        entries = []
        for path, content in contents.items():
            digest = hashlib.sha256(content).hexdigest()
            store.objects.put(digest, content)
            entries.append(Entry(f"{site}.{county}/{path}", digest, len(content)))
        listing = Listing.of(entries)
        store.trees.keep_listing(listing)
        size = listing.size_bytes
        sites[site] = SiteTree(listing.digest, listing.number_of_pages, len(entries), size, NOBODY, release_id(number))
    return Manifest(
        id=release_id(number),
        county=county,
        made_at=(NOON + timedelta(minutes=number)).isoformat(),
        previous="" if previous is None else release_id(previous),
        commit=NOBODY,
        theme="",
        program="0",
        sites=sites,
    )


def signed(manifest: Manifest, key: Path | None) -> SignedManifest:
    """Return a manifest, signed where there is a key."""
    return sign(manifest.content, key) if key else SignedManifest(manifest.content)


def served(root: Path, county: str = COUNTY) -> dict[str, dict[str, bytes]]:
    """Return what a web server shows of a place, by site: every file found by walking through `current`."""
    found: dict[str, dict[str, bytes]] = {}
    sites = root / "current" / "sites"
    for host in sites.iterdir():
        site = host.name.removesuffix(f".{county}")
        for folder, _, names in os.walk(host, followlinks=True):
            for name in names:
                file = Path(folder, name)
                found.setdefault(site, {})[file.relative_to(host).as_posix()] = file.read_bytes()
    return found
