"""Run many searches in parallel processes, and go on where they were interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from queue import Empty
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.run import Search, run_search, search_space
from search_spaces.base import SearchSpace

Progress = Callable[[str, int, int], None]
"""Called with the strategy, the seed and the number of evaluations done."""
_REPORT_EVERY = 5


@dataclass(frozen=True)
class Comparison:
    """Every strategy with every seed on one benchmark."""

    benchmark: str
    """A name in the catalogue, or the folder of a table."""
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)
    restrict: bool = False

    def searches(self) -> list[Search]:
        """One search for every strategy and seed, strategies in turn."""
        base = Search("", settings=self.settings, restrict=self.restrict)
        return [replace(base, strategy=s, seed=k) for k in self.seeds for s in self.strategies]


@dataclass(frozen=True)
class Run:
    """The trials of one search."""

    strategy: str
    seed: int
    trials: tuple[Trial, ...]


class InterruptedSearchError(Exception):
    """Another search failed or the user stopped: this one ends early, its journal stays."""


def compare(
    comparison: Comparison, journals: Path, processes: int, progress: Progress
) -> list[Run]:
    """All runs, in the order of `comparison.searches()`; finished ones come from their journals."""
    context = multiprocessing.get_context("spawn")
    queue, stop = context.Queue(), context.Event()
    pool = ProcessPoolExecutor(processes, context, _start_worker, (queue, stop))
    try:
        jobs = [pool.submit(_run, comparison, s, journals) for s in comparison.searches()]
        _follow(jobs, queue, progress)
        return [job.result() for job in jobs]
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _follow(jobs: list[Future[Run]], queue: Any, progress: Progress) -> None:
    """Pass progress on until every job has ended, or one has failed."""
    waiting = set(jobs)
    while waiting:
        ended, waiting = wait(waiting, timeout=0)
        for job in ended:
            job.result()
        with suppress(Empty):
            progress(*queue.get(timeout=0.1))
            while True:
                progress(*queue.get_nowait())


_worker: tuple[Any, Any] | None = None  # the progress queue and the stop event of this process


def _start_worker(queue: Any, stop: Any) -> None:
    """One thread a process, for the processes fill the cores; the parent minds the keyboard."""
    global _worker
    _worker = queue, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _run(comparison: Comparison, search: Search, journals: Path) -> Run:
    assert _worker is not None, "the pool starts every worker with a queue and an event"
    queue, stop = _worker

    def report(trial: Trial) -> None:
        if stop.is_set():
            raise InterruptedSearchError
        if (trial.index + 1) % _REPORT_EVERY == 0:
            queue.put((search.strategy, search.seed, trial.index + 1))

    benchmark, space = _loaded(comparison.benchmark, comparison.restrict)
    path = journals / f"{search.strategy}-{search.seed}.jsonl"
    trials = run_search(benchmark, space, search, None, path, report)
    queue.put((search.strategy, search.seed, len(trials)))
    return Run(search.strategy, search.seed, tuple(trials))


@lru_cache(maxsize=1)
def _loaded(name: str, restrict: bool) -> tuple[Benchmark, SearchSpace[Any]]:
    from nni_nlp_bench.benchmarks.catalogue import load

    benchmark = load(name)
    return benchmark, search_space(benchmark, restrict)
