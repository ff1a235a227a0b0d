"""Tells that nothing has changed, without loading what would be needed if something had."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import Any

from govgen.catalog.clock import still_holds
from govgen.catalog.findings import read_findings
from govgen.catalog.sources import find_changed, program_identity
from govgen.catalog.store import Catalog, CatalogFault, is_damage, naming_disk_faults
from govgen.model.build import BuildReport, SiteReport
from govgen.options import BuildOptions
from govgen.render.ledger import Ledger
from govgen.repo.checkout import Checkout
from govgen.repo.survey import NOTHING_KNOWN, Known, Status, survey


def find_standing(checkout: Checkout, options: BuildOptions) -> BuildReport | Known:
    """Return the report of what stands in the output folder if a build would change nothing; else what was learnt.

    Raises MachineryError where the disk fails.
    """
    with naming_disk_faults(options.catalog):
        return _find_standing(checkout, options)


def _find_standing(checkout: Checkout, options: BuildOptions) -> BuildReport | Known:
    started = time.monotonic()
    if options.audience.clock.tzinfo is None:
        return NOTHING_KNOWN
    catalog = Catalog.resume(options.catalog, program_identity())
    if catalog is None:
        return NOTHING_KNOWN
    # Read before git is asked: what another build takes in after that must not count as seen.
    since = catalog.fact("seen")
    status = Status(checkout.root) if checkout.is_git and not checkout.pinned else None
    try:
        if not _may_stand(catalog, options):
            return NOTHING_KNOWN
        report = _read_report(catalog)
        seen = survey(checkout, since, Known(status=status))
        return Known(seen) if find_changed(catalog, seen) else replace(report, seconds=time.monotonic() - started)
    except CatalogFault as fault:
        if is_damage(fault):
            return NOTHING_KNOWN  # The build will say so, and make the catalog anew.
        raise
    finally:
        catalog.close()
        if status:
            status.close()


def _read_report(catalog: Catalog) -> BuildReport:
    kept: dict[str, Any] = json.loads(catalog.fact("report"))
    sites = tuple(SiteReport(**site) for site in kept.pop("sites"))
    return BuildReport(sites=sites, held=tuple(kept.pop("held")), findings=read_findings(catalog), **kept)


def _may_stand(catalog: Catalog, options: BuildOptions) -> bool:
    """Tell whether nothing but the repository could make a build change anything."""
    if catalog.fact("request") != request_of(options) or not catalog.fact("report"):
        return False
    if any(catalog.one(f"SELECT 1 FROM {table}") for table in ("touched", "dirty", "gone")):
        return False
    if Ledger(options.output).stamp != catalog.fact("stamp"):
        return False
    return still_holds(catalog, options.audience.clock)


def request_of(options: BuildOptions) -> str:
    """Return what stands for all that a build was asked for besides the clock."""
    audience = options.audience
    shown = [audience.drafts, audience.future, audience.expired]
    return json.dumps([str(options.output), shown, options.sites, options.domain, options.port])


def keep_report(catalog: Catalog, options: BuildOptions, report: BuildReport) -> None:
    """Keep a build's report for the case that nothing changes until the next one."""
    values = {**asdict(replace(report, findings=()))}
    for name in ("findings", "made", "written", "removed", "seconds"):
        del values[name]
    catalog.remember({"report": json.dumps(values), "request": request_of(options)})
