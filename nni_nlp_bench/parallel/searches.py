"""Searches of a comparison on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.map import map_unordered
from nni_nlp_bench.strategies.compare import (
    Comparison,
    Progress,
    SearchContext,
    journal_name,
    run_comparison,
)
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search

if TYPE_CHECKING:
    from distributed import Client

Job = tuple[Search, bytes | None]
"""A search, and its journal so far."""


def run_anywhere(
    benchmark: Benchmark,
    comparison: Comparison,
    *,
    journals: Path | None,
    n_jobs: int,
    isolate: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[SearchResult]:
    """Run the searches of a comparison on this machine or on a cluster, with equal results.

    Args:
        benchmark: Answers the evaluations.
        comparison: Strategies, seeds and settings.
        journals: Folder for one journal per search, from which searches are resumed; None for none.
        n_jobs: Number of processes on this machine, or of jobs of a batch system.
        isolate: As for `run_comparison`.
        scheduler: What `cluster` takes; None for this machine.
        progress: Called now and then for each search; on a cluster when one is complete.

    Raises:
        UserError: A search makes no sense, the cluster cannot be used, or searches failed.
    """
    if scheduler is None:
        return run_comparison(
            benchmark,
            comparison,
            journals=journals,
            n_jobs=n_jobs,
            isolate=isolate,
            progress=progress,
        )
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) if journals is None else journals
        with cluster(scheduler, n_jobs) as client:
            run_searches(client, benchmark, comparison, folder, progress)
        return run_comparison(benchmark, comparison, journals=folder)


def run_searches(
    client: Client,
    benchmark: Benchmark,
    comparison: Comparison,
    journals: Path,
    progress: Progress | None = None,
) -> None:
    """Run the searches of a comparison that are not complete, and write their journals.

    `run_comparison` with the same folder then returns the results without a search. A search whose
    worker is killed is repeated by another one.

    Args:
        client: Dask client.
        benchmark: Answers the evaluations; workers get a copy.
        comparison: Strategies, seeds and settings.
        journals: Folder with a journal per search.
        progress: Called for each search that is complete.

    Raises:
        ParallelError: Searches failed; all others are complete.
        UserError: A search makes no sense, or a journal is damaged or of another search.
    """
    comparison.check(benchmark)
    searches = comparison.searches()
    context = SearchContext.of(benchmark, searches[0], None)
    journals.mkdir(parents=True, exist_ok=True)
    done = progress or (lambda strategy, seed, share: None)
    jobs = list(_incomplete(context, searches, journals, done))

    def name(job: Job) -> str:
        return f"{job[0].strategy.name}, seed {job[0].seed}"

    for (search, _), content in map_unordered(client, _run, jobs, name, context):
        with atomic_write(journals / journal_name(search)) as path:
            path.write_bytes(content)
        done(search.strategy.name, search.seed, 1.0)


def _incomplete(
    context: SearchContext, searches: Sequence[Search], journals: Path, progress: Progress
) -> Iterator[Job]:
    for search in searches:
        path = journals / journal_name(search)
        if not path.exists():
            yield search, None
            continue
        journal = Journal(path, context.benchmark, context.space.parse)
        journal.close()
        if journal.finished:
            progress(search.strategy.name, search.seed, 1.0)
        else:
            yield search, path.read_bytes()


def _run(context: SearchContext, job: Job) -> bytes:
    """Run a search on a worker, and return its journal."""
    search, before = job
    with TemporaryDirectory() as folder:
        path = Path(folder) / journal_name(search)
        if before is not None:
            path.write_bytes(before)
        replace(context, journals=Path(folder)).run(search)
        return path.read_bytes()
