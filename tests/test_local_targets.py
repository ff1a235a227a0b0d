"""Publishing to folders of this machine as `targets.toml` names them: signed, elsewhere, mirrored."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from govgen.release.signing import verify
from govgen.release.store import SignedManifest
from tests.test_publish import NEWS, PAGE, live, news, served, title
from tests.test_release_parts import make_key
from tests.thrice import publish_thrice
from tests.world import World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    return publish_thrice(world())


def test_a_local_release_is_signed_where_a_key_is_named(county: World) -> None:
    make_key(county.root, "fabu")
    county.write("targets.toml", '[public]\nkey = "fabu"\n')
    county.write(NEWS, news("局四"))
    assert county.run("publish").returncode == 0
    release = live(county).parent
    signed = SignedManifest((release / "manifest.json").read_bytes(), (release / "manifest.json.sig").read_bytes())
    assert verify(signed, county.root / "fabu.signers") == "fabu"


def test_faults_of_the_targets_file_are_all_told(county: World) -> None:
    county.write("targets.toml", '[pubic]\nkeep = 3\n[targets.a]\nkind = "directry"\nfolder = 1\n')
    answer = county.run("publish")
    assert answer.returncode == 2
    assert "targets.toml" in answer.stdout
    for word in ("public", "directory", "folder"):
        assert word in answer.stdout
    shutil.rmtree(county.root / "build")
    assert county.run("publish", "--target", "x").returncode == 2


def test_another_folder_is_a_target_too(county: World, tmp_path: Path) -> None:
    county.write("targets.toml", f'[targets.web]\nkind = "directory"\nfolder = "{tmp_path}/web"\n')
    assert county.run("publish", "--target", "web").returncode == 0
    sites = tmp_path / "web/current/sites"
    assert served(sites.resolve()) == served(live(county))
    assert county.run("rollback", "--target", "web").returncode == 2
    county.write(NEWS, news("局四"))
    assert county.run("publish", "--target", "web").returncode == 0
    assert "局四" in (sites / PAGE).read_text("utf-8")
    assert title(county) == "局三"
    assert county.run("rollback", "--target", "web").returncode == 0
    assert "局三" in (sites / PAGE).read_text("utf-8")
    assert (tmp_path / "web/current").readlink().parent == Path("releases")


def test_verify_tells_how_far_a_mirror_lags(county: World, tmp_path: Path) -> None:
    mirror = f'[targets.spare]\nkind = "directory"\nfolder = "{tmp_path}/spare"\n'
    web = f'[targets.web]\nkind = "directory"\nfolder = "{tmp_path}/web"\nmirror = "spare"\n'
    county.write("targets.toml", mirror + web)
    assert county.run("publish", "--target", "web").returncode == 0
    assert served((tmp_path / "spare/current/sites").resolve()) == served((tmp_path / "web/current/sites").resolve())
    assert county.run("verify", "--target", "web").returncode == 0
    (tmp_path / "spare").rename(tmp_path / "away")
    (tmp_path / "spare").write_text("the disk is gone", encoding="utf-8")
    county.write(NEWS, news("局四"))
    answer = county.run("publish", "--target", "web", "--clock", "2026-11-22T12:30:00+08:00")
    assert answer.returncode == 1
    assert "spare" in answer.stdout
    assert "局四" in (tmp_path / "web/current/sites" / PAGE).read_text("utf-8")
    (tmp_path / "spare").unlink()
    (tmp_path / "away").rename(tmp_path / "spare")
    answer = county.run("verify", "--target", "web")
    assert answer.returncode == 1
    assert "spare" in answer.stdout
    assert "30" in answer.stdout
    assert county.run("publish", "--target", "web").returncode == 0
    assert county.run("verify", "--target", "web").returncode == 0
    assert "局四" in (tmp_path / "spare/current/sites" / PAGE).read_text("utf-8")
