"""The flow of a publish: build, draft a release, hold it against what is live, sign, stage, switch, look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from govgen.deploy.deliver import put_live
from govgen.deploy.lag import Lag
from govgen.deploy.preflight import check_clocks, check_room, check_trust
from govgen.deploy.standing import Publisher, Standing
from govgen.deploy.targets import STORE, Destination
from govgen.errors import MachineryError, StoppedError
from govgen.events import Reporter
from govgen.model.build import BuildReport
from govgen.model.finding import Severity
from govgen.model.rules import SEVERITIES
from govgen.options import BuildOptions
from govgen.pipeline import build, distrust, mending, read_county
from govgen.release.compare import NOTHING, SiteChange, compare
from govgen.release.draft import Draft, Origin, draft_release
from govgen.release.manifest import Manifest, next_id
from govgen.release.rollback import trees_of
from govgen.release.store import Store, lock
from govgen.repo.checkout import Checkout

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
    """Sites that were taken back and have not changed since: they stay as they are live."""

    warnings: Mapping[str, Mapping[str, str]]
    lagging: tuple[Lag, ...] = ()
    """Places that show an older release still."""


def publish(
    checkout: Checkout, wishes: Wishes, goal: Destination, reporter: Reporter, tell: Callable[[BuildReport], None]
) -> Receipt:
    """Build, and put what came of it live at a target; `tell` hears of the build as soon as it is done.

    Raises StoppedError where findings stop a release or a site would shrink, MachineryError where something fails: what
    was live stays live then, unless it says that the release is live and not served as it is.
    """
    store, target = Store(checkout.repository / STORE), goal.target
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

        distrust(options, reporter)
        # What SQLite calls damage may come to light only where the release is drafted.
        report, draft = mending(make, options, reporter)
        changes = _compare(draft, goal, standing)
        live = standing.live.manifest if standing.live else None
        is_same = live is not None and _is_same(draft, live)
        if is_same or wishes.is_dry_run:
            lagging = () if wishes.is_dry_run else target.catch_up()
            return Receipt(report, live, changes, False, draft.kept_back, warnings, lagging)
        _check_shrinking(changes, wishes.shrink_percent)
        check_room(standing, draft.listings.values())
        if options.sites or draft.kept_back:
            check_trust(standing.live, goal.signers)
        reporter.stage("deploy", 0)
        with store.giving_back():
            lagging = put_live(draft.manifest, changes, goal, store)
    return Receipt(report, draft.manifest, changes, True, draft.kept_back, warnings, lagging)


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


def _compare(draft: Draft, goal: Destination, standing: Standing) -> tuple[SiteChange, ...]:
    """Return what changes for citizens, site by site; sites that are gone lose all their pages."""
    before = standing.live.manifest.sites if standing.live else {}
    gone = before.keys() - draft.manifest.sites.keys()
    named = [id for id in before if id in gone or id in draft.listings]
    known = dict(zip(named, goal.target.read_listings([before[id].tree for id in named]), strict=True))
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
