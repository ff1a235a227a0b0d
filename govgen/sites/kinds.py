"""The sections each kind of site brings, so that a site's file can be five lines.

Freshness limits: dynamic news two weeks, notices and policies six months, the rest a year
(facts: inspection indicators 国办秘函〔2019〕19号, part one).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from govgen.model.county import Section, SectionKind, SiteKind

_FORTNIGHT, _HALF_YEAR, _YEAR = 14, 180, 365

_KINDS: Mapping[str, tuple[SectionKind, int]] = {
    "news": (SectionKind.NEWS, _FORTNIGHT),
    "notices": (SectionKind.NOTICES, _HALF_YEAR),
    "policies": (SectionKind.POLICIES, _HALF_YEAR),
    "interpretations": (SectionKind.INTERPRETATIONS, _YEAR),
    "services": (SectionKind.SERVICES, 0),
    "letters": (SectionKind.LETTERS, _YEAR),
    "consultations": (SectionKind.CONSULTATIONS, _YEAR),
    "data": (SectionKind.DATA, _YEAR),
    "about": (SectionKind.PAGES, _YEAR),
    "leaders": (SectionKind.PAGES, _YEAR),
    "disclosure": (SectionKind.PAGES, _YEAR),
    "topics": (SectionKind.PAGES, 0),
}


def _sections(**names: str) -> tuple[Section, ...]:
    """Return the sections of these ids under these names."""
    return tuple(Section(id, name, *_KINDS[id]) for id, name in names.items())


STANDARD_SECTIONS: Mapping[SiteKind, tuple[Section, ...]] = MappingProxyType(
    {
        SiteKind.PORTAL: _sections(
            news="政务要闻",
            notices="通知公告",
            policies="政策文件",
            interpretations="政策解读",
            services="办事服务",
            letters="来信选登",
            consultations="征集调查",
            data="数据发布",
            about="县情概况",
            leaders="领导之窗",
            disclosure="政府信息公开",
            topics="专题专栏",
        ),
        SiteKind.DEPARTMENT: _sections(
            news="工作动态",
            notices="通知公告",
            policies="政策文件",
            interpretations="政策解读",
            services="办事指南",
            letters="来信选登",
            consultations="征集调查",
            data="数据发布",
            about="机构职能",
            disclosure="政府信息公开",
        ),
        SiteKind.TOWNSHIP: _sections(
            news="乡镇动态",
            notices="通知公告",
            policies="政策文件",
            interpretations="政策解读",
            services="便民服务",
            letters="来信选登",
            consultations="征集调查",
            data="数据发布",
            about="走进乡镇",
            disclosure="政务公开",
        ),
    }
)

VILLAGE_SECTIONS = tuple(
    replace(section, freshness_days=_YEAR) for section in _sections(news="村里动态", notices="村务公开")
)
"""A village writes when there is something to write; the fortnight of a government's news does not bind it."""
