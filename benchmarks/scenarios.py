"""What an editor, a maintainer and a server do, done to each tool in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.contenders import Contender
from benchmarks.measure import Command, Run, count_written, run

Change = Callable[[Contender, int], Mapping[Path, str]]
"""Returns the new texts of files; the number differs from turn to turn, so that no cache knows a text already."""


@dataclass(frozen=True)
class Scenario:
    """One change and what follows it."""

    id: str
    name: str
    change: Change
    is_committed: bool = True
    is_check: bool = False
    """Whether the edited document is checked instead of the county built."""

    of_commit: bool = False
    """Whether govgen builds the commit, not the working tree; the others know no difference."""

    def command(self, contender: Contender) -> Command:
        """Return what is run after the change."""
        if not self.is_check:
            build = contender.rebuild
            of_commit = self.of_commit and contender.tool == "govgen"
            return replace(build, arguments=[*build.arguments, "--commit"]) if of_commit else build
        article = contender.edited.article.relative_to(contender.root)
        return Command(contender.govgen("check", str(article)), contender.root)


@dataclass(frozen=True)
class Measured:
    """One turn of a scenario."""

    run: Run
    written: int
    """Files."""

    written_bytes: int


def _nothing(contender: Contender, number: int) -> Mapping[Path, str]:
    return {}


def _body(contender: Contender, number: int) -> Mapping[Path, str]:
    article = contender.edited.article
    return {article: f"{article.read_text(encoding='utf-8')}\n补充说明第{number}次，以此为准。\n"}


def _title(contender: Contender, number: int) -> Mapping[Path, str]:
    edited = contender.edited
    text = edited.article.read_text(encoding="utf-8")
    return {edited.article: text.replace(edited.title, f"{edited.title}（第{number}次修订）", 1)}


def _addition(contender: Contender, number: int) -> Mapping[Path, str]:
    return {contender.edited.new_article: f"{contender.edited.new_content}\n第{number}次新增。\n"}


def _template(contender: Contender, number: int) -> Mapping[Path, str]:
    template = contender.edited.template
    # Not a comment: Hugo leaves comments out, and nothing would change.
    mark = f"<i hidden>{number}</i>\n</body>"
    return {template: template.read_text(encoding="utf-8").replace("</body>", mark, 1)}


def _settings(contender: Contender, number: int) -> Mapping[Path, str]:
    edited = contender.edited
    text = edited.settings.read_text(encoding="utf-8")
    return {edited.settings: text.replace(edited.phone, f"0000-9{number:06}", 1)}


SCENARIOS = (
    Scenario("unchanged", "没有变化", _nothing, of_commit=True),
    Scenario("edited", "改一篇正文并提交", _body, of_commit=True),
    Scenario("retitled", "改一篇标题并提交", _title, of_commit=True),
    Scenario("added", "新增一篇并提交", _addition, of_commit=True),
    Scenario("unchanged-tree", "没有变化，看遍工作区", _nothing),
    Scenario("edited-tree", "改一篇正文，看遍工作区", _body),
    Scenario("added-tree", "新增一篇，看遍工作区", _addition),
    Scenario("template", "改主题模板", _template),
    Scenario("settings", "改一个站点的设置", _settings),
    Scenario("check", "检查一篇改过的文稿", _body, is_committed=False, is_check=True),
)


def run_in_turn(scenario: Scenario, contenders: Sequence[Contender], turns: int) -> dict[str, list[Measured]]:
    """Do a scenario to one tool after the other, and again; return the turns by the contenders' keys."""
    measured: dict[str, list[Measured]] = {contender.key: [] for contender in contenders}
    for contender in contenders:
        _return(scenario, contender)
    for turn in range(1, turns + 1):
        for contender in contenders:
            measured[contender.key].append(_take_turn(scenario, contender, turn))
    return measured


def _take_turn(scenario: Scenario, contender: Contender, turn: int) -> Measured:
    with changed(contender, scenario.change(contender, turn), is_committed=scenario.is_committed):
        since = time.time_ns()
        taken = run(scenario.command(contender))
        written = [count_written(folder, since) for folder in contender.outputs]
    _return(scenario, contender)
    return Measured(taken, sum(files for files, _ in written), sum(size for _, size in written))


def _return(scenario: Scenario, contender: Contender) -> None:
    """Go back to where a turn begins; tools but govgen know nothing of an earlier build."""
    if contender.tool == "govgen" and not scenario.is_check:
        run(scenario.command(contender))


@contextmanager
def changed(contender: Contender, texts: Mapping[Path, str], *, is_committed: bool) -> Iterator[None]:
    """Write texts into a county, and take them back at the end."""
    before = {path: path.read_bytes() if path.exists() else None for path in texts}
    commit = contender.head()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    if texts and is_committed:
        contender.commit()
    try:
        yield
    finally:
        contender.take_back(commit)
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                path.write_bytes(content)
