"""The flow of a rollback: choose the release to go back to, draft its successor, sign, stage, switch, look at it."""

from __future__ import annotations

from dataclasses import dataclass

from govgen.deploy.deliver import put_live
from govgen.deploy.lag import Lag
from govgen.deploy.preflight import check_trust
from govgen.deploy.standing import Publisher
from govgen.deploy.target import Target
from govgen.deploy.targets import Destination
from govgen.errors import UsageError
from govgen.release.compare import NOTHING, SiteChange, compare
from govgen.release.manifest import Manifest, next_id
from govgen.release.rollback import choose_release, draft_rollback, trees_of
from govgen.release.store import Store


@dataclass(frozen=True)
class Return:
    """What came of a rollback."""

    live: Manifest
    """What is live afterwards."""

    changes: tuple[SiteChange, ...]
    """Empty where it was live already."""

    lagging: tuple[Lag, ...] = ()


def go_back(goal: Destination, release: str, sites: tuple[str, ...], publisher: Publisher, store: Store) -> Return:
    """Put a release live again, or the one before; the whole county, or its trees of some sites.

    What a target has lost since comes from the store.
    Raises UsageError where there is nothing to go back to, MachineryError.
    """
    target = goal.target
    with target.open() as standing:
        if standing.live is None:
            raise UsageError("nothing-earlier", sites="、".join(sites) or "—")
        live = standing.live.manifest
        if not release:
            earlier = (target.read(id).manifest for id in reversed(standing.releases) if id < live.id)
            release = choose_release(live, earlier, sites).id
        signed = target.read(release)
        for trusted in (standing.live, signed):
            check_trust(trusted, goal.signers)
        id = next_id(standing.releases, publisher.now)
        manifest = draft_rollback(live, signed.manifest, sites, id, publisher.now)
        changes = _compare_trees(live, manifest, target)
        if trees_of(manifest) == trees_of(live):
            return Return(live, (), target.catch_up())
        return Return(manifest, changes, put_live(manifest, changes, goal, store))


def _compare_trees(before: Manifest, after: Manifest, target: Target) -> tuple[SiteChange, ...]:
    """Return what differs between two releases whose trees a target keeps."""
    old, new = trees_of(before), trees_of(after)
    differing = sorted(id for id in {*old, *new} if old.get(id) != new.get(id))
    wanted = sorted({tree for id in differing for tree in (old.get(id), new.get(id)) if tree})
    known = dict(zip(wanted, target.read_listings(wanted), strict=True))
    return tuple(
        compare(id, known.get(old.get(id, ""), NOTHING), known.get(new.get(id, ""), NOTHING)) for id in differing
    )
