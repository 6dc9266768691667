"""Run many searches, one after another or in parallel processes, and resume interrupted ones."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.environment import environment
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, check_search, run_search
from search_spaces.base import SearchSpace

Progress = Callable[[str, int, float], None]
"""Called with a search's strategy and seed, and the fraction of its budget used."""
_REPORT_EVERY = 5
_REPORT_S = 1.0
"""Seconds after which an evaluation is reported in any case: a real training may take long."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of parallel processes, one thread each."""


@dataclass(frozen=True)
class Comparison:
    """Every strategy with every seed on one benchmark."""

    strategies: tuple[StrategyConfig, ...]
    seeds: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)
    restrict: bool | None = None
    warm_start: str | None = None
    """Zero-cost score that selects the best of ten random architectures; None for none."""

    def searches(self) -> list[Search]:
        """Return one search for every strategy and seed, strategies in turn."""
        return [self._search(config, seed) for seed in self.seeds for config in self.strategies]

    def check(self, benchmark: Benchmark) -> None:
        """Raise UserError if one of the searches is invalid."""
        for config in self.strategies:
            check_search(benchmark, self._search(config, seed=0))

    def to_dict(self, benchmark: Benchmark) -> dict[str, Any]:
        """Return plain values that identify the comparison on a benchmark."""
        return {
            "benchmark": benchmark.name,
            "benchmark_data": benchmark.digest,
            "strategies": [config.to_dict() for config in self.strategies],
            "seeds": list(self.seeds),
            "settings": asdict(self.settings),
            "restrict": self.restrict,
            "warm_start": self.warm_start,
        }

    def _search(self, config: StrategyConfig, seed: int) -> Search:
        settings = self.settings
        if config.evaluations is not None:
            budget = replace(settings.budget, evaluations=config.evaluations)
            settings = replace(settings, budget=budget)
        return Search(config, seed, settings, self.restrict, self.warm_start)


def run_comparison(
    benchmark: Benchmark,
    comparison: Comparison,
    *,
    journals: Path | None = None,
    n_jobs: int = 1,
    isolate: bool = False,
    progress: Progress | None = None,
) -> list[SearchResult]:
    """Run all searches, in the order of `comparison.searches()`.

    Args:
        benchmark: Answers the evaluations.
        comparison: Strategies, seeds and settings.
        journals: Folder for one journal per search, from which searches are resumed.
        n_jobs: Number of searches at a time; above 1 each runs in a process of its own, which
            needs strategies and a benchmark that can be pickled.
        isolate: Whether to use another process for one search at a time too, so that Ctrl-C
            cannot interrupt a library in the middle of a call.
        progress: Called now and then for each search.

    Raises:
        UserError: One of the searches makes no sense.
    """
    comparison.check(benchmark)
    searches = comparison.searches()
    shared = SearchContext.of(benchmark, searches[0], journals)
    report = progress or _no_progress
    if n_jobs == 1 and not isolate:
        return [shared.run(search, report) for search in searches]
    return _in_processes(shared, searches, n_jobs, report)


def _no_progress(strategy: str, seed: int, share: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class SearchContext:
    """Objects that all searches of a comparison share."""

    benchmark: Benchmark
    space: SearchSpace[Any]
    surrogate: Benchmark | None
    journals: Path | None
    """Folder of the journals; None for none."""

    @classmethod
    def of(cls, benchmark: Benchmark, search: Search, journals: Path | None) -> SearchContext:
        """Return what the searches that differ in strategy and seed from this one share."""
        surrogate = None
        if search.settings.on_missing == "surrogate":
            from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

            surrogate = surrogate_of(benchmark, workers=1)
        return cls(benchmark, search.space(benchmark), surrogate, journals)

    def run(self, search: Search, progress: Progress = _no_progress) -> SearchResult:
        """Run one search, or resume it from its journal."""
        name, budget, epochs = search.strategy.name, search.settings.budget, 0
        due = time.monotonic() + _REPORT_S

        def report(trial: Trial) -> None:
            nonlocal epochs, due
            epochs += trial.epochs_trained
            if (trial.index + 1) % _REPORT_EVERY == 0 or time.monotonic() >= due:
                due = time.monotonic() + _REPORT_S
                used = budget.share(trial.index + 1, epochs, trial.end_s / 3600)
                progress(name, search.seed, used)

        journal = None if self.journals is None else self.journals / journal_name(search)
        result = run_search(
            self.benchmark,
            search,
            space=self.space,
            surrogate=self.surrogate,
            journal_path=journal,
            on_trial=report,
        )
        progress(name, search.seed, 1.0)
        return result


def journal_name(search: Search) -> str:
    """Return the name of the journal of one search of a comparison."""
    return f"{search.strategy.name.replace('/', '_')}-{search.seed}.jsonl"


def _in_processes(
    shared: SearchContext, searches: Sequence[Search], n_jobs: int, progress: Progress
) -> list[SearchResult]:
    context = multiprocessing.get_context("spawn")
    queue, (watched, held) = context.Queue(), context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(n_jobs, context, _start_worker, (queue, watched, shared))
    try:
        with _interrupts_blocked(), environment(_ONE_THREAD):
            jobs = [pool.submit(_run, search) for search in searches]
        _follow(jobs, queue, progress)
        return [job.result() for job in jobs]
    except BrokenProcessPool:
        raise UserError(
            "a process of the search was killed, possibly out of memory: "
            "run it again to resume, with fewer processes"
        ) from None
    finally:
        held.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _follow(jobs: list[Future[SearchResult]], queue: Any, progress: Progress) -> None:
    """Forward progress until all jobs have ended, or one has failed."""
    waiting = set(jobs)
    while waiting:
        ended, waiting = wait(waiting, timeout=0)
        for job in ended:
            job.result()
        with suppress(Empty):
            progress(*queue.get(timeout=0.1))
            while True:
                progress(*queue.get_nowait())


_worker: tuple[SearchContext, Any] | None = None
"""In a worker process: what the searches share, and the queue for progress."""


def _start_worker(queue: Any, watched: Connection, shared: SearchContext) -> None:
    """Exit the worker when the parent closes the connection or dies; journals permit it."""
    global _worker
    _worker = shared, queue
    Thread(target=lambda: wait_for([watched]) and os._exit(1), daemon=True).start()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Context whose child processes ignore Ctrl-C; this process handles it at the end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(search: Search) -> SearchResult:
    assert _worker is not None
    shared, queue = _worker
    return shared.run(search, lambda *step: queue.put(step))
