"""Writes the configuration of nginx: one server for all sites, told apart by maps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from govgen.model.county import County
from govgen.webserver.headers import (
    CACHE_CONTROL,
    FEED_TYPE,
    HEADERS,
    HSTS,
    NEVER_SERVED,
    TYPES,
    WRITTEN_TYPES,
    Header,
    mount_pattern,
)
from govgen.webserver.serving import LOCAL_DOMAIN, LOOPBACK, Hosts, Serving, find_hosts, writable

_KEPT_AT_THE_ROOT = "assets/|robots[.]txt|favicon[.]ico|[.]well-known/"
"""What a site mounted below the portal has not itself but finds at the portal's root."""


@dataclass(frozen=True)
class Process:
    """What an nginx of its own needs besides what it serves."""

    folder: Path
    """Where it keeps its process id, its logs and what it sets aside."""

    modules: tuple[Path, ...] = ()
    user: str = ""
    """Who its workers are, where the process is root's; empty for whoever starts it."""


def nginx_configuration(county: County, serving: Serving) -> str:
    """Return what nginx includes inside `http`: maps and servers. Raises UsageError for a path it cannot hold."""
    return "\n".join(_http_lines(find_hosts(county), serving)) + "\n"


def whole_configuration(county: County, serving: Serving, process: Process) -> str:
    """Return a complete configuration of an nginx that runs by itself, in the foreground. Raises UsageError."""
    return "\n".join(_whole_lines(find_hosts(county), serving, process)) + "\n"


def _whole_lines(hosts: Hosts, serving: Serving, process: Process) -> Iterator[str]:
    yield from (f"load_module {writable(module)};" for module in process.modules)
    if process.user:
        yield f"user {process.user};"
    yield from ("daemon off;", "worker_processes auto;", f"pid {writable(process.folder / 'nginx.pid')};")
    yield f"error_log {writable(process.folder / 'error.log')};"
    yield "events { worker_connections 1024; }"
    yield "http {"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"    {kind}_temp_path {writable(process.folder / kind)};"
    yield f"    access_log {writable(process.folder / 'access.log')};"
    yield "    sendfile on;"
    yield "    tcp_nopush on;"
    yield from (f"    {line}" if line else "" for line in _http_lines(hosts, serving))
    yield "}"


def _http_lines(hosts: Hosts, serving: Serving) -> Iterator[str]:
    yield "# Long addresses and many of them stand in the map of redirects."
    yield from ("map_hash_bucket_size 1024;", "map_hash_max_size 65536;", "")
    yield from _host_maps(hosts, serving)
    yield from _redirect_maps(hosts, serving)
    yield from _header_maps(hosts)
    if serving.certificate:
        yield from _block("server {", _to_https(serving))
    yield from _block("server {", _site_server(serving))


