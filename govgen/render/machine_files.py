"""What machines read: site maps, robots.txt, security.txt, and pages that only redirect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

from govgen.model.build import Job
from govgen.plan.scope import Scope, shown_sections
from govgen.search.files import lists_file, texts_file

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP_XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_SECURITY_CONTACT_DAYS = 180


def render_sitemap(scope: Scope) -> bytes:
    """Return the site map of one site: its lists, and its documents with the day they last changed."""
    scope.use(f"sitemap:{scope.site.id}")
    paths = ["/", *(f"/{section.id}/" for section in shown_sections(scope))]
    if scope.site.villages:
        paths += ["/villages/", *(f"/{village.folder}/" for village in scope.site.villages)]
    rows = [f"<url><loc>{escape(scope.addresses.url(scope.site, path))}</loc></url>" for path in paths]
    for document in scope.catalog.rows(
        "SELECT address, max(date, updated) AS changed FROM documents"
        " WHERE site = ? AND is_listed AND has_page ORDER BY address",
        scope.site.id,
    ):
        changed = f"<lastmod>{document['changed'][:10]}</lastmod>" if document["changed"] else ""
        rows.append(f"<url><loc>{escape(scope.addresses.url(scope.site, document['address']))}</loc>{changed}</url>")
    return "\n".join([f"{_HEAD}<urlset {_SITEMAP_XMLNS}>", *rows, "</urlset>\n"]).encode()


def render_sitemap_index(scope: Scope) -> bytes:
    """Return the portal's index of all sites' site maps."""
    scope.use("sites")
    rows = []
    for site in scope.county.sites:
        path = "/sitemap-portal.xml" if site.is_portal else "/sitemap.xml"
        rows.append(f"<sitemap><loc>{escape(scope.addresses.url(site, path))}</loc></sitemap>")
    return "\n".join([f"{_HEAD}<sitemapindex {_SITEMAP_XMLNS}>", *rows, "</sitemapindex>\n"]).encode()


def render_opml(scope: Scope) -> bytes:
    """Return all feeds of the county for a feed reader: a site's own, and under it those of its sections."""
    scope.use("sites")
    lines = []
    for site in scope.county.sites:
        feeds = [(section.name, f"/{section.id}/feed.xml") for section in site.sections if section.kind.is_dated]
        lines.append(f'<outline text="{escape(site.short_name)}">')
        for name, path in ((site.name, "/feed.xml"), *((f"{site.short_name} · {name}", path) for name, path in feeds)):
            url = escape(scope.addresses.url(site, path))
            lines.append(f'<outline type="rss" text="{escape(name)}" xmlUrl="{url}"/>')
        lines.append("</outline>")
    head = f"<head><title>{escape(scope.county.full_name)}</title></head>"
    return "\n".join([f'{_HEAD}<opml version="2.0">', head, "<body>", *lines, "</body>", "</opml>\n"]).encode()


def render_robots(scope: Scope) -> bytes:
    """Return a host's robots.txt: everything may be read, and here is the map."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {scope.addresses.url(scope.site, '/sitemap.xml')}\n".encode()


def render_security(scope: Scope) -> bytes:
    """Return a host's security.txt (RFC 9116); it expires half a year after the month of the build."""
    scope.use("clock-month")
    # The county's month, for that is when it is made again.
    month = scope.clock.replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    expires: datetime = month + timedelta(days=_SECURITY_CONTACT_DAYS)
    lines = [
        f"Contact: {scope.county.identity.report_error_url}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {scope.county.language.split('-')[0]}, en",
        f"Canonical: {scope.addresses.url(scope.site, '/.well-known/security.txt')}",
    ]
    return ("\n".join(lines) + "\n").encode()


def render_search_lists(scope: Scope, job: Job) -> bytes:
    """Return a shard of the search index's lists."""
    scope.use(f"grams:{job.subject}")
    return lists_file(scope.catalog, job.subject)


def render_search_texts(scope: Scope, job: Job) -> bytes:
    """Return a block of the search index's texts."""
    scope.use(f"texts:{job.subject}")
    return texts_file(scope.catalog, int(job.subject))


def render_redirect(scope: Scope, job: Job) -> bytes:
    """Return a page that leads from an old address to the one it has now; web servers answer 301 in its stead."""
    url = escape(scope.addresses.url(scope.site, job.subject))
    moved = escape(scope.word("moved"))
    return (
        f'<!DOCTYPE html>\n<html lang="{scope.county.language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{moved}</title>\n"
        f'<link rel="canonical" href="{url}">\n<meta name="robots" content="noindex">\n'
        f'<meta http-equiv="refresh" content="0; url={url}">\n</head>\n<body>\n'
        f'<p>{moved}<a href="{url}">{url}</a></p>\n</body>\n</html>\n'
    ).encode()
