"""Brings the catalog up to date with the repository: what changed is read again, and all that follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from govgen.catalog.aliases import check_alias, find_affected, settle_aliases
from govgen.catalog.clock import find_due, note_clock
from govgen.catalog.findings import put_findings
from govgen.catalog.intake import Intake, settle_addresses, settle_all_addresses, wait
from govgen.catalog.listings import (
    ADOPTION_FILE,
    adoption_paths,
    check_adoption_places,
    check_adoptions,
    check_submissions,
    check_topics,
    fill_listings,
    read_adoptions,
    set_homes,
    set_section_kinds,
)
from govgen.catalog.resolve import derive_relations, resolve_references
from govgen.catalog.rows import Rows, document_rows
from govgen.catalog.sources import (
    find_changed,
    find_version,
    is_storable,
    list_sources,
    loaded,
    program_identity,
    source_key,
    stored,
)
from govgen.catalog.states import Audience, set_states
from govgen.catalog.store import Catalog, digest_of
from govgen.catalog.translations import check_translations
from govgen.check.run import check_document
from govgen.content.load import is_document, parse_documents, read_earlier
from govgen.content.parse import Verdict
from govgen.content.settings import SETTINGS_FILE
from govgen.events import Reporter
from govgen.model.county import County, Site
from govgen.model.finding import Finding
from govgen.options import BuildOptions
from govgen.repo.checkout import Checkout
from govgen.repo.survey import LINK, NOTHING_KNOWN, Known, Survey, survey
from govgen.sites.load import check_sites, make_county, read_settings

_BATCH = 200
"""So many documents are written at a time."""


@dataclass(frozen=True)
class Read:
    """What a worker made of one file: rows for the catalog, or none where findings hold it."""

    path: str
    rows: Rows | None
    findings: tuple[Finding, ...]
    rules: tuple[Finding, ...]
    """Those of the findings that say something about a good document."""

    needs: tuple[str, ...]


def finish_reading(county: County, verdict: Verdict) -> Read:
    """Turn a verdict into rows and findings; runs in the worker."""
    if verdict.document is None:
        return Read(verdict.path, None, verdict.findings, (), verdict.needs)
    rules = tuple(check_document(verdict.document))
    rows = document_rows(verdict.document, ZoneInfo(county.timezone))
    return Read(verdict.path, rows, (*verdict.findings, *rules), rules, verdict.needs)


@dataclass(frozen=True)
class Gathered:
    """An up-to-date catalog, and what it was filled by."""

    catalog: Catalog
    county: County
    audience: Audience


@dataclass
class _Step:
    """One bringing up to date."""

    catalog: Catalog
    checkout: Checkout
    county: County
    audience: Audience
    processes: int
    reporter: Reporter
    intake: Intake
    held: set[str] = field(default_factory=set)
    """Files whose present version is not taken in."""


def gather(checkout: Checkout, options: BuildOptions, reporter: Reporter, known: Known = NOTHING_KNOWN) -> Gathered:
    """Bring the county's catalog up to date with all that the repository holds now; what changed in it is touched.

    Git is asked what changed unless that is `known`.
    Raises ConfigurationError for faults in `sites/`, UsageError for a site that is not there, MachineryError where git
    or the disk fail; the catalog is then as it was.
    """
    with ExitStack() as undo:
        lock = undo.enter_context(Catalog.reserve(options.catalog))
        catalog, seen = _open(checkout, options.catalog, known)
        undo.callback(catalog.close)
        gathered = _bring_up_to_date(catalog, seen, checkout, options, reporter)
        catalog.keep(lock)
        undo.pop_all()
    return gathered


def _bring_up_to_date(
    catalog: Catalog, seen: Survey, checkout: Checkout, options: BuildOptions, reporter: Reporter
) -> Gathered:
    is_new = catalog.fact("identity") == ""
    changed = find_changed(catalog, seen)
    county = _read_settings(catalog, checkout, changed)
    check_sites(county, options.sites)
    audience = replace(options.audience, clock=county.localise(options.audience.clock))
    step = _Step(catalog, checkout, county, audience, options.processes, reporter, Intake(catalog))
    _note_sources(catalog, changed)
    is_reshaped = _note_settings(step) if is_new or any(path.startswith("sites/") for path in changed) else False
    if is_new:
        _read_all(step)
    else:
        _read_changed(step, changed)
    _derive(step, changed, is_all=is_new or is_reshaped or catalog.fact("audience") != _name(audience))
    if is_new:
        catalog.watch(program_identity())
    catalog.remember({"seen": seen.note, "audience": _name(audience)})
    catalog.finish()
    return Gathered(catalog, county, audience)


def _open(checkout: Checkout, file: Path, known: Known) -> tuple[Catalog, Survey]:
    """Return the catalog to go on with and what may have changed since; a new one where there is none to trust."""
    catalog = Catalog.resume(file, program_identity())
    if catalog:
        seen = survey(checkout, catalog.fact("seen"), known, lambda path: bool(find_version(catalog, path)))
        settings = find_version(catalog, SETTINGS_FILE)
        if SETTINGS_FILE not in seen.versions or (settings and settings == seen.versions[SETTINGS_FILE]):
            return catalog, seen
        catalog.close()
    return Catalog.create(file), survey(checkout, "")


def _note_sources(catalog: Catalog, changed: Mapping[str, str | None]) -> None:
    """Write the versions of the files that changed."""
    catalog.connection.executemany(
        "INSERT INTO sources (path, version, is_document) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version",
        [(stored(path), version, is_document(path)) for path, version in changed.items() if version],
    )
    for path, version in changed.items():
        if version is None:
            catalog.run("DELETE FROM sources WHERE path = ?", stored(path))
        if not is_document(path):
            catalog.touch(source_key(path))


def _read_settings(catalog: Catalog, checkout: Checkout, changed: Mapping[str, str | None]) -> County:
    """Return the county; its settings files are read only if one of them changed. Raises ConfigurationError."""
    if catalog.fact("settings") and not any(path.startswith("sites/") for path in changed):
        return kept_county(catalog)
    tables = read_settings(checkout)
    catalog.remember({"settings": json.dumps(tables, default=str)})
    return make_county(tables)


def kept_county(catalog: Catalog) -> County:
    """Return the county as it was when the catalog was last brought up to date."""
    return make_county(json.loads(catalog.fact("settings")))


def _note_settings(step: _Step) -> bool:
    """Note what differs in the settings; return whether it changes which documents there are, or where."""
    catalog, county = step.catalog, step.county
    sites = {f"site:{site.id}": digest_of(site) for site in county.sites}
    shapes = {f"shape:{site.id}": digest_of(_shape(site)) for site in county.sites}
    whole = {
        # What is so for a time only touches the sites it is for; see `note_clock`.
        "county": digest_of(replace(county, sites=(), banners=(), mourning=(), synonyms=())),
        "synonyms": digest_of(county.synonyms),
        "sites": digest_of(sites),
        "places": digest_of((county.timezone, [site.id for site in county.sites])),
    }
    set_homes(catalog, county)
    differing = [key for key, value in {**sites, **shapes, **whole}.items() if catalog.set_fact(key, value)]
    if any(key == "places" or key.startswith("shape:") for key in differing):
        set_section_kinds(catalog, county)
        return True
    return False


def _shape(site: Site) -> object:
    """Return what of a site's settings decides how its documents are read and where they are found."""
    return (site.id, site.name, site.kind, site.host, site.sections, site.villages)


