"""Decides what becomes of each document in this build: listed, withdrawn, kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from govgen.catalog.store import Catalog
from govgen.model.finding import Finding
from govgen.model.state import State


@dataclass(frozen=True)
class Audience:
    """For whom a build is made: citizens see what is published now, editors may see more."""

    clock: datetime
    """The moment the build is made for."""

    drafts: bool = False
    future: bool = False
    expired: bool = False

    @property
    def states(self) -> frozenset[State]:
        """The states whose documents stand in lists."""
        shown = {State.LISTED}
        for state, is_shown in ((State.DRAFT, self.drafts), (State.FUTURE, self.future), (State.EXPIRED, self.expired)):
            if is_shown:
                shown.add(state)
        return frozenset(shown)


def teach_time(catalog: Catalog) -> None:
    """Let queries of this catalog compare moments that are written with different offsets; `state_at` needs it."""

    def is_past(text: str, now: str) -> bool:
        return bool(text) and datetime.fromisoformat(text) <= datetime.fromisoformat(now)

    catalog.connection.create_function("is_past", 2, is_past, deterministic=True)


def state_at(now: datetime) -> str:
    """Return SQL that tells the state of a row of `documents` at a moment."""
    # Most moments are written with the county's own offset, and text of one form is in the order of time.
    text = now.isoformat()
    same = f"substr({{0}}, -6) = '{text[-6:]}'"
    is_past = f"{{0}} != '' AND CASE WHEN {same} THEN {{0}} <= '{text}' ELSE is_past({{0}}, '{text}') END"
    return f"""CASE
            WHEN status = 'draft' THEN '{State.DRAFT.value}'
            WHEN status = 'withdrawn' THEN '{State.WITHDRAWN.value}'
            WHEN {is_past.format("expires_at")} THEN '{State.EXPIRED.value}'
            WHEN {is_past.format("publish_at")} THEN '{State.LISTED.value}'
            WHEN publish_at != '' THEN '{State.FUTURE.value}'
            WHEN date != '' AND NOT ({is_past.format("date")}) THEN '{State.FUTURE.value}'
            ELSE '{State.LISTED.value}' END"""


def set_states(catalog: Catalog, audience: Audience) -> list[Finding]:
    """Write the state of the changed documents, whether they stand in lists and have a page; return which are due."""
    now = audience.clock
    teach_time(catalog)
    shown = {state.value for state in audience.states}
    # Not one UPDATE: SQLite would read all documents to find the few that are marked.
    states = catalog.connection.execute(
        f"""
        SELECT path, name, state AS before, is_listed, has_page, {state_at(now)} AS state
        FROM changed CROSS JOIN documents USING (path)
        """
    )
    differing = []
    for row in states:
        is_listed = row["state"] in shown
        has_page = (is_listed or row["state"] == State.WITHDRAWN.value) and row["name"] != "index"
        if (row["before"], row["is_listed"], row["has_page"]) != (row["state"], is_listed, has_page):
            differing.append((row["state"], is_listed, has_page, row["path"]))
    catalog.connection.executemany(
        "UPDATE documents SET state = ?, is_listed = ?, has_page = ? WHERE path = ?", differing
    )
    due = catalog.rows(
        "SELECT path, review_by FROM changed CROSS JOIN documents USING (path)"
        " WHERE is_listed AND review_by != '' AND review_by <= ?",
        now.date().isoformat(),
    )
    return [Finding("REVIEW-DUE", row["path"], None, {"value": row["review_by"]}) for row in due]
