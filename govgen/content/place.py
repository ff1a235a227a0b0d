"""Tells from a file's path what it is: whose, in which section, at which address."""

from __future__ import annotations

import difflib
import posixpath
import re
from dataclasses import dataclass

from govgen.content.fault import Fault
from govgen.model.county import County, Section, SectionKind, Site, Village
from govgen.model.document import Kind
from govgen.pinyin import ascii_name
from govgen.texts import visible

DOCUMENT_ENDINGS = (".md", ".markdown")

KIND_OF_SECTION = {
    SectionKind.NEWS: Kind.ARTICLE,
    SectionKind.NOTICES: Kind.ARTICLE,
    SectionKind.POLICIES: Kind.POLICY,
    SectionKind.INTERPRETATIONS: Kind.INTERPRETATION,
    SectionKind.SERVICES: Kind.SERVICE,
    SectionKind.LETTERS: Kind.LETTER,
    SectionKind.CONSULTATIONS: Kind.CONSULTATION,
    SectionKind.PAGES: Kind.PAGE,
    SectionKind.DATA: Kind.DATA,
}
STANDING = "index"
"""The name of a standing text: of a site, a section or a village."""


@dataclass(frozen=True)
class Place:
    """Where a document belongs."""

    site: Site
    section: Section | None
    """None for the standing text of a site or a village."""

    village: Village | None
    name: str

    @property
    def is_standing(self) -> bool:
        """Whether it is the standing text of a site, section or village, shown on that page."""
        return self.name == STANDING

    @property
    def folder(self) -> str:
        """The section's or village's address below the site; empty for the site itself."""
        if self.section:
            return self.section.id
        return self.village.folder if self.village else ""

    @property
    def id(self) -> str:
        """site:section/name"""
        return f"{self.site.id}:{self.folder}/{self.name}" if self.folder else f"{self.site.id}:{self.name}"

    @property
    def address(self) -> str:
        """Below the site's mount."""
        if self.is_standing:
            return f"/{self.folder}/" if self.folder else "/"
        return f"/{self.folder}/{self.name}.html"

    @property
    def kind(self) -> Kind:
        """The kind of document that lies here."""
        return KIND_OF_SECTION[self.section.kind] if self.section and not self.is_standing else Kind.PAGE


class Places:
    """Where the documents of a county belong; what depends on the folder alone is found once a folder."""

    def __init__(self, county: County) -> None:
        self._sites = {site.id: site for site in county.sites}
        self._found: dict[tuple[str, str], tuple[Section | None, Village | None]] = {}

    def place(self, path: str, *, section_key: str = "", slug: str = "") -> Place:
        """Return where the file at `path` belongs; `section_key` and `slug` are its front matter's. Raises Fault."""
        parts = path.split("/")
        if len(parts) < 3:
            raise Fault("FILE-PLACE", guess="content/<站点>/<栏目>/")
        _, site_id, *folders, file_name = parts
        site = self._sites.get(site_id)
        if site is None:
            raise Fault("FILE-PLACE", guess=_guess(site_id, list(self._sites), "content/{}/"))
        if visible(path) != path:
            raise Fault("FILE-NAME", name=visible(path))
        stem = posixpath.splitext(file_name)[0]
        section, village = self._find(site, "/".join(folders), stem, section_key)
        if stem == STANDING and folders and section and section.id != "/".join(folders):
            stem = folders[-1]
        if slug and (re.search(r"[/\\]|\.\.", slug) or ascii_name(slug) in ("", STANDING)):
            raise Fault("FM-SLUG", value=slug)
        # A standing text has its section's address, whatever slug it came with.
        name = STANDING if stem == STANDING else ascii_name(slug or stem)
        if not name:
            raise Fault("FILE-NAME", name=file_name)
        return Place(site, section, village, name)

    def _find(self, site: Site, folder: str, stem: str, section_key: str) -> tuple[Section | None, Village | None]:
        if stem == STANDING or section_key:
            return _find_section(site, folder, stem, section_key)
        found = self._found.get((site.id, folder))
        if found is None:
            found = self._found[site.id, folder] = _find_section(site, folder, stem, section_key)
        return found


def _find_section(site: Site, folder: str, stem: str, section_key: str) -> tuple[Section | None, Village | None]:
    village = None
    if folder == "villages" or folder.startswith("villages/"):
        village_id = [*folder.split("/"), ""][1]
        village = site.find_village(village_id)
        if village is None:
            raise Fault("FILE-PLACE", guess=_guess(village_id, [v.id for v in site.villages], "villages/{}/"))
    if stem == STANDING and folder == (village.folder if village else ""):
        return None, village
    if section_key:
        wanted = [
            s for s in site.sections if section_key in (s.id, s.name) and s.village == (village.id if village else "")
        ]
        if not wanted:
            raise Fault("FM-SECTION", value=section_key, guess=_section_names(site, village))
        return wanted[0], village
    section = site.find_section_of_folder(folder)
    if section is None:
        ids = [section.id for section in site.sections if section.village == (village.id if village else "")]
        raise Fault("FILE-PLACE", guess=_guess(folder, ids, f"content/{site.id}/{{}}/"))
    return section, village


def _section_names(site: Site, village: Village | None) -> str:
    return "、".join(s.id for s in site.sections if s.village == (village.id if village else ""))


def _guess(word: str, known: list[str], form: str) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return "、".join(form.format(name) for name in (near or known[:6])) or form.format("…")
