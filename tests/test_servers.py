"""Several servers as one target, and mirrors: all switch together, and who is left behind is named and brought up."""

from __future__ import annotations

from pathlib import Path

import pytest

from govgen.deploy.connection import Server
from govgen.deploy.mirror import Mirrored
from govgen.errors import MachineryError
from govgen.release.store import Store
from tests.publisher import County
from tests.releases import release_id, served, signed, site_files
from tests.sshd import Sshd, allow_signer, free_port, make_key


@pytest.fixture
def three(tmp_path: Path, sshd: Sshd) -> County:
    """Return a publisher and three servers."""
    return County(tmp_path, sshd, 3)


def test_where_one_server_is_away_none_is_switched(three: County) -> None:
    three.publish(three.all_servers(), three.make(1))
    good = three.servers[1]
    three.servers[1] = Server(good.address, free_port(), good.identity, good.known_hosts)
    with pytest.raises(MachineryError) as fault:
        three.publish(three.all_servers(), three.make(2, previous=1))
    assert (fault.value.key, fault.value.values) == ("servers-missing", {"servers": "root1"})
    assert [served(root) for root in three.roots] == [site_files("第1版")] * 3


def test_where_one_server_fails_half_way_none_is_switched(three: County) -> None:
    three.publish(three.all_servers(), three.make(1))
    allow_signer(three.roots[2], make_key(three.folder / "other"))
    with pytest.raises(MachineryError) as fault:
        three.publish(three.all_servers(), three.make(2, previous=1))
    assert (fault.value.key, fault.value.values) == ("servers-missing", {"servers": "root2"})
    assert isinstance(fault.value.__cause__, MachineryError)
    assert fault.value.__cause__.key == "foreign-signed"
    assert [served(root) for root in three.roots] == [site_files("第1版")] * 3
    allow_signer(three.roots[2], three.key)
    assert three.publish(three.all_servers(), three.make(3, previous=1)) == ()
    assert [served(root) for root in three.roots] == [site_files("第3版")] * 3


def test_a_server_that_may_be_missing_lags_and_is_brought_up(three: County) -> None:
    three.publish(three.all_servers(), three.make(1))
    good = three.servers[0]
    three.servers[0] = Server(good.address, free_port(), good.identity, good.known_hosts)
    (lag,) = three.publish(three.all_servers(1), three.make(2, previous=1))  # type: ignore[misc]
    assert (lag.place, lag.release, lag.reason.key) == ("root0", "", "unreachable")
    assert [served(root) for root in three.roots] == [site_files(f"第{number}版") for number in (1, 2, 2)]
    three.servers[0] = good
    # From a clone that never published: what it lacks it gets from the servers that are up to date.
    three.known = Store(three.folder / "fresh")
    target = three.all_servers(1)
    with target.open() as standing:
        assert standing.live_id == release_id(2)
        assert target.catch_up() == ()
    assert [served(root) for root in three.roots] == [site_files("第2版")] * 3
    assert Store(three.roots[0]).find_live() == Store(three.roots[1]).find_live()


def test_a_server_that_lost_power_before_it_switched_is_brought_up_to_that_very_release(three: County) -> None:
    three.publish(three.all_servers(), three.make(1))
    second = three.make(2, previous=1)
    good = three.servers[0]
    three.servers[0] = Server(good.address, free_port(), good.identity, good.known_hosts)
    three.publish(three.all_servers(1), second)
    three.servers[0] = good
    Store(three.roots[0]).stage(signed(second, three.key), three.known)
    target = three.all_servers(1)
    with target.open():
        assert target.catch_up() == ()
    assert [served(root) for root in three.roots] == [site_files("第2版")] * 3


def test_a_server_that_went_its_own_way_is_named_and_brought_back_by_the_next_release(three: County) -> None:
    three.publish(three.all_servers(), three.make(1))
    three.publish(three.target(0), three.make(2, previous=1))
    for number in (1, 2):
        three.publish(three.target(number), three.make(3, previous=1))
    target = three.all_servers()
    with target.open() as standing:
        assert standing.live_id == release_id(3)
        (lag,) = target.catch_up()
    assert (lag.place, lag.release, lag.reason and lag.reason.key) == ("root0", release_id(2), "overtaken")
    assert three.publish(three.all_servers(), three.make(4, previous=3)) == ()
    assert [served(root) for root in three.roots] == [site_files("第4版")] * 3


def test_a_mirror_that_missed_releases_gets_what_this_clone_never_had(three: County) -> None:
    three.publish(three.target(0), three.make(1))
    three.publish(three.target(0), three.make(2, previous=1))
    three.known = Store(three.folder / "fresh")
    target = Mirrored(three.target(0), three.target(1), "b", three.known)
    with target.open():
        assert target.catch_up() == ()
    assert Store(three.roots[1]).find_live() == Store(three.roots[0]).find_live()
    assert served(three.roots[1]) == site_files("第2版")


def test_a_new_server_is_filled_by_the_next_publish(three: County) -> None:
    two = three.all_servers()
    two._members = two._members[:2]
    three.publish(two, three.make(1))
    three.publish(two, three.make(2, previous=1))
    assert three.publish(three.all_servers(), three.make(3, previous=2)) == ()
    assert [served(root) for root in three.roots] == [site_files("第3版")] * 3
