"""The command line, run as people run it: arguments in, words and exit codes out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govgen.cli.arguments import SITE_KINDS, make_parser
from govgen.model.county import SiteKind
from tests.world import MZJ, PORTAL, QINGSHUI, World

GOOD = "content/mzj/news/2026-01-01-good.md"
BAD = "content/qingshui/notices/2026-01-02-坏.md"
ODD = "content/qingshui/news/2026-01-03-odd.md"
MIXED = f"""
-- {GOOD} --
---
title: 好
---
正文。
-- {BAD} --
---
title: 坏
date: 二月三十
---
正文。
-- {ODD} --
---
title: 有死链
colour: red
---
[哪里](mzj:news/nowhere-at-all)
"""
"""A good document, one that is held, and one with a warning and an advice."""

Answer = subprocess.CompletedProcess[str]


def parsed(answer: Answer) -> Any:
    """Return what a command printed as JSON."""
    assert answer.stderr == ""
    return json.loads(answer.stdout)


def files(root: Path) -> dict[str, bytes]:
    """Return all files below a folder but git's and the program's own."""
    found = {str(file.relative_to(root)): file for file in sorted(root.rglob("*")) if file.is_file()}
    return {path: file.read_bytes() for path, file in found.items() if not path.startswith((".git/", "build/cache/"))}


# init and new


def test_init_makes_a_repository_that_builds_at_once(world: Callable[..., World], tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    county = world()
    answer = county.run("init", str(folder))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"cd {folder} && make publish" in answer.stdout
    git = ["git", "-C", str(folder)]
    assert subprocess.check_output([*git, "status", "--porcelain"], text=True) == ""
    assert subprocess.check_output([*git, "rev-list", "--count", "HEAD"], text=True).strip() == "1"
    report = parsed(county.run("--repo", str(folder), "build", "--json"))
    assert report["held"] == []
    assert report["documents"] > 50
    assert (folder / "build/public/www.yunling.gov.example/index.html").is_file()
    assert subprocess.check_output([*git, "status", "--porcelain"], text=True) == ""


def test_init_leaves_a_folder_with_files_alone(world: Callable[..., World], tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for name in ("full", "file"):
        answer = world().run("init", str(tmp_path / name))
        assert answer.returncode == 2
        assert "已经存在" in answer.stderr
    assert files(tmp_path / "full") == {"notes.txt": b"mine"}


KINDS = {
    "news": "news",
    "notices": "notices",
    "policy": "policies",
    "interpretation": "interpretations",
    "services": "services",
    "letter": "letters",
    "consultations": "consultations",
    "page": "about",
    "data": "data",
    "disclosure": "disclosure",
}
"""What `new` is asked for, by a section's or a document's kind or a section's name; and where it puts it."""


def test_new_scaffolds_every_kind_so_that_it_passes_check(world: Callable[..., World]) -> None:
    county = world()
    for number, (kind, section) in enumerate(KINDS.items()):
        answer = county.run("new", kind, f'试写“某事”: "{number}"', "--site", "mzj")
        assert answer.returncode == 0, answer.stderr
        (path,) = [line.split()[-1] for line in answer.stdout.splitlines() if "content/" in line]
        assert path.startswith(f"content/mzj/{section}/")
        assert path.isascii()
    county.run("new", "news", "村里的事", "--site", "qingshui", "--section", "villages/shanghe/news")
    assert list((county.root / "content/qingshui/villages/shanghe/news").iterdir())
    assert parsed(county.run("check", "--json")) == []
    listed = parsed(county.run("list", "drafts", "--json"))
    assert len(listed) == len(KINDS) + 1
    assert '试写“某事”: "3"' in {row["title"] for row in listed}


def test_new_makes_a_site_that_builds(world: Callable[..., World]) -> None:
    county = world()
    answer = county.run("new", "site", "jtj", "--kind", "township", "--name", '交通"镇"')
    assert answer.returncode == 0, answer.stderr
    built = county.build()
    assert '交通"镇"' in built.page("jtj.yunling.gov.example/index.html").get_text()
    assert not built.report.findings


