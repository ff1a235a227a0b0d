"""The shape of the program, held by reading its files: who may import whom, and what stands where."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.world import PROJECT

ROOT = PROJECT / "govgen"

STAGES = ("repo", "sites", "content", "catalog", "search", "plan", "render", "check", "release", "deploy")
"""In the order data moves; each may import those before it."""

VOCABULARY = ("model", "errors", "events", "files", "texts", "pinyin", "processes")
"""What every stage may import; it imports nothing but itself."""

ALLOWED = {
    **{stage: {*STAGES[: number + 1]} for number, stage in enumerate(STAGES)},
    **{stage: {*STAGES[: STAGES.index(stage) + 1], "options"} for stage in ("release", "deploy")},
    **{word: set() for word in VOCABULARY},
    "options": {"catalog"},
    "gather": {*STAGES, "options"},
    "standing": {*STAGES, "options"},
    "pipeline": {*STAGES, "options", "gather", "standing"},
    "publish": {*STAGES, "options", "pipeline"},
    "rollback": {*STAGES},
    "preview": {*STAGES, "options", "pipeline", "preview"},
    "webserver": {"webserver"},
    "cli": {*STAGES, "options", "standing", "pipeline", "publish", "rollback", "preview", "webserver", "cli"},
    "__main__": {"cli"},
    "__init__": set(),
}
"""What each part of the program may import besides the vocabulary."""

DOORS = {
    # A look at the header is part of reading a document; decoding takes far more, and is done apart from it.
    "PIL": {"content/pictures.py", "content/scaling.py"},
    "babel": {"render/translations.py"},
    "brotli": {"release/packing.py"},
    "bs4": {"check/pages.py"},
    "defusedxml": {"content/pictures.py"},
    "feedgenerator": {"render/feeds.py"},
    "git": {"repo/checkout.py"},
    "jinja2": {"render/templates.py"},
    "markdown": {"content/markdown.py"},
    "nh3": {"content/sanitise.py"},
    "orjson": {"catalog/values.py"},
    "pebble": {"content/pool.py"},
    "pelican": {"render/engine.py"},
    "pypinyin": {"pinyin.py"},
    "rich": {"cli/console.py"},
    "segno": {"plan/parts.py"},
    # Two things are watched, in stages that may not know each other: what a county is built from, and what is live.
    "watchdog": {"preview/watch.py", "release/watch.py"},
    "yaml": {"content/front_matter.py"},
}
"""The module that imports each outside library: one, but where it says why."""

EVERYWHERE = {"markupsafe"}
"""Libraries that are vocabulary: values of theirs pass between stages."""

FILES = sorted(ROOT.rglob("*.py"))


def name_of(file: Path) -> str:
    """Return a file's path below the program's folder."""
    return file.relative_to(ROOT).as_posix()


def part_of(module: str) -> str:
    """Return the part of the program a dotted name or a path belongs to."""
    return module.removesuffix(".py").replace("/", ".").removeprefix("govgen.").partition(".")[0]


@cache
def tree_of(file: Path) -> ast.Module:
    """Return a file, parsed."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Yield the full names of all a file imports, wherever the import stands, with its line."""
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(file)}:{node.lineno}: imports are written in full"
            assert node.module is not None
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def dotted(node: ast.expr) -> str:
    """Return an expression of names and dots as it is written; empty for any other."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def is_in(file: Path, *places: str) -> bool:
    """Tell whether a file is one of these, or lies in one of these folders."""
    return any(name_of(file) == place or name_of(file).startswith(f"{place}/") for place in places)


def test_there_is_something_to_look_at() -> None:
    assert {part_of(name_of(file)) for file in FILES} == ALLOWED.keys()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_imports_only_to_its_left(file: Path) -> None:
    part = part_of(name_of(file))
    allowed = {*VOCABULARY, *ALLOWED[part]}
    wrong = [
        f"{name_of(file)}:{line}: {part} imports {name}"
        for name, line in imports(file)
        if name.startswith("govgen.") and part_of(name) not in allowed
    ]
    assert wrong == []


def test_no_files_import_each_other_in_a_circle() -> None:
    modules = {f"govgen.{name_of(file).removesuffix('.py').replace('/', '.')}": file for file in FILES}
    edges = {
        module: {known for name, _ in imports(file) for known in (name, name.rpartition(".")[0]) if known in modules}
        for module, file in modules.items()
    }
    while leaves := {module for module, others in edges.items() if not others & (edges.keys() - {module})}:
        edges = {module: others for module, others in edges.items() if module not in leaves}
    assert edges == {}


def test_each_outside_library_has_one_door() -> None:
    users: dict[str, set[str]] = {}
    for file in FILES:
        for name, _ in imports(file):
            library = name.partition(".")[0]
            if library not in sys.stdlib_module_names | EVERYWHERE | {"govgen"}:
                users.setdefault(library, set()).add(name_of(file))
    # Rules speak of the elements the door hands them.
    users["bs4"] -= {name for name in users["bs4"] if name.startswith("check/rules/")}
    assert users == DOORS


def test_pelican_is_imported_by_workers_only() -> None:
    importers = [
        (name_of(file), line)
        for file in FILES
        for name, line in imports(file)
        if name.startswith("govgen.render.engine")
    ]
    assert [name for name, _ in importers] == ["render/light.py"]
    top = [
        node.lineno for node in tree_of(ROOT / "render/light.py").body if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert importers[0][1] not in top


CATCHES_ALL = ("cli/main.py", "render/maker.py", "render/worker.py", "content/limits.py")
"""Where a fault nobody foresaw is turned into one with words."""

OF_THE_COMMAND_LINE = (
    *(".sys.exit", ".sys.stdout", ".sys.stderr", ".sys.argv", ".os.environ", ".os.getenv"),
    *(".datetime.now", ".datetime.utcnow", ".datetime.today", ".date.today"),
    *(".time.time", ".time.time_ns", ".time.localtime", ".time.gmtime", ".time.strftime"),
)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_only_the_command_line_prints_exits_and_reads_clock_and_environment(file: Path) -> None:
    calls = {dotted(node.func): node.lineno for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)}
    names = {
        dotted(node): node.lineno for node in ast.walk(tree_of(file)) if isinstance(node, (ast.Attribute, ast.Name))
    }
    found = [f"{name_of(file)}:{line}: {name}" for name, line in calls.items() if name in ("print", "input", "exit")]
    found += [
        f"{name_of(file)}:{line}: {name}" for name, line in names.items() if f".{name}".endswith(OF_THE_COMMAND_LINE)
    ]
    assert is_in(file, "cli") or found == []
    froms = {name for name, _ in imports(file)}
    assert not froms & {"os.environ", "os.getenv", "time.time", "sys.exit", "sys.stdout", "sys.stderr"}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_an_except_names_its_exception(file: Path) -> None:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ExceptHandler):
            place = f"{name_of(file)}:{node.lineno}"
            assert node.type is not None, place
            caught = {dotted(kind) for kind in (node.type.elts if isinstance(node.type, ast.Tuple) else [node.type])}
            assert "Exception" not in caught or is_in(file, *CATCHES_ALL), place
            # Whatever happens, a half-written file goes; and the fault goes on.
            passes_on = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in node.body)
            assert "BaseException" not in caught or passes_on, place


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_is_one_idea_and_a_function_one_step(file: Path) -> None:
    assert file.read_text(encoding="utf-8").count("\n") <= 400
    long = [
        f"{name_of(file)}:{node.lineno}: {node.name}"
        for node in ast.walk(tree_of(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_every_file_class_and_public_function_says_what_it_is_for(file: Path) -> None:
    tree = tree_of(file)
    assert ast.get_docstring(tree), name_of(file)
    silent = [
        f"{name_of(file)}:{node.lineno}: {node.name}"
        for owner in (tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"))
        for node in owner.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_" and not ast.get_docstring(node)
    ]
    assert silent == []
