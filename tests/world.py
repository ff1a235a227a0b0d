"""A small county for one test: files in, pages and findings out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bs4 import BeautifulSoup

from govgen.catalog.states import Audience
from govgen.events import Silence
from govgen.model.build import BuildReport
from govgen.model.finding import Finding
from govgen.options import BuildOptions
from govgen.pipeline import build
from govgen.repo.checkout import Checkout
from govgen.repo.survey import NOTHING_KNOWN, Known

PROJECT = Path(__file__).parent.parent
SHARED = PROJECT.parent / "shared"
CORPORA = SHARED / "corpora"
NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Asia/Shanghai"))

COUNTY = """
[county]
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
"""

SMALL_COUNTY = f"""
-- sites/_county.toml --
{COUNTY}
-- sites/portal.toml --
name = "云岭县人民政府门户网站"
short_name = "云岭县人民政府"
kind = "portal"
-- sites/mzj.toml --
name = "云岭县民政局"
short_name = "县民政局"
kind = "department"
-- sites/qingshui.toml --
name = "清水镇人民政府"
short_name = "清水镇"
kind = "township"

[[villages]]
id = "shanghe"
name = "上河村"
"""
"""A portal, a department and a township with one village; no documents."""

PORTAL = "www.yunling.gov.example"
MZJ = "mzj.yunling.gov.example"
QINGSHUI = "qingshui.yunling.gov.example"


@dataclass(frozen=True)
class Built:
    """What a build of a world came to."""

    report: BuildReport
    output: Path

    def has(self, path: str) -> bool:
        """Tell whether a page stands at `host/path`."""
        return (self.output / path).is_file()

    def text(self, path: str) -> str:
        """Return what stands at `host/path`."""
        return (self.output / path).read_text(encoding="utf-8")

    def page(self, path: str) -> BeautifulSoup:
        """Return the page at `host/path`, parsed."""
        return BeautifulSoup(self.text(path), "html.parser")

    def words(self, path: str) -> str:
        """Return the words in a page's main part."""
        main = self.page(path).find("main")
        assert main is not None
        return " ".join(main.get_text(" ").split())

    def findings(self, rule: str = "", path: str = "") -> list[Finding]:
        """Return the findings of a rule, on a path; all by default."""
        return [f for f in self.report.findings if rule in ("", f.rule) and path in ("", f.path)]

    def rules(self, path: str) -> set[str]:
        """Return which rules found something in the file at `path`."""
        return {finding.rule for finding in self.findings(path=path)}

    def files(self) -> dict[str, bytes]:
        """Return all files of the output folder but the program's own notes."""
        return {
            file.relative_to(self.output).as_posix(): file.read_bytes()
            for file in sorted(self.output.rglob("*"))
            if file.is_file() and not file.name.startswith(".govgen")
        }


class World:
    """A county's repository in a folder of its own."""

    def __init__(self, root: Path, text: str = "") -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(PROJECT / "themes", root / "themes")
        shutil.copy(PROJECT / "pelicanconf.py", root)
        self.write_all(SMALL_COUNTY)
        self.write_all(text)

    @property
    def catalog(self) -> Path:
        """Where builds keep their catalog."""
        return self.root / "build" / "cache" / "catalog.sqlite"

    def copy(self, root: Path) -> World:
        """Return this world as another, in a folder of its own; links and times are as they are here."""
        subprocess.run(["cp", "-a", self.root, root], check=True)
        other = copy(self)
        other.root = root
        return other

    def write_all(self, text: str) -> None:
        """Write files given as one text: `-- path --` lines, each followed by what the file holds."""
        parts = re.split(r"^-- (\S.*?) --\n", text, flags=re.MULTILINE)
        for path, content in zip(parts[1::2], parts[2::2], strict=True):
            self.write(path, content)

    def write(self, path: str, content: str | bytes) -> None:
        """Write one file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)

    def remove(self, path: str) -> None:
        """Take one file away."""
        (self.root / path).unlink()

    def build(
        self, output: str = "build/public", *, clock: datetime = NOON, known: Known = NOTHING_KNOWN, **changes: Any
    ) -> Built:
        """Build the county; git is asked what changed unless that is known."""
        audience = Audience(clock, **{k: changes.pop(k) for k in ("drafts", "future", "expired") if k in changes})
        options = BuildOptions(self.root / output, self.catalog, audience)
        report = build(Checkout(self.root), replace(options, **changes), Silence(), known)
        return Built(report, self.root / output)

    def commit(self, message: str = "change") -> None:
        """Commit everything to git; the first time makes the repository."""
        git = ["git", "-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-C", str(self.root)]
        if not (self.root / ".git").exists():
            subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
            self.write(".gitignore", "build/\npublic\n.govgen/\n")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], check=True)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in the county's folder, at the worlds' noon unless a clock is given."""
        clock = () if "--clock" in arguments else ("--clock", NOON.isoformat())
        return subprocess.run(
            [sys.executable, "-m", "govgen", *clock, *arguments],
            cwd=self.root,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
