"""Goes back: drafts a release that has the trees of an earlier one, for the whole county or for some sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from govgen.errors import UsageError
from govgen.release.manifest import Manifest, SiteTree


def choose_release(live: Manifest, earlier: Iterable[Manifest], sites: Sequence[str]) -> Manifest:
    """Return the newest earlier release in which these sites, or all, were not as they are live.

    What was taken back already is passed over, so that going back twice goes back two steps.
    Raises UsageError where there is none.
    """
    for manifest in sorted(earlier, key=lambda manifest: manifest.id, reverse=True):
        if manifest.id < live.id and _is_step_back(live, manifest, sites or live.sites):
            return manifest
    raise UsageError("nothing-earlier", sites="、".join(sites) or "—")


def _is_step_back(live: Manifest, earlier: Manifest, sites: Iterable[str]) -> bool:
    """Tell whether some of these sites were another in an earlier release, and none what was taken back since."""
    known = {id: live.sites[id] for id in sites if id in live.sites and id in earlier.sites}
    differing = {id: site for id, site in known.items() if earlier.sites[id].tree != site.tree}
    return bool(differing) and not any(earlier.sites[id].tree in site.taken_back for id, site in differing.items())


def trees_of(manifest: Manifest) -> dict[str, str]:
    """Return the tree of each site."""
    return {id: site.tree for id, site in manifest.sites.items()}


def draft_rollback(live: Manifest, goal: Manifest, sites: Sequence[str], id: str, clock: datetime) -> Manifest:
    """Return a release that has the trees of `goal` for some sites, or all, and is live's successor.

    It is a new release with a new id: what is live only ever moves forward, so an old release that somebody sends once
    more is refused. Raises UsageError for a site that `goal` does not have.
    """
    unknown = [site for site in sites if site not in goal.sites]
    if unknown:
        raise UsageError("not-in-release", site="、".join(unknown), release=goal.id)
    restored = {site: _restore(goal.sites[site], live.sites.get(site), id) for site in sites or goal.sites}
    others = {site: tree for site, tree in live.sites.items() if sites and site not in sites}
    return replace(
        goal if not sites else live,
        id=id,
        made_at=clock.astimezone(datetime.fromisoformat(live.made_at).tzinfo).isoformat(timespec="seconds"),
        previous=live.id,
        sites={**others, **restored},
        restores=goal.id,
    )


def _restore(site: SiteTree, live: SiteTree | None, id: str) -> SiteTree:
    if live is None or live.tree == site.tree:
        return live or replace(site, since=id, taken_back=())
    # What was taken back and is wanted again undoes that.
    taken_back = () if site.tree in live.taken_back else (*live.taken_back, live.tree)
    return replace(site, since=id, taken_back=taken_back)