def _read_all(step: _Step) -> None:
    """Fill a new catalog."""
    catalog, intake = step.catalog, step.intake
    paths = [path for path in list_sources(catalog) if is_document(path)]
    step.reporter.stage("content", len(paths))
    reads = parse_documents(step.checkout, step.county, paths, step.processes, partial(finish_reading, step.county))
    while batch := list(islice(reads, _BATCH)):
        for read in batch:
            _note_reading(catalog, read, is_new=True)
        intake.put_new([read.rows for read in batch if read.rows])
        step.held.update(read.path for read in batch if read.rows is None)
        step.reporter.advance(len(batch))
    catalog.index()
    findings = settle_all_addresses(catalog, intake)
    put_findings(catalog, "twin", findings)
    step.held.update(finding.path for finding in findings)
    _recover(step)


def _read_changed(step: _Step, changed: Mapping[str, str | None]) -> None:
    """Read what changed, what depends on it, and what waited for an address that is free now."""
    catalog, intake = step.catalog, step.intake
    waiting = _files_to_read(step, changed)
    step.reporter.stage("content", len(waiting))
    _forget(step, changed)
    read_already: set[str] = set()
    while waiting:
        paths = sorted(waiting)
        candidates = []
        for read in parse_documents(
            step.checkout, step.county, paths, step.processes, partial(finish_reading, step.county)
        ):
            _note_reading(catalog, read)
            if read.rows:
                candidates.append(read.rows)
            else:
                intake.remove(read.path)
                step.held.add(read.path)
            step.reporter.advance()
        findings, displaced = settle_addresses(catalog, intake, candidates)
        put_findings(catalog, "twin", findings, paths)
        step.held.update(displaced, (finding.path for finding in findings))
        read_already |= waiting
        waiting = _waiting_for(catalog, intake.freed) - read_already
        intake.freed.clear()
    _recover(step)


