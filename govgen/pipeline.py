"""The flow: from a repository to a built county. The one file that knows the order of the stages."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from govgen.catalog.codes import keep_codes
from govgen.catalog.findings import read_findings
from govgen.catalog.sources import loaded
from govgen.catalog.store import ALL, Catalog, CatalogFault, discard, is_damage, naming_disk_faults
from govgen.catalog.sums import is_as_written
from govgen.errors import MachineryError
from govgen.events import Reporter
from govgen.files import OutputFolder
from govgen.gather import Gathered, gather, kept_county
from govgen.model.address import Addresses
from govgen.model.build import Artifact, BuildReport, SiteReport
from govgen.model.county import County
from govgen.model.finding import Finding
from govgen.model.state import State
from govgen.options import BuildOptions
from govgen.plan.assets import Asset, load_assets
from govgen.plan.outdated import NEW, count_jobs, find_outdated, note_theme, plan, read_jobs
from govgen.plan.scope import Scope
from govgen.render.ledger import Ledger
from govgen.render.maker import Studio
from govgen.render.pictures import prepare_pictures, sweep_pictures
from govgen.render.worker import render
from govgen.repo.checkout import Checkout
from govgen.repo.survey import NOTHING_KNOWN, Known
from govgen.search.index import update_index
from govgen.standing import keep_report
from govgen.texts import load_texts

Done = TypeVar("Done")
THEME = "themes/county"
_COMMIT_BATCHES = 10
"""After so many batches of artifacts a build that is killed does not begin again."""


def build(checkout: Checkout, options: BuildOptions, reporter: Reporter, known: Known = NOTHING_KNOWN) -> BuildReport:
    """Build into the output folder what differs from what stands there, and return what came of it.

    Git is asked what changed in the repository unless that is `known`.
    Raises ConfigurationError for faults in `sites/`, MachineryError where a page can't be made.
    """
    return mending(lambda: _build(checkout, options, reporter, known), options, reporter)


def mending(do: Callable[[], Done], options: BuildOptions, reporter: Reporter) -> Done:
    """Return what `do` does with the catalog, or with a new one where its file is damaged.

    All that a catalog holds comes from the repository. Raises MachineryError where the disk fails it.
    """
    with naming_disk_faults(options.catalog):
        try:
            return do()
        except CatalogFault as fault:
            if not is_damage(fault):
                raise
        reporter.stage("damaged", 0)
        discard(options.catalog)
        return do()


def distrust(options: BuildOptions, reporter: Reporter) -> None:
    """Take a catalog away that is not what builds wrote: what is published would not be either. Raises OSError."""
    with Catalog.reserve(options.catalog):
        if options.catalog.is_file() and not is_as_written(options.catalog):
            reporter.stage("damaged", 0)
            discard(options.catalog)


def _build(checkout: Checkout, options: BuildOptions, reporter: Reporter, known: Known) -> BuildReport:
    started = time.monotonic()
    ledger = Ledger.open(options.output)
    gathered = gather(checkout, options, reporter, known)
    # Closed whatever happens: others wait for it.
    with closing(gathered.catalog) as catalog:
        _note_output(catalog, options, ledger)
        addresses, assets = _find_outdated(checkout, gathered, options)
        ledger.add(row["output"] for row in catalog.rows("SELECT output FROM dirty WHERE reason = ?", NEW))
        catalog.remember({"stamp": ledger.stamp})
        # From here on a build that breaks off is taken up by the next one: what is dirty stays so until it is made.
        catalog.finish()
        sites = frozenset(options.sites or [site.id for site in gathered.county.sites])
        number_of_jobs = count_jobs(catalog, sites)
        reporter.stage("render", number_of_jobs)
        jobs = read_jobs(catalog, sites)
        clock = gathered.audience.clock
        studio = Studio(checkout.root, options.catalog, options.output, addresses, assets, clock)
        prepare_pictures(catalog, checkout.root, studio.pictures, sites, options.processes)
        made = written = 0
        for number, batch in enumerate(render(jobs, number_of_jobs, studio, options.processes), 1):
            made += sum(artifact.is_made for artifact in batch)
            written += sum(artifact.is_written for artifact in batch)
            _record(catalog, batch)
            if number % _COMMIT_BATCHES == 0:
                catalog.finish()
            reporter.advance(len(batch))
        if not options.sites:
            sweep_pictures(catalog, studio.pictures)
        removed = 0 if options.sites else _remove_gone(catalog, options.output)
        report = _report(catalog, options.sites)
        keep_report(catalog, options, report)
        catalog.finish()
    return replace(report, made=made, written=written, removed=removed, seconds=time.monotonic() - started)


def _find_outdated(
    checkout: Checkout, gathered: Gathered, options: BuildOptions
) -> tuple[Addresses, Mapping[str, Asset]]:
    """Plan the pages there are, and mark those to be made again; return where they stand, and the theme's files."""
    catalog, county = gathered.catalog, gathered.county
    addresses = Addresses(county, options.domain or county.domain, "http" if options.port else "https", options.port)
    if not (checkout.root / THEME / "templates").is_dir():
        raise MachineryError("no-theme", path=THEME)
    if any(path.startswith("themes") for path in catalog.touched("source")) or catalog.is_touched(ALL):
        note_theme(catalog, THEME, checkout.root / THEME)
    assets = load_assets(checkout.root / THEME)
    texts = load_texts(county.language)
    update_index(catalog, county.portal.id, options.processes)
    plan(catalog, addresses, county.sites, assets)
    clock = gathered.audience.clock
    find_outdated(catalog, [Scope(catalog, addresses, site, texts, clock) for site in county.sites])
    return addresses, assets


