"""What a server sweeps away after a switch may take a while: the publisher is kept waiting, and never given up."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from govgen.errors import MachineryError
from govgen.release.objects import digest_of
from govgen.release.store import Store, lock
from tests.nginx import eventually
from tests.publisher import County
from tests.releases import release_id, served, signed, site_files
from tests.sshd import Sshd
from tests.world import PROJECT

PATIENCE_SECONDS, SWEEP_SECONDS = 7.5, 10.0
"""A sign of life comes every five seconds."""

SLOW_DISK = """
import sys, time
from pathlib import Path
place = Path({place!r})
def wait(event, values):
    is_object = event == "os.remove" and Path(values[0]).parent.parent.name == "objects"
    if is_object and not place.exists():
        place.touch()
        time.sleep({seconds})
sys.addaudithook(wait)
"""
"""Read when a server's Python starts: the first object it takes away takes this long."""


@pytest.fixture
def county(tmp_path: Path, sshd: Sshd) -> County:
    """Return a publisher, and a server with so many old releases that their objects are swept away, too."""
    county = County(tmp_path, sshd)
    county.servers[0] = replace(county.servers[0], patience_seconds=PATIENCE_SECONDS)
    there = Store(county.roots[0])
    for number in range(1, 23):
        manifest = county.make(number, previous=number - 1 if number > 1 else None)
        there.stage(signed(manifest, county.key), county.known)
        there.switch(manifest.id)
    return county


def slow_down(county: County, seconds: float) -> Path:
    """Have the server keep one release only, on a slow disk; return the file that is there once it sweeps."""
    folder, place = county.folder / "slow", county.folder / "sweeping"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SLOW_DISK.format(place=str(place), seconds=seconds), encoding="utf-8")
    command = f"{sys.executable} -m govgen receive --root {county.roots[0]} --keep 1"
    county.use_command(f"PYTHONPATH={folder}:{PROJECT} exec {command}")
    return place


def assert_is_swept(county: County) -> None:
    """Hold that nothing but the newest release is left, and that the next publisher gets in."""
    there = Store(county.roots[0])
    assert there.ids() == [release_id(30)]
    assert there.objects.find(digest_of("第1版".encode())) is None
    assert served(county.roots[0]) == site_files("新版")
    with lock(county.roots[0] / "lock", "test", datetime.now(UTC)):
        pass


def test_who_asks_while_the_server_sweeps_gets_an_answer_when_it_is_done(county: County) -> None:
    place = slow_down(county, SWEEP_SECONDS)
    target = county.target()
    with target.open():
        target.stage(signed(county.make(30, "新版", previous=22), county.key), county.known)
        target.switch(release_id(30))
        started = time.monotonic()
        assert target.read(release_id(30)).manifest.id == release_id(30)
        # The answer did come later than a silent server would have been waited for.
        assert time.monotonic() - started > PATIENCE_SECONDS
    assert place.exists()
    assert_is_swept(county)


def test_a_sweep_goes_on_to_its_end_when_the_publisher_is_gone(county: County) -> None:
    place = slow_down(county, 6)
    target = county.target()
    with target.open():
        target.stage(signed(county.make(30, "新版", previous=22), county.key), county.known)
        target.switch(release_id(30))
        eventually(place.exists)
        assert target._connection
        target._connection.cut()
        with pytest.raises(MachineryError, match="busy"), lock(county.roots[0] / "lock", "test", datetime.now(UTC)):
            pass
        with pytest.raises(MachineryError, match="server-cut"):
            target.read(release_id(30))
    eventually(lambda: is_free(county.roots[0]))
    assert_is_swept(county)


def is_free(root: Path) -> bool:
    """Tell whether the lock is free."""
    try:
        with lock(root / "lock", "test", datetime.now(UTC)):
            return True
    except MachineryError:
        return False
