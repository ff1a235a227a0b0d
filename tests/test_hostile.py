"""Hostile files: each gets a clear finding in time, and neither the other documents nor the disk notice it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import shutil
import stat
import subprocess
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from govgen.catalog.states import Audience
from govgen.events import Silence
from govgen.gather import gather
from govgen.options import BuildOptions
from govgen.pipeline import take_account
from govgen.repo.checkout import Checkout
from tests.world import MZJ, NOON, Built, World

GOOD = 30
VERDICT_SECONDS = 3.0
SECRET = b"TOP SECRET of the build machine"
NEWS = "content/mzj/news"


def document(body: str = "正文。", **fields: object) -> str:
    """Return a document whose front matter holds `fields`, written so that YAML reads back what they are."""
    known = {"title": "来者不善", "date": "2026-02-01", **fields}
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in known.items())
    return f"---\n{''.join(lines)}---\n{body}\n"


def toml(extra: str) -> str:
    """Return a document with one more line in a TOML front matter."""
    return f"+++\ntitle = '来者不善'\ndate = '2026-02-01'\n{extra}\n+++\n正文。\n"


def yaml(extra: str) -> str:
    """Return a document with one more line in a YAML front matter."""
    return f"---\ntitle: 来者不善\ndate: 2026-02-01\n{extra}\n---\n正文。\n"


BILLION_LAUGHS = (
    "<!DOCTYPE svg ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><title>&l9;</title></svg>'
)

HOSTILE: Mapping[str, tuple[str, frozenset[str]]] = {
    name: (content, frozenset(rules.split()))
    for name, content, rules in (
        ("slug-up", document(slug="../../../outside"), "FM-SLUG"),
        ("slug-rooted", document(slug="/outside"), "FM-SLUG"),
        ("slug-backslash", document(slug="..\\..\\outside"), "FM-SLUG"),
        ("alias-up", document(aliases=["/../../outside.html"]), "FM-ADDRESS"),
        ("alias-host", document(aliases=["//evil.example/x.html"]), "FM-ADDRESS"),
        ("alias-dots", document(aliases=["/a/..;/b.html", "/%2e%2e/b.html", "/a\\..\\b.html"]), "FM-ADDRESS"),
        ("attachment-up", document(attachments=["../../../../secret.txt"]), "ATT-OUTSIDE"),
        ("attachment-escaped", document(attachments=["%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt"]), "ATT-OUTSIDE"),
        ("attachment-backslash", document(attachments=["..\\..\\..\\..\\secret.txt"]), "ATT-OUTSIDE"),
        ("attachment-rooted", document(attachments=["/../../../secret.txt"]), "ATT-OUTSIDE"),
        ("attachment-other-site", document(attachments=["../../portal/secret.txt"]), "ATT-OUTSIDE"),
        ("attachment-long", document(attachments=["a" * 5000 + ".pdf"]), "ATT-MISSING"),
        ("image-up", document(image="../../../../secret.png"), "ATT-OUTSIDE"),
        ("picture-up", document("![图](../../../../secret.png)"), "ATT-OUTSIDE"),
        ("link-up", document("[甲](../../../../secret.txt)"), "ATT-OUTSIDE"),
        ("link-up-html", document('<a href="../../../../secret.txt">甲</a>'), "ATT-OUTSIDE"),
        ("link-up-no-type", document("[甲](../../../../../../../etc/hostname)"), "LNK-INT"),
        ("link-up-document", document("[甲](../../../../secret.md)"), "LNK-INT"),
        ("link-file", document("[甲](file:///etc/passwd)"), "LNK-INT"),
        ("link-path", document("[甲](path:../../../secret.md)"), "LNK-INT"),
        ("section-up", document(section="../../outside"), "FM-SECTION"),
        ("mark", document("[甲](/-reference-/0) <a href='/-reference-/1'>乙</a>"), "LNK-INT"),
        ("mark-picture", document('<img alt="丙" src="/-reference-/0">'), "ATT-MISSING"),
        ("mark-in-words", document("`/-reference-/0` <abbr title='<a href=\"/-reference-/9\">'>丁</abbr>"), ""),
        ("placeholder", document("甲\x02wzxhzdk:0\x03乙\n\n<div>丙</div>"), "FILE-CONTROL"),
        ("placeholder-inline", document("*甲* \x02klzzwxh:0000\x03"), "FILE-CONTROL"),
        ("control-yaml", document(title="甲\u0001乙"), "FILE-CONTROL"),
        ("control-yaml-escape", yaml('summary: "\\x01"'), "FILE-CONTROL"),
        ("control-yaml-key", yaml('"\\e[31m": x'), "FILE-CONTROL"),
        ("control-toml", toml('"键" = ["\\u0000"]'), "FILE-CONTROL"),
        ("control-entities", document("&#1;&#2;&#x1b;[31m&#xFFFE;" + "控制字符写成实体也不行" * 4), ""),
        ("yaml-aliases", yaml("a: &a [甲, 甲]\nb: &b [*a, *a]\nc: [*b, *b]"), "FM-ALIAS"),
        ("yaml-flow-depth", yaml("x: " + "[" * 30_000 + "]" * 30_000), "FM-SYNTAX"),
        ("yaml-flow-open", yaml("x: " + "[" * 60_000), "FM-SYNTAX"),
        ("yaml-map-depth", yaml("x: " + "{a: " * 900 + "}" * 900), "FM-SYNTAX"),
        ("yaml-dashes", yaml("x:\n " + "- " * 30_000), "FM-SYNTAX"),
        ("yaml-object", yaml("source: !!python/object/apply:os.system [id]"), "FM-VALUE"),
        ("toml-depth", toml("x = " + "[" * 30_000 + "]" * 30_000), "FILE-DEPTH"),
        ("toml-depth-less", toml("x = " + "[" * 300 + "]" * 300), "FM-SYNTAX"),
        ("toml-dotted", toml(".".join("a" * 5_000) + " = 1"), "FM-SYNTAX"),
        ("toml-digits", toml("x = " + "1" * 5_000), "FM-SYNTAX"),
        ("toml-hexadecimal", toml("x = 0x" + "f" * 5_000), "FM-SYNTAX"),
        ("year-one", document(date="0001-01-01T00:00:00Z"), "FM-DATE"),
        ("year-999", document(date="0999-12-31"), "FM-DATE"),
        ("alias-of-machines", document(aliases=["/feed.xml", "/robots.txt", "/sitemap.xml", "/404.html"]), "ADR-ALIAS"),
        ("alias-below-page", document(aliases=["/notices/good-1.html/x.html", "/notices/good-2.html/"]), "ADR-ALIAS"),
        ("alias-of-page", document(aliases=["/notices/good-3.html", "/notices/"]), "ADR-ALIAS"),
        ("alias-below-files", document(aliases=["/files/news/bomb.docx/x.html", "/assets/css/x.html"]), ""),
        ("picture-huge", document("![图](huge.png)"), "IMG-SIZE"),
        ("picture-sparse", document("![图](sparse.png)"), "ATT-SIZE"),
        ("picture-laughs", document("![图](laughs.svg)"), "IMG-SVG"),
        ("picture-link", document("![图](linked.png)"), "ATT-SYMLINK"),
        ("picture-in-linked-folder", document("![图](folder/secret.png)"), "ATT-SYMLINK"),
        ("picture-pipe", document("![图](pipe.png)"), "ATT-SYMLINK"),
        ("docx-bomb", document("[表](bomb.docx)"), ""),
        ("glossary", document("".join(f"词{n}\n: 解释{n}\n" for n in range(1_000))), "FILE-DEPTH"),
        ("glossary-loose", document("".join(f"词{n}\n\n:   解释{n}\n\n" for n in range(1_000))), ""),
        ("columns", document("\n".join(["|".join(["甲"] * 500), "|".join(["-"] * 500), "|".join(["1"] * 500)])), ""),
        ("quotes-nested", document("> " * 1_000 + "甲"), ""),
        ("list-nested", document("".join("    " * n + "- 甲\n" for n in range(150))), ""),
        ("dead-links", document("".join(f"[甲](b{n}.md)" for n in range(3_000))), "LNK-INT"),
        ("x\u202egpj", document(), "FILE-NAME"),
        ("x\ny", document(), "FILE-NAME"),
        ("x\x1b[31m", document(), "FILE-NAME"),
        ("x\u200by", document(), "FILE-NAME"),
        ("x\udcff\udcfe", document(), "FILE-NAME"),
        ("\udcff/x", document(), "FILE-NAME"),
        ("linked", "", "FILE-SYMLINK"),
        ("pipe", "", "FILE-SYMLINK"),
    )
}
"""By file name: what the file holds, and exactly the rules that find something in it."""

UNITS = ("[", "<![CDATA[", "<a ", "![", "[a](", "<http://", "*", "_", "`", "[![", "> ", "- ", "> - ", "1. ", "<div>")
SLOW = frozenset({"FILE-TIME", "FILE-DEPTH", "FILE-MEMORY"})


@dataclass(frozen=True)
class Ground:
    """The county before anything hostile lies in it."""

    world: World
    built: Built
    files: Mapping[str, bytes]
    cpu_seconds: float


def snapshot(root: Path, *, but: Path) -> dict[str, tuple[int, str]]:
    """Return mode and contents of everything below `root` except what lies in `but`; symlinks are not followed."""
    found = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if Path(folder, name) != but]
        for name in (*folders, *names):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            content = path.read_bytes() if stat.S_ISREG(mode) and path.stat().st_size < 1_000_000 else b""
            found[str(path.relative_to(root))] = (mode, hashlib.sha256(content).hexdigest())
    return found


def cpu_seconds() -> float:
    """Return the processor time of this process and of all its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def lay_traps(world: World) -> None:
    """Put everything beside the county's documents that text can't say: links, pipes, pictures, archives."""
    outside, folder = world.root.parent, world.root / NEWS
    for name in ("secret.txt", "secret.md"):
        (outside / name).write_bytes(SECRET)
    Image.new("1", (1, 1)).save(outside / "secret.png")
    (outside / "folder").mkdir()
    shutil.copy(outside / "secret.png", outside / "folder")
    (outside / "folder" / "inside.md").write_bytes(SECRET)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "linked.md").symlink_to(outside / "secret.md")
    (folder / "linked.png").symlink_to(outside / "secret.png")
    (folder / "folder").symlink_to(outside / "folder")
    os.mkfifo(folder / "pipe.md")
    os.mkfifo(folder / "pipe.png")
    picture = bytearray((outside / "secret.png").read_bytes())
    picture[16:24] = (30_000).to_bytes(4, "big") * 2
    picture[29:33] = zlib.crc32(picture[12:29]).to_bytes(4, "big")
    world.write(f"{NEWS}/huge.png", bytes(picture))
    with open(folder / "sparse.png", "wb") as file:
        file.truncate(100_000_000)
    world.write(f"{NEWS}/laughs.svg", BILLION_LAUGHS)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", bytes(200_000_000))
    world.write(f"{NEWS}/bomb.docx", archive.getvalue())


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return a county with good documents, built, in a folder with nothing else in it."""
    world = World(tmp_path_factory.mktemp("hostile") / "county")
    for number in range(GOOD):
        body = f"正文{number}，[下一篇](good-{(number + 1) % GOOD}.md)。"
        day = f"2026-03-{number % 28 + 1:02}"
        world.write(f"content/mzj/notices/good-{number}.md", document(body, title=f"通知{number}", date=day))
    world.write(f"{NEWS}/first.md", document("栏目里的第一篇。"))
    world.build()
    started = cpu_seconds()
    built = world.build()
    return Ground(world, built, built.files(), cpu_seconds() - started)


@dataclass(frozen=True)
class Attacked:
    """The same county with all the hostile files in it."""

    built: Built
    before: Mapping[str, tuple[int, str]]
    after: Mapping[str, tuple[int, str]]
    cpu_seconds: float


@pytest.fixture(scope="module")
def attacked(ground: Ground) -> Attacked:
    """Return the county built once with all the hostile files."""
    world = ground.world
    lay_traps(world)
    for name, (content, _) in HOSTILE.items():
        if content:
            world.write(f"{NEWS}/{name}.md", content)
    outside, build = world.root.parent, world.root / "build"
    before = snapshot(outside, but=build)
    started = cpu_seconds()
    built = world.build()
    return Attacked(built, before, snapshot(outside, but=build), cpu_seconds() - started)


def test_each_hostile_file_gets_exactly_the_findings_that_name_its_fault(attacked: Attacked) -> None:
    found = {name: attacked.built.rules(f"{NEWS}/{name}.md") - {"BODY-EMPTY", "FM-UNKNOWN"} for name in HOSTILE}
    assert found == {name: set(rules) for name, (_, rules) in HOSTILE.items()}


def test_a_linked_folder_is_named_and_not_entered(attacked: Attacked) -> None:
    assert attacked.built.rules(f"{NEWS}/folder") == {"FILE-SYMLINK"}
    assert not attacked.built.findings(path=f"{NEWS}/folder/inside.md")


def test_every_hostile_file_is_built_or_held_and_none_is_lost(attacked: Attacked) -> None:
    report = attacked.built.report
    assert report.documents == GOOD + 1 + len(HOSTILE) == sum(report.states.values())
    for name in HOSTILE:
        path = f"{NEWS}/{name}.md"
        assert (path in report.held) != attacked.built.has(f"{MZJ}/news/{name}.html"), name


def test_good_documents_keep_their_pages_byte_for_byte(ground: Ground, attacked: Attacked) -> None:
    files = attacked.built.files()
    pages = {path: content for path, content in ground.files.items() if "/notices/" in path or "/assets/" in path}
    assert len(pages) > GOOD
    assert {path: files.get(path) for path in pages} == pages
    assert set(ground.files) <= set(files)


def test_hostile_files_together_cost_no_more_time_than_one_verdict_may(ground: Ground, attacked: Attacked) -> None:
    assert attacked.cpu_seconds - ground.cpu_seconds <= VERDICT_SECONDS


def test_nothing_is_written_outside_the_output_folder_and_nothing_outside_is_read(attacked: Attacked) -> None:
    assert attacked.after == attacked.before
    output = attacked.built.output
    assert sorted(path.name for path in output.parent.iterdir()) == ["cache", "public"]
    assert not [path for path in output.rglob("*") if path.is_symlink()]
    assert not [path for path, content in attacked.built.files().items() if SECRET in content]


def test_the_programs_own_mark_leads_nowhere_and_stays_as_words(attacked: Attacked) -> None:
    page = attacked.built.page(f"{MZJ}/news/mark.html").select_one(".prose")
    assert page and not page.find("a") and page.get_text(strip=True).replace(" ", "") == "甲乙"
    words = attacked.built.page(f"{MZJ}/news/mark-in-words.html").select_one(".prose")
    assert words and words.code and words.code.get_text() == "/-reference-/0"
    assert words.abbr and words.abbr["title"] == '<a href="/-reference-/9">'


def test_no_file_holds_a_control_character_written_as_an_entity(attacked: Attacked) -> None:
    for path in (f"{MZJ}/news/control-entities.html", f"{MZJ}/news/feed.xml", f"{MZJ}/news/index.html"):
        text = attacked.built.text(path)
        assert not [character for character in text if character < " " and character not in "\t\n"], path
        assert "控制字符写成实体也不行" in text or "index" in path


def test_an_archive_that_is_a_bomb_is_copied_as_it_is_and_never_unpacked(ground: Ground, attacked: Attacked) -> None:
    source = (ground.world.root / NEWS / "bomb.docx").read_bytes()
    assert attacked.built.files()[f"{MZJ}/files/news/bomb.docx"] == source
    assert not list(ground.world.root.rglob("document.xml"))


def test_reports_show_hidden_characters_of_file_names_instead_of_obeying_them(
    attacked: Attacked, ground: Ground
) -> None:
    for format in ("text", "json", "github"):
        outcome = ground.world.run("check", "--format", format, f"{NEWS}")
        assert outcome.returncode == 1, outcome.stderr
        assert not {"\x1b", "\u202e", "\u200b"} & set(outcome.stdout) or format == "json"
        assert "\x1b" not in outcome.stdout and "FILE-NAME" in outcome.stdout
        assert "Traceback" not in outcome.stderr


@pytest.fixture
def bomb(ground: Ground) -> Iterator[str]:
    """Yield a path for one more document; it is gone afterwards, and so is everything else that is hostile."""
    shutil.rmtree(ground.world.root / NEWS)
    ground.world.write(f"{NEWS}/first.md", document("栏目里的第一篇。"))
    yield f"{NEWS}/bomb.md"


def test_thousands_of_unknown_keys_are_told_in_time(ground: Ground, bomb: str) -> None:
    ground.world.write(bomb, yaml("".join(f"键{number}: 1\n" for number in range(5_000))))
    started = cpu_seconds()
    built = ground.world.build()
    assert cpu_seconds() - started <= VERDICT_SECONDS
    assert built.rules(bomb) == {"FM-UNKNOWN"}


@pytest.mark.parametrize("size", [8_000, 100_000])
@pytest.mark.parametrize("unit", UNITS)
def test_text_that_takes_a_parser_for_ever_is_refused_in_time(
    ground: Ground, bomb: str, unit: str, size: int, tmp_path: Path
) -> None:
    world = ground.world
    world.write(bomb, document(unit * (size // len(unit))))
    started = cpu_seconds()
    options = BuildOptions(tmp_path, tmp_path / "catalog.sqlite", Audience(NOON))
    catalog = gather(Checkout(world.root), options, Silence()).catalog
    account = take_account(catalog)
    assert cpu_seconds() - started <= VERDICT_SECONDS
    assert account.files == GOOD + 2 == sum(account.states.values())
    rules = {finding.rule for finding in account.findings if finding.path == bomb}
    assert account.held == ((bomb,) if rules & SLOW else ())
    assert len(rules & SLOW) <= 1


@pytest.mark.parametrize(
    ("rule", "content"),
    [
        ("FILE-TIME", document("[" * 100_000)),
        ("FILE-TIME", document("<div>" * 380_000)),
        ("FILE-TIME", document("<dl><dd>" * 230_000)),
        ("FM-SYNTAX", toml(".".join("a" * 30_000) + " = 1")),
        ("FILE-SIZE", document("长" * 1_000_000)),
    ],
    ids=["brackets", "divs", "lists", "dotted key", "size"],
)
def test_a_county_with_one_endless_file_is_built_in_time_and_unchanged(
    ground: Ground, bomb: str, rule: str, content: str
) -> None:
    ground.world.write(bomb, content)
    started = cpu_seconds(), time.monotonic()
    built = ground.world.build()
    used, passed = cpu_seconds() - started[0], time.monotonic() - started[1]
    assert built.rules(bomb) == {rule}
    assert built.report.held == (bomb,)
    assert built.files() == ground.files
    assert used - ground.cpu_seconds <= VERDICT_SECONDS
    assert passed < 60, "a file must not stand still until a clock runs out"


def test_folders_deeper_than_a_program_can_call_are_walked(ground: Ground, bomb: str) -> None:
    top = ground.world.root / NEWS / "a"
    here = os.open(top.parent, os.O_RDONLY)
    for _ in range(1_200):
        os.mkdir("a", dir_fd=here)
        inner = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    with os.fdopen(os.open("x.md", os.O_WRONLY | os.O_CREAT, dir_fd=here), "w") as file:
        file.write(document())
    os.close(here)
    try:
        built = ground.world.build()
    finally:
        subprocess.run(["rm", "-rf", str(top)], check=True)
    assert built.has(f"{MZJ}/news/x.html")
    assert not built.report.held
