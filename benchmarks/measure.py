"""Runs commands and measures them: time, processor time, memory of all processes, what was written."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Run:
    """What one run of a command took."""

    seconds: float
    """From start to end, by the wall clock."""

    cpu_seconds: float
    """Of the command and all that it waited for."""

    peak_pss_bytes: int = 0
    """Highest sum over all processes; memory they share counts once. 0 where memory was not watched."""

    peak_rss_bytes: int = 0
    """Highest sum over all processes; memory they share counts in each."""


@dataclass(frozen=True)
class Output:
    """What lies in a tool's output folder."""

    files: int
    size_bytes: int
    pages: int
    """HTML files, without those that only redirect."""


@dataclass(frozen=True)
class Command:
    """A command and where it runs."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    codes: Sequence[int] = (0,)
    """Exit codes that mean it did its work."""


def run(command: Command) -> Run:
    """Run a command and time it; nothing else happens meanwhile. Raises RuntimeError where it fails."""
    with TemporaryFile() as complaints:
        return _run(command, complaints, is_watched=False)


def run_watched(command: Command) -> Run:
    """Run a command and watch the memory of it and all it starts; that takes time of its own. Raises RuntimeError."""
    with TemporaryFile() as complaints:
        return _run(command, complaints, is_watched=True)


def measure_output(folder: Path) -> Output:
    """Count what a tool has made."""
    files = size_bytes = pages = 0
    for file in list_files(folder):
        files += 1
        size_bytes += file.stat().st_size
        pages += file.suffix == ".html" and not _is_redirect(file)
    return Output(files, size_bytes, pages)


def count_written(folder: Path, since_ns: int) -> tuple[int, int]:
    """Return how many files were made or changed since a moment in nanoseconds, and their size in bytes."""
    sizes = [status.st_size for file in list_files(folder) if (status := file.stat()).st_ctime_ns >= since_ns]
    return len(sizes), sum(sizes)


def list_files(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted."""
    return sorted(Path(root) / name for root, _, names in os.walk(folder) for name in names)


def _run(command: Command, complaints: IO[bytes], *, is_watched: bool) -> Run:
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **command.environment}
    started = time.monotonic()
    process = subprocess.Popen(
        command.arguments,
        cwd=command.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
        start_new_session=True,
    )
    peak_pss = peak_rss = 0
    while is_watched and not _has_ended(process.pid):
        pss, rss = _tree_bytes(process.pid)
        peak_pss, peak_rss = max(peak_pss, pss), max(peak_rss, rss)
        time.sleep(SAMPLE_SECONDS)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.codes:
        complaints.seek(0)
        line = " ".join(map(str, command.arguments))
        raise RuntimeError(f"exit code {process.returncode}: {line}\n{complaints.read().decode()[-2000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak_pss, peak_rss)


def _has_ended(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _tree_bytes(process: int) -> tuple[int, int]:
    """Return PSS and RSS of a process, all that it started, and all of its session."""
    parents: dict[int, tuple[int, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1]), int(fields[3])
    tree = {process}
    for member, (parent, session) in sorted(parents.items()):
        if parent in tree or session == process:
            tree.add(member)
    pss = rss = 0
    for member in tree:
        with suppress(OSError):
            for line in Path(f"/proc/{member}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    pss += int(line.split()[1]) * 1024
                elif line.startswith("Rss:"):
                    rss += int(line.split()[1]) * 1024
    return pss, rss


def _is_redirect(file: Path) -> bool:
    with file.open("rb") as content:
        return b'http-equiv="refresh"' in content.read(1000)
