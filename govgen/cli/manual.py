"""Writes the pages of the manual that follow from the program itself: commands, settings, front-matter keys, rules."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from govgen.cli.arguments import make_parser
from govgen.content.keys import KEYS
from govgen.model.rules import SEVERITIES
from govgen.sites import schema
from govgen.sites.kinds import STANDARD_SECTIONS, VILLAGE_SECTIONS
from govgen.texts import load_texts

NOTE = "<!-- 本页由程序生成：make docs。改动请改程序里的说明。 -->\n\n"


def manual_pages() -> dict[str, str]:
    """Return the generated pages by file name below `docs/`."""
    words = tomllib.loads((resources.files("govgen") / "translations" / "manual.zh.toml").read_text("utf-8"))
    return {
        "commands.md": NOTE + "\n".join(_commands()) + "\n",
        "settings.md": NOTE + "\n".join(_settings(words)) + "\n",
        "front-matter.md": NOTE + "\n".join(_keys(words)) + "\n",
        "rules.md": NOTE + "\n".join(_rules()) + "\n",
    }


def _commands() -> Iterator[str]:
    parser = make_parser()
    yield "# 命令\n"
    yield "在仓库里运行 `govgen 命令`（或 `python -m govgen 命令`）；`make` 里最常用的几个也在这里。\n"
    yield "退出码：0 完成 · 1 有问题使一些文稿暂缓 · 2 用法或设置有误 · 3 机器或程序出了故障（已发布的不变）。\n"
    yield "## 通用选项\n"
    yield from _options(parser)
    subcommands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in subcommands.choices.items():
        yield f"\n## govgen {name}\n"
        yield f"{command.description}。\n"
        common = {option for action in parser._actions for option in action.option_strings}
        yield from _options(command, common)


def _options(parser: argparse.ArgumentParser, left_out: set[str] | None = None) -> Iterator[str]:
    rows = []
    for action in parser._actions:
        if action.dest in ("help", "command") or set(action.option_strings) & (left_out or set()):
            continue
        value = action.metavar or ("\\|".join(map(str, action.choices)) if action.choices else "")
        spelled = ", ".join(f"`{option}{f' {value}' if value else ''}`" for option in action.option_strings)
        rows.append(f"| {spelled or f'`{value}`'} | {_escaped(action.help or '')} |".replace("``", "`"))
    if rows:
        yield "| 选项 | 作用 |\n| --- | --- |"
        yield from rows


def _settings(words: Mapping[str, Any]) -> Iterator[str]:
    yield "# 设置\n"
    yield "不认识的键、缺少的键、写错的值都会一次列出，带文件和行号。\n"
    yield "## sites/_county.toml\n"
    yield from _setting_rows(schema.COUNTY_KEYS, "", words)
    yield "\n## sites/<站点代号>.toml\n"
    yield from _setting_rows(schema.SITE_KEYS, "site.", words)
    yield "\n## 各类站点的标准栏目\n"
    yield "没有内容的栏目不出现在导航里，地址保留。\n"
    yield "| 站点种类 | 栏目（代号 名称 种类） |\n| --- | --- |"
    for kind, sections in STANDARD_SECTIONS.items():
        yield f"| {kind.value} | {'；'.join(f'`{s.id}` {s.name} {s.kind.value}' for s in sections)} |"
    yield f"| 村（社区） | {'；'.join(f'`{s.id}` {s.name} {s.kind.value}' for s in VILLAGE_SECTIONS)} |"


def _setting_rows(keys: Mapping[str, schema.Key], prefix: str, words: Mapping[str, Any]) -> Iterator[str]:
    yield "| 键 | 类型 | 必填 | 说明 |\n| --- | --- | --- | --- |"
    for name, key in flatten_settings(keys, prefix):
        shown = name.removeprefix("site.")
        choices = f"（{'、'.join(f'`{choice}`' for choice in key.choices)}）" if key.choices else ""
        required = "是" if key.required else ""
        yield f"| `{shown}` | {words['types'][key.type]}{choices} | {required} | {words['settings'][name]} |"


def flatten_settings(keys: Mapping[str, schema.Key], prefix: str) -> Iterator[tuple[str, schema.Key]]:
    """Yield every setting with its dotted name; a table gives way to what it holds, but not sections of a kind."""
    for name, key in keys.items():
        is_shown_whole = prefix.startswith("kinds.") and name == "sections"
        if key.keys and not is_shown_whole:
            yield from flatten_settings(key.keys, f"{prefix}{name}.")
        else:
            yield prefix + name, key


def _keys(words: Mapping[str, Any]) -> Iterator[str]:
    yield "# 文首信息\n"
    yield "三种写法都行：`---` 之间的 YAML、`+++` 之间的 TOML、Pelican 的“键: 值”行。中文键与英文键意思相同。\n"
    yield "不认识的键原样交给模板，并给一条建议；像是写错的键会指出来。办事指南可以自由加键，按书写次序显示。\n"
    yield "| 键 | 中文写法 | 也认 | 类型 | 说明 |\n| --- | --- | --- | --- | --- |"
    for name, key in KEYS.items():
        spellings = f"{_listed(key.chinese)} | {_listed(key.others)}"
        yield f"| `{name}` | {spellings} | {words['types'][key.type]} | {words['keys'][name]} |"


def _listed(spellings: tuple[str, ...]) -> str:
    return "、".join(f"`{spelling}`" for spelling in spellings)


def _rules() -> Iterator[str]:
    texts = load_texts("zh")
    english = load_texts("en")
    yield "# 规则\n"
    yield "**停止发布**：不解决就不发布。**暂缓**：这篇文稿先不更新，其余照常。**注意**：照常发布，请看一眼。"
    yield "**建议**：可以更好。\n"
    yield "| 规则 | 轻重 | 说的是什么 | 怎么办 | English |\n| --- | --- | --- | --- | --- |"
    for rule, severity in SEVERITIES.items():
        text, translation = texts.catalog["rules"][rule], english.catalog["rules"][rule]
        label = texts.word("severities", severity.value)
        cells = (text["message"], text["remedy"], f"{translation['message']}. {translation['remedy']}")
        yield f"| {rule} | {label} | {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    """Return text as a table cell shows it: placeholders as an ellipsis, nothing read as HTML or as a cell's end."""
    plain = re.sub(r"\{\w+\}", "…", text)
    return plain.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the generated pages."""
    docs = Path(__file__).parents[2] / "docs"
    for name, text in manual_pages().items():
        (docs / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
