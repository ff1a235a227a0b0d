"""Resolves what documents refer to, against all documents of all sites; what leads nowhere becomes a finding."""

from __future__ import annotations

import difflib
import sqlite3
from collections import Counter
from dataclasses import dataclass

from govgen.catalog.store import Catalog
from govgen.model.county import County, SectionKind, Site
from govgen.model.finding import Finding
from govgen.pinyin import ascii_name

_GUESSES = 10
"""For how many dead links of one document a likely goal is looked for: each costs up to 0.1 s in a large site."""


@dataclass(frozen=True)
class Destination:
    """Where a reference leads."""

    site: str
    address: str
    document: str | None = None
    """The path of the document's file; None for lists and files."""


def resolve_references(catalog: Catalog, county: County) -> list[Finding]:
    """Write where every reference of a shown document leads; return a finding for each that leads nowhere.

    A dead link takes no document down: another site's withdrawal must not make this site's documents vanish.
    """
    findings = []
    dead: Counter[str] = Counter()
    references = catalog.rows(
        "SELECT refs.*, site FROM refs JOIN documents ON documents.path = refs.document"
        " WHERE is_listed OR has_page ORDER BY refs.document, relation, number"
    )
    for reference in references:
        target, _, fragment = str(reference["target"]).partition("#")
        goal = find_destination(catalog, county, reference["site"], target)
        if goal:
            goal_values = (goal.document, goal.site, goal.address, fragment)
            catalog.connection.execute(
                "UPDATE refs SET to_document = ?, to_site = ?, to_address = ?, fragment = ?"
                " WHERE document = ? AND relation = ? AND number = ?",
                (*goal_values, reference["document"], reference["relation"], reference["number"]),
            )
        else:
            dead[reference["document"]] += 1
            is_early = dead[reference["document"]] <= _GUESSES
            guess = _guess(catalog, reference["site"], target) if is_early else ""
            findings.append(_dead(catalog, reference, target, guess))
    return findings


def derive_validity(catalog: Catalog) -> None:
    """Mark policies that another document repeals or amends, where their editor has not said how they stand.

    《政府网站发展指引》 wants a repeal or an amendment marked on the original's own page.
    """
    catalog.connection.execute(
        "UPDATE documents SET validity = CASE"
        " WHEN EXISTS (SELECT 1 FROM refs WHERE document = path AND relation = 'repealed_by' AND to_document != '')"
        " THEN 'repealed' WHEN EXISTS (SELECT 1 FROM refs JOIN documents d ON d.path = refs.document"
        " WHERE to_document = documents.path AND relation = 'amends' AND d.is_listed) THEN 'amended' ELSE '' END"
        " WHERE kind = 'policy' AND validity = ''"
    )


def find_destination(catalog: Catalog, county: County, site_id: str, target: str) -> Destination | None:
    """Return where `target`, written in a document of a site, leads; None if it leads nowhere a citizen can read."""
    scheme, _, rest = target.partition(":")
    if scheme == "file":
        return Destination(site_id, rest)
    if scheme == "path":
        return _document(catalog, "path = ?", rest) or _folder(catalog, county, rest)
    if scheme == "address":
        return _address(catalog, county, site_id, rest)
    return _named(catalog, county, scheme, rest)


def _named(catalog: Catalog, county: County, site_id: str, rest: str) -> Destination | None:
    """Resolve `site:section/name`, `site:section` and `site:index`."""
    site = county.find_site(site_id)
    if site is None:
        return None
    name = rest.strip("/").removesuffix(".md")
    if name in ("", "index"):
        return Destination(site_id, "/")
    if site.find_section(name) or any(village.folder == name for village in site.villages):
        return Destination(site_id, f"/{name}/")
    id = document_id(f"{site_id}:{name}")
    addresses = (f"/{id.partition(':')[2]}.html", f"/{name}", f"/{name}/")
    found = (_address(catalog, county, site_id, address) for address in addresses)
    return _document(catalog, "id = ?", id) or next((goal for goal in found if goal), None)


def document_id(written: str) -> str:
    """Return the id that `site:section/name` means, its name written as its file's or as its address's."""
    site, _, name = written.partition(":")
    parts = name.strip("/").removesuffix(".md").split("/")
    return f"{site}:{'/'.join(ascii_name(part) for part in parts)}"


def _document(catalog: Catalog, condition: str, *values: str) -> Destination | None:
    row = catalog.one(
        f"SELECT site, address, path FROM documents WHERE {condition} AND (has_page OR is_listed)", *values
    )
    return Destination(row["site"], row["address"], row["path"]) if row else None


def _folder(catalog: Catalog, county: County, path: str) -> Destination | None:
    """Resolve the path of a section's index.md that was never written: the section is there all the same."""
    parts = path.split("/")
    if len(parts) > 2 and parts[0] == "content" and parts[-1] in ("index.md", "index.markdown"):
        return _named(catalog, county, parts[1], "/".join(parts[2:-1]))
    return None