def _files_to_read(step: _Step, changed: Mapping[str, str | None]) -> set[str]:
    """Return the documents to read: those that changed, and those that carry a file or lie in a site that did."""
    catalog = step.catalog
    paths = {path for path, version in changed.items() if is_document(path) and version}
    for path in (path for path in changed if path.startswith("content/") and not is_document(path)):
        below = (stored(path), stored(f"{path}/"), stored(f"{path}0"))
        needing = catalog.rows("SELECT document FROM needs WHERE source = ?1 OR (source > ?2 AND source < ?3)", *below)
        paths |= {loaded(row["document"]) for row in needing}
    reshaped = set(catalog.touched("shape"))
    if catalog.is_touched("places"):
        reshaped |= {path.split("/")[1] for path in list_sources(catalog) if path.startswith("content/")} - {
            site.id for site in step.county.sites
        }
    for site in reshaped:
        paths |= {path for path in list_sources(catalog, f"content/{site}/") if is_document(path)}
    return {path for path in paths if changed.get(path, "") is not None}


def _forget(step: _Step, changed: Mapping[str, str | None]) -> None:
    """Take out the documents whose files are gone, and all that was found about them."""
    for path in (path for path, version in changed.items() if version is None and is_document(path)):
        step.intake.remove(path)
        step.catalog.run("DELETE FROM needs WHERE document = ?", stored(path))
        if is_storable(path):
            step.catalog.run("DELETE FROM waiting WHERE document = ?", path)
        for origin in ("parse", "twin", "held"):
            put_findings(step.catalog, origin, (), [path])


def _note_reading(catalog: Catalog, read: Read, *, is_new: bool = False) -> None:
    if not is_new:
        catalog.run("DELETE FROM needs WHERE document = ?", stored(read.path))
        if is_storable(read.path):
            catalog.run("DELETE FROM waiting WHERE document = ?", read.path)
        catalog.run("UPDATE sources SET is_held = 0 WHERE path = ? AND is_held", stored(read.path))
        put_findings(catalog, "parse", read.findings, [read.path])
        put_findings(catalog, "held", (), [read.path])
    elif read.findings:
        put_findings(catalog, "parse", read.findings, ())
    for need in read.needs:
        catalog.run("INSERT OR IGNORE INTO needs VALUES (?, ?)", stored(need), stored(read.path))


def _waiting_for(catalog: Catalog, addresses: Iterable[tuple[str, str]]) -> set[str]:
    return {
        row["document"]
        for site, address in addresses
        for row in catalog.rows("SELECT document FROM waiting WHERE site = ? AND address = ?", site, address)
    }


def _recover(step: _Step) -> None:
    """Take in the last good version of each held file that has one and whose address is free."""
    catalog, intake = step.catalog, step.intake

    def take(read: Read) -> bool:
        if read.rows is None:
            return False
        place = (read.rows.site, read.rows.address)
        if catalog.one("SELECT 1 FROM documents WHERE site = ? AND address = ? AND path != ?", *place, read.path):
            wait(catalog, *place, read.path)
            return False
        intake.put(read.rows, is_recovered=True)
        for need in read.needs:
            catalog.run("INSERT OR IGNORE INTO needs VALUES (?, ?)", stored(need), stored(read.path))
        put_findings(catalog, "held", [*read.rules, Finding("HELD-LAST-GOOD", read.path)], [read.path])
        return True

    held = sorted(step.held)
    catalog.connection.executemany("UPDATE sources SET is_held = 1 WHERE path = ?", [(stored(p),) for p in held])
    finish = partial(finish_reading, step.county)
    versions = step.checkout.earlier_versions(held)
    while waiting := {path: blobs[0] for path, blobs in versions.items() if blobs}:
        reads = read_earlier(step.checkout, step.county, waiting, step.processes, finish)
        taken = {read.path for read in reads if take(read)}
        versions = {path: versions[path][1:] for path in waiting if path not in taken}


