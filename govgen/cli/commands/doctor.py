"""`govgen doctor`: says what this machine has, what is missing, and the one line that mends it."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from govgen.cli.console import Console
from govgen.errors import UsageError
from govgen.pipeline import THEME
from govgen.repo.checkout import find_checkout
from govgen.webserver.program import find_brotli, find_nginx

_APT = "sudo apt-get install -y --no-install-recommends"


@dataclass(frozen=True)
class _Probe:
    """One thing a machine should have."""

    name: str
    found: str
    """Version or place; empty where it is missing."""

    mend: str
    is_required: bool = True


def run(options: Namespace, console: Console) -> int:
    """Print the table; return 3 where something required is missing."""
    probes = [*_machine(), *_repository(options)]
    if options.json:
        console.print_json([vars(probe) for probe in probes])
    else:
        words = console.texts.catalog["doctor"]
        console.print(words["title"])
        for probe in probes:
            mark = console.texts.word("report", "ok" if probe.found else "missing")
            console.print(f"  {mark}  {words[probe.name]}  {probe.found}")
            if not probe.found:
                console.print(f"      {console.texts.word('doctor', 'mend', line=probe.mend)}")
    return 3 if any(probe.is_required and not probe.found for probe in probes) else 0


def _machine() -> list[_Probe]:
    python = ".".join(map(str, sys.version_info[:3]))
    return [
        _Probe("python", python if sys.version_info >= (3, 11) else "", f"{_APT} python3"),
        _Probe("git", shutil.which("git") or "", f"{_APT} git"),
        _Probe("libraries", _libraries(), "make setup"),
        _Probe("chromium", shutil.which("chromium") or "", f"{_APT} chromium fonts-wqy-microhei", is_required=False),
        _Probe("nginx", find_nginx(), f"{_APT} nginx-light", is_required=False),
        _Probe("brotli", str(find_brotli() or ""), f"{_APT} libnginx-mod-http-brotli-static", is_required=False),
        _Probe("ssh", shutil.which("ssh") or "", f"{_APT} openssh-client", is_required=False),
        _Probe("rsync", shutil.which("rsync") or "", f"{_APT} rsync", is_required=False),
        _Probe("java", shutil.which("java") or "", f"{_APT} default-jre-headless", is_required=False),
        _Probe("node", shutil.which("npm") or "", f"{_APT} nodejs npm", is_required=False),
    ]


def _file(path: str) -> str:
    return path if Path(path).is_file() else ""


def _libraries() -> str:
    """Return the versions of the libraries that matter most; empty where one is missing."""
    try:
        return "  ".join(f"{name} {metadata.version(name)}" for name in ("pelican", "markdown", "nh3", "pillow"))
    except metadata.PackageNotFoundError:
        return ""


def _repository(options: Namespace) -> list[_Probe]:
    try:
        root = find_checkout((options.repo or Path.cwd()).resolve()).root
    except UsageError:
        return [_Probe("repository", "", "govgen init county && cd county")]
    theme = root / THEME
    return [_Probe("repository", str(root), ""), _Probe("theme", _file(f"{theme}/templates/base.html"), f"ls {theme}")]
