"""Makes planned artifacts in worker processes, several sites at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from itertools import groupby

from govgen.errors import MachineryError
from govgen.model.build import Artifact, Job
from govgen.processes import end_with_parent
from govgen.render.light import PelicanNeeded
from govgen.render.maker import Maker, Studio

_TASK_JOBS = 200
_FEW_JOBS = 40
"""So few are made sooner than worker processes start."""


def render(jobs: Sequence[Job], studio: Studio, processes: int) -> Iterator[list[Artifact]]:
    """Yield the artifacts of each batch of jobs as it is done; what was planned is what is made, or it is an error."""
    few = _render_few(jobs, studio) if len(jobs) <= _FEW_JOBS else None
    if few is not None:
        yield few
        return
    # Imported here: it takes a while, and few jobs need no pool.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    tasks = [batch for _, site_jobs in groupby(jobs, key=lambda job: job.site) for batch in _batches(list(site_jobs))]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(processes, len(tasks)) or 1, context, _start_worker, (os.getpid(), studio)) as pool:
        try:
            for task, artifacts in zip(tasks, pool.map(_render_task, tasks), strict=True):
                missing = {job.output for job in task} - {artifact.path for artifact in artifacts}
                if missing:
                    raise MachineryError("pages-missing", pages=", ".join(sorted(missing)))
                yield artifacts
        except BrokenProcessPool as error:
            raise MachineryError("worker-died") from error


def _render_few(jobs: Sequence[Job], studio: Studio) -> list[Artifact] | None:
    """Make a few artifacts in this process; None where only Pelican can, which is never loaded here."""
    try:
        maker = Maker(studio, may_load_pelican=False) if jobs else None
        return maker.make_all(jobs) if maker else []
    except PelicanNeeded:
        return None


def _batches(jobs: list[Job]) -> Iterator[list[Job]]:
    for start in range(0, len(jobs), _TASK_JOBS):
        yield jobs[start : start + _TASK_JOBS]


_makers: list[Maker | MachineryError] = []
"""This process's maker, or why it could not start; always empty in the main process."""


def _start_worker(parent: int, studio: Studio) -> None:
    end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _makers.append(Maker(studio, may_load_pelican=True))
    except Exception as error:
        # The pool would only say that a process broke; the first page asked for says why.
        _makers.append(MachineryError("engine", reason=f"{type(error).__name__}: {error}"))


def _render_task(jobs: list[Job]) -> list[Artifact]:
    maker = _makers[0]
    if isinstance(maker, MachineryError):
        raise maker
    return maker.make_all(jobs)
