"""What a build is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from govgen.catalog.states import Audience


@dataclass(frozen=True)
class BuildOptions:
    """What is built, for whom, and where to."""

    output: Path
    catalog: Path
    """Where the county's catalog is kept; inside the build folder."""

    audience: Audience
    sites: tuple[str, ...] = ()
    """Only these sites' pages; all if empty. Their lists still draw on every site."""

    processes: int = 2
    domain: str = ""
    """The domain to build for; the county's own if empty, `localhost` in previews."""

    port: int | None = None
    """A preview's port."""
