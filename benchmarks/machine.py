"""What the figures were measured on, without names of hosts or folders."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

from benchmarks.contenders import Programs


def describe_machine() -> dict[str, str]:
    """Return words about the machine, by what they describe."""
    memory_kb = int(_first(r"MemTotal:\s+(\d+)", "/proc/meminfo") or 0)
    return {
        "处理器": _first(r"model name\s*:\s*(.+)", "/proc/cpuinfo") or platform.machine(),
        "核": str(len(os.sched_getaffinity(0))),
        "内存": f"{memory_kb / 2**20:.0f} GB",
        "系统": _first(r'PRETTY_NAME="(.+)"', "/etc/os-release") or platform.system(),
        "内核": ".".join(platform.release().split(".")[:2]),
    }


def find_versions(programs: Programs) -> dict[str, str]:
    """Return the versions of what is measured."""
    python = str(programs.pelican.with_name("python"))
    pelican = _output(python, "-c", "from importlib.metadata import version; print(version('pelican'))")
    return {
        "Python": platform.python_version(),
        "Hugo": _output(str(programs.hugo), "version").split()[1].partition("-")[0].removeprefix("v"),
        "Pelican": pelican,
        "git": _output("git", "--version").removeprefix("git version "),
    }


def find_system_versions() -> dict[str, str]:
    """Return the versions of what publishing rests on; without those that are not here."""
    programs = {"git": ("git", "--version"), "nginx": ("nginx", "-v"), "OpenSSH": ("ssh", "-V")}
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for name, command in programs.items():
        program = shutil.which(command[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program:
            said = subprocess.run([program, command[1]], check=False, capture_output=True, text=True)
            version = re.search(r"\d+\.[\d.]+(p\d+)?", said.stdout + said.stderr)
            found[name] = version[0] if version else "?"
    return found


def _first(pattern: str, file: str) -> str:
    found = re.search(pattern, Path(file).read_text(encoding="utf-8"))
    return found[1].strip() if found else ""


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
