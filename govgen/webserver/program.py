"""Finds, checks and starts the nginx of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from govgen.errors import MachineryError
from govgen.processes import end_with_parent

BROTLI = "ngx_http_brotli_static_module.so"
APT_LINE = "sudo apt-get install -y --no-install-recommends nginx-light libnginx-mod-http-brotli-static"

_PROGRAMS = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx")
_MODULE_FOLDERS = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")
_START_SECONDS, _STOP_SECONDS = 10.0, 5.0


@dataclass(frozen=True)
class Account:
    """Who a process runs as."""

    name: str
    uid: int
    gid: int


def choose_account(folder: Path) -> Account | None:
    """Return who serves a folder where root asks: its owner, or nobody where that is root; None for any other."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def find_nginx() -> str:
    """Return where nginx is; empty where there is none. It is not in the search path of everybody."""
    return shutil.which("nginx") or next((place for place in _PROGRAMS if Path(place).is_file()), "")


def find_brotli() -> Path | None:
    """Return nginx's module that sends files packed with brotli; None where it is not installed."""
    places = (Path(folder) / BROTLI for folder in _MODULE_FOLDERS)
    return next((place for place in places if place.is_file()), None)


def require_nginx() -> str:
    """Return where nginx is. Raises MachineryError where there is none."""
    program = find_nginx()
    if not program:
        raise MachineryError("no-nginx", line=APT_LINE)
    return program


def check_configuration(file: Path, account: Account | None = None) -> str | None:
    """Return what nginx finds wrong with a whole configuration; None where it is sound. Raises MachineryError.

    The certificates' keys and the file of the process id are opened too: ask as whoever nginx is started by.
    """
    command = [require_nginx(), "-t", "-q", "-e", "stderr", "-c", str(file)]
    answer = subprocess.run(
        command,
        capture_output=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if answer.returncode == 0:
        return None
    lines = answer.stderr.decode("utf-8", "replace").splitlines()
    faults = [line for line in lines if "[emerg]" in line or "[crit]" in line]
    return "\n".join(line.partition("] ")[2] for line in faults) or "\n".join(lines)


@contextmanager
def run_nginx(file: Path, account: Account | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run nginx with a whole configuration, and end it afterwards; it never outlives this process.

    With an account, all of it runs as that one. Raises MachineryError.
    """
    program, parent = require_nginx(), os.getpid()
    process = subprocess.Popen(
        [program, "-e", str(file.parent / "error.log"), "-p", str(file.parent), "-c", str(file)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # SIGKILL would leave the workers behind.
        preexec_fn=lambda: end_with_parent(parent, signal.SIGTERM),  # noqa: PLW1509 - no threads run yet
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def wait_until_open(process: subprocess.Popen[bytes], address: str, port: int) -> None:
    """Wait until a server that was started answers. Raises MachineryError where it ends or is silent."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection((address, port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    raise MachineryError("nginx-ended", reason=_last_words(process))


def _last_words(process: subprocess.Popen[bytes]) -> str:
    process.terminate()
    _, said = process.communicate()
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else str(process.returncode)


def can_bind(address: str, port: int) -> bool:
    """Tell whether a port of an address is free to listen on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True


def can_enter(account: Account | None, folder: Path) -> bool:
    """Tell whether an account may enter a folder; None is whoever asks."""
    if account is None:
        return os.access(folder, os.R_OK | os.X_OK)
    command = ["test", "-x", str(folder), "-a", "-r", str(folder)]
    answer = subprocess.run(command, check=False, user=account.uid, group=account.gid, extra_groups=[])
    return answer.returncode == 0
