"""Says what was found damaged, to people and to programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from govgen.release.heal import Outcome
from govgen.release.inspect import Kind
from govgen.texts import Texts, visible


def say(outcomes: Iterable[Outcome], texts: Texts) -> list[str]:
    """Return a line a damage: what, where, since when, and what became of it."""
    lines = []
    for outcome in outcomes:
        damage = outcome.damage
        line = texts.word("damage", damage.kind, path=damage.path, found=damage.found, wanted=damage.wanted)
        if damage.since:
            since = datetime.fromtimestamp(damage.since, UTC).astimezone()
            line += texts.word("damage", "since", since=f"{since:%Y-%m-%d %H:%M:%S}")
        if outcome.is_healed:
            line += texts.word("damage", "moved" if damage.kind is Kind.ADDED else "healed")
        elif outcome.reason:
            line += texts.word("damage", "not-healed", reason=outcome.reason)
        lines.append(visible(line))
    return lines


def as_json(outcome: Outcome) -> dict[str, object]:
    """Return a damage as JSON has it."""
    damage = outcome.damage
    since = datetime.fromtimestamp(damage.since, UTC).isoformat(timespec="seconds") if damage.since else None
    return {
        "kind": damage.kind.value,
        "path": damage.path,
        "found": damage.found,
        "wanted": damage.wanted,
        "since": since,
        "healed": outcome.is_healed,
        "reason": outcome.reason,
    }