@contextmanager
def look_ahead(checkout: Checkout, gathered: Gathered, options: BuildOptions) -> Iterator[Addresses]:
    """Show what the next build would make again, as marked in the catalog while this lasts; nothing of it stays."""
    try:
        yield _find_outdated(checkout, gathered, options)[0]
    finally:
        gathered.catalog.connection.rollback()


def _note_output(catalog: Catalog, options: BuildOptions, ledger: Ledger) -> None:
    """Forget what was made where the folder, or whom it is made for, is another, or somebody else wrote into it."""
    identity = f"{options.output} {options.domain} {options.port}"
    if catalog.fact("output") != identity or not ledger.stamp or ledger.stamp != catalog.fact("stamp"):
        catalog.run("DELETE FROM artifacts")
        catalog.run("DELETE FROM uses")
        catalog.run("DELETE FROM dirty")
        catalog.run("DELETE FROM facts WHERE key LIKE 'chrome:%'")
        catalog.connection.executemany("INSERT OR IGNORE INTO gone VALUES (?)", [(path,) for path in ledger.read()])
        catalog.remember({"output": identity})
        ledger.claim()
        catalog.touch(ALL)


def _record(catalog: Catalog, artifacts: Iterable[Artifact]) -> None:
    """Write what was made, and from what."""
    run = catalog.connection
    done = [(artifact.path,) for artifact in artifacts]
    run.executemany(
        "UPDATE artifacts SET digest = ?, size_bytes = ?, value = ?,"
        " reason = (SELECT reason FROM dirty WHERE dirty.output = artifacts.output) WHERE output = ?",
        [(a.digest, a.size_bytes, a.value, a.path) for a in artifacts if a.is_made],
    )
    run.executemany("DELETE FROM uses WHERE output = ?", done)
    run.executemany("INSERT INTO uses VALUES (?, ?)", [(key, a.path) for a in artifacts for key in a.uses])
    run.executemany("DELETE FROM dirty WHERE output = ?", done)
    keep_codes(catalog, (code for artifact in artifacts for code in artifact.codes))


def _remove_gone(catalog: Catalog, output: Path) -> int:
    """Take away what was made once and is not planned any more."""
    folder = OutputFolder(output)
    planned = "SELECT 1 FROM artifacts a WHERE a.output = gone.output"
    gone = [row["output"] for row in catalog.rows(f"SELECT output FROM gone WHERE NOT EXISTS ({planned}) ORDER BY 1")]
    for path in gone:
        folder.remove(path)
    catalog.run("DELETE FROM gone")
    return len(gone)


