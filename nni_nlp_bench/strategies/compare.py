"""Run many searches in parallel processes, and go on where they were interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.methods import Method
from nni_nlp_bench.strategies.run import Search, run_search, search_space
from search_spaces.base import SearchSpace
from search_spaces.environment import environment
from search_spaces.errors import UserError

Progress = Callable[[str, int, float], None]
"""Called with a search's name and seed, and the share of its budget that is spent, 0 to 1."""
_REPORT_EVERY = 5
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""For processes that fill the cores together."""


@dataclass(frozen=True)
class Comparison:
    """Every method with every seed on one benchmark."""

    benchmark: str
    """A name in the catalogue, or the folder of a table."""
    methods: tuple[Method, ...]
    seeds: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)
    restrict: bool = False
    warm_start: str | None = None
    """A training-free score: random architectures are the best of ten by it."""

    def searches(self) -> list[Search]:
        """One search for every method and seed, methods in turn."""
        return [
            method.search(seed, self.settings, self.restrict)
            for seed in self.seeds
            for method in self.methods
        ]


@dataclass(frozen=True)
class Run:
    """The trials of one search."""

    strategy: str
    """Name of its method: that of the strategy, or one that tells its options too."""
    seed: int
    trials: tuple[Trial, ...]


def compare(
    comparison: Comparison, journals: Path, processes: int, progress: Progress
) -> list[Run]:
    """All runs, in the order of `comparison.searches()`; finished ones come from their journals."""
    context = multiprocessing.get_context("spawn")
    queue, (leash, hand) = context.Queue(), context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(processes, context, _start_worker, (queue, leash))
    try:
        with _keyboard_is_the_parents(), environment(_ONE_THREAD):
            jobs = [pool.submit(_run, comparison, s, journals) for s in comparison.searches()]
        _follow(jobs, queue, progress)
        return [job.result() for job in jobs]
    except BrokenProcessPool:
        raise UserError(
            "a process of the search was killed, perhaps for want of memory: "
            "run the command again to go on, with fewer --processes"
        ) from None
    finally:
        hand.close()
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


_progress: Any = None  # the queue of this process, if it is a worker


def _start_worker(queue: Any, leash: Connection) -> None:
    """It ends at once when the parent lets go of its end of the leash, or dies.

    The journals allow it.
    """
    global _progress
    _progress = queue
    Thread(target=lambda: wait_for([leash]) and os._exit(1), daemon=True).start()


@contextmanager
def _keyboard_is_the_parents() -> Iterator[None]:
    """Processes started here never hear of Ctrl-C; this one does when the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(comparison: Comparison, search: Search, journals: Path) -> Run:
    budget, epochs = search.settings.budget, 0

    def report(trial: Trial) -> None:
        nonlocal epochs
        epochs += trial.epochs_trained
        if (trial.index + 1) % _REPORT_EVERY == 0:
            share = budget.share(trial.index + 1, epochs, trial.end_s / 3600)
            _progress.put((search.name, search.seed, share))

    benchmark, space = _loaded(comparison.benchmark, comparison.restrict, comparison.warm_start)
    surrogate = _fitted(comparison.benchmark) if comparison.settings.miss == "surrogate" else None
    path = journals / f"{search.name}-{search.seed}.jsonl"
    trials = run_search(benchmark, space, search, surrogate, path, report)
    _progress.put((search.name, search.seed, 1.0))
    return Run(search.name, search.seed, tuple(trials))


@lru_cache(maxsize=1)
def _loaded(
    name: str, restrict: bool, warm_start: str | None
) -> tuple[Benchmark, SearchSpace[Any]]:
    from nni_nlp_bench.benchmarks.catalogue import load

    benchmark = load(name)
    return benchmark, search_space(benchmark, restrict, warm_start)


@lru_cache(maxsize=1)
def _fitted(name: str) -> Benchmark:
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

    return surrogate_of(load(name), workers=1)
