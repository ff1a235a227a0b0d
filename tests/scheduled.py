"""A county in which things come and go by themselves: documents, banners and mourning, and when."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from govgen.catalog.states import Audience
from govgen.model.build import BuildReport
from govgen.options import BuildOptions
from govgen.repo.checkout import Checkout
from govgen.standing import find_standing
from tests.world import COUNTY, World

ZONE = ZoneInfo("Asia/Shanghai")
FLOOD = "云岭江超过警戒水位，沿江各村请按村里的通知转移。"
UPGRADE = "24日8时至20时，网上办事暂停。"
MARKET = "25日起，清水街集市移到河堤路。"
SECOND = timedelta(seconds=1)

SETTINGS = f"""
[[banners]]
text = "{UPGRADE}"
url = "https://zwfw.gov.example/stop"
starts = 2026-11-23T08:00:00
ends = "2026-11-24 20:00"

[[banners]]
text = "{FLOOD}"
level = "alert"
starts = "2026-11-23 10:30"
ends = "2026-11-24T02:00:00Z"
sites = ["qingshui", "portal"]

[[mourning]]
starts = "2026-12-13"
ends = 2026-12-14
sites = ["mzj"]
"""
OF_TOWNSHIP = f"""
[[banners]]
text = "{MARKET}"
ends = "2026年11月28日 18:00"
"""
DOCUMENTS = """
-- content/qingshui/news/1.md --
---
title: 定时的
date: 2026-11-20
publish_at: 2026-11-23 09:00
expires_at: 2026-11-25 09:00
---
文
-- content/qingshui/news/2.md --
---
title: 明天的
date: 2026-11-23 07:00
---
文
-- content/mzj/notices/3.md --
---
title: 一直在的
date: 2026-11-01
review_by: 2026-11-26
---
文
-- content/mzj/notices/4.md --
---
title: 写好没发的
date: 2026-11-01
status: draft
publish_at: 2026-11-23 06:00
---
文
-- content/mzj/consultations/5.md --
---
title: 征求意见
date: 2026-11-01
opens_on: 2026-11-24
closes_on: 2026-11-26
---
文
"""


def at(text: str) -> datetime:
    """Return a moment of the county."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def scheduled(county: World) -> World:
    """Return a county with something to come of every sort."""
    county.write_all(DOCUMENTS)
    county.write("sites/_county.toml", COUNTY + SETTINGS)
    file = county.root / "sites/qingshui.toml"
    file.write_text(file.read_text(encoding="utf-8") + OF_TOWNSHIP, encoding="utf-8")
    return county


EXPECTED = [
    ("2026-11-23T00:05:00+08:00", "nightly", ""),
    ("2026-11-23T07:00:00+08:00", "publish", "明天的"),
    ("2026-11-23T08:00:00+08:00", "banner-begins", UPGRADE),
    ("2026-11-23T09:00:00+08:00", "publish", "定时的"),
    ("2026-11-23T10:30:00+08:00", "banner-begins", FLOOD),
    ("2026-11-24T00:00:00+08:00", "opens", "征求意见"),
    ("2026-11-24T10:00:00+08:00", "banner-ends", FLOOD),
    ("2026-11-24T20:00:00+08:00", "banner-ends", UPGRADE),
    ("2026-11-25T09:00:00+08:00", "expire", "定时的"),
    ("2026-11-26T00:00:00+08:00", "review", "一直在的"),
    ("2026-11-27T00:00:00+08:00", "closes", "征求意见"),
    ("2026-11-28T18:00:00+08:00", "banner-ends", MARKET),
    ("2026-12-01T00:00:00+08:00", "month", ""),
    ("2026-12-13T00:00:00+08:00", "mourning-begins", ""),
    ("2026-12-14T00:00:00+08:00", "mourning-ends", ""),
]
DRAFT = datetime(2026, 11, 23, 6, tzinfo=ZONE)
TURNS = [datetime.fromisoformat(moment) for moment, what, _ in EXPECTED if what != "nightly"]


def standing(county: World, clock: datetime) -> bool:
    """Tell whether it is said at once that nothing has changed."""
    options = BuildOptions(county.root / "build/public", county.catalog, Audience(clock))
    return isinstance(find_standing(Checkout(county.root), options), BuildReport)


def banners(county: World, page: str) -> list[tuple[str, str]]:
    """Return level and words of the banners of a page built."""
    html = (county.root / "build/public" / page).read_text(encoding="utf-8")
    return re.findall(r'<div class="banner is-(\w+)">.*?<span>(.*?)</span>', html, re.DOTALL)


def is_grey(county: World, page: str) -> bool:
    """Tell whether a page built is one of mourning."""
    return '<html lang="zh-CN" class="mourning">' in (county.root / "build/public" / page).read_text(encoding="utf-8")
