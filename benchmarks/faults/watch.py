"""Stops at every call by which a program changes a folder: to write it down, to make it fail, or to kill the program.

Linux hands the calls to us before it does them (seccomp_unotify(2)); no root is needed. `strace -e inject=…:when=N`
counts every thread by itself, and so never comes to some calls of a program with several: here every call of a publish,
whichever of its threads and processes does it, has one number.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from benchmarks.faults.calls import ARCHITECTURE, Call, Thread, compile_filter

LET, KILL = 0, -1
"""Answers; any other is the number of the error the call is to fail with."""

_LIBC = ctypes.CDLL(None, use_errno=True)
_SECCOMP, _NO_NEW_PRIVILEGES, _FILTER_MODE, _NEW_LISTENER = 317, 38, 1, 8
_RECEIVE, _SEND, _GO_ON = 0xC0502100, 0xC0182101, 1
_NOTE, _REPLY = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_GONE = (FileNotFoundError, ProcessLookupError)
_STRAY_SECONDS = 5.0
_LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class Ending:
    """How a watched program ended."""

    code: int
    """Less than zero for a signal, as subprocess has it."""

    calls: int
    """How many calls that change the folder it came to."""

    output: str
    strays: int
    """Processes that went on for seconds after it."""

    is_stuck: bool = False
    """Whether it had to be ended because it did not end."""


def is_possible() -> bool:
    """Tell whether this machine's calls are known here."""
    return os.uname().machine == ARCHITECTURE and sys.platform == "linux"


class Watch:
    """One program at work in one folder."""

    def __init__(self, folder: Path, decide: Callable[[Call], int], *, with_content: bool = False) -> None:
        self._folder = f"{folder.resolve()}/"
        self._decide = decide
        self._with_content = with_content
        self._calls = 0

    def run(self, program: Callable[[], int]) -> Ending:
        """Run a program in a process of its own, answer for each of its calls, and return how it ended."""
        ours, theirs = socket.socketpair()
        with TemporaryFile() as output:
            sys.stdout.flush()
            sys.stderr.flush()
            child = os.fork()
            if child == 0:
                ours.close()
                _begin(program, Path(self._folder), output, theirs)
            theirs.close()
            with ours:
                _, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
            if not ancillary:
                os.waitpid(child, 0)
                raise OSError("seccomp_unotify(2) is not allowed here")
            listener = array.array("i", ancillary[0][2])[0]
            try:
                ending = self._attend(child, listener)
            finally:
                os.close(listener)
            output.seek(0)
            return replace(ending, output=output.read().decode("utf-8", "replace"))

    def _attend(self, child: int, listener: int) -> Ending:
        """Answer until the program and all it started are gone."""
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        process = os.pidfd_open(child)
        poll.register(process, select.POLLIN)
        deadline, is_ended, is_stuck, code = time.monotonic() + _LIMIT_SECONDS, False, False, 0
        while time.monotonic() < deadline:
            events = dict(poll.poll(1000))
            if events.get(listener, 0) & select.POLLIN:
                self._answer(listener)
            if process in events and not is_ended:
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                poll.unregister(process)
                is_ended, deadline = True, time.monotonic() + _STRAY_SECONDS
            if events.get(listener, 0) & select.POLLHUP and is_ended:
                break
        os.close(process)
        strays = int(is_ended and not _is_over(listener))
        if not is_ended:
            is_stuck = True
        if strays or is_stuck:
            with suppress(*_GONE):
                os.killpg(child, signal.SIGKILL)
        if is_stuck:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Ending(code, self._calls, "", strays, is_stuck)

    def _answer(self, listener: int) -> None:
        note = bytearray(_NOTE.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, note)
        except OSError:
            return  # Whoever asked was killed meanwhile.
        id, thread_id, _, number, _, _, *arguments = _NOTE.unpack(note)
        thread = Thread(thread_id)
        verdict = LET
        with suppress(*_GONE):
            call = thread.describe(number, tuple(arguments), self._with_content)
            verdict = self._judge(call)
            if verdict == KILL:
                os.kill(thread.process(), signal.SIGKILL)
                return
        reply = _REPLY.pack(id, 0, -verdict, 0 if verdict else _GO_ON)
        with suppress(OSError):
            fcntl.ioctl(listener, _SEND, reply)

    def _judge(self, call: Call) -> int:
        if not f"{call.path}/".startswith(self._folder):
            return LET
        self._calls += 1
        goal = call.goal.removeprefix(self._folder)
        return self._decide(replace(call, number=self._calls, path=call.path.removeprefix(self._folder), goal=goal))


def _is_over(listener: int) -> bool:
    poll = select.poll()
    poll.register(listener, 0)
    return bool(poll.poll(0))


def _begin(program: Callable[[], int], folder: Path, output: IO[bytes], line: socket.socket) -> None:
    """Become the program: its output goes to a file, its calls to those who watch. Does not return."""
    code = 70
    try:
        os.setsid()
        os.chdir(folder)
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        # What whoever forked this has in these is its own.
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        socket.send_fds(line, [b"."], [_hand_over_calls()])
        line.close()
        code = program()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # Not sys.exit: nothing of whoever forked this is to be tidied up here.
        os._exit(code)


def _hand_over_calls() -> int:
    """Put the filter over this process and those it will start; return where its calls are heard. Raises OSError."""
    steps = compile_filter()
    buffer = ctypes.create_string_buffer(steps, len(steps))
    program = struct.pack("@H6xQ", len(steps) // 8, ctypes.addressof(buffer))
    if _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    listener = int(_LIBC.syscall(_SECCOMP, _FILTER_MODE, _NEW_LISTENER, program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    os.set_inheritable(listener, False)
    return listener
