"""Tells what a release changes for citizens: pages added, changed and removed, redirects, site by site."""

from __future__ import annotations

from dataclasses import dataclass

from govgen.release.listing import Listing

NOTHING = Listing(())


@dataclass(frozen=True)
class SiteChange:
    """What becomes of one site's pages and redirects; paths as in the build folder."""

    site: str
    pages_before: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    has_new_redirects: bool
    """Whether a web server is to lead on from an address it did not lead on from, or to another one."""

    has_lost_redirects: bool
    """Whether a web server is no more to lead on from an address, or to another one."""

    @property
    def is_nothing(self) -> bool:
        """Whether no page is another; other files may be."""
        return not (self.added or self.changed or self.removed)

    @property
    def percent_removed(self) -> float:
        """How many of a hundred pages vanish; a redirect is no loss."""
        return 100 * len(self.removed) / self.pages_before if self.pages_before else 0.0


def compare(site: str, before: Listing, after: Listing) -> SiteChange:
    """Return what differs between two trees of a site. A page that became a redirect was moved, not removed."""
    old = {entry.path: entry.digest for entry in before.entries if entry.is_page}
    new = {entry.path: entry.digest for entry in after.entries if entry.is_page}
    redirects, known_redirects = set(after.redirects.splitlines()), set(before.redirects.splitlines())
    return SiteChange(
        site=site,
        pages_before=len(old),
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in old.keys() & new.keys() if old[path] != new[path])),
        removed=tuple(sorted(path for path in old.keys() - new.keys() if path not in after.by_path)),
        has_new_redirects=not redirects <= known_redirects,
        has_lost_redirects=not known_redirects <= redirects,
    )
