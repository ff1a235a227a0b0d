"""The manual says what is so: commands, settings, keys, rules, and the words of every message."""

from __future__ import annotations

import ast
import re
import shlex
import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from govgen.cli.arguments import make_parser
from govgen.cli.manual import flatten_settings, manual_pages
from govgen.content.keys import KEYS
from govgen.model.rules import SEVERITIES
from govgen.sites import schema
from govgen.texts import load_texts
from tests.world import PROJECT

ZH, EN = load_texts("zh").catalog, load_texts("en").catalog
MANUAL = tomllib.loads((PROJECT / "govgen/translations/manual.zh.toml").read_text(encoding="utf-8"))
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a catalog with its dotted key."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value)


def placeholders(text: str) -> set[str]:
    """Return the names a text wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def program_strings() -> Iterator[str]:
    """Yield every text constant of the program."""
    for file in (PROJECT / "govgen").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", manual_pages())
def test_generated_page_of_the_manual_is_what_the_program_says(name: str) -> None:
    assert (PROJECT / "docs" / name).read_text(encoding="utf-8") == manual_pages()[name], "run `make docs`"


def test_both_languages_say_the_same_things() -> None:
    chinese, english = dict(flatten(ZH)), dict(flatten(EN))
    assert chinese.keys() == english.keys()
    assert not [key for key in chinese if placeholders(chinese[key]) != placeholders(english[key])]


def test_every_rule_has_words_and_every_word_a_rule() -> None:
    assert set(ZH["rules"]) == set(SEVERITIES)
    assert all({"message", "remedy"} <= set(words) for words in ZH["rules"].values())


def test_every_rule_is_used_by_the_program() -> None:
    used = set(program_strings())
    assert not [rule for rule in SEVERITIES if rule not in used]


def test_every_rule_the_program_names_exists() -> None:
    names = {text for text in program_strings() if re.fullmatch(r"(?:[A-Z]+-)+[A-Z0-9]+", text)}
    families = {rule.split("-")[0] for rule in SEVERITIES}
    assert {name for name in names if name.split("-")[0] in families} <= set(SEVERITIES)


def test_every_setting_is_described() -> None:
    settings = {name for name, _ in flatten_settings(schema.COUNTY_KEYS, "")}
    settings |= {name for name, _ in flatten_settings(schema.SITE_KEYS, "site.")}
    assert settings == set(MANUAL["settings"])


def test_every_front_matter_key_is_described() -> None:
    assert set(KEYS) == set(MANUAL["keys"])


def test_every_error_has_words() -> None:
    raised = set()
    for file in (PROJECT / "govgen").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        raised |= set(re.findall(r'(?:UsageError|MachineryError)\(\s*"([a-z-]+)"', source))
    assert raised
    assert raised <= set(ZH["errors"])


def readme_commands() -> list[str]:
    """Return the commands of the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("  #")[0].split(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("command", readme_commands())
def test_command_of_the_readme_exists(command: str) -> None:
    words = shlex.split(command)
    if words[0] == "make":
        assert set(words[1:]) <= make_targets()
    elif "govgen" in words[0]:
        make_parser().parse_args(words[1:])
    else:
        assert words[0] in ("git", "cd")


def test_readme_begins_with_two_commands_and_a_picture() -> None:
    commands = readme_commands()
    assert commands[0].startswith("git clone")
    assert "make publish" in commands[1:3]
    picture = re.search(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert picture and (PROJECT / picture[1]).is_file()


def test_readme_and_manual_name_every_make_target() -> None:
    manual = README + (PROJECT / "docs/maintainer.md").read_text(encoding="utf-8")
    assert not [target for target in make_targets() if f"make {target}" not in manual]


def markdown_files() -> list[Path]:
    """Return the project's own Markdown files; the demo county's documents are checked by the program itself."""
    return [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "themes").rglob("*.md")]


@pytest.mark.parametrize("file", markdown_files(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_links_of_the_manual_lead_to_files(file: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target and not target.startswith("mailto:")]
    assert not [target for target in local if not (file.parent / target).exists()]


def test_locks_name_versions_and_hashes_but_no_host() -> None:
    npm = ("tests/package-lock.json", "tests/lighthouse/package-lock.json")
    for name in ("requirements.lock", "requirements-test.lock", *npm):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert "://" not in text and "sha" in text
