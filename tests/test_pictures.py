"""Pictures as they are published: in several sizes, upright, in the colours of the web, and telling nothing else."""

from __future__ import annotations

import io
import random
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from govgen.content.metadata import strip_metadata
from tests.browser import STRICT_CSP, launch_chromium, serve, visit
from tests.photos import FOLDER, IMAGES, SECRET, exif, file_of, images, notice, opened, photo, published
from tests.world import PORTAL, QINGSHUI, Built, World


@pytest.fixture
def county(world: Callable[..., World]) -> World:
    """Return a world in which no picture was made before."""
    return world()


def test_a_picture_is_offered_in_several_sizes_and_keeps_its_room(county: World) -> None:
    county.write(f"{FOLDER}/da.jpg", file_of(photo(2000, 1500), "JPEG"))
    county.write(f"{FOLDER}/zhong.png", file_of(photo(600, 300), "PNG"))
    county.write(f"{FOLDER}/wen.md", notice("![水渠](da.jpg)\n\n![桥](zhong.png)\n\n![桥](zhong.png){width=300}"))
    built = county.build()
    first, second, third = images(built)
    assert (first["width"], first["height"], first.get("loading"), first["decoding"]) == ("2000", "1500", None, "async")
    assert (second["width"], second["height"], second["loading"]) == ("600", "300", "lazy")
    assert (third["width"], third["height"]) == ("300", "150")
    source = first.find_previous_sibling("source")
    assert source is not None
    assert source["type"] == "image/webp"
    steps = [step.split(" ") for step in str(source["srcset"]).split(", ")]
    assert [width for _, width in steps] == ["480w", "960w", "1440w"]
    for address, width in steps:
        made = opened(built, QINGSHUI + address)
        assert (made.format, f"{made.width}w") == ("WEBP", width)
        assert made.height == made.width * 3 // 4
    assert opened(built, QINGSHUI + str(first["src"])).size == (960, 720)
    assert opened(built, f"{IMAGES}/da.jpg").size == (2000, 1500)
    assert sorted(Path(path).name for path in published(built) if "zhong" in path) == [
        "zhong.png",
        "zhong.png-480.webp",
        "zhong.png-600.webp",
    ]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_stand_upright_and_say_not_where_they_were_taken(county: World, orientation: int) -> None:
    lying = photo(1200, 800)
    content = file_of(lying, "JPEG", exif=exif(orientation), comment=SECRET, quality=95) + SECRET
    assert content.count(SECRET) >= 2
    county.write(f"{FOLDER}/da.jpg", content)
    county.write(f"{FOLDER}/wen.md", notice("![水渠](da.jpg)"))
    built = county.build()
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert (images(built)[0]["width"], images(built)[0]["height"]) == tuple(map(str, upright.size))
    files = published(built)
    assert len(files) >= 3
    for path, made in files.items():
        assert SECRET not in made
        picture = opened(built, path)
        assert not picture.getexif()
        assert abs(picture.width / picture.height - upright.width / upright.height) < 0.01
        corners = [(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)]
        for x, y in corners:
            wanted = upright.getpixel((int(x * upright.width), int(y * upright.height)))
            found = picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))
            assert all(abs(a - b) < 60 for a, b in zip(wanted, found, strict=True)), (path, x, y)


def png_notes() -> PngImagePlugin.PngInfo:
    """Return what programs write into a PNG."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET.decode())
    notes.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return notes


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", file_of(photo(300, 200), "PNG", pnginfo=png_notes(), exif=exif())),
        ("a.webp", file_of(photo(300, 200), "WEBP", exif=exif(), xmp=SECRET)),
        ("a.gif", file_of(photo(300, 200), "GIF", comment=SECRET)),
        ("a.jpg", file_of(photo(300, 200), "JPEG", exif=exif(), xmp=SECRET, comment=SECRET)),
    ],
)
def test_nothing_but_the_picture_is_left_in_its_file_and_nothing_of_it_is_lost(name: str, content: bytes) -> None:
    assert SECRET in content
    ending = name.split(".")[1]
    stripped = strip_metadata(content, ending)
    assert SECRET not in stripped
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(stripped))
    assert after.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
    assert not after.getexif()
    assert strip_metadata(stripped, ending) == stripped


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif"])
def test_whatever_a_file_holds_it_is_taken_apart(ending: str) -> None:
    whole = file_of(photo(80, 60), {"jpg": "JPEG"}.get(ending, ending.upper()))
    random.seed(7)
    for _ in range(300):
        torn = bytearray(whole[: random.randrange(len(whole))])
        for _ in range(random.randrange(4)):
            if torn:
                torn[random.randrange(len(torn))] = random.choice((0, 255, 0xE1, random.randrange(256)))
        assert len(strip_metadata(bytes(torn), ending)) <= max(len(whole), 30)


def test_an_animation_goes_on_moving_and_is_left_alone(county: World) -> None:
    frames = [photo(300 + n, 200).resize((300, 200)) for n in range(3)]
    moving = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0, duration=80, comment=SECRET)
    county.write(f"{FOLDER}/dong.gif", moving)
    county.write(
        f"{FOLDER}/dong.webp", file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], exif=exif())
    )
    county.write(f"{FOLDER}/wen.md", notice("![动](dong.gif) ![动](dong.webp)"))
    built = county.build()
    assert built.findings() == []
    assert sorted(Path(path).name for path in published(built)) == ["dong.gif", "dong.webp"]
    for path, made in published(built).items():
        assert SECRET not in made
        assert opened(built, path).n_frames == 3  # type: ignore[attr-defined]
    assert opened(built, f"{IMAGES}/dong.gif").info["loop"] == 0


def swapped_profile() -> bytes:
    """Return a colour profile whose red is green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack(">I", profile[128:132])[0]):
        at = 132 + 12 * number
        name = bytes(profile[at : at + 4])
        profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return bytes(profile)


