"""Writes a Caddyfile that answers as nginx does, as far as Caddy can."""

from __future__ import annotations

from collections.abc import Iterator

from govgen.model.county import County
from govgen.webserver.headers import CACHE_CONTROL, FEED_TYPE, FRESH, HEADERS, HSTS, NEVER_SERVED, mount_pattern
from govgen.webserver.serving import EVERY_ADDRESS, Hosts, Serving, find_hosts, writable

_WORDS = 'respond "{err.status_code} {err.status_text}"'
_KEPT_AT_THE_ROOT = "/assets/* /robots.txt /favicon.ico /.well-known/*"


def caddy_configuration(county: County, serving: Serving) -> str:
    """Return a whole Caddyfile. Raises UsageError for a path it cannot hold.

    Old addresses of documents are left to the pages that redirect; no certificate is fetched.
    """
    return "\n".join(_lines(find_hosts(county), serving)) + "\n"


def _lines(hosts: Hosts, serving: Serving) -> Iterator[str]:
    yield from _block("{", iter(("admin off", "auto_https off")))
    yield from _block("(govgen_headers) {", _headers(hosts, serving))
    yield from _block("(govgen_hosts) {", _hosts(hosts))
    if serving.certificate:
        yield from _block(f"http://:{serving.http_port} {{", _to_https(serving))
        yield from _block(f"https://:{serving.https_port} {{", _site_server(hosts, serving))
    else:
        yield from _block(f"http://:{serving.http_port} {{", _site_server(hosts, serving))


def _block(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from (f"\t{line}" for line in lines)
    yield "}"


def _quoted(text: str) -> str:
    return f'"{text}"'


def _hosts(hosts: Hosts) -> Iterator[str]:
    """Yield what finds a host's folder below current/sites, and its place below the portal if it is mounted there."""
    places = {hosts.full(label): label if label in hosts.below_portal else "-" for label in hosts.labels}
    rows = [f'"~(?i)^{_escaped(name)}$" {name} {place}' for name, place in {**places, hosts.domain: "-"}.items()]
    rows.append("default - -")
    yield from _block("map {host} {govgen_site} {govgen_below} {", iter(rows))
    yield "@unknown vars {govgen_site} -"
    yield "error @unknown 421"
    yield "@other not method GET HEAD"
    yield 'header @other Allow "GET, HEAD"'
    yield "error @other 405"


def _escaped(host: str) -> str:
    return host.replace(".", "[.]")


def _headers(hosts: Hosts, serving: Serving) -> Iterator[str]:
    prefix = mount_pattern(hosts.below_portal)
    number = 0
    for header in (*HEADERS, CACHE_CONTROL):
        if header.value:
            yield f"header {header.name} {_quoted(header.value)}"
        # The first case that fits is meant, and here the last one counts.
        for case in reversed(header.cases):
            number += 1
            yield f"@case{number} path_regexp ^{prefix}{case.path}$"
            yield f"header @case{number} {header.name} {_quoted(case.value)}"
    if serving.certificate:
        yield f"header Strict-Transport-Security {_quoted(HSTS)}"
    yield "header -Server"
    yield "header -Last-Modified"


def _bind(serving: Serving) -> Iterator[str]:
    if serving.addresses != EVERY_ADDRESS:
        yield f"bind {' '.join(address.strip('[]') for address in serving.addresses)}"


def _to_https(serving: Serving) -> Iterator[str]:
    yield from _bind(serving)
    lines = ("import govgen_headers", "import govgen_hosts", "redir https://{host}{uri} 301")
    yield from _block("route {", iter(lines))
    words = ("header -Server", _WORDS)
    yield from _block("handle_errors {", iter(words))


def _site_server(hosts: Hosts, serving: Serving) -> Iterator[str]:
    yield from _bind(serving)
    if serving.certificate:
        yield f"tls {writable(serving.certificate.file)} {writable(serving.certificate.key)}"
    yield from _block("route {", _route(hosts, serving))
    yield from _block("handle_errors {", _errors())


def _route(hosts: Hosts, serving: Serving) -> Iterator[str]:
    portal = f"https://{hosts.portal}"
    yield "import govgen_headers"
    yield "import govgen_hosts"
    yield f"@bare vars {{govgen_site}} {hosts.domain}"
    yield f"redir @bare {portal}{{uri}} 301"
    if hosts.below_portal:
        yield from _block("@kept {", iter(("not vars {govgen_below} -", f"path {_KEPT_AT_THE_ROOT}")))
        yield f"redir @kept {portal}{{uri}} 301"
        yield "@below not vars {govgen_below} -"
        yield f"redir @below {portal}/{{govgen_below}}{{uri}} 301"
    for label in hosts.once_below_portal:
        conditions = (f"vars {{govgen_site}} {hosts.portal}", f"path /{label}/*")
        yield from _block(f"@once_{label} {{", iter(conditions))
        steps = (f"uri strip_prefix /{label}", f"redir https://{hosts.full(label)}{{uri}} 301")
        yield from _block(f"route @once_{label} {{", iter(steps))
    yield f'root * {writable(serving.root / "current" / "sites")[:-1]}/{{govgen_site}}"'
    conditions = ("path_regexp /[.]", "not path_regexp ^/[.]well-known/[^./][^/]*$")
    yield from _block("@hidden {", iter(conditions))
    yield "error @hidden 404"
    yield f"@never path_regexp (?i)(?:~|[.](?:{NEVER_SERVED}))$"
    yield "error @never 404"
    yield "error /404.html 404"
    yield "@feed path_regexp /feed[.]xml$"
    yield f'header @feed Content-Type "{FEED_TYPE}; charset=utf-8"'
    yield from _block("file_server {", iter(("precompressed br gzip",)))


def _errors() -> Iterator[str]:
    """Yield what answers where there is no page: without what was meant for the file that is not there."""
    yield "@missing expression {err.status_code} == 404"
    page = ("rewrite * /404.html", "import govgen_headers", "header -Content-Disposition", "file_server")
    yield from _block("handle @missing {", _block("route {", iter(page)))
    words = (
        "header -Server",
        f"header Cache-Control {_quoted(FRESH)}",
        _WORDS,
    )
    yield from _block("handle {", iter(words))
