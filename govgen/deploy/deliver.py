"""Delivers a release: signs it, has it whole at its target, switches, and looks whether citizens get it."""

from __future__ import annotations

from govgen.deploy.lag import Lag
from govgen.deploy.look import check_served
from govgen.deploy.targets import Destination
from govgen.release.compare import SiteChange
from govgen.release.manifest import Manifest
from govgen.release.signing import sign
from govgen.release.store import SignedManifest, Store


def put_live(manifest: Manifest, changes: tuple[SiteChange, ...], goal: Destination, store: Store) -> tuple[Lag, ...]:
    """Sign a release, have it whole at a target, switch, and look at it; return the places that could not follow.

    Raises MachineryError, OSError.
    """
    content = manifest.content
    goal.target.stage(sign(content, goal.key) if goal.key else SignedManifest(content), store)
    lagging = goal.target.switch(manifest.id)
    if goal.name:
        store.sent.note(goal.name, manifest, goal.kept_releases)
        store.tidy()
    for showcase in goal.showcases:
        check_served(showcase, manifest, changes, store.trees.find_listing)
    return lagging
