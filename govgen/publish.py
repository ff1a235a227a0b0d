"""The flow of a publish: build, draft a release, hold it against what is live, sign, stage, switch, look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from govgen.deploy.look import Showcase, check_served
from govgen.deploy.preflight import check_clocks, check_room
from govgen.deploy.target import Publisher, Standing, Target
from govgen.errors import MachineryError, StoppedError, UsageError
from govgen.events import Reporter
from govgen.model.build import BuildReport
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.pipeline import build, mending, read_county
from govgen.release.compare import NOTHING, SiteChange, compare
from govgen.release.draft import Draft, Origin, draft_release
from govgen.release.manifest import Manifest, next_id
from govgen.release.rollback import choose_release, draft_rollback, trees_of
from govgen.release.signing import sign
from govgen.release.store import SignedManifest, Store, lock
from govgen.repo.checkout import Checkout

STORE = ".govgen"
PLACES = ("content", "sites", "themes", "pelicanconf.py")
"""What of a repository a release is made from."""


@dataclass(frozen=True)
class Wishes:
    """What a publish is asked for."""

    build: BuildOptions
    publisher: Publisher

    shrink_percent: float = 20.0
    """A site may lose so many of a hundred pages."""

    is_dry_run: bool = False
    key: Path | None = None
    """The key releases are signed with."""

    showcase: Showcase = field(default_factory=Showcase)
    """Where what went live is looked at."""


@dataclass(frozen=True)
class Receipt:
    """What came of a publish."""

    report: BuildReport
    live: Manifest | None
    """What is live afterwards."""

    changes: tuple[SiteChange, ...]
    is_published: bool
    """False where nothing differs from what is live, and in a dry run."""

    kept_back: tuple[str, ...]
    warnings: Mapping[str, Mapping[str, str]]


def publish(
    checkout: Checkout, wishes: Wishes, target: Target, reporter: Reporter, tell: Callable[[BuildReport], None]
) -> Receipt:
    """Build, and put what came of it live at a target; `tell` hears of the build as soon as it is done.

    Raises StoppedError where findings stop a release or a site would shrink, MachineryError where something fails: what
    was live stays live then, unless it says that the release is live and not served as it is.
    """
    store = Store(checkout.repository / STORE)
    with lock(store.root / "publishing", wishes.publisher.name, wishes.publisher.now), target.open() as standing:
        warnings = check_clocks(standing, wishes.publisher.now)
        # Without a live release there is nothing to keep the other sites from: all are built.
        options = wishes.build if standing.live else replace(wishes.build, sites=())

        def make() -> tuple[BuildReport, Draft]:
            report = build(checkout, options, reporter)
            tell(report)
            _check_findings(report)
            with store.giving_back():
                return report, _draft(checkout, options, report, store, standing)

        # Damage in the catalog may come to light only where the release is drafted from it.
        report, draft = mending(make, options, reporter)
        changes = _compare(draft, target, standing)
        live = standing.live.manifest if standing.live else None
        if wishes.is_dry_run or (live and _is_same(draft, live)):
            return Receipt(report, live, changes, False, draft.kept_back, warnings)
        _check_shrinking(changes, wishes.shrink_percent)
        check_room(standing, draft.listings.values())
        reporter.stage("deploy", 0)
        _put_live(draft.manifest, wishes.key, target, store)
        check_served(wishes.showcase, draft.manifest, changes, store.trees.find_listing)
    return Receipt(report, draft.manifest, changes, True, draft.kept_back, warnings)


@dataclass(frozen=True)
class Return:
    """What a rollback is asked for."""

    publisher: Publisher
    release: str = ""
    """The release to go back to; empty for the one before."""

    sites: tuple[str, ...] = ()
    """Only these sites; the whole county if empty."""

    key: Path | None = None
    showcase: Showcase = field(default_factory=Showcase)
    """Where what went live is looked at."""


def go_back(wishes: Return, target: Target, store: Store) -> tuple[Manifest, tuple[SiteChange, ...]]:
    """Put an earlier release live again, or its trees of some sites; return what is live then, and what differs.

    What a target has lost since comes from the store.
    Raises UsageError where there is nothing to go back to, MachineryError.
    """
    with target.open() as standing:
        if standing.live is None:
            raise UsageError("nothing-earlier", sites="、".join(wishes.sites) or "—")
        live = standing.live.manifest
        if wishes.release:
            goal = target.read(wishes.release).manifest
        else:
            earlier = (target.read(id).manifest for id in reversed(standing.releases) if id < live.id)
            goal = choose_release(live, earlier, wishes.sites)
        id = next_id(standing.releases, wishes.publisher.now)
        manifest = draft_rollback(live, goal, wishes.sites, id, wishes.publisher.now)
        changes = _compare_trees(live, manifest, target)
        if trees_of(manifest) == trees_of(live):
            return live, changes
        _put_live(manifest, wishes.key, target, store)
        check_served(wishes.showcase, manifest, changes, store.trees.find_listing)
    return manifest, changes


def _put_live(manifest: Manifest, key: Path | None, target: Target, source: Store) -> None:
    """Sign a release, have it whole at the target, and switch."""
    content = manifest.content
    target.stage(sign(content, key) if key else SignedManifest(content), source)
    target.switch(manifest.id)


def _compare_trees(before: Manifest, after: Manifest, target: Target) -> tuple[SiteChange, ...]:
    """Return what differs between two releases whose trees a target keeps."""
    old, new = trees_of(before), trees_of(after)
    differing = sorted(id for id in {*old, *new} if old.get(id) != new.get(id))
    wanted = sorted({tree for id in differing for tree in (old.get(id), new.get(id)) if tree})
    known = dict(zip(wanted, target.read_listings(wanted), strict=True))
    return tuple(
        compare(id, known.get(old.get(id, ""), NOTHING), known.get(new.get(id, ""), NOTHING)) for id in differing
    )


def _check_findings(report: BuildReport) -> None:
    stops = sum(SEVERITIES[finding.rule] is Severity.STOP for finding in report.findings)
    if stops:
        raise StoppedError("stop-findings", number=str(stops))


def _draft(checkout: Checkout, options: BuildOptions, report: BuildReport, store: Store, standing: Standing) -> Draft:
    live = standing.live.manifest if standing.live else None
    id = next_id(standing.releases, options.audience.clock)
    origin = Origin(id, live, checkout.commit, tuple(checkout.uncommitted(*PLACES)), report)
    county = read_county(options.catalog)
    if live and live.county != county.domain:
        raise MachineryError("other-county", domain=live.county)
    return draft_release(county, options, origin, store)


def _compare(draft: Draft, target: Target, standing: Standing) -> tuple[SiteChange, ...]:
    """Return what changes for citizens, site by site; sites that are gone lose all their pages."""
    before = standing.live.manifest.sites if standing.live else {}
    gone = before.keys() - draft.manifest.sites.keys()
    named = [id for id in before if id in gone or id in draft.listings]
    known = dict(zip(named, target.read_listings([before[id].tree for id in named]), strict=True))
    ids = sorted({*draft.listings, *gone})
    return tuple(compare(id, known.get(id, NOTHING), draft.listings.get(id, NOTHING)) for id in ids)


def _is_same(draft: Draft, live: Manifest) -> bool:
    """Tell whether a release would be what is live, made from the same commit, or from one that was taken back."""
    drafted = draft.manifest
    is_made_alike = (drafted.commit, drafted.held) == (live.commit, live.held)
    return trees_of(drafted) == trees_of(live) and (is_made_alike or bool(draft.kept_back))


def _check_shrinking(changes: tuple[SiteChange, ...], percent: float) -> None:
    shrinking = [change for change in changes if change.percent_removed > percent]
    if shrinking:
        shown = "、".join(f"{c.site} {len(c.removed)}/{c.pages_before}" for c in shrinking)
        raise StoppedError("shrinking", sites=shown, limit=f"{percent:g}")