def _block(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from (f"    {line}" if line else "" for line in lines)
    yield "}"
    yield ""


def _host_maps(hosts: Hosts, serving: Serving) -> Iterator[str]:
    yield "# The folder of a host below current/sites; empty for a host that is not the county's."
    names = {hosts.full(label): hosts.full(label) for label in hosts.labels} | {hosts.domain: hosts.domain}
    if serving.is_local:
        names |= {f"{label}.{LOCAL_DOMAIN}": hosts.full(label) for label in hosts.labels}
        names |= dict.fromkeys((LOCAL_DOMAIN, *LOOPBACK), hosts.domain)
    yield from _block("map $host $govgen_site {", _entries("", names))


def _entries(default: str, values: dict[str, str]) -> Iterator[str]:
    yield f'default "{default}";'
    yield from (f'"{key}" "{value}";' for key, value in values.items())


def _redirect_maps(hosts: Hosts, serving: Serving) -> Iterator[str]:
    yield "# Where a host moved to: with the bare domain to the portal, with a change of mount to the other one."
    yield "# Made of the address as it came: a decoded one could break out of the header."
    yield from _block("map $govgen_site$request_uri $govgen_remounted {", _entries("", _remounts(hosts)))
    yield "# Old addresses of documents, read when nginx is reloaded; until then, pages that redirect stand there."
    yield "# Volatile, since nginx goes through all this again with the address of the page that says there is none."
    include = f'include {writable(serving.root / "current")[:-1]}/redirects/*.map";'
    yield from _block("map $govgen_site$uri $govgen_renamed {", iter(["volatile;", include]))
    yield "# What the reader asked for after the address goes with it; the address of a remount has it already."
    lines = ["volatile;", '"" $govgen_remounted;', "default $govgen_renamed$is_args$args;"]
    yield from _block("map $govgen_renamed $govgen_moved {", iter(lines))
    if serving.is_local:
        yield "# On this machine, redirects lead to the hosts of this machine."
        ending = {f"~(?:^|[.]){LOCAL_DOMAIN}$": LOCAL_DOMAIN, **dict.fromkeys(LOOPBACK, LOCAL_DOMAIN)}
        yield from _block("map $host $govgen_domain {", _entries(hosts.domain, ending))
        here = f"http://$govgen_label.$govgen_domain:{serving.http_port}$govgen_path"
        there = f"~^https://(?<govgen_label>[a-z0-9-]+)[.]{re.escape(hosts.domain)}(?<govgen_path>/.*)$"
        lines = ["volatile;", *_entries("$govgen_moved", {there: here})]
        yield from _block("map $govgen_moved $govgen_moved_here {", iter(lines))


def _remounts(hosts: Hosts) -> dict[str, str]:
    """Return where addresses of other hosts or mounts lead, by regular expressions of host and address."""
    domain, portal = re.escape(hosts.domain), f"https://{hosts.portal}"
    moved = {f"~^{domain}(?<govgen_bare>/.*)$": f"{portal}$govgen_bare"}
    if hosts.below_portal:
        own = f"(?<govgen_below>{'|'.join(hosts.below_portal)})[.]{domain}"
        moved[f"~^{own}(?<govgen_kept>/(?:{_KEPT_AT_THE_ROOT}).*)$"] = f"{portal}$govgen_kept"
        moved[f"~^{own}(?<govgen_rest>/.*)$"] = f"{portal}/$govgen_below$govgen_rest"
    if hosts.once_below_portal:
        once = f"/(?<govgen_own>{'|'.join(hosts.once_below_portal)})(?<govgen_rest>/.*)"
        moved[f"~^{re.escape(hosts.portal)}{once}$"] = f"https://$govgen_own.{hosts.domain}$govgen_rest"
    return moved


def _header_maps(hosts: Hosts) -> Iterator[str]:
    prefix = mount_pattern(hosts.below_portal)
    yield "# Headers are chosen by maps: one add_header inside a location would take away all others."
    for header in (*HEADERS, CACHE_CONTROL):
        if not header.is_constant:
            is_success_only = header is CACHE_CONTROL
            start = f"~^(?:200|206|304):{prefix}" if is_success_only else f"~^{prefix}"
            cases = {f"{start}{case.path}$": case.value for case in header.cases}
            subject = '"$status:$uri"' if is_success_only else "$uri"
            yield from _block(f"map {subject} {_variable(header)} {{", _entries(header.value, cases))
    yield from _block("map $status $govgen_allow {", _entries("", {"405": "GET, HEAD"}))


def _variable(header: Header) -> str:
    return f"$govgen_{header.name.lower().replace('-', '_')}"


def _add_headers(serving: Serving) -> Iterator[str]:
    for header in (*HEADERS, CACHE_CONTROL):
        value = f'"{header.value}"' if header.is_constant else _variable(header)
        yield f"add_header {header.name} {value} always;"
    if serving.certificate:
        yield f'add_header Strict-Transport-Security "{HSTS}" always;'
    yield "add_header Allow $govgen_allow always;"
    yield "# A file's time is made from what it holds, so that ETag tells any two apart; as a date it means nothing."
    yield 'add_header Last-Modified "" always;'


def _listens(serving: Serving, port: int, words: str = "") -> Iterator[str]:
    yield from (f"listen {address}:{port} {words}default_server;" for address in serving.addresses)


def _refusals() -> Iterator[str]:
    yield 'if ($govgen_site = "") { return 421; }'
    yield "if ($request_method !~ ^(?:GET|HEAD)$) { return 405; }"


def _to_https(serving: Serving) -> Iterator[str]:
    yield from _listens(serving, serving.http_port)
    yield from ("server_name _;", "server_tokens off;", "client_max_body_size 1k;")
    yield from _add_headers(serving)
    yield from _refusals()
    yield "return 301 https://$host$request_uri;"


def _site_server(serving: Serving) -> Iterator[str]:
    if serving.certificate:
        yield from _listens(serving, serving.https_port, "ssl http2 ")
        yield f"ssl_certificate {writable(serving.certificate.file)};"
        yield f"ssl_certificate_key {writable(serving.certificate.key)};"
        yield "ssl_protocols TLSv1.2 TLSv1.3;"
        yield from ("ssl_session_cache shared:govgen:10m;", "ssl_session_tickets off;")
    else:
        yield from _listens(serving, serving.http_port)
    yield from ("server_name _;", "server_tokens off;", "client_max_body_size 1k;", "")
    yield from _add_headers(serving)
    yield ""
    yield from _refusals()
    goal = "$govgen_moved_here" if serving.is_local else "$govgen_moved"
    yield f"set $govgen_goal {goal};"
    yield "# A map knows no capitals: an old address that differs only in them must not lead to itself."
    yield 'if ($govgen_renamed = "https://$govgen_site$uri") { set $govgen_goal ""; }'
    yield "if ($govgen_goal) { return 301 $govgen_goal; }"
    yield ""
    yield from _files(serving)


def _files(serving: Serving) -> Iterator[str]:
    yield f'root {writable(serving.root / "current" / "sites")[:-1]}/$govgen_site";'
    yield from ("index index.html;", "absolute_redirect off;", "default_type application/octet-stream;")
    yield from _block("types {", (f"{type} {' '.join(endings)};" for type, endings in TYPES.items()))
    yield from ("charset utf-8;", f"charset_types {' '.join(WRITTEN_TYPES)};")
    yield "# Files are packed once, when they are published. An open_file_cache would go on serving the old release."
    yield from ("gzip off;", "gzip_static on;", "gzip_vary on;")
    if serving.has_brotli:
        yield "brotli_static on;"
    yield from ("error_page 404 /404.html;", "error_page 403 =404 /404.html;", "")
    yield "location / { try_files $uri $uri/ =404; }"
    yield f"location ~ /feed[.]xml$ {{ types {{ {FEED_TYPE} xml; }} }}"
    yield "location ~ /[.](?!well-known/) { return 404; }"
    yield f"location ~* (?:~|[.](?:{NEVER_SERVED}))$ {{ return 404; }}"
    yield "location = /404.html { internal; }"
