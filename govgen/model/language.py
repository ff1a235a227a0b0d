"""Languages by their tags: what they call themselves, which way they are written, when two are one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}")
_TO_THE_LEFT = frozenset("ar arc ckb dv fa he ps sd ug ur yi".split())
_SCRIPTS_TO_THE_LEFT = frozenset({"arab", "hebr", "thaa", "syrc"})
_TRADITIONAL = frozenset({"hant", "hk", "mo", "tw"})

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # A language's own name first, then what Chinese editors call it.
        "zh": ("中文", "汉语", "汉文"),
        "en": ("English", "英文", "英语"),
        "ug": ("ئۇيغۇرچە", "维吾尔文", "维吾尔语"),
        "bo": ("བོད་ཡིག", "藏文", "藏语"),
        "mn": ("Монгол", "蒙古文", "蒙古语"),
        "kk": ("Қазақша", "哈萨克文", "哈萨克语"),
        "ko": ("한국어", "朝鲜文", "朝鲜语", "韩文", "韩语"),
        "za": ("Vahcuengh", "壮文", "壮语"),
        "ii": ("ꆈꌠꉙ", "彝文", "彝语"),
        "vi": ("Tiếng Việt", "越南文", "越南语"),
        "lo": ("ລາວ", "老挝文", "老挝语"),
        "my": ("မြန်မာ", "缅甸文", "缅甸语"),
        "th": ("ไทย", "泰文", "泰语"),
        "ru": ("Русский", "俄文", "俄语"),
        "ja": ("日本語", "日文", "日语"),
        "fr": ("Français", "法文", "法语"),
        "de": ("Deutsch", "德文", "德语"),
        "es": ("Español", "西班牙文", "西班牙语"),
        "ar": ("العربية", "阿拉伯文", "阿拉伯语"),
    }
)
_TAGS = MappingProxyType({name.lower(): tag for tag, names in _NAMES.items() for name in names})

_TERRITORIES = MappingProxyType(
    {"en": "US", **dict.fromkeys(("zh", "ug", "bo", "mn", "za", "ii"), "CN"), "ko": "KR", "vi": "VN", "ja": "JP"}
)
"""Where a language is taken to be written of which only the name is known; Open Graph names none without a country."""


def find_tag(written: str) -> str:
    """Return the tag of a language as an editor wrote it (`en_US`, `英文`); empty where it is none."""
    text = written.strip().replace("_", "-").lower()
    tag = _TAGS.get(text, text)
    return "-".join(map(_cased, range(4), tag.split("-"))) if _TAG.fullmatch(tag) else ""


def _cased(place: int, part: str) -> str:
    """Return a part of a tag as it is usually written: zh-Hans-CN."""
    if not place:
        return part
    return part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part


def base_of(tag: str) -> str:
    """Return the language without its script and its country."""
    return tag.partition("-")[0].lower()


def is_same(tag: str, other: str) -> bool:
    """Tell whether two tags mean one language, written in one script."""
    return base_of(tag) == base_of(other) and _script(tag) == _script(other)


def _script(tag: str) -> str:
    parts = tag.lower().split("-")[1:]
    if base_of(tag) == "zh":
        return "hant" if _TRADITIONAL & set(parts) else ""
    return next((part for part in parts if len(part) == 4 and part.isalpha()), "")


def direction_of(tag: str) -> str:
    """Return which way a language is written: ltr or rtl."""
    script = _script(tag)
    if script:
        return "rtl" if script in _SCRIPTS_TO_THE_LEFT else "ltr"
    return "rtl" if base_of(tag) in _TO_THE_LEFT else "ltr"


def own_name(tag: str) -> str:
    """Return what a language calls itself; its tag where that is not known."""
    if base_of(tag) == "zh" and _script(tag):
        return "繁體中文"
    return _NAMES.get(base_of(tag), (tag,))[0]


def locale_of(tag: str) -> str:
    """Return a language with its country, as zh_CN; empty where no country is known."""
    territory = next((part for part in tag.split("-")[1:] if len(part) == 2), "") or _TERRITORIES.get(base_of(tag), "")
    return f"{base_of(tag)}_{territory.upper()}" if territory else ""
