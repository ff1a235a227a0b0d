"""The harness that breaks publishing: its disk loses what a disk may lose, and its watch misses no call."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from benchmarks.faults import watch
from benchmarks.faults.calls import Call
from benchmarks.faults.disk import Bytes, Disk, Loss
from benchmarks.faults.figures import Figure, LeftOut
from benchmarks.faults.measures import FAILING, KILLED
from benchmarks.faults.mutants import MUTANTS, Mutant
from benchmarks.faults.report import write_report
from benchmarks.faults.watch import KILL, LET, Watch
from tests.world import PROJECT

watched = pytest.mark.skipif(not watch.is_possible(), reason="the calls of this machine are not known")
EVERYTHING: frozenset[int] = frozenset()


class Story:
    """What is done to a disk that has one file, `old`, call by call."""

    def __init__(self, root: Path) -> None:
        (root / "folder").mkdir(parents=True)
        (root / "old").write_bytes(b"old")
        self.disk = Disk(root)
        self._place = root.parent / "remains"
        self._calls = 0

    def then(self, name: str, path: str, goal: str = "", content: bytes = b"") -> None:
        """Do one call."""
        self._calls += 1
        self.disk.note(Call(self._calls, name, path, goal, content, -1, os.O_CREAT), path, goal)

    def write(self, path: str, content: bytes) -> None:
        """Write a new file."""
        self.then("openat", path)
        self.then("write", path, content=content)

    def left(self, damage: Bytes = Bytes.WHOLE, lost: frozenset[int] | None = None) -> dict[str, bytes]:
        """Return the files found after a power cut that takes all it may, or only these changes."""
        taken = frozenset(self.disk.pending(self._calls)) if lost is None else lost
        self.disk.after(Loss(self._calls, taken, damage)).lay_out(self._place)
        found = {p.relative_to(self._place).as_posix(): p.read_bytes() for p in self._place.rglob("*") if p.is_file()}
        for path in sorted(self._place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        self._place.rmdir()
        return found


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "disk")


def test_what_was_not_synced_may_be_lost(story: Story) -> None:
    story.write("new", b"new")
    assert story.left() == {"old": b"old"}
    assert story.left(lost=EVERYTHING) == {"old": b"old", "new": b"new"}


def test_a_name_may_be_there_before_its_bytes(story: Story) -> None:
    story.write("beside", b"1234")
    story.then("rename", "beside", "old")
    assert story.left(Bytes.ABSENT, EVERYTHING) == {"old": b""}
    assert story.left(Bytes.HALF, EVERYTHING) == {"old": b"12"}
    assert story.left(Bytes.ZEROS, EVERYTHING) == {"old": b"\0\0\0\0"}


def test_syncing_a_file_keeps_its_bytes_and_not_its_name(story: Story) -> None:
    story.write("new", b"new")
    story.then("fsync", "new")
    assert story.left() == {"old": b"old"}
    assert story.left(Bytes.ABSENT, EVERYTHING) == {"old": b"old", "new": b"new"}


def test_syncing_a_folder_keeps_its_names_and_not_the_bytes(story: Story) -> None:
    story.write("folder/new", b"new")
    story.then("fsync", "folder")
    assert story.left(Bytes.ABSENT) == {"old": b"old", "folder/new": b""}


def test_a_rename_between_folders_is_safe_when_all_is_synced(story: Story) -> None:
    story.then("rename", "old", "folder/old")
    story.then("fsync", "folder")
    assert story.left() == {"old": b"old"}
    story.then("syncfs", "")
    assert story.left() == {"folder/old": b"old"}


def test_a_link_shares_bytes_and_outlives_the_other_name(story: Story) -> None:
    story.then("link", "old", "folder/other")
    story.then("unlink", "old")
    story.then("syncfs", "folder")
    assert story.left() == {"folder/other": b"old"}


def many_writers(folder: Path) -> int:
    """Write from two threads and a child process, three files in all."""
    threads = [threading.Thread(target=(folder / name).write_bytes, args=(b"x",)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if child == 0:
        (folder / "three").write_bytes(b"x")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@watched
def test_calls_of_all_threads_and_processes_are_counted_together(tmp_path: Path) -> None:
    calls: list[Call] = []
    ending = Watch(tmp_path, lambda call: calls.append(call) or LET).run(lambda: many_writers(tmp_path))
    assert ending.code == 0
    assert [call.number for call in calls] == list(range(1, 7))
    assert {(call.name, call.path) for call in calls} == {
        (name, path) for name in ("openat", "write") for path in ("one", "two", "three")
    }


@watched
def test_a_program_is_killed_before_the_call_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"stays")
    ending = Watch(tmp_path, lambda _: KILL).run(lambda: (tmp_path / "file").unlink() or 0)
    assert ending.code == -9
    assert (tmp_path / "file").read_bytes() == b"stays"


@watched
def test_a_call_fails_with_the_error_asked_for(tmp_path: Path) -> None:
    def program() -> int:
        try:
            (tmp_path / "folder").mkdir()
        except OSError as error:
            return int(error.errno or 0)
        return 0

    assert Watch(tmp_path, lambda _: errno.ENOSPC).run(program).code == errno.ENOSPC
    assert not (tmp_path / "folder").exists()


@watched
def test_what_is_done_elsewhere_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    ending = Watch(tmp_path / "watched", lambda _: KILL).run(lambda: (tmp_path / "elsewhere").write_text("x") - 1)
    assert (ending.code, ending.calls) == (0, 0)


def test_the_report_says_what_missed_its_goal_and_what_was_left_out() -> None:
    found = [Figure(KILLED, "甲", points=10, torn=2, is_met=False), LeftOut(FAILING, "乙", "没有权限")]
    page = write_report(found, {"核": "2"}, {"git": "2"}, is_quick=True)
    assert "| 甲 | 10 | 2 | 0 | — | 0 |  | **没有达到** |" in page
    assert "| 乙 | — | — | — | — | — | 没有权限 | 没有测 |" in page
    assert "只取了一小部分" in page


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mistake_can_still_be_made_in_the_program(tmp_path: Path, mutant: Mutant) -> None:
    changed = [
        file.name
        for file in mutant.make(tmp_path).glob("govgen/release/*.py")
        if file.read_bytes() != (PROJECT / "govgen/release" / file.name).read_bytes()
    ]
    assert changed
