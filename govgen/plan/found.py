"""What a page tells those who find it for others: Open Graph for shared links, JSON-LD for search engines.

JSON-LD is data in a script element that no browser runs. The words are schema.org's; which a type must have stands in
tests/test_found.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from markupsafe import Markup

from govgen.catalog.records import Record
from govgen.catalog.values import read_json, write_json
from govgen.model.county import SectionKind, Site
from govgen.model.document import Kind
from govgen.model.hours import opening_hours
from govgen.model.language import locale_of
from govgen.model.view import DocumentView, Page
from govgen.plan.scope import Scope

Node = dict[str, object]
"""One thing that a page is about, in schema.org's words; what is empty is left out."""

_FORCE = {"in_force": "InForce", "amended": "InForce", "repealed": "NotInForce", "expired": "NotInForce"}
_TEXTS = frozenset({Kind.ARTICLE, Kind.INTERPRETATION, Kind.LETTER, Kind.CONSULTATION})
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Inside a script element nothing is an entity, and `</script` or `<!--` would change what the browser reads."""


def open_graph(scope: Scope, page: Page, document: DocumentView | None) -> tuple[tuple[str, str], ...]:
    """Return what a shared link shows: title, kind, address, site, language, words and picture."""
    image = _full(scope, document.image) if document else ""
    tags = (
        ("og:title", page.title),
        ("og:type", "article" if document else "website"),
        ("og:url", page.canonical),
        ("og:site_name", scope.site.name),
        ("og:locale", locale_of(page.language)),
        ("og:description", page.description),
        ("og:image", image),
    )
    return tuple(tag for tag in tags if tag[1])


def structured(*nodes: Node | None) -> Markup:
    """Return things as the JSON-LD of a page, safe inside a script element; empty where there are none."""
    graph = [node for node in nodes if node]
    if not graph:
        return Markup()
    data = {"@context": "https://schema.org", **(graph[0] if len(graph) == 1 else {"@graph": graph})}
    return Markup(write_json(data).translate(_ESCAPES))


def breadcrumb(scope: Scope, page: Page) -> Node | None:
    """Return the way from the home page to a page; None for the home page itself."""
    if not page.breadcrumb:
        return None
    links = [(step.name, _full(scope, step.href)) for step in page.breadcrumb]
    if links[-1][1] != page.canonical:
        links.append((page.title, page.canonical))
    items = [
        {"@type": "ListItem", "position": number, "name": name, "item": address}
        for number, (name, address) in enumerate(links, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def organisation(scope: Scope, site: Site) -> Node:
    """Return who keeps a site, in a few words."""
    name = scope.county.full_name if site.is_portal else site.name
    return {"@type": "GovernmentOrganization", "name": name, "url": scope.addresses.url(site, "/")}


def organisation_at_home(scope: Scope, description: str) -> Node:
    """Return who keeps a site, as its home page tells it: whose it is, and how to reach it."""
    county, site = scope.county, scope.site
    phone = site.phone or (county.identity.phone if site.is_portal else "")
    address = site.address or (county.identity.address if site.is_portal else "")
    return _filled(
        organisation(scope, site),
        {
            "alternateName": site.short_name,
            "description": description,
            "telephone": phone,
            "address": {"@type": "PostalAddress", "addressCountry": "CN", "streetAddress": address} if address else "",
            "openingHours": list(opening_hours(site.hours)),
            "parentOrganization": "" if site.is_portal else organisation(scope, county.portal),
        },
    )


def document_node(scope: Scope, record: Record, document: DocumentView, url: str, language: str) -> Node | None:
    """Return what a document's page is about; None for standing pages, of which only the way there is told."""
    kind = Kind(document.kind)
    publisher = organisation(scope, scope.site)
    common: Node = {
        "url": url,
        "inLanguage": language,
        "description": document.summary,
        "datePublished": _moment(document.date),
        "dateModified": _moment(document.updated),
        "image": _full(scope, document.image),
    }
    if kind in _TEXTS:
        return _article(scope, record, document, {**common, "publisher": publisher})
    if kind is Kind.POLICY:
        return _legislation(scope, record, document, {**common, "publisher": publisher})
    if kind is Kind.SERVICE:
        return _service(scope, document, common, publisher)
    if kind is Kind.DATA:
        return _dataset(scope, document, {**common, "creator": publisher})
    return None


def _article(scope: Scope, record: Record, document: DocumentView, common: Node) -> Node:
    section = scope.site.find_section(record.row["section"])
    is_news = section is not None and section.kind is SectionKind.NEWS
    about = [
        _filled({"@type": "Legislation", "name": item.title, "url": _full(scope, item.href)})
        for item in document.interprets
    ]
    author = {"@type": "Organization", "name": document.source} if document.source else ""
    node = {"@type": "NewsArticle" if is_news else "Article", "headline": document.title, "author": author}
    return _filled(node, common, {"about": about})


def _legislation(scope: Scope, record: Record, document: DocumentView, common: Node) -> Node:
    facts = dict(read_json(record.row["details"])["facts"])
    issuer = facts.get("issuer") or record.row["source"] or scope.site.name
    begins, ends = facts.get("effective_on", ""), facts.get("expires_on", "")
    return _filled(
        {
            "@type": "Legislation",
            "name": document.title,
            "legislationIdentifier": document.number or facts.get("index_number", ""),
            "legislationDate": facts.get("issued_on", ""),
            "legislationPassedBy": {"@type": "GovernmentOrganization", "name": issuer} if issuer else "",
            "legislationLegalForce": f"https://schema.org/{_FORCE[document.validity]}" if document.validity else "",
            "temporalCoverage": f"{begins}/{ends or '..'}" if begins else "",
        },
        common,
    )


def _service(scope: Scope, document: DocumentView, common: Node, provider: Node) -> Node:
    area = {"@type": "AdministrativeArea", "name": scope.county.name}
    online = scope.county.channels.services
    channel: Node = {"@type": "ServiceChannel", "serviceUrl": online, "servicePhone": _phone(scope.site)}
    service = {"@type": "GovernmentService", "name": document.title, "provider": provider, "areaServed": area}
    told = {key: common[key] for key in ("url", "description", "image")}
    return _filled(service, told, {"availableChannel": _filled(channel)})


def _phone(site: Site) -> object:
    return {"@type": "ContactPoint", "telephone": site.phone} if site.phone else ""


def _dataset(scope: Scope, document: DocumentView, common: Node) -> Node:
    files = [
        _filled(
            {
                "@type": "DataDownload",
                "name": file.name,
                "contentUrl": _full(scope, file.href),
                "encodingFormat": file.type,
                "contentSize": str(file.size_bytes),
            }
        )
        for file in document.attachments
    ]
    named = {"@type": "Dataset", "name": document.title, "isAccessibleForFree": True}
    # A dataset without a description is none to search engines.
    return _filled(named, common, {"description": document.summary or document.title, "distribution": files})


def _filled(*parts: Mapping[str, object]) -> Node:
    """Return all that is not empty of some parts; what comes later goes first."""
    merged = {key: value for part in parts for key, value in part.items()}
    return {key: value for key, value in merged.items() if value not in ("", [], None)}


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _full(scope: Scope, href: str) -> str:
    """Return the full address of what a page of this site links to as `href`."""
    if not href.startswith("/"):
        return href
    home, rooted = scope.addresses.url(scope.site, "/"), scope.href("/")
    return home.removesuffix(rooted) + href
