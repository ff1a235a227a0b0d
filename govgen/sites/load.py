"""Reads `sites/_county.toml` and `sites/<id>.toml`, and lists every fault of theirs at once."""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from govgen.errors import ConfigurationError, UsageError
from govgen.model.county import (
    ACCENTS,
    Channels,
    County,
    CountyIdentity,
    Lists,
    Mount,
    Section,
    SectionKind,
    Site,
    SiteKind,
    Synonym,
    Village,
)
from govgen.model.finding import Finding
from govgen.pinyin import pinyin_key
from govgen.repo.checkout import Checkout
from govgen.sites.kinds import STANDARD_SECTIONS, VILLAGE_SECTIONS
from govgen.sites.periods import PERIODS, check_periods, make_banners, make_mourning, order_banners
from govgen.sites.schema import COUNTY_KEYS, EXAMPLES, ID, SITE_KEYS, Source, check_table, index_lines

COUNTY_FILE = "sites/_county.toml"
TIMEZONE = "Asia/Shanghai"
PORTAL_HOST = "www"
RESERVED_SECTIONS = frozenset({"assets", "design", "files", "images", "villages", "sites", "search"})
"""First parts of addresses the program itself gives out."""

_Entries = Sequence[Mapping[str, Any]]
_OWN_SITE_ORDER = {kind: number for number, kind in enumerate(SiteKind)}


@dataclass(frozen=True)
class _File:
    """A settings file that could be read as TOML."""

    source: Source
    table: Mapping[str, Any]


Tables = Mapping[str, Mapping[str, Any]]
"""Settings files as read, by their path; sites' with their names in pinyin."""


def load_county(checkout: Checkout) -> County:
    """Return the county with its sites. Raises ConfigurationError with all faults of all files."""
    return make_county(read_settings(checkout))


def read_settings(checkout: Checkout) -> Tables:
    """Return the tables of all settings files. Raises ConfigurationError with all faults of all files."""
    findings: list[Finding] = []
    county_file = _read(checkout, COUNTY_FILE, findings)
    site_files = {}
    for path in checkout.list_files("sites", ".toml"):
        if path != COUNTY_FILE and (file := _read(checkout, path, findings)):
            site_files[_site_id(path)] = file
    if county_file:
        findings += check_table(county_file.table, COUNTY_KEYS, county_file.source)
        findings += _check_county(county_file)
        findings += _check_county_sections(county_file)
    for id, file in site_files.items():
        findings += check_table(file.table, SITE_KEYS, file.source)
        if not re.fullmatch(ID, id):
            findings.append(file.source.finding("CFG-FORM", id, value=id, form=EXAMPLES[ID]))
    # Each check looks at the tables as they were read, so that all faults of all files are told at once.
    findings += _check_portals(site_files, is_any_unread=any(finding.rule == "CFG-SYNTAX" for finding in findings))
    findings += _check_sites(county_file.table if county_file else {}, site_files)
    findings += _check_periods(county_file, site_files)
    if findings or not county_file:
        raise ConfigurationError(sorted(findings, key=Finding.sort_key))
    county_name = county_file.table["county"]["name"]
    romanised = {file.source.path: _romanise(file.table, county_name) for file in site_files.values()}
    return {COUNTY_FILE: county_file.table, **romanised}


def _romanise(table: Mapping[str, Any], county_name: str) -> Mapping[str, Any]:
    """Return a site's settings with its name in pinyin: done once here, since the dictionary takes long to load."""
    name = table.get("short_name", table["name"])
    initial = pinyin_key(name.removeprefix(county_name).removeprefix("县") or "#")[0].upper()
    return {**table, "pinyin": pinyin_key(name), "initial": initial}


def check_sites(county: County, names: Sequence[str]) -> None:
    """Raise UsageError for a name that is no site's."""
    for name in names:
        if county.find_site(name) is None:
            raise UsageError("no-site", site=name, sites="、".join(site.id for site in county.sites))


def _site_id(path: str) -> str:
    return path.removeprefix("sites/").removesuffix(".toml")


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
    timezone = _timezone_of(file)
    if isinstance(timezone, str) and timezone not in zoneinfo.available_timezones():
        yield file.source.finding("CFG-FORM", "county.timezone", value=timezone, form=TIMEZONE)


def _timezone_of(file: _File) -> object:
    county = file.table.get("county", {})
    return county.get("timezone", TIMEZONE) if isinstance(county, dict) else ""


def _check_periods(county: _File | None, files: Mapping[str, _File]) -> Iterable[Finding]:
    """Yield the faults of what is so for a time only, in the zone the county's file names if there is such a zone."""
    timezone = str(_timezone_of(county)) if county else TIMEZONE
    zone = ZoneInfo(timezone if timezone in zoneinfo.available_timezones() else TIMEZONE)
    for file in (*([county] if county else ()), *files.values()):
        for key in PERIODS:
            yield from check_periods(file.source, key, _entries(file.table.get(key)), files.keys(), zone)


