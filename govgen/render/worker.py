"""Makes planned artifacts in worker processes, several sites at once."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from govgen.catalog.intake import source_key
from govgen.catalog.store import Catalog
from govgen.errors import MachineryError
from govgen.files import OutputFolder, read_regular
from govgen.model.address import Addresses
from govgen.model.build import Artifact, Job
from govgen.model.view import Chrome
from govgen.plan.assets import Asset
from govgen.plan.pages import DOCUMENT_TEMPLATES, Composition, compose
from govgen.plan.scope import Scope, make_chrome
from govgen.processes import end_with_parent
from govgen.render.feeds import render_feed
from govgen.render.machine_files import (
    render_redirect,
    render_robots,
    render_security,
    render_sitemap,
    render_sitemap_index,
)
from govgen.render.place import template_place
from govgen.texts import load_texts

_TASK_JOBS = 200


@dataclass(frozen=True)
class Studio:
    """All that a worker needs to make any artifact of the county."""

    repository: Path
    catalog: Path
    output: Path
    addresses: Addresses
    assets: Mapping[str, Asset]
    clock: datetime


def render(jobs: Sequence[Job], studio: Studio, processes: int) -> Iterator[list[Artifact]]:
    """Yield the artifacts of each batch of jobs as it is done; what was planned is what is made, or it is an error."""
    tasks = [batch for _, site_jobs in groupby(jobs, key=lambda job: job.site) for batch in _batches(list(site_jobs))]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(processes, len(tasks)) or 1, context, _start_worker, (studio,)) as pool:
        try:
            for task, artifacts in zip(tasks, pool.map(_render_task, tasks), strict=True):
                missing = {job.output for job in task} - {artifact.path for artifact in artifacts}
                if missing:
                    raise MachineryError("pages-missing", pages=", ".join(sorted(missing)))
                yield artifacts
        except BrokenProcessPool as error:
            raise MachineryError("worker-died") from error


def _batches(jobs: list[Job]) -> Iterator[list[Job]]:
    for start in range(0, len(jobs), _TASK_JOBS):
        yield jobs[start : start + _TASK_JOBS]


class _Worker:
    """A worker process: one engine, one catalog, and the site at hand."""

    def __init__(self, studio: Studio) -> None:
        # Imported here: only workers load Pelican.
        from govgen.render.light import choose_engine

        county = studio.addresses.county
        self._studio = studio
        self._catalog = Catalog.open(studio.catalog)
        self._texts = load_texts(county.language)
        self._engine = choose_engine(studio.repository, county.language, studio.catalog.parent / "templates")
        self._output = OutputFolder(studio.output)
        self._scopes: dict[str, tuple[Scope, Chrome]] = {}

    def make(self, job: Job) -> Artifact:
        """Make one artifact and put it in its place, unless it would be made from the same values as before."""
        scope, chrome = self._standpoint(job.site)
        scope.used.clear()
        try:
            made_of = self._make_of(scope, job)
            value = "" if job.kind in DOCUMENT_TEMPLATES else _digest(made_of)
            uses = tuple(sorted(scope.used - {f"document:{job.subject}", f"relating:{job.subject}"}))
            if value and value == job.known_value:
                return Artifact(job.output, "", 0, False, job.site, is_made=False, value=value, uses=uses)
            content = self._content(job, chrome, made_of)
        except MachineryError:
            raise
        except Exception as error:
            # Whatever a template, a plugin or the disk did: the page is named, and what was live stays live.
            reason = f"{type(error).__name__}: {error} {template_place(error)}".strip()
            raise MachineryError("page-failed", page=job.output, source=job.subject, reason=reason) from error
        is_written = self._output.write(job.output, content)
        digest = hashlib.sha256(content).hexdigest()
        return Artifact(job.output, digest, len(content), is_written, job.site, value=value, uses=uses)

    def _make_of(self, scope: Scope, job: Job) -> Composition | bytes:
        """Return what an artifact is made of: a page's values, or anything else's bytes."""
        if job.kind == "asset":
            return self._studio.assets[job.subject].content
        if job.kind == "file":
            scope.use(source_key(job.subject))
            return read_regular(self._studio.repository / job.subject)
        if job.kind in _WITHOUT_TEMPLATE:
            return _WITHOUT_TEMPLATE[job.kind](scope, job)
        return compose(scope, job)

    def _content(self, job: Job, chrome: Chrome, made_of: Composition | bytes) -> bytes:
        if isinstance(made_of, bytes):
            return made_of
        return self._engine.render(job.output, chrome, made_of, self._asset_path)

    def _standpoint(self, site_id: str) -> tuple[Scope, Chrome]:
        if site_id not in self._scopes:
            site = self._studio.addresses.county.find_site(site_id)
            assert site is not None
            scope = Scope(self._catalog, self._studio.addresses, site, self._texts, self._studio.clock)
            self._scopes[site_id] = (scope, make_chrome(scope))
        return self._scopes[site_id]

    def _asset_path(self, name: str) -> str:
        return self._studio.assets[name].path


_WITHOUT_TEMPLATE: Mapping[str, Callable[[Scope, Job], bytes]] = {
    "feed": render_feed,
    "sitemap": lambda scope, _: render_sitemap(scope),
    "sitemap_index": lambda scope, _: render_sitemap_index(scope),
    "robots": lambda scope, _: render_robots(scope),
    "security": lambda scope, _: render_security(scope),
    "redirect": render_redirect,
}


def _digest(made_of: Composition | bytes) -> str:
    content = made_of if isinstance(made_of, bytes) else repr(made_of).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:32]


_workers: list[_Worker | MachineryError] = []
"""This process's worker, or why it could not start; always empty in the main process."""


def _start_worker(studio: Studio) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _workers.append(_Worker(studio))
    except Exception as error:
        # The pool would only say that a process broke; the first page asked for says why.
        _workers.append(MachineryError("engine", reason=f"{type(error).__name__}: {error}"))


def _render_task(jobs: list[Job]) -> list[Artifact]:
    worker = _workers[0]
    if isinstance(worker, MachineryError):
        raise worker
    return [worker.make(job) for job in jobs]
