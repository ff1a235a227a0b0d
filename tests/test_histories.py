"""Random histories of a small county: after every step the pages are, byte for byte, those of a clean build."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from govgen.model.finding import Finding
from govgen.preview.watch import watch
from govgen.repo.survey import NOTHING_KNOWN, Known
from tests.world import NOON, World

SECTIONS = {
    "portal": ("news", "policies", "interpretations", "topics", "consultations", "data"),
    "mzj": ("news", "notices", "policies", "services", "letters"),
    "qingshui": ("news", "notices", "about", "villages/shanghe/news"),
}
TITLES = ("春季植树", "汛期值班", "低保提标", "道路施工", "旅游推介", "征求意见")
NAMES = ("a", "b", "c", "d", "planting", "植树")
STEPS = 9
EVENTS_SECONDS = 0.3
"""So long the system may take to tell of changes."""
GUESSED = ("LNK-INT", "REL-MISSING", "ADOPT-MISSING")


@dataclass
class History:
    """A county that changes at random, and what its editors remember of it."""

    world: World
    random: random.Random
    clock: datetime = NOON
    documents: list[str] = field(default_factory=list)
    drafts: bool = False

    def pick(self, *values: str) -> str:
        """Return one of some values."""
        return self.random.choice(values)

    def place(self) -> str:
        """Return where a document might lie."""
        site = self.pick(*SECTIONS)
        return f"content/{site}/{self.pick(*SECTIONS[site])}/{self.pick(*NAMES)}.md"

    def target(self) -> str:
        """Return what a document might link to."""
        path = self.pick(*self.documents) if self.documents else self.place()
        _, site, rest = path.removesuffix(".md").split("/", 2)
        return self.pick(f"{site}:{rest}", f"/{rest.rpartition('/')[0]}/2026/03/", "/old/1.html", f"{site}:news")

    def text(self) -> str:
        """Return a document that is good, or nearly so."""
        day = f"2026-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        lines = [f"title: {self.pick(*TITLES)}", f"date: {day}"]
        extras = (
            f"updated: {day}",
            f"publish_at: 2026-11-{self.random.randint(20, 25)} 10:00",
            f"expires_at: 2027-01-{self.random.randint(1, 25):02} 10:00",
            f"status: {self.pick('draft', 'withdrawn', 'published')}",
            f"aliases: [/old/{self.random.randint(1, 3)}.html]",
            f"topics: [{self.pick('a', 'b', 'planting')}]",
            f"life_event: {self.pick('上学', '就业')}",
            f"figures: [{{name: {self.pick('收入', '产量')}, value: {self.random.randint(1, 9)}, period: {day}}}]",
            f"submit: [{self.pick('news', 'nowhere')}]",
            f"slug: {self.pick('a', 'same')}",
            f"interprets: {self.target()}",
            f"amends: {self.target()}",
            f"repealed_by: {self.target()}",
            f"translation_of: {self.target()}",
            f"lang: {self.pick('en', 'ug', 'fr')}",
            f"opens_on: 2026-11-{self.random.randint(20, 24)}",
            f"closes_on: 2026-11-{self.random.randint(24, 28)}",
            f"order: {self.random.randint(1, 3)}",
            f"summary: {self.pick(*TITLES)}的摘要",
            "attachments: [表格.csv]",
            f"review_by: 2026-11-{self.random.randint(20, 25)}",
            "date: 昨天",
        )
        lines += self.random.sample(extras, self.random.randint(0, 3))
        link = f"\n[文字]({self.target()})\n" if self.random.random() < 0.4 else ""
        return "---\n" + "\n".join(lines) + f"\n---\n正文{self.random.randint(1, 99)}。\n{link}"

    def add(self) -> None:
        """Write a new document, or another one in its place."""
        path = self.place()
        self.world.write(path, self.text())
        self.documents = sorted({*self.documents, path})

    def edit(self) -> None:
        """Change one line of a document."""
        if not self.documents:
            return
        path = self.pick(*self.documents)
        lines = (self.world.root / path).read_text(encoding="utf-8").splitlines()
        place = self.random.randrange(1, len(lines))
        if self.random.random() < 0.5:
            lines = self.text().splitlines()
        elif lines[place].startswith("title"):
            lines[place] = f"title: {self.pick(*TITLES)}（更正）"
        else:
            lines.append("又一段。")
        self.world.write(path, "\n".join(lines) + "\n")

    def delete(self) -> None:
        """Remove a document."""
        if self.documents:
            path = self.pick(*self.documents)
            self.world.remove(path)
            self.documents.remove(path)

    def move(self) -> None:
        """Give a document another name or another site."""
        if not self.documents:
            return
        old, new = self.pick(*self.documents), self.place()
        content = (self.world.root / old).read_bytes()
        self.world.remove(old)
        self.documents.remove(old)
        self.world.write(new, content)
        self.documents = sorted({*self.documents, new})

    def carry(self) -> None:
        """Put a file beside documents, change it, or take it away."""
        path = f"{self.place().rpartition('/')[0]}/表格.csv"
        if (self.world.root / path).exists() and self.random.random() < 0.4:
            self.world.remove(path)
        else:
            self.world.write(path, f"甲,乙\n{self.random.randint(1, 9)},2\n")

    def adopt(self) -> None:
        """Write which documents the portal adopts, or stop adopting."""
        path = self.world.root / "content/portal/news/_adopted.toml"
        if path.exists() and self.random.random() < 0.3:
            path.unlink()
            return
        names = [p.removeprefix("content/").removesuffix(".md").replace("/", ":", 1) for p in self.documents]
        chosen = self.random.sample(names, min(2, len(names)))
        self.world.write(
            "content/portal/news/_adopted.toml",
            f"documents = [{', '.join(f'{n!r}' for n in [*chosen, 'mzj:news/x'])}]\n",
        )

    def change_settings(self) -> None:
        """Change a site's or the county's settings."""
        which = self.random.randrange(6)
        if which == 0:
            self._set("sites/qingshui.toml", "phone", f"0000-{self.random.randint(1, 9)}")
        elif which == 1:
            self._set("sites/mzj.toml", "mount", self.pick("path", "subdomain"))
        elif which == 5:
            self._set("sites/portal.toml", "name", f"云岭县人民政府{self.pick('', '门户网站')}")
        elif which == 2:
            self._set("sites/mzj.toml", "name", f"云岭县民政局{self.pick('', '（新）')}")
        elif which == 3:
            path = "sites/qingshui.toml"
            text = (self.world.root / path).read_text(encoding="utf-8")
            section = '\n[[sections]]\nid = "tourism"\nname = "旅游"\nkind = "news"\n'
            self.world.write(path, text.replace(section, "") if section in text else text + section)
        else:
            path = "sites/_county.toml"
            text = (self.world.root / path).read_text(encoding="utf-8")
            self.world.write(path, text.replace("云岭县人民路1号", "云岭县人民路1-1号"))

    def _set(self, path: str, key: str, value: str) -> None:
        lines = (self.world.root / path).read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if not line.startswith(f"{key} =")]
        self.world.write(path, "\n".join([f'{key} = "{value}"', *lines]) + "\n")

    def change_theme(self) -> None:
        """Change a template, a style sheet or nothing but a comment."""
        path = self.pick(
            "templates/_list.html", "templates/policy.html", "templates/_footer.html", "static/css/extra.css"
        )
        file = self.world.root / "themes/county" / path
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        new = f"/* {self.random.random()} */" if path.endswith("css") else f"<!-- {self.random.randint(1, 99)} -->"
        self.world.write(f"themes/county/{path}", f"{old}\n{new}\n")

    def hang_banner(self) -> None:
        """Say something above pages for a time, mourn, or stop to."""
        path = "sites/_county.toml"
        text = (self.world.root / path).read_text(encoding="utf-8").partition("\n[[")[0]
        starts = NOON + timedelta(hours=self.random.randint(-60, 90))
        times = f'starts = {starts:%Y-%m-%dT%H:%M:%S}\nends = "{starts + timedelta(hours=40):%Y-%m-%d %H:%M}"\n'
        where = self.pick("", 'sites = ["mzj"]\n', 'sites = ["portal", "qingshui"]\n')
        banner = f'\n[[banners]]\ntext = "{self.pick(*TITLES)}"\n{times}{where}'
        self.world.write(path, text + self.pick("", banner, f"\n[[mourning]]\n{times}{where}"))

    def pass_time(self) -> None:
        """Let time go on, or back."""
        self.clock += timedelta(hours=self.random.randint(-60, 90))

    def commit(self) -> None:
        """Commit everything."""
        self.world.commit("history")

    def show_drafts(self) -> None:
        """Build for editors, or for citizens again."""
        self.drafts = not self.drafts


CHANGES: list[tuple[Callable[[History], None], int]] = [
    (History.add, 8),
    (History.edit, 6),
    (History.delete, 3),
    (History.move, 3),
    (History.carry, 2),
    (History.adopt, 2),
    (History.change_settings, 2),
    (History.change_theme, 1),
    (History.hang_banner, 1),
    (History.pass_time, 3),
    (History.commit, 2),
    (History.show_drafts, 1),
]


def kill_a_build(history: History) -> None:
    """Begin a build and kill it somewhere on its way."""
    command = [sys.executable, "-m", "govgen", "--repo", str(history.world.root), "build"]
    process = subprocess.Popen([*command, "--clock", history.clock.isoformat()], stdout=subprocess.DEVNULL)
    time.sleep(history.random.uniform(0.1, 1.6))
    process.send_signal(signal.SIGKILL)
    process.wait()


def without_guesses(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without what was guessed for a dead link: that is as old as the finding."""
    plain = (replace(f, values={**f.values, "guess": ""}) if f.rule in GUESSED else f for f in findings)
    return sorted(plain, key=Finding.sort_key)


