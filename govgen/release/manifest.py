"""The manifest of a release: which tree each site has, what it was made from, and what was held back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from govgen.errors import MachineryError

FORMAT = 1
ID = re.compile(r"\d{8}T\d{6}Z(-\d{3})?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SITE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class SiteTree:
    """One site in a release."""

    tree: str
    """Digest of its tree's listing."""

    pages: int
    files: int
    size_bytes: int
    commit: str
    """The commit it was built from; empty for a plain folder."""

    since: str
    """The release with which this tree went live."""

    taken_back: tuple[str, ...] = ()
    """Trees that rollbacks took off since it last changed; they do not go live again by themselves."""


@dataclass(frozen=True)
class Manifest:
    """What a release says of itself; signed, and the listings it names by their digests say the rest."""

    id: str
    county: str
    """The county's domain: a release of another county is refused."""

    made_at: str
    previous: str
    """The release that was live when this one was composed; empty for the first."""

    commit: str
    theme: str
    """Digest over the theme's files."""

    program: str
    sites: Mapping[str, SiteTree]
    uncommitted: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    """Documents that findings held back, each with the rule."""

    restores: str = ""
    """The release a rollback went back to; empty for a release that was built."""

    format: int = field(default=FORMAT)

    @property
    def content(self) -> bytes:
        """The manifest as a file."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Return a manifest. Raises MachineryError for anything else; what stands in it becomes paths."""
    try:
        table: dict[str, Any] = json.loads(content)
        sites = {str(id): _parse_site(site) for id, site in table.pop("sites").items()}
        held = tuple((str(path), str(rule)) for path, rule in table.pop("held"))
        manifest = Manifest(sites=sites, held=held, uncommitted=tuple(table.pop("uncommitted")), **table)
        is_sound = (
            manifest.format == FORMAT
            and ID.fullmatch(manifest.id)
            and all(not id or ID.fullmatch(id) for id in (manifest.previous, manifest.restores))
            and all(_SITE.fullmatch(id) and _DIGEST.fullmatch(site.tree) for id, site in sites.items())
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise MachineryError("bad-manifest", reason=str(error)) from error
    if not is_sound:
        raise MachineryError("bad-manifest", reason=str(table.get("id")))
    return manifest


def _parse_site(table: dict[str, Any]) -> SiteTree:
    return SiteTree(taken_back=tuple(table.pop("taken_back")), **table)


def next_id(known: Iterable[str], clock: datetime) -> str:
    """Return an id later than all known ones, even if the clock went back: ids are compared as text."""
    wanted = clock.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    newest = max(known, default="")
    if wanted > newest:
        return wanted
    stem, _, number = newest.partition("-")
    if int(number or 0) < 999:
        return f"{stem}-{int(number or 0) + 1:03}"
    later = datetime.strptime(stem, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
    return later.strftime("%Y%m%dT%H%M%SZ")
