"""The door to orjson: values made of plain ones, as JSON and back."""

from __future__ import annotations

from typing import Any

import orjson

from govgen.catalog.store import digest_bytes, digest_of


def digest_value(value: object) -> str:
    """Return what stands for a view or anything else made of plain values: equal values, equal digests."""
    try:
        return digest_bytes(orjson.dumps(value))
    except TypeError:  # What JSON has no word for: a front matter's number of 40 digits.
        return digest_of(value)


def write_json(value: object) -> str:
    """Return plain values as JSON, without a space."""
    return orjson.dumps(value).decode()


def read_json(text: str) -> Any:
    """Return the value a column holds as JSON."""
    return orjson.loads(text)