def make_county(tables: Tables) -> County:
    """Return the county that settings without faults describe: portal first, then departments and townships, by id."""
    table = tables[COUNTY_FILE]
    default_mount = table.get("mount", {}).get("default", "")
    standard = {
        kind: _merge_sections(STANDARD_SECTIONS[kind], table.get("kinds", {}).get(kind.value, {}).get("sections", ()))
        for kind in SiteKind
    }
    sites = [
        _make_site(_site_id(path), site, default_mount, standard)
        for path, site in tables.items()
        if path != COUNTY_FILE
    ]
    sites.sort(key=lambda site: (_OWN_SITE_ORDER[site.kind], site.id))
    ids = [site.id for site in sites]
    county = {"language": "zh-CN", "timezone": TIMEZONE, **table["county"]}
    zone = ZoneInfo(county["timezone"])
    banners = make_banners(COUNTY_FILE, table.get("banners", ()), ids, zone)
    for path, site in tables.items():
        if path != COUNTY_FILE:
            banners += make_banners(path, site.get("banners", ()), [_site_id(path)], zone)
    return County(
        **county,
        identity=CountyIdentity(**table["identity"]),
        channels=Channels(**table["channels"]),
        lists=Lists(**table.get("lists", {})),
        sites=tuple(sites),
        banners=order_banners(banners),
        mourning=make_mourning(COUNTY_FILE, table.get("mourning", ()), ids, zone),
        synonyms=tuple(Synonym(**synonym) for synonym in table.get("synonyms", ())),
    )


def _make_site(
    id: str, table: Mapping[str, Any], default_mount: str, standard: Mapping[SiteKind, tuple[Section, ...]]
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
    mount = table.get("mount", default_mount)
    return Site(
        id=id,
        name=table["name"],
        short_name=table.get("short_name", table["name"]),
        kind=kind,
        host=PORTAL_HOST if is_portal else table.get("host", id),
        mount=Mount.SUBDOMAIN if is_portal or not mount else Mount(mount),
        is_mount_said=bool(mount),
        accent=table.get("accent", ACCENTS[0]),
        sections=sections + of_villages,
        villages=villages,
        editors=tuple(table.get("editors", ())),
        reviewers=tuple(table.get("reviewers", ())),
        **{key: table.get(key, "") for key in ("phone", "address", "hours", "pinyin", "initial")},
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


def _check_portals(files: Mapping[str, _File], *, is_any_unread: bool) -> Iterable[Finding]:
    kinds = {id: _kind_of(file) for id, file in files.items()}
    portals = [id for id, kind in kinds.items() if kind is SiteKind.PORTAL]
    if not portals and None not in kinds.values() and not is_any_unread:
        yield Finding("CFG-PORTAL", COUNTY_FILE, None, {"sites": "0"})
    for id in portals[1:]:
        yield files[id].source.finding("CFG-PORTAL", "kind", sites=portals[0])


def _check_sites(county: Mapping[str, Any], files: Mapping[str, _File]) -> Iterable[Finding]:
    """Yield the faults that only show when entries are seen together, whatever else is wrong with the files."""
    hosts = {PORTAL_HOST: "sites/"}
    for file in files.values():
        kind = _kind_of(file)
        known = _section_ids(county, kind) if kind else set()
        yield from _check_sections(file, "sections", _entries(file.table.get("sections")), known)
        yield from _check_twice(file, "villages", _entries(file.table.get("villages")))
        if kind is SiteKind.PORTAL:
            own = {str(entry.get("id")) for entry in _entries(file.table.get("sections"))}
            hosts |= {id.split("/")[0]: file.source.path for id in (*known, *own, PORTAL_HOST)}
        if kind and kind is not SiteKind.TOWNSHIP and file.table.get("villages"):
            yield file.source.finding("CFG-CHOICE", "kind", value=kind.value, guess="township")
    for id, file in files.items():
        host = str(file.table.get("host", id))
        if _kind_of(file) is SiteKind.PORTAL:
            continue
        if host in RESERVED_SECTIONS:
            yield file.source.finding("CFG-CHOICE", "host", value=host, guess=f"{host}-1")
        elif host in hosts:
            yield file.source.finding("CFG-TWICE", "host", value=host, other=hosts[host])
        hosts.setdefault(host, file.source.path)


def _check_county_sections(file: _File) -> Iterable[Finding]:
    for kind in SiteKind:
        where = f"kinds.{kind.value}.sections"
        yield from _check_sections(file, where, _kind_entries(file.table, kind), _section_ids({}, kind))


def _check_sections(file: _File, where: str, entries: _Entries, known: Set[str]) -> Iterable[Finding]:
    """Yield the faults of sections that differ from those already `known`."""
    yield from _check_twice(file, where, entries)
    for number, section in enumerate(entries):
        id = str(section.get("id", ""))
        if id.partition("/")[0] in RESERVED_SECTIONS:
            yield file.source.finding("CFG-CHOICE", f"{where}.{number}.id", value=id, guess=f"{id}-1")
        for key in ("name", "kind"):
            if id and id not in known and key not in section:
                yield file.source.finding("CFG-REQUIRED", f"{where}.{number}.{key}")


def _check_twice(file: _File, where: str, entries: _Entries) -> Iterable[Finding]:
    ids = [str(entry["id"]) for entry in entries if "id" in entry]
    for number, id in enumerate(ids):
        if id in ids[:number]:
            yield file.source.finding("CFG-TWICE", f"{where}.{number}.id", value=id, other=file.source.path)


def _kind_of(file: _File) -> SiteKind | None:
    return next((kind for kind in SiteKind if kind.value == file.table.get("kind")), None)


def _section_ids(county: Mapping[str, Any], kind: SiteKind) -> set[str]:
    standard = {section.id for section in STANDARD_SECTIONS[kind]}
    return standard | {str(entry.get("id")) for entry in _kind_entries(county, kind)}


def _kind_entries(county: Mapping[str, Any], kind: SiteKind) -> _Entries:
    kinds = county.get("kinds")
    table = kinds.get(kind.value) if isinstance(kinds, dict) else None
    return _entries(table.get("sections") if isinstance(table, dict) else None)


def _entries(value: object) -> _Entries:
    """Return the tables of a list of tables; whatever else stands there is a fault of its own."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