def build_and_compare(history: History, clean: Path, told: list[str], known: Known = NOTHING_KNOWN) -> None:
    """Build on what stands there and from nothing, and hold the two equal."""
    now = history.world.build(clock=history.clock, drafts=history.drafts, known=known)
    shutil.rmtree(clean, ignore_errors=True)
    fresh = history.world.build(
        str(clean / "public"), clock=history.clock, drafts=history.drafts, catalog=clean / "catalog.sqlite"
    )
    ours, theirs = now.files(), fresh.files()
    differing = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
    assert differing == [], told
    assert without_guesses(now.report.findings) == without_guesses(fresh.report.findings), told
    assert (now.report.states, now.report.held) == (fresh.report.states, fresh.report.held), told
    assert now.report.pages == fresh.report.pages, told


@pytest.mark.parametrize("seed", range(8))
def test_after_every_step_of_a_history_pages_are_those_of_a_clean_build(tmp_path: Path, seed: int) -> None:
    history = History(World(tmp_path / "county"), random.Random(seed))
    if seed % 2:
        history.world.commit("first")
    for _ in range(6):
        history.add()
    told: list[str] = []
    kinds, weights = zip(*CHANGES, strict=True)
    for step in range(STEPS):
        for change in history.random.choices(kinds, weights, k=history.random.randint(1, 3)):
            change(history)
            told.append(f"{step}: {change.__name__}")
        if history.random.random() < 0.2:
            kill_a_build(history)
            told.append(f"{step}: killed")
        build_and_compare(history, tmp_path / "clean", told)


