"""What a publisher keeps of the releases it sent elsewhere: enough to make the next one of, and no more."""

from __future__ import annotations

from pathlib import Path

from govgen.deploy.lag import find_lag
from govgen.deploy.standing import Standing
from govgen.release.store import SignedManifest, Store
from tests.releases import NOON, make_release, release_id, site_files


def test_what_was_sent_is_kept_and_the_rest_goes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifests = []
    for number in range(1, 41):
        manifests.append(make_release(store, number, site_files(f"第{number}版"), number - 1 or None))
        store.sent.note("county", manifests[-1], 3)
        store.tidy()
    assert len(store.trees.listed()) < 30
    assert store.sent.find_newest("county") == manifests[-1]
    assert len(list((tmp_path / "sent/county").iterdir())) == 3
    store.tidy(is_thorough=True)
    kept = {site.tree for manifest in manifests[-3:] for site in manifest.sites.values()}
    assert set(store.trees.listed()) == kept
    wanted = {entry.digest for listing in store.read_listings(sorted(kept)) for entry in listing.entries}
    assert all(store.objects.find(digest) is not None for digest in wanted)
    assert not list(tmp_path.glob("trees/*/"))
    assert {file.name for file in (tmp_path / "objects").rglob("*") if file.is_file()} == wanted


def test_two_places_keep_what_either_has(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, second = (make_release(store, number, site_files(f"第{number}版")) for number in (1, 2))
    store.sent.note("a", first, 1)
    store.sent.note("b", second, 1)
    # One of them is live in the repository's own folder too.
    store.stage(SignedManifest(second.content), store)
    store.switch(second.id)
    store.collect(1, is_thorough=True)
    assert all(store.trees.find_listing(site.tree) for m in (first, second) for site in m.sites.values())
    assert store.trees.has(second.sites["mzj"].tree) and not store.trees.has(first.sites["mzj"].tree)
    listings = store.read_listings([site.tree for site in first.sites.values()])
    assert all(store.objects.has(entry.digest) for listing in listings for entry in listing.entries)


def test_a_note_that_is_damaged_or_of_sites_never_built_here_harms_nothing(tmp_path: Path) -> None:
    store, other = Store(tmp_path / "own"), Store(tmp_path / "other")
    store.sent.note("a", make_release(other, 1, site_files("x")), 3)
    (tmp_path / "own/sent/a" / f"{release_id(2)}.json").write_text("{", encoding="utf-8")
    (tmp_path / "own/sent/a/stray").write_text("x", encoding="utf-8")
    store.tidy(is_thorough=True)
    newest = store.sent.find_newest("a")
    assert newest and newest.id == release_id(1)
    assert store.sent.find_newest("b") is None


def test_how_far_a_place_lags_is_told_by_release_and_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old, new = (make_release(store, number, site_files("x")) for number in (1, 31))

    def standing(live: SignedManifest | None) -> Standing:
        return Standing(live, (), 0, NOON)

    lag = find_lag(new, standing(SignedManifest(old.content)), "b")
    assert lag and lag.behind
    assert (lag.place, lag.release, lag.behind.total_seconds()) == ("b", old.id, 30 * 60)
    assert find_lag(old, standing(SignedManifest(old.content))) is None
    assert find_lag(old, standing(SignedManifest(new.content))) is None
    nothing = find_lag(new, standing(None))
    assert nothing and (nothing.release, nothing.behind) == ("", None)