def _address(catalog: Catalog, county: County, site_id: str, address: str) -> Destination | None:
    """Resolve an address below the site's own mount: a page, a list, or an alias."""
    site = county.find_site(site_id)
    assert site is not None
    bare = address.rstrip("/")
    row = catalog.one("SELECT document FROM aliases WHERE site = ? AND alias IN (?, ?)", site_id, bare, f"{bare}/")
    if row:
        return _document(catalog, "path = ?", row["document"])
    address = address.removesuffix("index.html") if address.endswith("/index.html") else address
    folder = address.strip("/")
    if not folder or site.find_section(folder) or any(village.folder == folder for village in site.villages):
        return Destination(site_id, f"/{folder}/" if folder else "/")
    if _is_standing_page(catalog, site, address):
        return Destination(site_id, address)
    return _document(catalog, "site = ? AND address = ?", site_id, address)


def _is_standing_page(catalog: Catalog, site: Site, address: str) -> bool:
    """Tell whether the program gives out an address whatever the documents are, or as the archive of a month."""
    folder, _, last = address.strip("/").rpartition("/")
    if address in ("/sitemap.html", "/sitemap.xml", "/feed.xml") or (address == "/villages/" and site.villages):
        return True
    if site.is_portal and address == "/sites/":
        return True
    section = site.find_section(folder)
    if last == "feed.xml" and section:
        return section.kind is not SectionKind.PAGES
    parts = address.strip("/").rsplit("/", 2)
    month = ("-".join(parts[1:]), site.id, parts[0])
    condition = "month = ? AND site = ? AND section = ? AND month != ''"
    return address.endswith("/") and catalog.one(f"SELECT 1 FROM listings WHERE {condition}", *month) is not None


def _dead(catalog: Catalog, reference: sqlite3.Row, target: str, guess: str) -> Finding:
    path, line, relation = reference["document"], reference["line"], reference["relation"]
    written = target.removeprefix("path:").removeprefix("address:")
    state = catalog.one("SELECT state FROM documents WHERE id = ? OR path = ?", target, written)
    values = {"target": written[:200], "state": state["state"] if state else "", "guess": guess}
    if relation == "link":
        return Finding("LNK-INT", path, line, values)
    return Finding("REL-MISSING", path, line, {**values, "key": relation})


def _guess(catalog: Catalog, site: str, target: str) -> str:
    """Return the shown document that was most likely meant, in the form it was written in; empty if none is alike."""
    scheme, _, rest = target.partition(":")
    column = scheme if scheme in ("path", "address") else "id"
    owner = {"path": [*rest.split("/"), ""][1], "address": site}.get(scheme, scheme)
    # What all names of a site begin with says nothing about their likeness.
    head = {"path": f"content/{owner}/", "address": ""}.get(column, f"{owner}:")
    shown = f"SELECT {column} AS name FROM documents WHERE (has_page OR is_listed)"
    rows = catalog.rows(f"{shown} AND site = ? LIMIT 2000", owner)
    names = {row["name"].removeprefix(head): str(row["name"]) for row in rows}
    near = difflib.get_close_matches(rest.removeprefix(head), names, n=1, cutoff=0.75)
    if near:
        return names[near[0]]
    elsewhere = catalog.one(f"{shown} AND substr(id, instr(id, ':') + 1) = ? ORDER BY id", rest)
    return str(elsewhere["name"]) if elsewhere else ""


def register_aliases(catalog: Catalog, county: County) -> list[Finding]:
    """Give every shown document its old addresses; one that is taken already is left out, with a finding."""
    findings = []
    rows = catalog.rows(
        "SELECT documents.path, site, value FROM documents, json_each(details, '$.aliases')"
        " WHERE has_page ORDER BY documents.date, documents.path, value"
    )
    for row in rows:
        other = _find_holder(catalog, county, row["site"], row["value"])
        if not other:
            catalog.connection.execute("INSERT INTO aliases VALUES (?, ?, ?)", (row["site"], row["value"], row["path"]))
        elif other != row["path"]:
            findings.append(Finding("ADR-ALIAS", row["path"], None, {"value": row["value"], "other": other}))
    return findings


def _find_holder(catalog: Catalog, county: County, site_id: str, alias: str) -> str:
    """Return what stands at an address already, or would have to be a folder for it; empty if nothing does."""
    goal = _address(catalog, county, site_id, alias)
    if goal:
        return goal.document or goal.address
    steps = alias.strip("/").split("/")
    for number in range(1, len(steps) + 1):
        step = "/" + "/".join(steps[:number])
        is_file = step.endswith((".html", ".htm", ".xml")) and _address(catalog, county, site_id, step)
        if is_file or step in ("/robots.txt", "/404.html"):
            return step
    return ""
