"""What a build is planned as, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from govgen.model.finding import Finding


class Reason(Enum):
    """Why an artifact is made."""

    NEW = "new"
    """Nothing stands at its address yet."""

    ALL = "all"
    """Everything is made: nothing is known of what the last build used."""


@dataclass(frozen=True)
class Job:
    """One page or feed to make."""

    site: str
    path: str
    """Below the site's mount, with a leading slash; ends in a slash where it is a folder's page."""

    kind: str
    """Template of a page; feed, sitemap, robots, security, redirect, file, asset for what has none."""

    output: str
    """Where it is written, relative to the output folder."""

    subject: str = ""
    """What it shows: a document's path, a section's id, a village's id, a redirect's goal, a file's source."""

    month: str = ""
    reason: Reason = Reason.ALL


@dataclass(frozen=True)
class Artifact:
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
    written: int
    removed: int
    held: tuple[str, ...]
    """Paths of documents that findings hold back."""

    findings: tuple[Finding, ...]
    seconds: float
    artifacts: tuple[Artifact, ...] = field(default=(), repr=False)