def _derive(step: _Step, changed: Mapping[str, str | None], *, is_all: bool) -> None:
    """Write all that follows from the documents that changed: states, lists, old addresses, links, relations."""
    catalog, county, audience = step.catalog, step.county, step.audience
    catalog.mark("changed", {*step.intake.changed, *find_due(catalog, audience.clock)})
    if is_all:
        catalog.run("INSERT OR IGNORE INTO changed SELECT path FROM documents")
    _replace(catalog, "review", set_states(catalog, audience))
    _read_adoptions(step, changed, is_all=is_all)
    fill_listings(catalog, county)
    _settle_aliases(step)
    found = resolve_references(catalog, county, step.intake.related, is_all=is_all)
    catalog.run("INSERT OR IGNORE INTO changed SELECT path FROM resolved")
    _replace(catalog, "refs", found)
    derive_relations(catalog, audience.clock.date())
    _replace(catalog, "submit", check_submissions(catalog, county))
    _replace(catalog, "translation", ())
    put_findings(catalog, "translation", *check_translations(catalog, county.language))
    if is_all or catalog.touched("topic") or catalog.is_touched(f"listing:{county.portal.id}:topics"):
        put_findings(catalog, "topics", check_topics(catalog, county))
    if (
        is_all
        or catalog.is_touched("adoptions")
        or catalog.one("SELECT 1 FROM adoptions JOIN touched ON key = 'id:' || id")
    ):
        put_findings(catalog, "adoptions", check_adoptions(catalog, county))
    links = [path for path in changed if path.startswith("content/") and not is_document(path)]
    linked = [path for path in links if changed[path] == LINK and (step.checkout.root / path).is_dir()]
    put_findings(catalog, "link", [Finding("FILE-SYMLINK", path) for path in linked], links)
    note_clock(catalog, county, audience.clock)


def _read_adoptions(step: _Step, changed: Mapping[str, str | None], *, is_all: bool) -> None:
    catalog = step.catalog
    for section, path in adoption_paths(step.county).items():
        if path in changed or (is_all and step.checkout.has(path)):
            content = step.checkout.read(path) if step.checkout.has(path) else None
            put_findings(catalog, "adoption-file", read_adoptions(catalog, section, path, content), [path])
            catalog.touch("adoptions")
    known = {*changed, *(list_sources(catalog, "content/") if is_all else ())}
    files = {path: changed.get(path, "") is not None for path in known if path.endswith(f"/{ADOPTION_FILE}")}
    misplaced = check_adoption_places(step.county, sorted(path for path, is_there in files.items() if is_there))
    put_findings(catalog, "adoption-place", misplaced, files)


def _settle_aliases(step: _Step) -> None:
    catalog = step.catalog
    # Of documents that were not read again, too: time may have given them a page, or taken it.
    claims = catalog.rows("SELECT DISTINCT site, alias FROM changed CROSS JOIN alias_claims ON document = path")
    affected = find_affected(catalog, {*step.intake.aliases, *((row["site"], row["alias"]) for row in claims)})
    settle_aliases(catalog, step.county, affected)
    for site, alias in sorted(affected):
        put_findings(catalog, f"alias:{site}:{alias}", check_alias(catalog, step.county, site, alias))


def _replace(catalog: Catalog, origin: str, findings: Sequence[Finding]) -> None:
    """Replace what one step found about the documents marked as changed."""
    catalog.run("DELETE FROM findings WHERE origin = ? AND path IN (SELECT CAST(path AS BLOB) FROM changed)", origin)
    put_findings(catalog, origin, findings, ())


def _name(audience: Audience) -> str:
    return f"{audience.drafts} {audience.future} {audience.expired}"
