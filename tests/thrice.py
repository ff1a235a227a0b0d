"""A county that was published three times."""

from __future__ import annotations

import json

from tests.test_publish import NEWS, news
from tests.world import QINGSHUI, World

OTHER = "content/qingshui/news/2026-01-02-town.md"
OTHER_PAGE = f"{QINGSHUI}/news/2026-01-02-town.html"


def publish_thrice(place: World) -> World:
    """Return a county with three releases: the department's title changes in each, the township's in the last."""
    place.write(OTHER, news("镇一"))
    for number in ("一", "二", "三"):
        place.write(NEWS, news(f"局{number}"))
        if number == "三":
            place.write(OTHER, news("镇三"))
        place.commit(f"第{number}次")
        assert place.run("publish").returncode == 0
    return place


def ids(county: World) -> list[str]:
    """Return the ids of the releases kept, oldest first."""
    return [release["release"] for release in reversed(json.loads(county.run("releases", "--json").stdout))]
