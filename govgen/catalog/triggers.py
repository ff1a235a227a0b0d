"""Notes, in the database itself, which keys a change touches: no code path that changes a row can forget to.

A key may stand there more than once: the conflict clause of the statement that fires a trigger would overrule its own.

Keys, and who looks at them:
    document:PATH       all that the page of a document shows
    item:PATH           what lists show of a document
    id:ID  path:PATH  address:SITE:ADDRESS    whether something is to be found there
    listing:SITE:SECTION  month:SITE:SECTION:MONTH  months:SITE:SECTION  kind:KIND  feed:SITE    what a list holds
    relating:PATH       which documents name this one
    topic:ID            which documents belong to a topic
    sitemap:SITE        addresses and days of a site's documents
    plan:SITE           which pages a site has
    grams:NAME:NUMBER  texts:BLOCK  search    the search index: a shard of its lists, a block of its texts, its shape
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_ITEM = (
    "title date source summary number validity image image_text replied_by received_on replied_on opens_on closes_on"
    " phase is_interpreted language updated state address site kind life_event figures"
).split()
_SHOWN = [*_ITEM, *"id digest section author own_validity is_listed has_page".split()]
_PLACE = "id site section name address kind state is_listed has_page opens_on closes_on".split()
_DATED = "address is_listed has_page date updated site".split()
_NEIGHBOUR = "title address language".split()

_NEXT_TO = """
SELECT 'document:' || document FROM (
    SELECT document FROM listings WHERE site = {r}.site AND section = {r}.section AND is_own
        AND (date, id) < ({r}.date, {r}.id) ORDER BY date DESC, id DESC LIMIT 1)
UNION ALL SELECT 'document:' || document FROM (
    SELECT document FROM listings WHERE site = {r}.site AND section = {r}.section AND is_own
        AND (date, id) > ({r}.date, {r}.id) ORDER BY date, id LIMIT 1)
"""
"""The neighbours of a place in a list, whether a document stands there or not."""

_NEXT_TO_LISTED = """
SELECT 'document:' || n.document FROM listings l JOIN listings n
    ON n.site = l.site AND n.section = l.section AND n.is_own
WHERE l.document = NEW.path AND l.is_own AND n.document IN (
    (SELECT p.document FROM listings p WHERE p.site = l.site AND p.section = l.section AND p.is_own
        AND (p.date, p.id) < (l.date, l.id) ORDER BY p.date DESC, p.id DESC LIMIT 1),
    (SELECT p.document FROM listings p WHERE p.site = l.site AND p.section = l.section AND p.is_own
        AND (p.date, p.id) > (l.date, l.id) ORDER BY p.date, p.id LIMIT 1))
"""
"""The neighbours of a listed document."""


def _differs(columns: Sequence[str]) -> str:
    return " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)


def _trigger(name: str, on: str, keys: Sequence[str], selects: Sequence[str] = (), *, when: str = "") -> str:
    condition = f"WHEN {when}" if when else ""
    values = ", ".join(f"({key})" for key in keys)
    steps = [f"INSERT INTO touched VALUES {values};"] if keys else []
    steps += [f"INSERT INTO touched {select};" for select in selects]
    return f"CREATE TRIGGER {name} AFTER {on} {condition} BEGIN {' '.join(steps)} END;"


def _found(r: str) -> list[str]:
    return [f"'id:' || {r}.id", f"'path:' || {r}.path", f"'address:' || {r}.site || ':' || {r}.address"]


def _joined(r: str) -> list[str]:
    """Return what a document's coming or going touches in what it is part of."""
    return [
        f"SELECT 'topic:' || topic FROM topics WHERE document = {r}.path",
        f"SELECT 'relating:' || to_document FROM refs WHERE document = {r}.path AND to_document IS NOT NULL",
    ]


def _documents() -> list[str]:
    in_lists = [
        "SELECT 'listing:' || site || ':' || section FROM listings WHERE document = NEW.path",
        "SELECT 'kind:' || kind FROM listings WHERE document = NEW.path",
    ]
    return [
        _on_update("documents_shown", _SHOWN, ["'document:' || NEW.path"]),
        _on_update("documents_item", _ITEM, ["'item:' || NEW.path"]),
        _on_update(
            "documents_place",
            _PLACE,
            [*_found("OLD"), *_found("NEW"), "'plan:' || OLD.site", "'plan:' || NEW.site"],
            [*_joined("OLD"), *_joined("NEW")],
        ),
        _on_update("documents_sitemap", _DATED, ["'sitemap:' || OLD.site", "'sitemap:' || NEW.site"]),
        _on_update("documents_order", ["place"], [], in_lists),
        _on_update("documents_neighbour", _NEIGHBOUR, [], [_NEXT_TO_LISTED]),
        *_come_and_go(
            "documents",
            lambda r: (
                [
                    *_found(r),
                    *(f"'{key}:' || {r}.path" for key in ("document", "item")),
                    *(f"'{key}:' || {r}.site" for key in ("plan", "sitemap")),
                ],
                _joined(r),
            ),
        ),
    ]


