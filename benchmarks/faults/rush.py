"""Has eight publishers begin at the same moment: one publishes, the others are told who does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn

from benchmarks.faults.county import MORNING, NEWS, NOON, County, load_program, news
from benchmarks.faults.live import look

_PUBLISHERS = 8


@dataclass(frozen=True)
class Rush:
    """What came of it."""

    rounds: int
    publishers: int
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """How one publisher ended."""

    process: int
    code: int
    words: str


def publish_at_once(folder: Path, rounds: int) -> Rush:
    """Have eight publishers begin at once, so many times, each time after an edit."""
    load_program()
    county = County(folder)
    county.must_publish(MORNING)
    faults: list[str] = []
    for number in range(rounds):
        before = look(county.store)
        county.write(NEWS, news(f"第{number}轮"))
        answers = _run_together(county, _PUBLISHERS)
        faults += [f"round {number}: {fault}" for fault in _judge(answers)]
        live = look(county.store)
        faults += [f"round {number}: {fault}" for fault in live.faults]
        if live.trees == before.trees:
            faults.append(f"round {number}: what was edited is not live")
    return Rush(rounds, _PUBLISHERS, tuple(faults))


def _judge(answers: list[Answer]) -> Iterator[str]:
    winners = [answer for answer in answers if answer.code == 0]
    if len(winners) != 1 or "已发布" not in winners[0].words:
        yield f"{len(winners)} publishers of {len(answers)} won"
    for answer in answers:
        said = re.search(r"另一次发布正在进行：\S+@\S+ pid (\d+)，从 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", answer.words)
        is_told = said is not None and int(said[1]) in [winner.process for winner in winners]
        if answer.code not in (0, 3) or (answer.code == 3 and not is_told):
            yield f"exit code {answer.code}: {answer.words}"


def _run_together(county: County, number: int) -> list[Answer]:
    """Run so many publishers that all wait for the same word; return how they ended."""
    hear, say = os.pipe()
    sys.stdout.flush()
    with ExitStack() as files:
        outputs = [files.enter_context(TemporaryFile()) for _ in range(number)]
        children = [os.fork() or _wait_and_publish(county, hear, say, output.fileno()) for output in outputs]
        os.close(hear)
        os.close(say)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        return [
            Answer(child, code, os.pread(output.fileno(), 1 << 20, 0).decode("utf-8", "replace"))
            for child, code, output in zip(children, codes, outputs, strict=True)
        ]


def _wait_and_publish(county: County, hear: int, say: int, output: int) -> NoReturn:
    """Publish as soon as nobody holds the pipe's other end."""
    code = 70
    try:
        os.close(say)
        os.chdir(county.root)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.read(hear, 1)
        code = county.call("publish", "--jobs", "1", clock=NOON)
        sys.stdout.flush()
    finally:
        os._exit(code)
