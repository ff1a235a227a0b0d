"""Decides what becomes of each document in this build: listed, withdrawn, kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from govgen.catalog.store import Catalog
from govgen.model.document import State
from govgen.model.finding import Finding


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


def hold_address_twins(catalog: Catalog) -> list[Finding]:
    """Hold all but one of the documents that claim the same address: the one published first keeps it."""
    twins = catalog.rows(
        "SELECT path, site, address FROM documents WHERE (site, address) IN"
        " (SELECT site, address FROM documents GROUP BY site, address HAVING count(*) > 1)"
        " ORDER BY site, address, status = 'draft', date, path"
    )
    findings = []
    keepers: dict[tuple[str, str], str] = {}
    for twin in twins:
        keeper = keepers.setdefault((twin["site"], twin["address"]), twin["path"])
        if keeper != twin["path"]:
            values = {"address": f"{twin['site']}:{twin['address']}", "other": keeper}
            findings.append(Finding("ADR-TWICE", twin["path"], None, values))
    catalog.remove(finding.path for finding in findings)
    return findings


def set_states(catalog: Catalog, audience: Audience) -> list[Finding]:
    """Write every document's state, whether it stands in lists and has a page; return which are due for review."""
    now = audience.clock
    catalog.connection.create_function("is_past", 1, lambda text: bool(text) and datetime.fromisoformat(text) <= now)
    catalog.connection.execute(
        f"""
        UPDATE documents SET state = CASE
            WHEN status = 'draft' THEN '{State.DRAFT.value}'
            WHEN status = 'withdrawn' THEN '{State.WITHDRAWN.value}'
            WHEN expires_at != '' AND is_past(expires_at) THEN '{State.EXPIRED.value}'
            WHEN publish_at != '' THEN CASE WHEN is_past(publish_at) THEN 'listed' ELSE '{State.FUTURE.value}' END
            WHEN date != '' AND NOT is_past(date) THEN '{State.FUTURE.value}'
            ELSE '{State.LISTED.value}' END
        """
    )
    shown = ", ".join(f"'{state.value}'" for state in sorted(audience.states, key=lambda state: state.value))
    catalog.connection.execute(
        f"UPDATE documents SET is_listed = state IN ({shown}),"
        f" has_page = state IN ({shown}, '{State.WITHDRAWN.value}') AND name != 'index'"
    )
    due = catalog.rows(
        "SELECT path, review_by FROM documents WHERE is_listed AND review_by != '' AND review_by <= ? ORDER BY path",
        now.date().isoformat(),
    )
    return [Finding("REVIEW-DUE", row["path"], None, {"value": row["review_by"]}) for row in due]