def _on_update(name: str, columns: Sequence[str], keys: Sequence[str], selects: Sequence[str] = ()) -> str:
    return _trigger(name, "UPDATE ON documents", keys, selects, when=_differs(columns))


def _come_and_go(table: str, touches: Callable[[str], tuple[list[str], list[str]]]) -> list[str]:
    """Return the triggers for new rows and for removed ones."""
    return [
        _trigger(f"{table}_{event.lower()}", f"{event} ON {table}", *touches(r))
        for event, r in (("INSERT", "NEW"), ("DELETE", "OLD"))
    ]


def _refs() -> list[str]:
    def relating(r: str) -> str:
        return f"SELECT 'relating:' || {r}.to_document WHERE {r}.to_document IS NOT NULL AND {r}.relation != 'link'"

    goal = _differs(["to_document", "to_site", "to_address", "fragment"])
    both = [relating("OLD"), relating("NEW")]
    return [
        _trigger("refs_update", "UPDATE ON refs", ["'document:' || NEW.document"], both, when=goal),
        *_come_and_go("refs", lambda r: ([f"'document:' || {r}.document"], [relating(r)])),
    ]


def _listings() -> list[str]:
    def touches(r: str) -> tuple[list[str], list[str]]:
        place = f"{r}.site || ':' || {r}.section"
        others = (
            f"SELECT 1 FROM listings WHERE site = {r}.site AND section = {r}.section AND month = {r}.month"
            f" AND (document, is_own) != ({r}.document, {r}.is_own)"
        )
        archive = f"'address:' || {r}.site || ':/' || {r}.section || '/' || replace({r}.month, '-', '/') || '/'"
        is_only = f"WHERE {r}.month != '' AND NOT EXISTS ({others})"
        keys = [
            f"'listing:' || {place}",
            f"'month:' || {place} || ':' || {r}.month",
            f"'kind:' || {r}.kind",
            f"'feed:' || {r}.site",
        ]
        in_month = (f"SELECT {key} {is_only}" for key in (f"'months:' || {place}", f"'plan:' || {r}.site", archive))
        return keys, [*in_month, _NEXT_TO.format(r=r)]

    return _come_and_go("listings", touches)


def _others() -> list[str]:
    return [
        *_come_and_go(
            "files",
            lambda r: (
                [f"'document:' || {r}.document", f"'plan:' || {r}.site"],
                # Lists show a document's picture, and how large it is.
                [f"SELECT 'item:' || {r}.document WHERE {r}.is_picture"],
            ),
        ),
        *_come_and_go("bodies", lambda r: ([f"'document:' || {r}.document"], [])),
        *_come_and_go("topics", lambda r: ([f"'topic:' || {r}.topic"], [])),
        *_come_and_go("search_shards", lambda r: ([f"'grams:' || {r}.name || ':' || {r}.number"], [])),
        _trigger(
            "search_shards_update",
            "UPDATE ON search_shards",
            ["'grams:' || NEW.name || ':' || NEW.number"],
            when="OLD.content IS NOT NEW.content",
        ),
        *_come_and_go(
            "aliases", lambda r: ([f"'plan:' || {r}.site", f"'address:' || {r}.site || ':' || {r}.alias"], [])
        ),
    ]


def _outputs() -> list[str]:
    forget = "BEGIN DELETE FROM site_trees WHERE site = {r}.site; END;"
    return [
        f"CREATE TRIGGER outputs_{name} AFTER {event} ON artifacts {forget.format(r=r)}"
        for name, event, r in (
            ("made", "UPDATE OF digest", "NEW"),
            ("planned", "INSERT", "NEW"),
            ("gone", "DELETE", "OLD"),
        )
    ]


TRIGGERS = "\n".join([*_documents(), *_refs(), *_listings(), *_others(), *_outputs()])
