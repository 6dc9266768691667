"""Scaling of searches over the workers of a cluster, with simulated trainings.

    python tests/performance/bench_cluster.py

A thousand searches with ten evaluations each run on eight local workers. A query of the benchmark
sleeps for as long as a training is to take, so that eight workers need no eight processors. The
efficiency is the time of all trainings, divided by eight times the time of the run.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import Benchmark, Result
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.parallel.cluster import cluster
from nni_nlp_bench.parallel.searches import run_searches
from nni_nlp_bench.strategies.compare import Comparison
from nni_nlp_bench.strategies.configs import StrategyConfig

WORKERS, SEARCHES, EVALUATIONS = 8, 1000, 10
TRAINING_S = (0.02, 0.1)


class SleepingBenchmark(Benchmark):
    """The benchmark `mini`, whose queries take as long as a simulated training."""

    def __init__(self, training_s: float) -> None:
        self.table, self.training_s = nb.load("mini"), training_s
        table = self.table
        super().__init__(
            table.name, table.space_name, table.objective, table.unit, table.epochs, has_curves=True
        )

    @property
    def size(self) -> int | None:
        """Number of architectures."""
        return self.table.size

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Sleep, and return the result of the table."""
        time.sleep(self.training_s)
        return self.table.query(architecture, epoch, seed)

    def architectures(self) -> Any:
        """Return those of the table."""
        return self.table.architectures()


def main() -> None:
    """Print the time and the efficiency of each length of training."""
    config = StrategyConfig.of("random")
    budget = Settings(budget=Budget(EVALUATIONS))
    print(f"{SEARCHES:,} searches of {EVALUATIONS} evaluations on {WORKERS} workers")
    with cluster(workers=WORKERS) as client, TemporaryDirectory() as folder:
        for training_s in TRAINING_S:
            searches = Comparison((config,), tuple(range(SEARCHES)), budget)
            start = time.perf_counter()
            run_searches(
                client, SleepingBenchmark(training_s), searches, Path(folder) / str(training_s)
            )
            seconds = time.perf_counter() - start
            alone = SEARCHES * EVALUATIONS * training_s
            print(
                f"training of {training_s:g} s: {seconds:.1f} s, trainings alone {alone:,.0f} s, "
                f"{alone / seconds:.1f} times as fast, efficiency {alone / seconds / WORKERS:.0%}"
            )


if __name__ == "__main__":
    main()
