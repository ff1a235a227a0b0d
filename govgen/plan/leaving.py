"""Marks links that lead away from the government: a reader should know where the county stops answering for it."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from govgen.plan.scope import Scope

_LINK = re.compile(r'<a([^>]*?) href="(https?://[^"]*)"([^>]*)>(.*?)</a>', re.DOTALL | re.IGNORECASE)
_OFFICIAL = (".gov.cn", ".xn--zfr164b", ".政务")
"""What only names of governments end in: .gov.cn, and .政务 as written and as browsers send it."""


def mark_leaving(scope: Scope, body: str) -> str:
    """Return a body whose links to hosts that are no government's say so."""
    if "://" not in body:
        return body
    own = scope.share("official hosts", lambda: _own_hosts(scope))
    mark = f'<span class="outside">{html.escape(scope.word("outside"))}</span>'

    def link(match: re.Match[str]) -> str:
        if _is_official(_host(html.unescape(match[2])), own):
            return match[0]
        return f'<a{match[1]} href="{match[2]}" rel="external"{match[3]}>{match[4]}{mark}</a>'

    return _LINK.sub(link, body)


def _own_hosts(scope: Scope) -> frozenset[str]:
    """Return the county's domain, and the hosts to which its settings send citizens."""
    county = scope.county
    urls = (county.channels.consultation, county.channels.services, county.identity.report_error_url)
    return frozenset({county.domain, scope.addresses.domain, *filter(None, map(_host, urls))})


def _is_official(host: str, own: frozenset[str]) -> bool:
    return f".{host}".endswith((*_OFFICIAL, *(f".{name}" for name in own)))


def _host(url: str) -> str:
    """Return the host an address leads to, as a browser reads it; empty where it is none."""
    try:
        return (urlsplit(url.replace("\\", "/")).hostname or "").rstrip(".")
    except ValueError:
        return ""
