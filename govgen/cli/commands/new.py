"""`govgen new`: scaffolds a document with the right front matter, or a site."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import datetime

from govgen.cli.console import Console
from govgen.cli.session import open_checkout, read_clock
from govgen.content.place import KIND_OF_SECTION
from govgen.errors import UsageError
from govgen.files import write_atomic
from govgen.model.county import County, Section, SectionKind, Site
from govgen.pinyin import ascii_name
from govgen.repo.checkout import Checkout
from govgen.sites.load import check_sites, load_county
from govgen.sites.schema import ID
from govgen.texts import Texts

_NAME_CHARACTERS = 40


def run(options: Namespace, console: Console) -> int:
    """Write the new files; nothing that exists is touched."""
    checkout = open_checkout(options)
    if options.kind == "site":
        paths = _new_site(checkout, options, console.texts)
    else:
        county = load_county(checkout)
        paths = [_new_document(checkout, county, options, console.texts)]
    for path in paths:
        console.say("created", path=path)
    console.say("next-new")
    return 0


def _new_site(checkout: Checkout, options: Namespace, texts: Texts) -> list[str]:
    id = options.title
    if not re.fullmatch(ID, id):
        raise UsageError("bad-id", value=id)
    name = options.name or id
    kind = options.site_kind or "department"
    settings = f'name = {_quoted(name)}\nshort_name = {_quoted(name)}\nkind = "{kind}"\nphone = ""\naddress = ""\n'
    front = texts.word("scaffolds", "site", name=name)
    files = {f"sites/{id}.toml": settings, f"content/{id}/index.md": front}
    for path in files:
        _refuse_existing(checkout, path)
    for path, text in files.items():
        _write(checkout, path, text)
    return list(files)


def _new_document(checkout: Checkout, county: County, options: Namespace, texts: Texts) -> str:
    if not options.site:
        raise UsageError("site-needed", sites="、".join(site.id for site in county.sites))
    check_sites(county, [options.site])
    site = county.find_site(options.site)
    assert site is not None
    section = _find_section(site, options)
    clock = county.localise(read_clock(options))
    name = ascii_name(options.title)[:_NAME_CHARACTERS].strip("-.") or "wenjian"
    if section.kind.is_dated:
        name = f"{clock:%Y-%m-%d}-{name}"
    path = f"content/{site.id}/{section.id}/{name}.md"
    _refuse_existing(checkout, path)
    _write(checkout, path, _scaffold(section, options.title, clock, texts))
    return path


def _find_section(site: Site, options: Namespace) -> Section:
    """Return the section asked for, or the site's first one for the kind: a section's kind, or a document's."""
    if options.section:
        section = site.find_section(options.section)
        if section is None:
            names = "、".join(section.id for section in site.sections)
            raise UsageError("no-section", site=site.id, section=options.section, sections=names)
        return section
    for section in site.sections:
        if options.kind in (section.id, section.kind.value, KIND_OF_SECTION[section.kind].value):
            return section
    kinds = "、".join([*(kind.value for kind in SectionKind), "site"])
    raise UsageError("no-kind", kind=options.kind, kinds=kinds)


def _scaffold(section: Section, title: str, clock: datetime, texts: Texts) -> str:
    table = texts.catalog["scaffolds"]
    kind = KIND_OF_SECTION[section.kind].value
    day = clock.strftime("%Y-%m-%d")
    head = str(table["head_dated" if section.kind.is_dated else "head"]).format(
        title=_quoted(title), date=clock.strftime("%Y-%m-%d %H:%M")
    )
    keys = str(table.get(f"{kind}_keys", "")).format(day=day)
    return f"---\n{head}{keys}---\n\n{table.get(f'{kind}_body', table['body'])}"


def _quoted(text: str) -> str:
    """Return text between double quotes as both YAML and TOML read it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]+", " ", escaped) + '"'


def _refuse_existing(checkout: Checkout, path: str) -> None:
    if (checkout.root / path).exists():
        raise UsageError("exists", path=path)


def _write(checkout: Checkout, path: str, text: str) -> None:
    file = checkout.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(file, text.encode())
