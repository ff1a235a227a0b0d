"""Gives documents their old addresses, where nothing else stands at them."""

from __future__ import annotations

from collections.abc import Iterable

from govgen.catalog.resolve import find_address
from govgen.catalog.store import Catalog
from govgen.model.county import County
from govgen.model.finding import Finding

_FILES = (".html", ".htm", ".xml")


def find_affected(catalog: Catalog, named: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the old addresses to settle again: those named, and those at or below an address that was touched."""
    affected = set(named)
    for key in catalog.touched("address"):
        site, _, address = key.partition(":")
        bare = address.rstrip("/")
        for row in catalog.rows(
            "SELECT DISTINCT alias FROM alias_claims WHERE site = ?1"
            " AND (alias IN (?2, ?2 || '/') OR (alias > ?2 || '/' AND alias < ?2 || '0'))",
            site,
            bare,
        ):
            affected.add((site, row["alias"]))
    below = {
        (site, row["alias"])
        for site, alias in affected
        if alias.endswith(_FILES)
        for row in catalog.rows(
            "SELECT alias FROM alias_claims WHERE site = ? AND alias > ? AND alias < ?", site, f"{alias}/", f"{alias}0"
        )
    }
    return affected | below


def settle_aliases(catalog: Catalog, county: County, affected: Iterable[tuple[str, str]]) -> None:
    """Write which document each of these old addresses leads to: the one published first among those that claim it."""
    for site, alias in affected:
        catalog.run("DELETE FROM aliases WHERE site = ? AND alias = ?", site, alias)
    for site, alias in sorted(affected):
        claim = catalog.one(
            "SELECT document FROM alias_claims JOIN documents ON path = document"
            " WHERE alias_claims.site = ? AND alias = ? AND has_page ORDER BY date, path",
            site,
            alias,
        )
        if claim and not _find_holder(catalog, county, site, alias):
            catalog.run("INSERT INTO aliases VALUES (?, ?, ?)", site, alias, claim["document"])


def check_alias(catalog: Catalog, county: County, site: str, alias: str) -> list[Finding]:
    """Return a finding for each document that claims an old address and does not get it."""
    findings = []
    for claim in catalog.rows(
        "SELECT document FROM alias_claims JOIN documents ON path = document"
        " WHERE alias_claims.site = ? AND alias = ? AND has_page",
        site,
        alias,
    ):
        other = _find_holder(catalog, county, site, alias)
        if other and other != claim["document"]:
            findings.append(Finding("ADR-ALIAS", claim["document"], None, {"value": alias, "other": other}))
    return findings


def _find_holder(catalog: Catalog, county: County, site_id: str, alias: str) -> str:
    """Return what stands at an address already, or would have to be a folder for it; empty if nothing does."""
    goal = find_address(catalog, county, site_id, alias)
    if goal:
        return goal.document or goal.address
    steps = alias.strip("/").split("/")
    if site_id == county.portal.id and any(site.host == steps[0] for site in county.sites if not site.is_portal):
        # There the site of that name is reached, or would be if it were mounted the other way.
        return f"/{steps[0]}/"
    for number in range(1, len(steps) + 1):
        step = "/" + "/".join(steps[:number])
        is_file = step.endswith(_FILES) and find_address(catalog, county, site_id, step)
        if is_file or step in ("/robots.txt", "/404.html"):
            return step
    return ""