def test_new_never_writes_over_what_is_there(world: Callable[..., World]) -> None:
    county = world()
    for arguments in (("new", "news", "甲", "--site", "mzj"), ("new", "site", "jtj")):
        assert county.run(*arguments).returncode == 0
        before = files(county.root)
        answer = county.run(*arguments)
        assert answer.returncode == 2
        assert "已经存在" in answer.stderr
        assert files(county.root) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("new news 甲", "mzj"),
        ("new news 甲 --site mjz", "mzj"),
        ("new poem 甲 --site mzj", "policies"),
        ("new news 甲 --site mzj --section newz", "news"),
        ("new site Jiao_Tong", "Jiao_Tong"),
        ("build --site mjz", "mzj"),
        ("build --frobnicate", "--frobnicate"),
        ("frobnicate", "publish"),
        ("list everything", "documents"),
        ("check --format xml", "json"),
        ("check content/mzj/nothing.md", "content/mzj/nothing.md"),
        ("check /etc/passwd", "/etc/passwd"),
        ("--clock yesterday build", "yesterday"),
        ("publish --target moon", "moon"),
        ("--repo /nowhere build", "/nowhere"),
    ],
)
def test_wrong_usage_exits_2_and_names_what_there_is(world: Callable[..., World], arguments: str, words: str) -> None:
    county = world()
    before = files(county.root)
    answer = county.run(*arguments.split())
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""
    assert files(county.root) == before


# build


FINDING = dict.fromkeys(("rule", "severity", "site", "path", "message", "remedy"), str) | {"line": (int, type(None))}
REPORT = dict.fromkeys(("documents", "pages", "written"), int) | dict.fromkeys(("sites", "held", "findings"), list)


def test_build_prints_the_object_of_the_contract(world: Callable[..., World]) -> None:
    county = world(MIXED)
    answer = county.run("build", "--json")
    report = parsed(answer)
    assert answer.returncode == 1
    assert {key: type(report[key]) for key in REPORT} == REPORT
    assert isinstance(report["seconds"], float)
    assert report["held"] == [BAD]
    assert report["documents"] == 3 == sum(report["states"].values())
    assert report["pages"] == sum(site["pages"] for site in report["sites"])
    assert {site["id"] for site in report["sites"]} == {"portal", "mzj", "qingshui"}
    for finding in report["findings"]:
        assert finding.keys() == FINDING.keys()
        assert all(isinstance(finding[key], kind) for key, kind in FINDING.items())
        assert (county.root / finding["path"]).is_file()
    shown = {(f["rule"], f["severity"], f["site"], f["path"], f["line"]) for f in report["findings"]}
    assert ("FM-DATE", "error", "qingshui", BAD, 3) in shown
    assert ("LNK-INT", "warning", "qingshui", ODD, 5) in shown
    assert ("FM-UNKNOWN", "advice", "qingshui", ODD, 3) in shown
    again = parsed(county.run("build", "--json"))
    assert again["written"] == 0
    assert again["findings"] == report["findings"]


def test_build_says_what_is_held_and_publishes_the_rest(world: Callable[..., World]) -> None:
    county = world(MIXED)
    answer = county.run("build")
    assert answer.returncode == 1
    assert BAD in answer.stdout
    assert "第 3 行  暂缓" in answer.stdout
    assert "怎么办：" in answer.stdout
    assert "[FM-UNKNOWN]" not in answer.stdout
    assert "[FM-UNKNOWN]" in county.run("build", "-v").stdout
    assert (county.root / f"build/public/{MZJ}/news/2026-01-01-good.html").is_file()


def test_a_county_without_faults_builds_with_exit_0(world: Callable[..., World]) -> None:
    county = world()
    answer = county.run("build")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (county.root / f"build/public/{PORTAL}/index.html").is_file()


def test_build_takes_its_folder_its_sites_and_its_audience_from_options(world: Callable[..., World]) -> None:
    county = world()
    states = {"draft": "status: draft", "future": "publish_at: 2026-12-24", "expired": "expires_at: 2026-02-01"}
    for state, key in states.items():
        county.write(f"content/mzj/news/2026-01-01-{state}.md", f"---\ntitle: {state}\n{key}\n---\n文\n")
    for option, shown in (("", set()), ("--drafts", {"draft"}), ("--future", {"future"}), ("--expired", {"expired"})):
        assert county.run("build", "--output", "out", "--jobs", "1", *option.split()).returncode == 0
        pages = {file.stem.removeprefix("2026-01-01-") for file in (county.root / f"out/{MZJ}/news").glob("2026*.html")}
        assert pages == shown
    county.run("build", "--output", "one", "--site", "mzj")
    assert {folder.name for folder in (county.root / "one").iterdir()} - {PORTAL} == {MZJ, ".govgen-built"}
    assert not (county.root / "build/public").exists()


