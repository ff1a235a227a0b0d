"""Builds counties from content that nobody here wrote, and writes docs/real-input.md: `python -m tests.real_input`."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from govgen.texts import load_texts
from tests import real_federated, real_zh
from tests.world import NOON, PROJECT

REPORT = PROJECT / "docs" / "real-input.md"
_SAMPLE_SECONDS = 0.05
_TEMPLATE_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|&lt;%.*?%&gt;", re.DOTALL)
_CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
_LONG_PARAGRAPH = 3000
Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one county's build came to."""

    name: str
    root: Path
    report: Mapping[str, Any]
    """What `govgen build --json` printed."""

    peak_bytes: int
    """Highest sum of the resident memory of all its processes; pages that processes share count in each."""

    @property
    def held(self) -> list[str]:
        """Paths of the documents held."""
        return list(self.report["held"])

    def findings(self, *severities: str) -> list[Finding]:
        """Return the findings of these severities."""
        return [finding for finding in self.report["findings"] if finding["severity"] in severities]


def copy_demo(root: Path) -> None:
    """Copy the project's own demo county into a folder, so that its build leaves the project alone."""
    for name in ("content", "sites", "themes"):
        shutil.copytree(PROJECT / name, root / name)
    shutil.copy(PROJECT / "pelicanconf.py", root)


COUNTIES: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "zh": ("中文公文县", real_zh.build_repository),
    "federated": ("八家机构县", real_federated.build_repository),
    "demo": ("示范县（本仓库 content/）", copy_demo),
}


def build_county(name: str, root: Path) -> Outcome:
    """Build the repository at `root` with the command line, and watch its memory. Raises where the build breaks off."""
    command = [sys.executable, "-m", "govgen", "--clock", NOON.isoformat(), "build", "--json"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=errors)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _tree_bytes(process.pid))
            time.sleep(_SAMPLE_SECONDS)
        output.seek(0)
        errors.seek(0)
        complaint = errors.read().decode()
        if process.returncode not in (0, 1) or "Traceback" in complaint:
            raise RuntimeError(f"{name}: exit code {process.returncode}\n{complaint}")
        return Outcome(name, root, json.load(output), peak)


