"""Lighthouse's marks for six types of page, on a phone: `make lighthouse` writes them to `docs/lighthouse.md`.

What it needs is installed at the locked versions into `build/lighthouse/`. A busy machine makes
pages look slower than they are, never faster: a page that falls short is looked at twice more, and the best counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.browser import FLAGS
from tests.citizen.demo import Demo, browser_flags, build_demo, serve_demo, url_of
from tests.conftest import require
from tests.world import PROJECT

TYPES = {
    "portal": "门户首页",
    "home-township": "乡镇首页",
    "section-news": "栏目",
    "article": "文章",
    "policy-in_force": "政策文件",
    "service": "办事指南",
}
CATEGORIES = {
    "performance": "速度",
    "accessibility": "无障碍",
    "best-practices": "良好做法",
    "seo": "可找到",
}
GOAL = 98
TRIES = 3

LOCKED = PROJECT / "tests/lighthouse"
FOLDER = PROJECT / "build/lighthouse"
REPORT = PROJECT / "docs/lighthouse.md"

Marks = Mapping[str, float]


def main() -> int:
    """Look at the pages and write the report; returns 1 where a mark is below the goal."""
    install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = build_demo(folder, is_packed=True, has_additions=False)
        with serve_demo(demo, folder) as server:
            flags = (*(flag for flag in FLAGS if "host-resolver" not in flag), *browser_flags(server))
            marks = {type: _marks(demo, type, flags) for type in TYPES}
    REPORT.write_text(_report(marks, _version(), demo), encoding="utf-8")
    print(f"见 {REPORT.relative_to(PROJECT)}")
    return 0 if all(mark >= GOAL for of_page in marks.values() for mark in of_page.values()) else 1


def install() -> None:
    """Install Lighthouse at its locked version; a second time does nothing."""
    lock, stamp = LOCKED / "package-lock.json", FOLDER / "node_modules/.ready"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    print("安装 Lighthouse……", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, FOLDER)
    command = [require("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(command, cwd=FOLDER, check=True)
    shutil.copy(lock, stamp)


def _version() -> str:
    package = json.loads((FOLDER / "node_modules/lighthouse/package.json").read_text(encoding="utf-8"))
    return str(package["version"])


def _marks(demo: Demo, type: str, flags: tuple[str, ...]) -> Marks:
    """Return a page's marks by category, and say what costs points."""
    tries: list[Marks] = []
    while not tries or (len(tries) < TRIES and min(tries[0].values()) < GOAL):
        result = _look(url_of(demo.fullest[type].path), FOLDER / f"{type}-{len(tries) + 1}.json", flags)
        tries.append({name: round(100 * result["categories"][name]["score"]) for name in CATEGORIES})
        print(type, *tries[-1].values(), *_costs(result), flush=True)
    return {name: max(of_try[name] for of_try in tries) for name in CATEGORIES}


def _costs(result: Mapping[str, Any]) -> list[str]:
    """Return which audits took points, and by what they were displeased."""
    weighed = {
        reference["id"]
        for name in CATEGORIES
        for reference in result["categories"][name]["auditRefs"]
        if reference["weight"]
    }
    audits = [audit for audit in result["audits"].values() if audit["id"] in weighed and audit["score"] is not None]
    return [f"{audit['id']} {audit.get('displayValue', '')}".strip() for audit in audits if audit["score"] < 0.9]


def _look(url: str, file: Path, flags: tuple[str, ...]) -> Mapping[str, Any]:
    pairs = (flag.partition("=") for flag in ("--headless=new", *flags))
    quoted = " ".join(f'{name}="{value}"' if value else name for name, _, value in pairs)
    command = [
        *(require("node"), str(FOLDER / "node_modules/lighthouse/cli/index.js"), url, "--quiet"),
        *("--output=json", f"--output-path={file}", f"--only-categories={','.join(CATEGORIES)}"),
        *("--no-enable-error-reporting", f"--chrome-flags={quoted}", "--locale=zh"),
    ]
    environment = {**os.environ, "CHROME_PATH": require("chromium")}
    subprocess.run(command, env=environment, check=True, timeout=300)
    result: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return result


def _report(marks: Mapping[str, Marks], version: str, demo: Demo) -> str:
    rows = [
        f"| {TYPES[type]} | `{demo.fullest[type].path}` | "
        + " | ".join(f"{of_page[name]:.0f}{'' if of_page[name] >= GOAL else ' **不够**'}" for name in CATEGORIES)
        + " |"
        for type, of_page in marks.items()
    ]
    return _HEAD.format(version=version, goal=GOAL, names=" | ".join(CATEGORIES.values())) + "\n".join(rows) + "\n"


_HEAD = """<!-- 本页由程序生成：make lighthouse。 -->

# Lighthouse 打的分

Lighthouse {version}，手机，示例县里每种最长的一页，用真正的 nginx 配置（HTTPS、压缩、全部安全头）在本机打开。
满分 100，各项都不低于 {goal} 才算够。速度一项按慢的手机和网络推算；
机器忙只会把它压低，所以不够时再打两次，取最高的一次。

| 页面 | 网址 | {names} |
| --- | --- | ---: | ---: | ---: | ---: |
"""

if __name__ == "__main__":
    sys.exit(main())
