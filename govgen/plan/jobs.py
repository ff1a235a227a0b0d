"""Lists everything that is built: every page, feed, file and redirect, each with where it goes and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from govgen.catalog.store import Catalog
from govgen.content.variants import STRIPPED_TYPES, variant_address, variants_of
from govgen.model.address import (
    SEARCH,
    SEARCH_CHARACTERS,
    SEARCH_NUMBERS,
    Addresses,
    calendar_of,
    file_of,
    search_year_path,
)
from govgen.model.build import Job
from govgen.model.county import Mount, Section, SectionKind, Site
from govgen.model.state import State
from govgen.plan.assets import Asset
from govgen.search.files import index_files

_NOT_PAGES = frozenset(
    "feed sitemap sitemap_index robots security redirect file picture asset calendar opml".split()
    + "search_lists search_texts search_characters".split()
)
_ICON = "img/favicon.ico"


def plan_site(catalog: Catalog, addresses: Addresses, site: Site, assets: Mapping[str, Asset]) -> list[Job]:
    """Return all jobs of a site.

    No two sites' outputs meet: what lies below the portal's host under the name of another site's host is that site's,
    and no section and no old address of the portal may claim it.
    """
    jobs: dict[str, Job] = {}
    for job in _plan_site(catalog, addresses, site, assets):
        # A page beats a redirect that would stand at its address; among redirects the first does.
        known = jobs.get(job.output)
        if known is None or (known.kind == "redirect" and job.kind != "redirect"):
            jobs[job.output] = job
    # No redirect turns a file into a folder.
    return [job for job in jobs.values() if job.kind != "redirect" or not jobs.keys() & set(_folders(job.output))]


def _folders(output: str) -> Iterator[str]:
    while output := output.rpartition("/")[0]:
        yield output


def is_page(job: Job) -> bool:
    """Tell whether a job makes an HTML page from a template."""
    return job.kind not in _NOT_PAGES


def _plan_site(catalog: Catalog, addresses: Addresses, site: Site, assets: Mapping[str, Asset]) -> Iterator[Job]:
    jobs = list(_below_mount(catalog, addresses, site))
    yield from jobs
    yield from _host(addresses, site, assets)
    for row in catalog.rows(
        "SELECT alias, address FROM aliases JOIN documents ON path = document WHERE aliases.site = ?", site.id
    ):
        alias = row["alias"] if row["alias"].endswith((".html", ".htm", "/")) else row["alias"] + "/"
        for output in (addresses.output_path(site, alias), *addresses.former_paths(site, alias)):
            yield _redirect(site, alias, output, row["address"])
    for job in jobs:
        if is_page(job):
            for output in addresses.former_paths(site, job.path):
                yield _redirect(site, job.path, output, job.path)


def _redirect(site: Site, path: str, output: str, goal: str) -> Job:
    return Job(site.id, path, "redirect", output, goal)


def _below_mount(catalog: Catalog, addresses: Addresses, site: Site) -> Iterator[Job]:
    def job(path: str, kind: str, subject: str = "", month: str = "") -> Job:
        return Job(site.id, path, kind, addresses.output_path(site, path), subject, month)

    yield job("/", "portal" if site.is_portal else "home")
    yield job("/feed.xml", "feed")
    for section in site.sections:
        yield from _section(catalog, site, section, job)
    for row in catalog.rows(
        "SELECT path, address, kind, section, state FROM documents WHERE site = ? AND has_page ORDER BY address",
        site.id,
    ):
        is_topic = site.is_portal and row["section"] == "topics"
        kind = "topic" if is_topic else row["kind"]
        yield job(row["address"], "withdrawn" if row["state"] == State.WITHDRAWN.value else kind, row["path"])
    for row in catalog.rows(
        "SELECT path, address FROM documents WHERE site = ? AND kind = 'consultation' AND is_listed AND has_page"
        " AND (opens_on != '' OR closes_on != '') ORDER BY address",
        site.id,
    ):
        yield job(calendar_of(row["address"]), "calendar", row["path"])
    yield from _files(catalog, site, job)
    if site.villages:
        yield job("/villages/", "villages")
    for village in site.villages:
        yield job(f"/{village.folder}/", "village", village.id)
    yield from _search(catalog, site, job)
    yield job("/sitemap.html", "site_map")
    yield job("/sitemap-portal.xml" if site.is_portal else "/sitemap.xml", "sitemap")
    if site.is_portal:
        yield job("/sites/", "sites")
        yield job("/design/", "design")
        yield job("/sitemap.xml", "sitemap_index")
        yield job("/feeds.opml", "opml")


def _files(catalog: Catalog, site: Site, job: Callable[..., Job]) -> Iterator[Job]:
    """Yield what documents carry: files as they are, pictures in all the sizes they are published in."""
    rows = catalog.rows(
        "SELECT DISTINCT files.address, files.source, files.type, files.widths FROM files"
        " JOIN documents ON path = document WHERE files.site = ? AND documents.is_listed ORDER BY files.address",
        site.id,
    )
    for row in rows:
        ending = row["type"].lower()
        yield job(row["address"], "picture" if ending in STRIPPED_TYPES else "file", row["source"])
    for row in rows:
        widths = tuple(map(int, row["widths"].split()))
        for variant in variants_of(row["type"].lower(), widths):
            yield job(variant_address(row["address"], variant), "picture", row["source"], variant)


def _section(catalog: Catalog, site: Site, section: Section, job: Callable[..., Job]) -> Iterator[Job]:
    yield job(f"/{section.id}/", "section", section.id)
    if section.kind is SectionKind.PAGES:
        return
    months = catalog.rows(
        "SELECT DISTINCT month FROM listings WHERE site = ? AND section = ? AND month != '' ORDER BY month",
        site.id,
        section.id,
    )
    yield job(f"/{section.id}/feed.xml", "feed", section.id)
    for row in months:
        yield job(f"/{section.id}/{row['month'].replace('-', '/')}/", "archive", section.id, row["month"])


def _search(catalog: Catalog, site: Site, job: Callable[..., Job]) -> Iterator[Job]:
    """Yield a site's search page and the lists it offers; on the portal also what searches are answered from."""
    yield job(SEARCH, "search")
    for row in catalog.rows(
        "SELECT DISTINCT substr(month, 1, 4) AS year FROM listings WHERE site = ? AND month != '' ORDER BY 1", site.id
    ):
        yield job(search_year_path(row["year"]), "search_year", row["year"])
    if any(section.kind is SectionKind.POLICIES for section in site.sections):
        yield job(SEARCH_NUMBERS, "search_numbers")
    if site.is_portal:
        yield job(SEARCH_CHARACTERS, "search_characters")
        for file in index_files(catalog):
            yield job(file.path, file.kind, file.subject)


def _host(addresses: Addresses, site: Site, assets: Mapping[str, Asset]) -> Iterator[Job]:
    """Yield what a host has besides its site's pages; a site mounted by path leaves only redirects on its own."""
    host = addresses.own_host(site)
    if site.mount is Mount.PATH:
        yield _redirect(site, "/404.html", f"{host}/404.html", "/")
        return
    for path, kind in (("/404.html", "404"), ("/robots.txt", "robots"), ("/.well-known/security.txt", "security")):
        yield Job(site.id, path, kind, host + file_of(path))
    for name, asset in assets.items():
        yield Job(site.id, asset.path, "asset", host + asset.path, name)
        if name == "img/favicon.ico":
            # Browsers ask for it by this name wherever no page tells them another: beside a file, in old ones always.
            yield Job(site.id, "/favicon.ico", "asset", f"{host}/favicon.ico", name)