def test_the_clock_decides_what_is_published(world: Callable[..., World]) -> None:
    county = world()
    county.write("content/mzj/news/a.md", "---\ntitle: 甲\ndate: 2026-12-24 08:00\n---\n文\n")
    moments = {"2026-12-24T07:59": 1, "2026-12-24T08:00": 0, "2026-12-24T00:00:00Z": 0, "2026-12-23": 1}
    for clock, number in moments.items():
        assert len(parsed(county.run("--clock", clock, "list", "future", "--json"))) == number, clock


def test_clean_build_leaves_nothing_of_before(world: Callable[..., World]) -> None:
    county = world(MIXED)
    county.build()
    county.write("build/public/stray.html", "x")
    county.run("build", "--clean")
    assert not (county.root / "build/public/stray.html").exists()
    assert (county.root / f"build/public/{PORTAL}/index.html").is_file()


@pytest.mark.parametrize("options", [(), ("--clean",), ("--site", "mzj")])
def test_a_folder_with_other_files_is_never_an_output(world: Callable[..., World], options: tuple[str, ...]) -> None:
    county = world(MIXED)
    county.write("mine/letter.txt", "do not lose me")
    before = files(county.root)
    for folder in ("mine", ".", "content"):
        answer = county.run("build", "--output", folder, *options)
        assert answer.returncode == 2
        assert "不敢覆盖" in answer.stderr
    after = files(county.root)
    assert after == before


# list, check, doctor, clean, and the common options


def test_list_names_the_documents_of_every_kind(world: Callable[..., World]) -> None:
    county = world(MIXED)
    heads = {
        "drafts": "status: draft",
        "future": "publish_at: 2026-12-24",
        "expired": "expires_at: 2026-02-01",
        "withdrawn": "status: withdrawn",
        "submitted": "submit: [news]",
        "adopted": "submit: [news]",
    }
    for name, head in heads.items():
        county.write(f"content/qingshui/notices/2026-11-01-{name}.md", f"---\ntitle: 题\n{head}\n---\n文\n")
    county.write("content/portal/news/_adopted.toml", 'documents = ["qingshui:notices/2026-11-01-adopted"]\n')
    for name in heads:
        rows = parsed(county.run("list", name, "--json"))
        assert [row["id"] for row in rows] == [f"qingshui:notices/2026-11-01-{name}"], name
    assert "2026-11-01-drafts" in county.run("list", "drafts").stdout
    assert parsed(county.run("list", "drafts", "--site", "mzj", "--json")) == []
    assert [row["path"] for row in parsed(county.run("list", "held", "--json"))] == [BAD]
    assert "二月三十" in county.run("list", "held").stdout
    stale = {row["section"]: row["days"] for row in parsed(county.run("list", "stale", "--json"))}
    # What the portal adopts keeps its section fresh; the day counts, not the day of the adoption.
    assert stale == {"portal:news": 21, "mzj:news": 325, "qingshui:news": 323}
    every = {row["id"]: row["state"] for row in parsed(county.run("list", "documents", "--json"))}
    assert len(every) == len(heads) + 2
    assert every["mzj:news/2026-01-01-good"] == "listed"


def test_check_reports_what_it_is_asked_about(world: Callable[..., World]) -> None:
    county = world(MIXED)
    county.commit()
    county.write("content/mzj/news/2026-02-02-新.md", "---\ntitle: 新\nstatus: lost\n---\n文\n")
    new = "content/mzj/news/2026-02-02-新.md"
    for arguments, paths, code in (
        ((), {BAD, ODD, new}, 1),
        ((BAD,), {BAD}, 1),
        ((ODD,), {ODD}, 0),
        ((str(county.root / ODD), GOOD), {ODD}, 0),
        (("content/qingshui",), {BAD, ODD}, 1),
        (("content/qingshui/news/",), {ODD}, 0),
        (("--site", "mzj"), {new}, 1),
        (("--changed",), {new}, 1),
    ):
        answer = county.run("check", "--json", *arguments)
        assert {finding["path"] for finding in parsed(answer)} == paths, arguments
        assert answer.returncode == code, arguments
    assert not (county.root / "build/public").exists()


