"""A small county to publish from: made once, and brought back before every try to where it was."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.corpora import PROJECT
from benchmarks.faults.calls import Call
from benchmarks.faults.watch import LET, Ending, Watch

MORNING, LATER, NOON = (f"2026-11-22T{hour}:00+08:00" for hour in ("08:00", "09:00", "12:00"))
"""When a county publishes first, then, and when something happens to it."""

STORE = ".govgen"
NEWS = "content/qingshui/news/2026-01-01-news.md"
_LEDGER = "build/public/.govgen-built"
_ROOM_BYTES = 500 * 2**20
_FILES = {
    "sites/_county.toml": """[county]
name = "云岭县"
full_name = "云岭县人民政府"
domain = "yunling.gov.example"
division_code = "530999"

[identity]
site_code = "5309990001"
icp = "滇ICP备00000000号-1"
police = "53099902000001"
sponsor = "云岭县人民政府办公室"
phone = "0000-1234567"
address = "云岭县人民路1号"
report_error_url = "https://zhaocuo.gov.example/"

[channels]
consultation = "https://hudong.gov.example/"
services = "https://zwfw.gov.example/"
""",
    "sites/portal.toml": 'name = "云岭县人民政府门户网站"\nshort_name = "云岭县人民政府"\nkind = "portal"\n',
    "sites/qingshui.toml": 'name = "清水镇人民政府"\nshort_name = "清水镇"\nkind = "township"\n',
    "content/qingshui/notices/2026-01-02-moved.md": "---\ntitle: 搬了家的通知\naliases: [/old/a.html]\n---\n正文。\n",
    "content/portal/notices/2026-01-03-portal.md": "---\ntitle: 全县通知\n---\n正文。\n",
    ".gitignore": "build/\npublic\n.govgen/\n",
}


def news(title: str) -> str:
    """Return the document that is edited."""
    return f"---\ntitle: {title}\n---\n这是{title}的正文。\n"


class County:
    """A county's repository in a folder of its own, and what it was like when it was saved."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "county"
        self._folder = folder
        self.root.mkdir(parents=True)
        shutil.copytree(PROJECT / "themes", self.root / "themes")
        shutil.copy(PROJECT / "pelicanconf.py", self.root)
        for path, content in {**_FILES, NEWS: news("第一版")}.items():
            self.write(path, content)
        git = ["git", "-c", "user.name=Faults", "-c", "user.email=faults@county.invalid", "-C", str(self.root)]
        for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "county"]):
            subprocess.run([*git, *arguments], check=True)

    @property
    def store(self) -> Path:
        """Where its releases are kept."""
        return self.root / STORE

    def write(self, path: str, content: str) -> None:
        """Write one file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def save(self, name: str = "before") -> None:
        """Keep the county as it is now."""
        saved, ledger = self._folder / f"{name}.saved", self._folder / f"{name}.ledger"
        shutil.rmtree(saved, ignore_errors=True)
        subprocess.run(["cp", "-a", str(self.root), str(saved)], check=True)
        ledger.unlink(missing_ok=True)
        if (self.root / _LEDGER).is_file():
            ledger.hardlink_to(self.root / _LEDGER)

    def restore(self, name: str = "before") -> None:
        """Bring the county back as it was saved. In the same place: the program knows its output folder by its path."""
        saved, ledger = self._folder / f"{name}.saved", self._folder / f"{name}.ledger"
        shutil.rmtree(self.root)
        subprocess.run(["cp", "-a", str(saved), str(self.root)], check=True)
        if ledger.is_file():
            # The very same file: by that the program sees that nobody else wrote into its output folder.
            ledger.write_bytes((saved / _LEDGER).read_bytes())
            shutil.copystat(saved / _LEDGER, ledger)
            (self.root / _LEDGER).unlink()
            (self.root / _LEDGER).hardlink_to(ledger)

    def run(self, *arguments: str, decide: Callable[[Call], int] = lambda _: LET, clock: str = NOON) -> Ending:
        """Run the command line in a process of its own; every call that changes the county is decided on."""
        return Watch(self.root, decide).run(lambda: self.call(*arguments, clock=clock))

    def call(self, *arguments: str, clock: str = NOON) -> int:
        """Run the command line in this very process, which stands in the county's folder; return the exit code."""
        # Imported before processes are forked (`load_program`): ten thousand publishes need not load the program anew.
        from govgen.cli.main import main

        return main(["--clock", clock, *arguments])

    def publish(self, decide: Callable[[Call], int] = lambda _: LET, clock: str = NOON) -> Ending:
        """Publish; `decide` hears of every call that changes the county."""
        return self.run("publish", "--jobs", "1", decide=decide, clock=clock)

    def must_publish(self, clock: str = NOON) -> None:
        """Publish where nothing is in the way. Raises RuntimeError where it fails all the same."""
        ending = self.publish(clock=clock)
        if ending.code:
            raise RuntimeError(f"exit code {ending.code}:\n{ending.output}")

    def held_locks(self) -> list[str]:
        """Return the locks that a process holds."""
        return [path for path in ("publishing", "lock") if _is_locked(self.store / path)]

    def unfinished(self) -> list[str]:
        """Return what a publisher left half done, and nobody tidied up."""
        return sorted(str(path.relative_to(self.root)) for path in self.store.rglob(".new-*"))


@contextmanager
def make_place() -> Iterator[Path]:
    """Give a folder for counties that is gone afterwards: in memory where there is room, for much is written.

    Disks that fail are played, not waited for.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="faults-", dir=memory if has_room else None) as place:
        # The web server's workers pass through it.
        Path(place).chmod(0o755)
        yield Path(place).resolve()


def load_program() -> None:
    """Load what a publish needs, once for all the processes that are forked from this one."""
    from importlib import import_module

    for name in ("cli.main", "cli.commands.publish", "render.worker", "render.maker", "check.run", "content.pool"):
        import_module(f"govgen.{name}")


def _is_locked(file: Path) -> bool:
    if not file.exists():
        return False
    with file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