def test_colours_are_those_of_the_web(county: World) -> None:
    county.write(f"{FOLDER}/da.jpg", file_of(photo(800, 600), "JPEG", icc_profile=swapped_profile()))
    county.write(f"{FOLDER}/huai.jpg", file_of(photo(800, 600), "JPEG", icc_profile=b"no profile"))
    county.write(f"{FOLDER}/wen.md", notice("![红](da.jpg) ![红](huai.jpg)"))
    built = county.build()
    red, green, _ = opened(built, f"{IMAGES}/da.jpg-480.webp").convert("RGB").getpixel((40, 40))
    assert green > 200
    assert red < 60
    assert "icc_profile" not in opened(built, f"{IMAGES}/da.jpg-480.webp").info
    red, green, _ = opened(built, f"{IMAGES}/huai.jpg-480.webp").convert("RGB").getpixel((40, 40))
    assert red > 200
    assert green < 60


def see_through() -> Image.Image:
    """Return a picture with a transparent half."""
    picture = photo(1300, 900, "RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 650, 900))
    return picture


@pytest.mark.parametrize(
    ("name", "content", "is_transparent"),
    [
        ("a.png", file_of(see_through(), "PNG"), True),
        ("b.png", file_of(photo(700, 480).quantize(64), "PNG"), False),
        ("c.png", file_of(see_through().resize((700, 480)).convert("LA"), "PNG"), True),
        ("d.png", file_of(photo(700, 480, "L").convert("I;16").point(lambda value: value * 256), "PNG"), False),
        ("e.jpg", file_of(photo(700, 480, "CMYK"), "JPEG"), False),
        ("f.jpeg", file_of(photo(700, 480, "L"), "JPEG"), False),
        ("g.gif", file_of(photo(700, 480), "GIF"), False),
        ("h.webp", file_of(see_through(), "WEBP"), True),
    ],
)
def test_pictures_of_every_kind_are_made(county: World, name: str, content: bytes, is_transparent: bool) -> None:
    county.write(f"{FOLDER}/{name}", content)
    county.write(f"{FOLDER}/wen.md", notice(f"![图]({name})"))
    built = county.build()
    assert built.findings() == []
    wanted = Image.open(io.BytesIO(content))
    made = opened(built, f"{IMAGES}/{name}-{wanted.width}.webp")
    assert made.size == wanted.size
    assert (made.mode == "RGBA") == is_transparent
    if wanted.mode == "I;16":
        wanted = wanted.point(lambda value: value / 256).convert("L")
    for x, y in ((0.96, 0.11), (0.96, 0.94), (0.69, 0.5)):
        place = (int(x * wanted.width), int(y * wanted.height))
        near = zip(made.convert("RGB").getpixel(place), wanted.convert("RGB").getpixel(place), strict=True)
        assert all(abs(a - b) < 60 for a, b in near)


def test_a_picture_that_breaks_off_is_told_and_the_page_stands(county: World) -> None:
    whole = file_of(photo(1200, 900), "JPEG")
    county.write(f"{FOLDER}/duan.jpg", whole[: len(whole) // 2])
    drawn = bytearray(file_of(photo(700, 500), "PNG"))
    drawn[60:-60] = bytes(len(drawn) - 120)
    county.write(f"{FOLDER}/huai.png", bytes(drawn))
    county.write(f"{FOLDER}/wen.md", notice("![断](duan.jpg) ![坏](huai.png)"))
    built = county.build()
    assert [(f.rule, f.path) for f in built.findings()] == [
        ("IMG-DAMAGED", f"{FOLDER}/duan.jpg"),
        ("IMG-DAMAGED", f"{FOLDER}/huai.png"),
    ]
    half = opened(built, f"{IMAGES}/duan.jpg-480.webp").convert("RGB")
    assert half.size == (480, 360)
    red, green, _ = half.getpixel((40, 30))
    assert red > 200
    assert green < 60
    assert opened(built, f"{IMAGES}/huai.png-700.webp").size == (700, 500)
    # A build from nothing finds it again, whatever is kept of the pictures.
    assert county.build("build/other").findings() == built.findings()
    county.catalog.unlink()
    assert county.build("build/third").findings() == built.findings()
    county.write(f"{FOLDER}/duan.jpg", whole)
    county.write(f"{FOLDER}/wen.md", notice("![断](duan.jpg)"))
    assert county.build().findings() == []


def test_a_replaced_picture_changes_pages_and_lists_and_nothing_old_stays(county: World) -> None:
    def write(width: int) -> None:
        county.write(f"{FOLDER}/da.jpg", file_of(photo(width, width // 2), "JPEG"))

    write(1500)
    county.write(f"{FOLDER}/wen.md", notice("文字。", "image: da.jpg\nimage_alt: 水渠\n"))
    county.write("content/qingshui/news/other.md", notice("别的文字，没有图。"))
    first = county.build()
    for page in (f"{QINGSHUI}/news/wen.html", f"{QINGSHUI}/index.html"):
        image = images(first, page)[0]
        assert (image["alt"], image["width"], image["height"]) == ("水渠", "1500", "750")
        assert "loading" not in image.attrs
    listed = str(first.page(f"{QINGSHUI}/index.html").select("main source")[0]["srcset"])
    assert re.findall(r"(\d+)w", listed) == ["480", "960"]
    write(700)
    second = county.build()
    assert images(second, f"{QINGSHUI}/index.html")[0]["width"] == "700"
    assert {Path(path).name for path in published(second)} == {"da.jpg", "da.jpg-480.webp", "da.jpg-700.webp"}
    assert county.build().report.made == 0
    again = county.copy(county.root.parent / "again")
    (again.root / "build").rename(again.root / "gone")
    assert again.build().files() == second.files()
    county.remove(f"{FOLDER}/wen.md")
    assert published(county.build()) == {}


def test_the_portal_shows_an_adopted_picture_in_sizes_of_a_list(world: Callable[..., World]) -> None:
    county = world(
        "-- content/portal/news/wen.md --\ntitle: 题目\ndate: 2026-03-01\nimage: da.png\nimage_alt: 桥\n\n文字。\n"
    )
    county.write("content/portal/news/da.png", file_of(photo(1000, 500), "PNG"))
    built = county.build()
    image = images(built, f"{PORTAL}/index.html")[0]
    source = image.find_previous_sibling("source")
    assert source is not None
    assert re.findall(r"(\d+)w", str(source["srcset"])) == ["480"]
    assert (image["src"], image["width"]) == ("/images/news/da.png", "1000")


SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

LOADED = """
(number) => new Promise((loaded) => {
  const image = document.querySelectorAll("main img")[number];
  image.complete ? loaded() : image.addEventListener("load", loaded);
})
"""


@pytest.mark.parametrize(
    ("width", "density", "wanted"), [(360, 1, "480.webp"), (360, 3, "1440.webp"), (1440, 1, "960.webp")]
)
def test_a_browser_loads_one_size_and_nothing_moves(heavy: Built, width: int, density: int, wanted: str) -> None:
    screen = {"viewport": {"width": width, "height": 740}, "device_scale_factor": density}
    with (
        launch_chromium() as chromium,
        serve(heavy.output, csp=STRICT_CSP) as server,
        visit(chromium, server, **screen) as reader,
    ):
        reader.context.add_init_script(SHIFTS)
        page = reader.open(f"{QINGSHUI}/news/wen.html")
        page.evaluate(LOADED, 0)
        loaded = [url.rsplit("/", 1)[1] for url in reader.requests if "/images/" in url]
        # The second one stands far below.
        assert loaded == [f"da.jpg-{wanted}"]
        page.evaluate("document.querySelectorAll('main img')[1].scrollIntoView()")
        page.evaluate(LOADED, 1)
        assert page.evaluate("window.shifts") == 0
        sizes = page.evaluate("[...document.querySelectorAll('main img')].map((i) => [i.clientWidth, i.clientHeight])")
        assert [round(width / height, 2) for width, height in sizes] == [1.5, 2.0]
        assert reader.failed == []


@pytest.mark.parametrize(("width", "density"), [(360, 3), (1440, 1), (1440, 2)])
def test_a_home_page_with_its_picture_is_light(heavy: Built, width: int, density: int) -> None:
    screen = {"viewport": {"width": width, "height": 740}, "device_scale_factor": density}
    with (
        launch_chromium() as chromium,
        serve(heavy.output, csp=STRICT_CSP) as server,
        visit(chromium, server, **screen) as reader,
    ):
        page = reader.open(f"{QINGSHUI}/index.html")
        sizes = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.encodedBodySize)")
        assert [url.rsplit("-", 1)[1] for url in reader.requests if "/images/" in url] == ["960.webp"]
        # As they come from the disk; the real server packs HTML and CSS to a quarter.
        assert sum(sizes) + len(page.content().encode()) <= 150_000


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return a township whose news show photographs as cameras take them."""
    county = World(tmp_path_factory.mktemp("county"))
    county.write(f"{FOLDER}/da.jpg", file_of(photo(3000, 2000), "JPEG", quality=95))
    county.write(f"{FOLDER}/er.jpg", file_of(photo(1600, 800), "JPEG", quality=95))
    text = "\n\n".join(["文字。" * 100] * 40)
    county.write(f"{FOLDER}/wen.md", notice(f"{text}\n\n![二](er.jpg)", "image: da.jpg\nimage_alt: 水渠\n"))
    return county.build()