def test_check_speaks_the_format_it_is_asked_for(world: Callable[..., World]) -> None:
    county = world(MIXED)
    assert json.loads(county.run("check", "--format", "json").stdout) == parsed(county.run("check", "--json"))
    lines = county.run("check", "--format", "github").stdout.splitlines()
    assert any(line.startswith(f"::error file={BAD},line=3,title=FM-DATE::") for line in lines)
    assert any(line.startswith(f"::warning file={ODD},line=5,title=LNK-INT::") for line in lines)
    assert any(line.startswith("::notice ") for line in lines)
    assert "没有发现问题" in county.run("check", GOOD).stdout


def test_check_looks_at_built_pages_too(world: Callable[..., World]) -> None:
    county = world()
    county.run("build")
    assert county.run("check", "--built", "build/public").returncode == 0
    page = county.root / f"build/public/{QINGSHUI}/index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("<h1", "<h2"), encoding="utf-8")
    answer = county.run("check", "--built", "build/public")
    assert answer.returncode == 1
    assert "[PAGE-H1]" in answer.stdout


def test_doctor_names_what_is_missing_and_the_line_that_mends_it(world: Callable[..., World], tmp_path: Path) -> None:
    county = world()
    assert county.run("doctor").returncode == 0
    answer = county.run("doctor", PATH=str(tmp_path))
    assert answer.returncode == 3
    assert "缺  git" in answer.stdout
    assert "apt-get install" in answer.stdout
    found = {probe["name"]: probe for probe in parsed(county.run("doctor", "--json"))}
    assert found["repository"]["found"] == str(county.root)
    outside = county.run("--repo", str(tmp_path), "doctor")
    assert outside.returncode == 3
    assert "govgen init" in outside.stdout


def test_clean_takes_what_was_built_and_keeps_content_and_releases(world: Callable[..., World]) -> None:
    county = world(MIXED)
    county.run("publish")
    before = {path: content for path, content in files(county.root).items() if not path.startswith("build/")}
    assert county.run("clean").returncode == 0
    assert not (county.root / "build").exists()
    assert files(county.root) == before
    assert (county.root / "public" / PORTAL / "index.html").is_file()
    assert county.run("clean").returncode == 0


def test_the_common_options_work_before_and_after_the_command(world: Callable[..., World]) -> None:
    county = world(MIXED)
    for answer in (
        county.run("--lang", "en", "check"),
        county.run("check", "--lang", "en"),
        county.run("check", GOVGEN_LANG="en"),
    ):
        assert "What to do:" in answer.stdout
        assert "怎么办" not in answer.stdout + answer.stderr
    assert parsed(county.run("--json", "check")) == parsed(county.run("check", "--json"))
    elsewhere = county.run("--repo", str(county.root / "content/mzj"), "list", "documents")
    assert "mzj:news/2026-01-01-good" in elsewhere.stdout


def test_quiet_says_only_what_holds_something_back(world: Callable[..., World]) -> None:
    county = world(MIXED)
    quiet = county.run("build", "-q")
    assert quiet.stderr == ""
    assert "[FM-DATE]" in quiet.stdout
    assert "[LNK-INT]" not in quiet.stdout
    county.remove(BAD)
    quiet = county.run("build", "-q")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_new_sites_may_be_of_every_kind() -> None:
    assert tuple(kind.value for kind in SiteKind) == SITE_KINDS


@pytest.mark.parametrize(
    "arguments", [["build", "--help"], ["--lang", "en", "build", "--help"], ["build", "--nothing"]]
)
def test_a_parser_made_for_some_arguments_says_what_the_whole_one_says(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for parser in (make_parser(), make_parser(arguments)):
        with pytest.raises(SystemExit):
            parser.parse_args(arguments)
        said.append(capsys.readouterr())
    assert said[0] == said[1]
