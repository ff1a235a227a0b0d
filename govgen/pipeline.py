"""The flow: from a repository to a built county. The one file that knows the order of the stages."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from govgen.catalog.listings import fill_listings
from govgen.catalog.resolve import derive_validity, register_aliases, resolve_references
from govgen.catalog.states import Audience, hold_address_twins, set_states
from govgen.catalog.store import Catalog
from govgen.check.run import check_documents
from govgen.content.load import load_documents, recover_documents
from govgen.errors import MachineryError
from govgen.events import Reporter
from govgen.files import OutputFolder
from govgen.model.address import Addresses
from govgen.model.build import Artifact, BuildReport, Job, SiteReport
from govgen.model.county import County
from govgen.model.document import State
from govgen.model.finding import Finding
from govgen.plan.assets import load_assets
from govgen.plan.jobs import is_page, plan_build
from govgen.render.ledger import read_ledger, write_ledger
from govgen.render.worker import Studio, render
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county

THEME = "themes/county"


@dataclass(frozen=True)
class BuildOptions:
    """What a build is asked for."""

    output: Path
    catalog: Path
    """Where the county's catalog is put; inside the build folder."""

    audience: Audience
    sites: tuple[str, ...] = ()
    """Only these sites' pages; all if empty. Their lists still draw on every site."""

    processes: int = 2
    domain: str = ""
    """The domain to build for; the county's own if empty, `localhost` in previews."""

    port: int | None = None
    """A preview's port."""


def build(checkout: Checkout, options: BuildOptions, reporter: Reporter) -> BuildReport:
    """Build the county into the output folder and return what came of it.

    Raises ConfigurationError for faults in `sites/`, MachineryError where a page can't be made.
    """
    started = time.monotonic()
    county = load_county(checkout)
    catalog, gathered = gather(checkout, county, options, reporter)
    addresses = Addresses(county, options.domain or county.domain, "http" if options.port else "https", options.port)
    if not (checkout.root / THEME / "templates").is_dir():
        raise MachineryError("no-theme", path=THEME)
    assets = load_assets(checkout.root / THEME)
    built = read_ledger(options.output)
    sites = [site for site in county.sites if not options.sites or site.id in options.sites]
    jobs = plan_build(catalog, addresses, assets, built, sites)
    # Noted before the first file is written: a build that breaks off leaves a folder the next one knows as its own.
    write_ledger(options.output, built | {job.output for job in jobs})
    reporter.stage("render", len(jobs))
    studio = Studio(checkout.root, options.catalog, options.output, addresses, assets, options.audience.clock)
    artifacts = []
    for batch in render(jobs, studio, options.processes):
        artifacts += batch
        reporter.advance(len(batch))
    removed = _remove_vanished(options, jobs, built)
    return _report(gathered, jobs, artifacts, removed, time.monotonic() - started)


@dataclass(frozen=True)
class Gathered:
    """What the repository held: every file found and what became of it."""

    files: int
    states: Mapping[str, int]
    per_site: Mapping[str, int]
    held: tuple[str, ...]
    findings: tuple[Finding, ...]


def gather(checkout: Checkout, county: County, options: BuildOptions, reporter: Reporter) -> tuple[Catalog, Gathered]:
    """Read all documents into a new catalog, and return it with an account of every file found.

    Raises MachineryError where a file is neither in the catalog nor held: nothing is lost silently.
    """
    catalog = Catalog.create(options.catalog)
    loaded = load_documents(checkout, county, options.processes, reporter)
    for document in loaded.documents:
        catalog.add(document)
    twins = hold_address_twins(catalog)
    held = tuple(sorted({*loaded.held, *(finding.path for finding in twins)}))
    recovered = recover_documents(held, checkout, county, options.processes, catalog.add_if_free)
    findings = [*loaded.findings, *twins, *check_documents([*loaded.documents, *recovered])]
    findings += [Finding("HELD-LAST-GOOD", document.path) for document in recovered]
    findings += set_states(catalog, options.audience)
    findings += fill_listings(catalog, county, checkout)
    findings += register_aliases(catalog, county)
    findings += resolve_references(catalog, county)
    derive_validity(catalog)
    catalog.finish()
    states = Counter(row["state"] for row in catalog.rows("SELECT state FROM documents"))
    states[State.HELD.value] = len(held) - len(recovered)
    if sum(states.values()) != loaded.files:
        raise MachineryError("documents-lost", found=str(loaded.files), accounted=str(sum(states.values())))
    per_site = Counter(row["site"] for row in catalog.rows("SELECT site FROM documents"))
    ordered = tuple(sorted(findings, key=Finding.sort_key))
    return catalog, Gathered(loaded.files, dict(sorted(states.items())), per_site, held, ordered)


def _remove_vanished(options: BuildOptions, jobs: Sequence[Job], built: frozenset[str]) -> int:
    """Take away what earlier builds made and this one does not, unless only some sites were asked for."""
    made = frozenset(job.output for job in jobs)
    if options.sites:
        return 0
    folder = OutputFolder(options.output)
    for path in sorted(built - made):
        folder.remove(path)
    write_ledger(options.output, made)
    return len(built - made)


def _report(
    gathered: Gathered, jobs: Sequence[Job], artifacts: Sequence[Artifact], removed: int, seconds: float
) -> BuildReport:
    pages = Counter(job.site for job in jobs if is_page(job))
    return BuildReport(
        sites=tuple(SiteReport(id, gathered.per_site.get(id, 0), number) for id, number in pages.items()),
        documents=gathered.files,
        states=dict(gathered.states),
        pages=sum(pages.values()),
        written=sum(artifact.is_written for artifact in artifacts),
        removed=removed,
        held=gathered.held,
        findings=gathered.findings,
        seconds=seconds,
        artifacts=tuple(artifacts),
    )
