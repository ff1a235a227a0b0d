"""Puts addresses into a document's body in place of the marks left when it was parsed."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Mapping
from itertools import count

from markupsafe import Markup

from govgen.catalog.records import Record
from govgen.model.document import REFERENCE_MARK
from govgen.plan.leaving import mark_leaving
from govgen.plan.pictures import picture_html, picture_of
from govgen.plan.scope import Scope

_LINK = re.compile(rf'<a([^>]*?) href="{REFERENCE_MARK}(\d+)"([^>]*)>(.*?)</a>', re.DOTALL)
_PICTURE = re.compile(rf'<img([^>]*?) src="{REFERENCE_MARK}(\d+)"([^>]*)>')


def resolve_body(scope: Scope, record: Record, body: str, *, is_first: bool = False) -> Markup:
    """Return a body with its addresses as pages of this site reach them; a dead link leaves its words behind.

    `is_first` says that no picture stands before the body's: its first one is loaded at once.
    """
    body = mark_leaving(scope, body)
    if REFERENCE_MARK not in body:
        return Markup(body)
    references = {
        str(reference["number"]): reference for reference in record.references if reference["relation"] == "link"
    }
    files = {file["address"]: file for file in record.files if file["is_picture"]}
    pictures_so_far = count(0 if is_first else 1)

    def link(match: re.Match[str]) -> str:
        address = _href(scope, references, match[2])
        return f'<a{match[1]} href="{html.escape(address)}"{match[3]}>{match[4]}</a>' if address else match[4]

    def picture(match: re.Match[str]) -> str:
        file = files[references[match[2]]["to_address"]]
        is_at_once = next(pictures_so_far) == 0
        return picture_html(picture_of(scope, file), match[1] + match[3], is_first=is_at_once)

    return Markup(_PICTURE.sub(picture, _LINK.sub(link, body)))


def _href(scope: Scope, references: Mapping[str, sqlite3.Row], number: str) -> str:
    reference = references[number]
    if not reference["to_site"]:
        return ""
    fragment = reference["fragment"]
    address = scope.href(reference["to_address"], scope.site_of(reference["to_site"]))
    return f"{address}#s-{fragment}" if fragment else address
