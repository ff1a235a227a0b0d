"""The front-matter keys, their Chinese and foreign spellings, and how a mistyped one is told from a free one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from govgen.pinyin import pinyin_key


@dataclass(frozen=True)
class Key:
    """One front-matter key."""

    type: str
    """text, texts, time, day, number, choice, language, files, references, notes, figures."""

    chinese: tuple[str, ...]
    others: tuple[str, ...] = ()
    """What Pelican, Hugo and Jekyll call it."""

    choices: Mapping[str, str] = field(default_factory=dict)
    """Accepted spellings to the value they mean."""

    label: str = ""
    """The kind of document that shows it in its table of facts."""


_STATUS = {
    "draft": "draft",
    "published": "published",
    "withdrawn": "withdrawn",
    "hidden": "draft",
    "草稿": "draft",
    "发布": "published",
    "已发布": "published",
    "撤回": "withdrawn",
    "已撤回": "withdrawn",
    "撤下": "withdrawn",
}
_VALIDITY = {
    "in_force": "in_force",
    "amended": "amended",
    "repealed": "repealed",
    "expired": "expired",
    "有效": "in_force",
    "现行有效": "in_force",
    "已修改": "amended",
    "修改": "amended",
    "废止": "repealed",
    "已废止": "repealed",
    "失效": "expired",
    "已失效": "expired",
}
_LIFE_EVENTS = {
    "birth": "birth",
    "school": "school",
    "work": "work",
    "marriage": "marriage",
    "health": "health",
    "housing": "housing",
    "elderly": "elderly",
    "farewell": "farewell",
    "business": "business",
    "farming": "farming",
    "aid": "aid",
    "出生": "birth",
    "上学": "school",
    "就业": "work",
    "结婚": "marriage",
    "就医": "health",
    "住房": "housing",
    "养老": "elderly",
    "身后事": "farewell",
    "创业": "business",
    "务农": "farming",
    "困难救助": "aid",
}
_BOOLEAN = {"true": "true", "false": "false", "yes": "true", "no": "false", "是": "true", "否": "false"}

KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "title": Key("text", ("标题",)),
        "date": Key("time", ("日期", "发布日期", "发布时间")),
        "updated": Key("time", ("更新日期", "更新时间"), ("modified", "lastmod", "last_modified_at")),
        "source": Key("text", ("来源", "信息来源")),
        "author": Key("texts", ("作者",), ("authors",)),
        "summary": Key("text", ("摘要", "内容概述"), ("description", "excerpt")),
        "keywords": Key("texts", ("关键词", "主题词"), ("tags",)),
        "section": Key("text", ("栏目",), ("category",)),
        "status": Key("choice", ("状态",), choices=MappingProxyType(_STATUS)),
        "draft": Key("choice", ("草稿",), choices=MappingProxyType(_BOOLEAN)),
        "publish_at": Key("time", ("定时发布",), ("publishdate",)),
        "expires_at": Key("time", ("到期下线", "下线时间"), ("expirydate",)),
        "review_by": Key("day", ("复核日期",)),
        "slug": Key("text", ("网址名",)),
        "aliases": Key("texts", ("旧网址",), ("redirect_from",)),
        "lang": Key("language", ("语言",), ("language",)),
        "translation_of": Key("references", ("译自",)),
        "image": Key("text", ("题图",)),
        "image_alt": Key("text", ("题图说明",), ("image_description",)),
        "attachments": Key("files", ("附件",)),
        "submit": Key("texts", ("报送",)),
        "topics": Key("texts", ("专题",)),
        "life_event": Key("choice", ("人生大事",), choices=MappingProxyType(_LIFE_EVENTS)),
        "figures": Key("figures", ("首页数字",)),
        "reviewed_by": Key("texts", ("审核人", "三审")),
        "changes": Key("notes", ("更新记录", "变更说明")),
        "order": Key("number", ("排序",), ("weight", "nav_order")),
        "document_number": Key("text", ("文号", "发文字号"), label="policy"),
        "index_number": Key("text", ("索引号",), label="policy"),
        "issuer": Key("text", ("发文机关", "发布机构"), label="policy"),
        "issued_on": Key("day", ("成文日期",), label="policy"),
        "effective_on": Key("day", ("施行日期", "生效日期"), label="policy"),
        "expires_on": Key("day", ("失效日期",), label="policy"),
        "validity": Key("choice", ("有效性",), choices=MappingProxyType(_VALIDITY)),
        "theme": Key("text", ("主题分类",), label="policy"),
        "genre": Key("text", ("体裁", "体裁分类"), label="policy"),
        "disclosure": Key("text", ("公开方式", "公开属性"), label="policy"),
        "repealed_by": Key("references", ("废止依据", "替代文件")),
        "amends": Key("references", ("修改对象",)),
        "interprets": Key("references", ("解读文件", "解读对象")),
        "ticket": Key("text", ("信件编号",), label="letter"),
        "received_on": Key("day", ("来信日期", "受理日期"), label="letter"),
        "replied_on": Key("day", ("答复日期",), label="letter"),
        "replied_by": Key("text", ("答复单位", "答复部门"), label="letter"),
        "opens_on": Key("day", ("开始日期",), label="consultation"),
        "closes_on": Key("day", ("截止日期",), label="consultation"),
        "outcome": Key("references", ("结果反馈",)),
    }
)

RELATIONS = ("interprets", "amends", "repealed_by", "outcome", "translation_of")

_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {spelling: name for name, key in KEYS.items() for spelling in (name, *key.chinese, *key.others)}
)
_FOREIGN_SPELLINGS = frozenset(spelling for key in KEYS.values() for spelling in key.others)
_OWN_SPELLINGS = _SPELLINGS.keys() - _FOREIGN_SPELLINGS
_LISTS = ("texts", "files", "references", "notes", "figures")
_SIMILARITY = 0.8
_ALIKE = frozenset({"image_caption", "redirect_to", "resources"})
"""Keys of other generators that look like ours and mean something else."""


def find_key(spelling: str) -> str | None:
    """Return the key that a spelling means; None if it is not known."""
    return _SPELLINGS.get(spelling) or _SPELLINGS.get(_plain(spelling))


def is_foreign(spelling: str) -> bool:
    """Tell whether a spelling is another generator's: beside ours, or a second of them, it is a key of its own."""
    return spelling not in _OWN_SPELLINGS and _plain(spelling) in _FOREIGN_SPELLINGS


def guess_key(spelling: str, value: object) -> str | None:
    """Return the known spelling that an unknown one is most likely mistyped for; None if it looks like a free key.

    Latin letters are compared by likeness, Chinese by sound: an input method's typos are homophones. A list or a table
    is never meant for a key that holds one text.
    """
    if spelling.isascii():
        fitting = [known for known, name in _SPELLINGS.items() if isinstance(value, str) or KEYS[name].type in _LISTS]
        near = difflib.get_close_matches(spelling.lower(), fitting, n=1, cutoff=_SIMILARITY)
        return near[0] if near and len(spelling) > 3 and _plain(spelling) not in _ALIKE else None
    sound = pinyin_key(spelling)
    return next((known for known in _SPELLINGS if not known.isascii() and pinyin_key(known) == sound), None)


def _plain(spelling: str) -> str:
    return spelling.strip().lower().replace("-", "_")
