"""Publishing survives a few of all the faults that `make faults` brings about, run as a developer runs it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.faults import full, watch
from tests.conftest import require
from tests.nginx import require_nginx
from tests.world import PROJECT

pytestmark = pytest.mark.skipif(not watch.is_possible(), reason="the calls of this machine are not known")


def bring_about(name: str) -> str:
    """Bring a few faults of a kind about, and return what was found; fail where a figure misses its goal."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "--quick", "--only", name],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["kill", "errors", "power", "rush", "damage"])
def test_a_fault_leaves_a_whole_release_live_and_the_next_publish_heals(name: str) -> None:
    assert "left out: none" in bring_about(name)


def test_cutting_the_power_finds_mistakes_in_the_order_of_writing() -> None:
    assert bring_about("mutants").count(" ok\n") >= 2


def test_a_disk_that_gets_full_keeps_the_old_release_live() -> None:
    if not full.is_possible():
        require("root, who may mount a disk")
    assert "left out: none" in bring_about("full")


def test_readers_get_one_release_or_the_other_while_they_are_switched() -> None:
    require_nginx()
    assert bring_about("switch").count(" ok\n") == 2
