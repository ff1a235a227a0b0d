"""What a build is planned as, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from govgen.model.finding import Finding


class Job(NamedTuple):
    """One page or feed to make; a plain tuple, cheap to send between processes."""

    site: str
    path: str
    """Below the site's mount, with a leading slash; ends in a slash where it is a folder's page."""

    kind: str
    """Template of a page; for what has none feed, sitemap, robots, security, redirect, file, picture, …"""

    output: str
    """Where it is written, relative to the output folder."""

    subject: str = ""
    """What it shows: a document's path, a section's id, a village's id, a redirect's goal, a file's source."""

    month: str = ""
    """Of an archive; of a picture the variant, as 480.webp."""

    known_value: str = ""
    """Digest of what it was made from the last time, where only other values make it worth making again."""


class Artifact(NamedTuple):
    """One output file."""

    path: str
    """Relative to the output folder."""

    digest: str
    """SHA-256 of its bytes."""

    size_bytes: int
    is_written: bool
    """False where the same bytes stood there already."""

    site: str
    """The id of the site it belongs to."""

    is_made: bool = True
    """False where what it is made from turned out to be what it was."""

    value: str = ""
    """Digest of what it was made from; empty where that is not kept."""

    uses: tuple[str, ...] = ()
    """Keys of what was looked at to make it."""

    codes: tuple[tuple[str, bytes], ...] = ()
    """Codes to scan that were made for it, each with its address."""


@dataclass(frozen=True)
class SiteReport:
    """What a build made of one site."""

    id: str
    documents: int
    pages: int


@dataclass(frozen=True)
class BuildReport:
    """What a build came to."""

    sites: tuple[SiteReport, ...]
    documents: int
    """Files found: always the sum of what `states` counts."""

    states: dict[str, int]
    pages: int
    """Pages that stand in the output folder, made now or before."""

    held: tuple[str, ...]
    """Paths of documents that findings hold back."""

    findings: tuple[Finding, ...]
    made: int = 0
    """Outputs that were made again, whether their bytes changed or not."""

    written: int = 0
    removed: int = 0
    seconds: float = 0.0
