"""Puts addresses into a document's body in place of the marks left when it was parsed."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Mapping

from markupsafe import Markup

from govgen.catalog.records import Record
from govgen.model.document import REFERENCE_MARK
from govgen.plan.scope import Scope

_LINK = re.compile(rf'<a([^>]*?) href="{REFERENCE_MARK}(\d+)"([^>]*)>(.*?)</a>', re.DOTALL)
_PICTURE = re.compile(rf'<img([^>]*?) src="{REFERENCE_MARK}(\d+)"([^>]*)>')
_SIZED = re.compile(r"\s(?:width|height)=")


def resolve_body(scope: Scope, record: Record, body: str) -> Markup:
    """Return a body with its addresses as pages of this site reach them; a dead link leaves its words behind."""
    if REFERENCE_MARK not in body:
        return Markup(body)
    references = {
        str(reference["number"]): reference for reference in record.references if reference["relation"] == "link"
    }
    sizes = {
        file["address"]: f' width="{file["width"]}" height="{file["height"]}" loading="lazy"'
        for file in record.files
        if file["width"] > 0
    }

    def link(match: re.Match[str]) -> str:
        address = _href(scope, references, match[2])
        return f'<a{match[1]} href="{html.escape(address)}"{match[3]}>{match[4]}</a>' if address else match[4]

    def picture(match: re.Match[str]) -> str:
        address = _href(scope, references, match[2])
        rest = match[1] + match[3]
        size = "" if _SIZED.search(rest) else sizes.get(references[match[2]]["to_address"], "")
        return f'<img src="{html.escape(address)}"{rest}{size}>'

    return Markup(_PICTURE.sub(picture, _LINK.sub(link, body)))


def _href(scope: Scope, references: Mapping[str, sqlite3.Row], number: str) -> str:
    reference = references[number]
    if not reference["to_site"]:
        return ""
    fragment = reference["fragment"]
    address = scope.href(reference["to_address"], scope.site_of(reference["to_site"]))
    return f"{address}#s-{fragment}" if fragment else address
