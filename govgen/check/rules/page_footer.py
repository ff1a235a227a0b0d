"""The footer of every page has the eight elements inspectors look for.

Source: 国办发〔2017〕47号, page design: mark of government sites, error reports, site code, sponsor, contact, ICP and
police filings, site map.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bs4 import Tag

from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage

SCOPE = "page"
_WORDS = {"网站标识码": "网站标识码", "主办单位": "主办单位", "联系方式": "联系方式"}
_ADDRESSES = {"党政机关网站标识": "bszs.conac.cn", "ICP 备案": "beian.miit.gov.cn", "公安备案": "beian.mps.gov.cn"}
_LINK_WORDS = {"我为政府网站找错": "找错", "站点地图": "站点地图"}


def check(page: BuiltPage) -> Iterator[Finding]:
    """Find footer elements that are missing."""
    if page.is_redirect or not str(page.soup.html and page.soup.html.get("lang", "")).startswith("zh"):
        return
    footer = next((element for element in page.soup.find_all("footer")[::-1] if isinstance(element, Tag)), None)
    text = footer.get_text() if footer else ""
    links = [(str(a.get("href", "")), a.get_text()) for a in footer.find_all("a")] if footer else []
    for element, word in _WORDS.items():
        if word not in text:
            yield Finding("PAGE-FOOTER", page.path, None, {"value": element})
    for element, address in _ADDRESSES.items():
        if not any(address in href for href, _ in links):
            yield Finding("PAGE-FOOTER", page.path, None, {"value": element})
    for element, word in _LINK_WORDS.items():
        if not any(word in name and href for href, name in links):
            yield Finding("PAGE-FOOTER", page.path, None, {"value": element})
