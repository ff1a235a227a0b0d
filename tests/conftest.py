"""Fixtures all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.world import CORPORA, World

if TYPE_CHECKING:
    from tests.sshd import Sshd


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Return a maker of small counties: `world(text)`."""
    numbers = iter(range(100))
    return lambda text="": World(tmp_path / f"county{next(numbers)}", text)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Return a running sshd."""
    # Imported here: it asks this module for the programs it requires.
    from tests.sshd import Sshd

    with Sshd(tmp_path_factory.mktemp("ssh") / "sshd") as server:
        yield server


def require_corpora() -> None:
    """Skip the module that calls where the collections of real content are not at hand, as beside a plain clone."""
    if not CORPORA.is_dir():
        if os.environ.get("GOVGEN_REQUIRE") == "all":
            raise FileNotFoundError(CORPORA)
        pytest.skip("the collections of real content are not at hand", allow_module_level=True)


def require(program: str) -> str:
    """Return a program's path, or skip the test where it is missing; with GOVGEN_REQUIRE=all that is a failure."""
    return shutil.which(program) or do_without(f"{program} is missing")


def do_without(reason: str) -> NoReturn:
    """Skip the test for what this machine lacks; with GOVGEN_REQUIRE=all that is a failure."""
    if os.environ.get("GOVGEN_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)
