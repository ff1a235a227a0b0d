"""Reads `sites/_county.toml` and `sites/<id>.toml`, and lists every fault of theirs at once."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from govgen.errors import ConfigurationError
from govgen.model.county import (
    Channels,
    County,
    CountyIdentity,
    Lists,
    Mount,
    Section,
    SectionKind,
    Site,
    SiteKind,
    Village,
)
from govgen.model.finding import Finding
from govgen.repo.checkout import Checkout
from govgen.sites.kinds import STANDARD_SECTIONS, VILLAGE_SECTIONS
from govgen.sites.schema import COUNTY_KEYS, ID, SITE_KEYS, Source, check_table, index_lines

COUNTY_FILE = "sites/_county.toml"
PORTAL_HOST = "www"
RESERVED_SECTIONS = frozenset({"assets", "files", "images", "villages", "sites", "search"})
"""First parts of addresses the program itself gives out."""

_OWN_SITE_ORDER = {kind: number for number, kind in enumerate(SiteKind)}


@dataclass(frozen=True)
class _File:
    """A settings file that could be read as TOML."""

    source: Source
    table: Mapping[str, Any]


def load_county(checkout: Checkout) -> County:
    """Return the county with its sites: portal first, then departments and townships, each by id.

    Raises ConfigurationError with all faults of all files.
    """
    findings: list[Finding] = []
    county_file = _read(checkout, COUNTY_FILE, findings)
    site_files = {}
    for path in checkout.list_files("sites", ".toml"):
        if path != COUNTY_FILE and (file := _read(checkout, path, findings)):
            site_files[path.removeprefix("sites/").removesuffix(".toml")] = file
    if county_file:
        findings += check_table(county_file.table, COUNTY_KEYS, county_file.source)
        findings += _check_county(county_file)
    for id, file in site_files.items():
        findings += check_table(file.table, SITE_KEYS, file.source)
        if not re.fullmatch(ID, id):
            findings.append(file.source.finding("CFG-FORM", id, value=id, form=ID))
    if findings or not county_file:
        raise ConfigurationError(sorted(findings, key=Finding.sort_key))
    county = _make_county(county_file, site_files)
    findings += _check_sites(county, site_files)
    if findings:
        raise ConfigurationError(sorted(findings, key=Finding.sort_key))
    return county


def _read(checkout: Checkout, path: str, findings: list[Finding]) -> _File | None:
    content = checkout.read(path) if checkout.has(path) else None
    if content is None:
        findings.append(Finding("CFG-MISSING", path))
        return None
    try:
        text = content.decode("utf-8")
        return _File(Source(path, index_lines(text)), tomllib.loads(text))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        findings.append(Finding("CFG-SYNTAX", path, int(line[1]) if line else None, {"reason": str(error)}))
        return None


def _check_county(file: _File) -> Iterable[Finding]:
    name = file.table.get("county", {})
    timezone = name.get("timezone", "Asia/Shanghai") if isinstance(name, dict) else ""
    if timezone not in zoneinfo.available_timezones():
        yield file.source.finding("CFG-FORM", "county.timezone", value=str(timezone), form="Asia/Shanghai")


def _make_county(file: _File, site_files: Mapping[str, _File]) -> County:
    table = file.table
    default_mount = Mount(table.get("mount", {}).get("default", "subdomain"))
    standard = {
        kind: _merge_sections(STANDARD_SECTIONS[kind], table.get("kinds", {}).get(kind.value, {}).get("sections", ()))
        for kind in SiteKind
    }
    sites = [_make_site(id, site_file.table, default_mount, standard) for id, site_file in site_files.items()]
    county = {"language": "zh-CN", "timezone": "Asia/Shanghai", **table["county"]}
    return County(
        **county,
        identity=CountyIdentity(**table["identity"]),
        channels=Channels(**table["channels"]),
        lists=Lists(**table.get("lists", {})),
        sites=tuple(sorted(sites, key=lambda site: (_OWN_SITE_ORDER[site.kind], site.id))),
    )


def _make_site(
    id: str, table: Mapping[str, Any], default_mount: Mount, standard: Mapping[SiteKind, tuple[Section, ...]]
) -> Site:
    kind = SiteKind(table["kind"])
    villages = tuple(Village(**village) for village in table.get("villages", ()))
    sections = _merge_sections(standard[kind], table.get("sections", ()))
    of_villages = tuple(
        replace(section, id=f"{village.folder}/{section.id}", village=village.id)
        for village in villages
        for section in VILLAGE_SECTIONS
    )
    is_portal = kind is SiteKind.PORTAL
    return Site(
        id=id,
        name=table["name"],
        short_name=table.get("short_name", table["name"]),
        kind=kind,
        host=PORTAL_HOST if is_portal else table.get("host", id),
        mount=Mount.SUBDOMAIN if is_portal else Mount(table.get("mount", default_mount)),
        sections=sections + of_villages,
        villages=villages,
        editors=tuple(table.get("editors", ())),
        reviewers=tuple(table.get("reviewers", ())),
        **{key: table.get(key, "") for key in ("phone", "address", "hours")},
    )


def _merge_sections(standard: Sequence[Section], differing: Iterable[Mapping[str, Any]]) -> tuple[Section, ...]:
    """Return the standard sections with what differs put in their place, and new ones after them."""
    merged = {section.id: section for section in standard}
    for table in differing:
        old = merged.get(table["id"], Section(table["id"], table["id"], SectionKind.NEWS, 0))
        merged[table["id"]] = replace(
            old,
            name=table.get("name", old.name),
            kind=SectionKind(table.get("kind", old.kind)),
            freshness_days=table.get("freshness_days", old.freshness_days),
        )
    return tuple(merged.values())


def _check_sites(county: County, files: Mapping[str, _File]) -> Iterable[Finding]:
    """Yield the faults that only show when the files are seen together."""
    portals = county.sites_of_kind(SiteKind.PORTAL)
    if not portals:
        yield Finding("CFG-PORTAL", COUNTY_FILE, None, {"sites": "0"})
    for site in portals[1:]:
        yield files[site.id].source.finding("CFG-PORTAL", "kind", sites=portals[0].id)
    seen: dict[str, str] = {}
    for site in county.sites:
        if site.host in seen:
            yield files[site.id].source.finding("CFG-TWICE", "host", value=site.host, other=seen[site.host])
        seen.setdefault(site.host, f"sites/{site.id}.toml")
        yield from _check_names(site, files[site.id])
        if portals and any(section.id.split("/")[0] == site.host for section in portals[0].sections):
            yield files[site.id].source.finding(
                "CFG-TWICE", "host", value=site.host, other=f"sites/{portals[0].id}.toml"
            )


def _check_names(site: Site, file: _File) -> Iterable[Finding]:
    for list_name in ("sections", "villages"):
        ids = [entry["id"] for entry in file.table.get(list_name, ())]
        for number, id in enumerate(ids):
            if id in ids[:number]:
                yield file.source.finding("CFG-TWICE", f"{list_name}.{number}.id", value=id, other=file.source.path)
    for number, section in enumerate(file.table.get("sections", ())):
        where = f"sections.{number}"
        if section["id"].split("/")[0] in RESERVED_SECTIONS:
            yield file.source.finding("CFG-CHOICE", f"{where}.id", value=section["id"], guess=f"{section['id']}-1")
        is_new = not any(section["id"] == standard.id for standard in STANDARD_SECTIONS[site.kind])
        for key in ("name", "kind"):
            if is_new and key not in section:
                yield file.source.finding("CFG-REQUIRED", f"{where}.{key}")
    if site.villages and site.kind is not SiteKind.TOWNSHIP:
        yield file.source.finding("CFG-CHOICE", "kind", value=site.kind.value, guess="township")
