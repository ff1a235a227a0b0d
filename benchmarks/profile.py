"""Says where the time of a cold build goes: processor time by step, for each document and for each page."""

from __future__ import annotations

import pickle
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path

from govgen.catalog.intake import Intake
from govgen.catalog.records import read_records
from govgen.catalog.states import Audience
from govgen.catalog.store import Catalog
from govgen.content.parse import Parser
from govgen.content.settings import read_markdown_settings
from govgen.events import Silence
from govgen.files import OutputFolder
from govgen.gather import finish_reading, gather
from govgen.model.address import Addresses
from govgen.model.build import Job
from govgen.options import BuildOptions
from govgen.pipeline import THEME, build
from govgen.plan.assets import ThemeFiles, load_assets
from govgen.plan.pages import DOCUMENT_TEMPLATES, compose
from govgen.plan.scope import Scope, make_chrome
from govgen.render.light import choose_engine
from govgen.render.maker import Maker, Studio
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.texts import load_texts

_SAMPLE = 2000
"""So many documents, and so many pages of a kind, are taken one after the other in one process."""

Step = tuple[str, int, float]
"""What is done, how often in the county, and the microseconds of processor time each takes."""


def profile(root: Path, scratch: Path, clock: datetime) -> list[Step]:
    """Return the steps of building a county in order; nothing of it stays but in `scratch`."""
    shutil.rmtree(scratch, ignore_errors=True)
    steps: list[Step] = []
    options = BuildOptions(scratch / "public", scratch / "catalog.sqlite", Audience(clock))
    documents = [entry.path for entry in Checkout(root).walk("content") if entry.path.endswith(".md")]
    steps += _reading(root, documents, scratch)
    main = _own_seconds()
    gather(Checkout(root), options, Silence()).catalog.close()
    gathered = _own_seconds() - main
    steps.append(
        ("主进程：收进目录库、建索引、状态、列表、链接、关系", len(documents), gathered / len(documents) * 1e6)
    )
    shutil.rmtree(scratch)
    main = _own_seconds()
    report = build(Checkout(root), options, Silence())
    rest = _own_seconds() - main - gathered
    steps.append(("主进程：计划、分发、记下用到什么", report.made, rest / report.made * 1e6))
    steps += _making(root, options)
    shutil.rmtree(scratch)
    return steps


def _own_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _reading(root: Path, documents: Sequence[str], scratch: Path) -> Iterator[Step]:
    checkout, county = Checkout(root), load_county(Checkout(root))
    parser = Parser(checkout, county, read_markdown_settings(root))
    sample = documents[:_SAMPLE]

    def timed(name: str, do: Callable[[], object]) -> Step:
        started = time.process_time()
        do()
        return name, len(documents), (time.process_time() - started) / len(sample) * 1e6

    contents = [parser.read(path) for path in sample]
    verdicts = [parser.parse(path, content) for path, content in zip(sample, contents, strict=True)]
    finish = partial(finish_reading, county)
    reads = [finish(verdict) for verdict in verdicts]
    packed = [pickle.dumps(read) for read in reads]
    yield timed("读文件", lambda: [parser.read(path) for path in sample])
    yield timed("解析：文首、正文、过滤、链接", lambda: list(map(parser.parse, sample, contents)))
    yield timed("检查规则，排成行", lambda: list(map(finish, verdicts)))
    yield timed("送回主进程", lambda: (list(map(pickle.dumps, reads)), list(map(pickle.loads, packed))))
    catalog = Catalog.create(scratch / "sample.sqlite")
    intake = Intake(catalog)
    yield timed("其中写进目录库（算在下一行里）", lambda: intake.put_new([read.rows for read in reads if read.rows]))
    catalog.close()


def _making(root: Path, options: BuildOptions) -> Iterator[Step]:
    county = load_county(Checkout(root))
    addresses = Addresses(county, county.domain)
    output = options.output.with_name("again")
    studio = Studio(root, options.catalog, output, addresses, load_assets(root / THEME), options.audience.clock)
    maker = Maker(studio, may_load_pelican=True)
    asked = "SELECT site, path, kind, output, subject, month FROM artifacts ORDER BY kind, site, output"
    rows = Catalog.open(options.catalog).rows(asked)
    kinds = {kind: [Job(*row) for row in of_kind] for kind, of_kind in groupby(rows, key=lambda row: row["kind"])}
    for kind, jobs in sorted(kinds.items(), key=lambda item: -len(item[1])):
        sample = jobs[:_SAMPLE]
        maker.make_all(sample[:20])
        with _process_time() as taken:
            for _, of_site in groupby(sample, key=lambda job: job.site):
                maker.make_all(list(of_site))
        yield f"做成并写出：{kind}", len(jobs), taken[0] / len(sample) * 1e6
    for kind in ("article", "archive"):
        yield from _making_one_kind(studio, kind, kinds.get(kind, []))


def _making_one_kind(studio: Studio, kind: str, jobs: Sequence[Job]) -> Iterator[Step]:
    """Yield the steps of making one kind of page."""
    county = studio.addresses.county
    catalog, output = Catalog.open(studio.catalog), OutputFolder(studio.output.with_name("steps"))
    engine = choose_engine(studio.repository, county.language, studio.catalog.with_name("templates"))
    texts, files = load_texts(county.language), ThemeFiles(studio.assets)
    taken = dict.fromkeys(("从目录库取出文稿", "排成要显示的值", "套模板", "写出文件"), 0.0)
    done = 0
    for site_id, of_site in groupby(jobs[:_SAMPLE], key=lambda job: job.site):
        batch, site = list(of_site), county.find_site(site_id)
        assert site is not None
        marks = [time.process_time()]
        subjects = [job.subject for job in batch if job.kind in DOCUMENT_TEMPLATES]
        scope = Scope(catalog, studio.addresses, site, texts, studio.clock, read_records(catalog, subjects))
        chrome = make_chrome(scope)
        marks.append(time.process_time())
        values = [compose(scope, job) for job in batch]
        marks.append(time.process_time())
        pages = [engine.render(job.output, chrome, made_of, files) for job, made_of in zip(batch, values, strict=True)]
        marks.append(time.process_time())
        for job, page in zip(batch, pages, strict=True):
            output.write(job.output, page)
        marks.append(time.process_time())
        for name, start, end in zip(taken, marks, marks[1:], strict=False):
            taken[name] += end - start
        done += len(batch)
    for name, seconds in taken.items():
        yield f"其中 {kind}：{name}", len(jobs), seconds / max(1, done) * 1e6


@contextmanager
def _process_time() -> Iterator[list[float]]:
    taken = [0.0]
    started = time.process_time()
    yield taken
    taken[0] = time.process_time() - started