def _tree_bytes(process: int) -> int:
    """Return the resident memory of a process and all that it started."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    sizes: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children[int(fields[1])].append(int(folder.name))
            sizes[int(folder.name)] = int(fields[21]) * resource.getpagesize()
    tree = [process]
    for member in tree:
        tree += children[member]
    return sum(sizes.get(member, 0) for member in tree)


@dataclass(frozen=True)
class Unseen:
    """What no finding speaks of and a reader sees all the same: numbers of published documents."""

    with_template_code: list[str]
    with_title_twice: int
    with_long_paragraph: int
    without_body: int


def find_unseen(outcome: Outcome) -> Unseen:
    """Look through the published bodies for what an import left in them."""
    catalog = sqlite3.connect(outcome.root / "build" / "cache" / "catalog.sqlite")
    rows = catalog.execute(
        "SELECT path, title, html FROM documents JOIN bodies ON document = path WHERE is_listed ORDER BY 1"
    ).fetchall()
    catalog.close()
    headings = {path: re.findall(r"<h[2-6][^>]*>(.*?)</h[2-6]>", html) for path, _, html in rows}
    paragraphs = {path: re.findall(r"<p>(.*?)</p>", html, re.DOTALL) for path, _, html in rows}
    return Unseen(
        with_template_code=[path for path, _, html in rows if _TEMPLATE_CODE.search(_CODE.sub("", html))],
        with_title_twice=sum(title in headings[path][:1] for path, title, _ in rows),
        with_long_paragraph=sum(any(len(text) > _LONG_PARAGRAPH for text in paragraphs[path]) for path, _, _ in rows),
        without_body=sum(not html.strip() for _, _, html in rows),
    )


def only_left_out(outcome: Outcome) -> tuple[int, int]:
    """Return how many documents of the agencies are held for nothing but files the corpus left out; and for templates.

    The corpus names every file its agencies had, and holds a part of their pictures and attachments.
    """
    had = {}
    for id in real_federated.AGENCIES:
        lines = (real_federated.CORPUS / id / ".original-files.tsv").read_text(encoding="utf-8").splitlines()
        had[id] = {line.split("\t")[1].strip().lower() for line in lines if "\t" in line}
    causes: defaultdict[str, set[str]] = defaultdict(set)
    for finding in outcome.findings("error"):
        site = finding["path"].split("/")[1]
        target = re.search("“(.*)”", finding["message"], re.DOTALL)
        name = unquote(target[1].split("#")[0].split("?")[0]).lstrip("/").lower() if target else ""
        is_missing = finding["rule"] == "ATT-MISSING"
        is_template = is_missing and bool(re.search(r"\{\{|\{%|<%", name))
        is_left_out = is_missing and name in had.get(site, ())
        causes[finding["path"]].add("left out" if is_left_out else "template" if is_template else "other")
    kinds = list(causes.values())
    return sum(kind == {"left out"} for kind in kinds), sum("template" in kind for kind in kinds)


def main() -> None:
    """Build every county in a folder of its own and write the report."""
    outcomes = {}
    unseen = {}
    with tempfile.TemporaryDirectory(prefix="real-input-") as folder:
        for name, (_, make) in COUNTIES.items():
            root = Path(folder) / name
            make(root)
            outcomes[name] = build_county(name, root)
            unseen[name] = find_unseen(outcomes[name])
            print(f"{name}: {_row(outcomes[name])}", flush=True)
    REPORT.write_text(_report(outcomes, unseen), encoding="utf-8")
    print(f"written: {REPORT}")


def _row(outcome: Outcome) -> str:
    report = outcome.report
    cells = [
        str(len(report["sites"])),
        str(report["documents"]),
        str(report["pages"]),
        f"{len(outcome.held)}（{len(outcome.held) / report['documents']:.1%}）",
        f"{report['seconds']:.1f}",
        f"{report['pages'] / report['seconds']:.0f}",
        f"{outcome.peak_bytes / 1e6:.0f} MB",
    ]
    return " | ".join(cells)


def _rule_table(findings: Iterable[Finding], unit: str) -> str:
    """Return a table of rules: how often, in how many documents, and one example."""
    by_rule: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding["rule"]].append(finding)
    order = sorted(by_rule.items(), key=lambda entry: (-len({f["path"] for f in entry[1]}), entry[0]))
    lines = [f"| 规则 | {unit} | 处数 | 一例 | 说法 |", "| --- | ---: | ---: | --- | --- |"]
    for rule, group in order:
        example = min(group, key=lambda finding: (len(finding["path"]), finding["path"]))
        cells = [rule, str(len({f["path"] for f in group})), str(len(group))]
        cells += [f"`{_cell(example['path'])}`", _cell(example["message"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) if by_rule else "没有。"


def _cell(text: str) -> str:
    """Return a text as it may stand in a cell of a table: one line, nothing that is markup."""
    short = text if len(text) <= 120 else text[:119] + "…"
    return " ".join(short.split()).replace("|", "\\|").replace("<", "&lt;").replace("{", "&#123;")


def _section(outcome: Outcome, unseen: Unseen) -> str:
    words = load_texts("zh").catalog["states"]
    states = "，".join(f"{words[state]} {number}" for state, number in outcome.report["states"].items() if number)
    return f"""## {COUNTIES[outcome.name][0]}

去向：{states}。每个文件都有交代：要么在总目里，要么暂缓并说明原因。

### 暂缓的原因

{_rule_table(outcome.findings("stop", "error"), "文稿")}

### 照常发布、请人看一眼的

{_rule_table(outcome.findings("warning"), "文稿")}

另有 {len(outcome.findings("advice"))} 条建议（{_by_rule(outcome.findings("advice"))}）。

### 没有提示、读者却看得见的

- 正文露出模板代码（`{{{{ … }}}}` 之类，有 BODY-TEMPLATE 提示）：{len(unseen.with_template_code)} 篇。
- 正文第一个小标题重复了标题：{unseen.with_title_twice} 篇。
- 有超过 {_LONG_PARAGRAPH} 字的段落：{unseen.with_long_paragraph} 篇。
- 没有正文（有 BODY-EMPTY 提示）：{unseen.without_body} 篇。
"""


def _by_rule(findings: Sequence[Finding]) -> str:
    counts = Counter(finding["rule"] for finding in findings)
    return "，".join(f"{rule} {number}" for rule, number in counts.most_common()) or "无"


def _report(outcomes: Mapping[str, Outcome], unseen: Mapping[str, Unseen]) -> str:
    left_out, with_templates = only_left_out(outcomes["federated"])
    rows = [f"| {COUNTIES[name][0]} | {_row(outcome)} |" for name, outcome in outcomes.items()]
    sections = [_section(outcome, unseen[name]) for name, outcome in outcomes.items()]
    federated = outcomes["federated"]
    clean = len(federated.held) - left_out
    return "\n".join(
        [
            _HEAD.format(cores=os.cpu_count(), clock=f"{NOON:%Y-%m-%d}"),
            "| 县 | 站点 | 文稿 | 页面 | 暂缓（占比） | 秒 | 页/秒 | 内存峰值 |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            *sections,
            _CONCLUSIONS.format(
                left_out=left_out,
                clean=clean,
                clean_share=f"{clean / federated.report['documents']:.1%}",
                held=len(federated.held),
                with_templates=with_templates,
                showing_code=len(unseen["federated"].with_template_code),
                title_twice=unseen["zh"].with_title_twice,
                long_paragraph=unseen["zh"].with_long_paragraph,
            ),
        ]
    )


_HEAD = """# 真实语料建县报告

