"""Makes one artifact after another: the values, the bytes, the file in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from govgen.catalog.records import Record, read_records
from govgen.catalog.sources import source_key
from govgen.catalog.store import Catalog, digest_bytes, is_damage
from govgen.catalog.values import digest_value
from govgen.content.attachments import file_ending
from govgen.errors import MachineryError
from govgen.files import OutputFolder, read_regular
from govgen.model.address import Addresses
from govgen.model.build import Artifact, Job
from govgen.model.chrome import Chrome
from govgen.plan.assets import Asset, ThemeFiles
from govgen.plan.pages import DOCUMENT_TEMPLATES, Composition, compose
from govgen.plan.scope import Scope, make_chrome
from govgen.render.light import PelicanNeeded, choose_engine
from govgen.render.machine_files import (
    render_opml,
    render_redirect,
    render_robots,
    render_search_lists,
    render_search_texts,
    render_security,
    render_sitemap,
    render_sitemap_index,
)
from govgen.render.pictures import FOLDER, PictureCache
from govgen.render.place import template_place
from govgen.search.files import characters_file
from govgen.texts import load_texts


@dataclass(frozen=True)
class Studio:
    """All that a worker needs to make any artifact of the county."""

    repository: Path
    catalog: Path
    output: Path
    addresses: Addresses
    assets: Mapping[str, Asset]
    clock: datetime

    @property
    def pictures(self) -> PictureCache:
        """Where pictures are kept in the sizes they are published in."""
        return PictureCache(self.catalog.parent / FOLDER)


class Maker:
    """One engine, one catalog, and the site at hand; `may_load_pelican` is for worker processes only."""

    def __init__(self, studio: Studio, *, may_load_pelican: bool) -> None:
        county = studio.addresses.county
        self._studio = studio
        self._texts = load_texts(county.language)
        compiled = studio.catalog.parent / "templates"
        self._engine = choose_engine(studio.repository, county.language, compiled, may_load_pelican=may_load_pelican)
        self._catalog = Catalog.open(studio.catalog)
        self._files = ThemeFiles(studio.assets)
        self._output = OutputFolder(studio.output)
        self._records: dict[str, Record] = {}
        self._at: tuple[Scope, Chrome] | None = None

    def close(self) -> None:
        """Close the catalog it reads."""
        self._catalog.close()

    def make_all(self, jobs: Sequence[Job]) -> list[Artifact]:
        """Make artifacts and put them in their places, unless they would be made from the same values as before."""
        self._records.clear()
        subjects = [job.subject for job in jobs if job.kind in DOCUMENT_TEMPLATES]
        self._records.update(read_records(self._catalog, subjects))
        return [self._make(job) for job in jobs]

    def _make(self, job: Job) -> Artifact:
        scope, chrome = self._standpoint(job.site)
        scope.used.clear()
        scope.codes.clear()
        try:
            made_of = self._make_of(scope, job)
            value = "" if job.kind in DOCUMENT_TEMPLATES else _digest(made_of)
            uses = tuple(sorted(scope.used - {f"document:{job.subject}", f"relating:{job.subject}"}))
            if value and value == job.known_value:
                return Artifact(job.output, "", 0, False, job.site, is_made=False, value=value, uses=uses)
            content = self._content(job, chrome, made_of)
        except (MachineryError, PelicanNeeded):
            raise
        except Exception as error:
            if is_damage(error):
                raise  # The page has no part in it.
            # Whatever a template, a plugin or the disk did: the page is named, and what was live stays live.
            reason = f"{type(error).__name__}: {error} {template_place(error)}".strip()
            raise MachineryError("page-failed", page=job.output, source=job.subject, reason=reason) from error
        is_written = self._output.write(job.output, content)
        digest = hashlib.sha256(content).hexdigest()
        codes = tuple(scope.codes.items())
        return Artifact(job.output, digest, len(content), is_written, job.site, value=value, uses=uses, codes=codes)

    def _make_of(self, scope: Scope, job: Job) -> Composition | bytes:
        """Return what an artifact is made of: a page's values, or anything else's bytes."""
        if job.kind == "asset":
            return self._studio.assets[job.subject].content
        if job.kind == "file":
            scope.use(source_key(job.subject))
            return read_regular(self._studio.repository / job.subject)
        if job.kind == "picture":
            scope.use(source_key(job.subject))
            content = read_regular(self._studio.repository / job.subject)
            return self._studio.pictures.make(content, file_ending(job.subject), job.month)
        if job.kind in _WITHOUT_TEMPLATE:
            return _WITHOUT_TEMPLATE[job.kind](scope, job)
        return compose(scope, job)

    def _content(self, job: Job, chrome: Chrome, made_of: Composition | bytes) -> bytes:
        if isinstance(made_of, bytes):
            return made_of
        return self._engine.render(job.output, chrome, made_of, self._files)

    def _standpoint(self, site_id: str) -> tuple[Scope, Chrome]:
        if self._at is None or self._at[0].site.id != site_id:
            site = self._studio.addresses.county.find_site(site_id)
            assert site is not None
            scope = Scope(self._catalog, self._studio.addresses, site, self._texts, self._studio.clock, self._records)
            self._at = (scope, make_chrome(scope))
        return self._at


def _render_feed(scope: Scope, job: Job) -> bytes:
    # Imported here: most edits make no feed anew.
    from govgen.render.feeds import render_feed

    return render_feed(scope, job)


def _render_calendar(scope: Scope, job: Job) -> bytes:
    # Imported here: there are few consultations.
    from govgen.render.calendars import render_calendar

    return render_calendar(scope, job)


_WITHOUT_TEMPLATE: Mapping[str, Callable[[Scope, Job], bytes]] = {
    "feed": _render_feed,
    "sitemap": lambda scope, _: render_sitemap(scope),
    "sitemap_index": lambda scope, _: render_sitemap_index(scope),
    "opml": lambda scope, _: render_opml(scope),
    "calendar": _render_calendar,
    "robots": lambda scope, _: render_robots(scope),
    "security": lambda scope, _: render_security(scope),
    "redirect": render_redirect,
    "search_lists": render_search_lists,
    "search_texts": render_search_texts,
    "search_characters": lambda scope, _: characters_file(),
}


def _digest(made_of: Composition | bytes) -> str:
    return digest_bytes(made_of) if isinstance(made_of, bytes) else digest_value(made_of)
