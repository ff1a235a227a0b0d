"""The examples of a timer and of cron: systemd takes them, and the manual shows them as they are."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from govgen.cli.arguments import make_parser
from tests.conftest import require
from tests.world import PROJECT

EXAMPLES = PROJECT / "docs" / "examples"


def unit(name: str) -> configparser.ConfigParser:
    """Return a unit of the examples; of a key that stands twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(EXAMPLES / name, encoding="utf-8")
    return parser


def commands_of_examples() -> Iterator[str]:
    """Yield every call of govgen in the examples, without the program's path."""
    yield unit("govgen-publish.service")["Service"]["ExecStart"].partition("/govgen ")[2]
    for command in re.findall(r"/govgen ([^;'>|]*)", (EXAMPLES / "govgen.cron").read_text(encoding="utf-8")):
        yield command.strip()


def test_examples_run_commands_that_exist() -> None:
    commands = list(commands_of_examples())
    assert len(commands) == 3
    for command in commands:
        options = make_parser().parse_args(shlex.split(command))
        assert (options.command, options.commit, options.quiet) == ("publish", "HEAD", True)


def test_the_service_publishes_even_without_new_content_and_may_write_the_repository_only() -> None:
    service = unit("govgen-publish.service")["Service"]
    assert service["ExecStartPre"].startswith("-/usr/bin/git pull")
    assert service["SuccessExitStatus"] == "1"
    folder = service["WorkingDirectory"]
    assert service["ReadWritePaths"] == folder
    assert service["ExecStart"].startswith(f"{folder}/")
    assert (service["ProtectSystem"], service["NoNewPrivileges"], service["User"]) == ("strict", "yes", "govgen")
    assert int(service["Nice"]) > 0


def test_timer_and_cron_publish_every_five_minutes_and_every_night() -> None:
    timer = (EXAMPLES / "govgen-publish.timer").read_text(encoding="utf-8")
    assert re.findall(r"^OnCalendar=(.*)$", timer, re.MULTILINE) == ["*:0/5", "*-*-* 00:05:00 Asia/Shanghai"]
    assert unit("govgen-publish.timer")["Install"]["WantedBy"] == "timers.target"
    cron = (EXAMPLES / "govgen.cron").read_text(encoding="utf-8")
    lines = [line.split(None, 6) for line in cron.splitlines() if re.match(r"[*\d]", line)]
    assert [line[:6] for line in lines] == [["*/5", "*", "*", "*", "*", "govgen"], ["5", "0", "*", "*", "*", "govgen"]]
    for line in lines:
        assert "%" not in line[6]
        assert subprocess.run(["sh", "-n", "-c", line[6]], check=False).returncode == 0


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    program = require("systemd-analyze")
    for name in ("govgen-publish.service", "govgen-publish.timer"):
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        text = text.replace("/srv/yunling/.venv/bin/govgen", "/bin/true").replace("/srv/yunling", "/tmp")
        (tmp_path / name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / name) for name in ("govgen-publish.service", "govgen-publish.timer")]
    answer = subprocess.run([program, "verify", *units], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.iterdir()))
def test_the_manual_shows_the_examples_as_they_are(name: str) -> None:
    manual = (PROJECT / "docs/maintainer.md").read_text(encoding="utf-8")
    assert f"examples/{name}" in manual
    if not name.endswith(".toml"):  # That one is long, and explains itself.
        assert f"\n{(EXAMPLES / name).read_text(encoding='utf-8')}```" in manual
