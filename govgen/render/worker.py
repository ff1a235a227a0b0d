"""Makes planned artifacts in worker processes, several sites at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby, islice
from typing import TYPE_CHECKING

from govgen.errors import MachineryError
from govgen.model.build import Artifact, Job
from govgen.processes import worker_pool
from govgen.render.light import PelicanNeeded
from govgen.render.maker import Maker, Studio

if TYPE_CHECKING:
    from concurrent.futures import Future

_TASK_JOBS = 200
_TASKS_AHEAD = 3
"""So many tasks wait for each worker: it never idles, and no more is in memory."""
_FEW_JOBS = 80
"""So few are made sooner than worker processes start."""


def render(jobs: Iterable[Job], number: int, studio: Studio, processes: int) -> Iterator[list[Artifact]]:
    """Yield the artifacts of each batch of `number` jobs as it is done; each job is taken when its turn is near.

    Raises MachineryError where a page can't be made, or is not what was planned.
    """
    if number <= _FEW_JOBS:
        jobs = list(jobs)
        few = _render_few(jobs, studio)
        if few is not None:
            yield few
            return
    waiting: deque[tuple[list[Job], Future[list[Artifact]]]] = deque()
    with worker_pool(processes, _start_worker, studio) as pool:
        for task in _tasks(jobs):
            waiting.append((task, pool.submit(_render_task, task)))
            if len(waiting) > processes * _TASKS_AHEAD:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())


def _result(task: list[Job], future: Future[list[Artifact]]) -> list[Artifact]:
    artifacts = future.result()
    missing = {job.output for job in task} - {artifact.path for artifact in artifacts}
    if missing:
        raise MachineryError("pages-missing", pages=", ".join(sorted(missing)))
    return artifacts


def _render_few(jobs: Sequence[Job], studio: Studio) -> list[Artifact] | None:
    """Make a few artifacts in this process; None where only Pelican can, which is never loaded here."""
    if not jobs:
        return []
    try:
        # Closed here, in this thread: a thread that tidies up while another one forks would leave SQLite locked in the
        # child for ever.
        with closing(Maker(studio, may_load_pelican=False)) as maker:
            return maker.make_all(jobs)
    except PelicanNeeded:
        return None


def _tasks(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Yield the jobs of one site after the other in batches."""
    for _, site_jobs in groupby(jobs, key=lambda job: job.site):
        while task := list(islice(site_jobs, _TASK_JOBS)):
            yield task


_makers: list[Maker | MachineryError] = []
"""This process's maker, or why it could not start; always empty in the main process."""


def _start_worker(studio: Studio) -> None:
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