def find_unequal(checkout: Checkout, options: BuildOptions, reporter: Reporter) -> list[str]:
    """Build once more, from nothing and beside, and return the outputs that differ, or stand in one of the two only."""
    beside = options.catalog.parent / "verify"
    shutil.rmtree(beside, ignore_errors=True)
    clean = replace(options, output=beside / "public", catalog=beside / "catalog.sqlite")
    build(checkout, clean, reporter)
    ours = {artifact.path for artifact in read_artifacts(options.catalog, options.sites)}
    theirs = {artifact.path for artifact in read_artifacts(clean.catalog, options.sites)}
    unequal = [
        path
        for path in sorted(ours | theirs)
        if path not in ours & theirs or _read(options.output / path) != _read(clean.output / path)
    ]
    shutil.rmtree(beside)
    return unequal


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


@dataclass(frozen=True)
class Account:
    """What the repository held: every file found and what became of it."""

    files: int
    states: Mapping[str, int]
    per_site: Mapping[str, int]
    held: tuple[str, ...]
    findings: tuple[Finding, ...]


def take_account(catalog: Catalog) -> Account:
    """Return what became of every document file of the repository.

    Raises MachineryError where a file is neither in the catalog nor held: nothing is lost silently.
    """
    counted = catalog.rows("SELECT state, site, count(*) AS number FROM documents GROUP BY state, site")
    states: Counter[str] = Counter()
    per_site: Counter[str] = Counter()
    for row in counted:
        states[row["state"]] += row["number"]
        per_site[row["site"]] += row["number"]
    held = tuple(loaded(row["path"]) for row in catalog.rows("SELECT path FROM sources WHERE is_held ORDER BY path"))
    recovered = catalog.rows("SELECT count(*) AS number FROM documents WHERE is_recovered")[0]["number"]
    states[State.HELD.value] = len(held) - recovered
    files = catalog.rows("SELECT count(*) AS number FROM sources WHERE is_document")[0]["number"]
    if sum(states.values()) != files:
        raise MachineryError("documents-lost", found=str(files), accounted=str(sum(states.values())))
    return Account(files, dict(sorted(states.items())), per_site, held, read_findings(catalog))


def _report(catalog: Catalog, sites: Sequence[str]) -> BuildReport:
    """Return what stands in the output folder, for these sites or all, and what became of every document."""
    account = take_account(catalog)
    pages = {
        row["site"]: row["number"]
        for row in catalog.rows("SELECT site, count(*) AS number FROM artifacts WHERE is_page GROUP BY site")
        if not sites or row["site"] in sites
    }
    return BuildReport(
        sites=tuple(SiteReport(id, account.per_site.get(id, 0), number) for id, number in pages.items()),
        documents=account.files,
        states=dict(account.states),
        pages=sum(pages.values()),
        held=account.held,
        findings=account.findings,
    )


def read_artifacts(catalog: Path, sites: Sequence[str] = ()) -> tuple[Artifact, ...]:
    """Return every file that stands in the output folder since the last build, of these sites or all."""
    with closing(Catalog.open(catalog)) as kept:
        rows = kept.rows("SELECT * FROM artifacts WHERE digest != '' ORDER BY output")
    return tuple(
        Artifact(row["output"], row["digest"], row["size_bytes"], False, row["site"])
        for row in rows
        if not sites or row["site"] in sites
    )


def read_county(catalog: Path) -> County:
    """Return the county as the last build knew it."""
    with closing(Catalog.open(catalog)) as kept:
        return kept_county(kept)


def open_account(checkout: Checkout, options: BuildOptions, reporter: Reporter) -> tuple[Gathered, Account]:
    """Bring the catalog up to date without building, and return it with what became of every file."""
    return mending(lambda: _open_account(checkout, options, reporter), options, reporter)


def _open_account(checkout: Checkout, options: BuildOptions, reporter: Reporter) -> tuple[Gathered, Account]:
    gathered = gather(checkout, options, reporter)
    with ExitStack() as undo:
        undo.callback(gathered.catalog.close)
        account = take_account(gathered.catalog)
        undo.pop_all()
    return gathered, account
