"""Fixtures all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Return a maker of small counties: `world(text)`."""
    numbers = iter(range(100))
    return lambda text="": World(tmp_path / f"county{next(numbers)}", text)


def require(program: str) -> str:
    """Return a program's path, or skip the test where it is missing; with GOVGEN_REQUIRE=all that is a failure."""
    path = shutil.which(program)
    if path is None:
        if os.environ.get("GOVGEN_REQUIRE") == "all":
            pytest.fail(f"{program} is missing")
        pytest.skip(f"{program} is missing")
    return path