@pytest.mark.parametrize("seed", range(20, 26))
def test_builds_from_what_a_watcher_saw_are_those_of_a_clean_build(tmp_path: Path, seed: int) -> None:
    history = History(World(tmp_path / "county"), random.Random(seed))
    if seed % 3:
        history.world.write(".gitignore", "build/\n")
        history.world.commit("first")
    told: list[str] = []
    kinds, weights = zip(*CHANGES, strict=True)
    with watch(history.world.root) as watcher:
        build_and_compare(history, tmp_path / "clean", told)
        for step in range(STEPS):
            for change in history.random.choices(kinds, weights, k=history.random.randint(1, 3)):
                change(history)
                told.append(f"{step}: {change.__name__}")
            time.sleep(EVENTS_SECONDS)
            known = watcher.wait(EVENTS_SECONDS) or Known(named=())
            told.append(f"{step}: {known}")
            build_and_compare(history, tmp_path / "clean", told, known)


def test_a_watcher_names_files_and_leaves_what_git_ignores_out(tmp_path: Path) -> None:
    county = World(tmp_path / "county")
    county.write("content/mzj/news/a.md", "---\ntitle: 甲\ndate: 2026-01-01\n---\n文\n")
    county.commit()
    county.write(".gitignore", "build/\n*.local.md\n")
    with watch(county.root) as watcher:
        assert county.build(drafts=True).report.documents == 1
        county.write("content/mzj/news/b.local.md", "---\ntitle: 乙\ndate: 2026-01-01\n---\n文\n")
        county.write("content/mzj/news/.c.md", "---\ntitle: 丙\ndate: 2026-01-01\n---\n文\n")
        (county.root / "content/mzj/news/.c.md").rename(county.root / "content/mzj/news/c.md")
        time.sleep(EVENTS_SECONDS)
        known = watcher.wait(EVENTS_SECONDS)
        assert known is not None
        assert known.named == {"content/mzj/news/b.local.md", "content/mzj/news/c.md"}
        assert county.build(drafts=True, known=known).report.documents == 2
        county.write(".gitignore", "build/\n")
        known = watcher.wait(EVENTS_SECONDS)
        assert known == NOTHING_KNOWN
        assert county.build(drafts=True).report.documents == 3
        (county.root / "content/mzj/news").rename(county.root / "content/mzj/notices")
        assert watcher.wait(EVENTS_SECONDS) == NOTHING_KNOWN