> In short: two counties built from content that nobody here wrote (Chinese regulations, reports, services, villages;
> eight agencies' Jekyll, Eleventy and Middleman sources, copied uncleaned), and the demo county. No build broke off;
> every file is either published or held with a finding that says why and what to do. What is held is held for missing
> dates, titles and files, template code in references, and addresses taken twice. Below: figures, rules, examples, and
> what an import tool will have to do.

由 `make report`（`python -m tests.real_input`）生成，请勿手改。语料在 `../shared/corpora/`，不收进本仓库；建县的办法见
`tests/real_zh.py` 和 `tests/real_federated.py`：中文公文县按语料自带的元数据写文首信息，不编日期、文号，正文一字不动；
八家机构县原样复制，只把文件夹改成栏目（`_who-we-are` → `who-we-are`），把 `x.html.md.erb` 改名为 `x.md`。

每县用命令行 `govgen build --json` 从零生成一次，时间当作 {clock}，{cores} 个核。内存是全部进程的常驻内存之和的峰值
（每 0.05 秒取样；进程间共享的页重复计入，所以偏高）。
"""

_CONCLUSIONS = """## 这说明什么

**暂缓得对的**

- 八家机构县暂缓的 {held} 篇里，{left_out} 篇只因为语料没有收全图片和附件（原站有，`.original-files.tsv` 里列着）；
  除去这些，暂缓 {clean} 篇，占 {clean_share}。
- {with_templates} 篇的图片或附件地址是模板代码（`{{{{ site.baseurl }}}}/…`），发布出去就是坏图。
- 没有标题、没有文首信息、空文件、放在栏目之外：都没法猜，也不该猜。“images: …” 确实是 “image” 的笔误。
- 中文公文县：采购法规的语料没有日期，16 篇全部暂缓；“山西省.md”与“陕西省.md”拼音相同、超过 120 个字母的拼音截断后相同，
  先发布的保住网址，其余暂缓。

**这次改进的**（第一次运行时暂缓 494 篇和 21 篇）

- 日期末尾的时区写成 `-4`、`+05`（YAML 的写法）原来认不出，24 篇；现在认得。
- `description` 与 `excerpt` 都映到摘要，原来算“写了两次”，271 篇；现在别家的第二种写法当作自己的字段保留。
- 笔误猜错：`sections` 是列表，`resources`、`redirect_to`、`image_caption` 另有所指，34 篇里猜错 33 篇；现在不猜。
- `状态: 有效` 说的是有效性，不是草稿与发布；现在读作有效性。
- `https:///…` 多一条斜线，原来成了站内坏链接；内嵌框架（iframe）的地址原来另报一次坏链接。

**导入工具要做的**

1. 模板代码：{showing_code} 篇正文会把 `{{% image … %}}`、`<%= … %>` 原样显示给读者（BODY-TEMPLATE 提示的就是它们），
   工具要替换掉。
2. 旧网址：`permalink` 写进 `aliases`，`redirect_to` 的空页改成目标页的 `aliases`，
   站内旧链接和收藏才不断；结尾有没有斜线要一并处理。
3. 附件：`file_url` 写进 `attachments`，不然一篇只有标题；链接里的附件跟着搬。
4. 网页抓下来的正文：去掉“下载、打印、字号”等页面残留，把一行一段补成空行分段（{long_paragraph} 篇成了一大段），
   去掉与标题重复的第一个小标题（{title_twice} 篇）。
5. 日期：没有就问人，不要用导入当天。只有日期的，页面显示 00:00。
6. 文件名：办事事项的标题可以超过文件名的 255 字节；用事项编码作 `slug`，同音地名另起名。
7. `.html` 页面、`_data` 里的数据、`index.html` 列表：不是文稿，要么改写成 Markdown，要么由栏目代替。
"""


if __name__ == "__main__":
    main()
