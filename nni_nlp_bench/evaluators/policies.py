"""Query policies of benchmarks: missing architectures, and selection among runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal, get_args

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, Benchmark, BenchmarkError, Result

OnMissing = Literal["error", "surrogate", "nearest"]
RunSelection = Literal["first", "random", "mean"]


def validate_choice(name: str, value: str, policy: Any) -> None:
    """Raise UserError for an invalid value of a policy."""
    if value not in get_args(policy):
        raise BenchmarkError(f"unknown {name} {value!r}; known: {', '.join(get_args(policy))}")


def random_run(key: str, runs: int, seed: int) -> int:
    """Return the index of one of `runs` runs, determined by the canonical key and the seed."""
    digest = blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % runs


def query_run(
    benchmark: Benchmark, architecture: Any, epoch: int | None, policy: RunSelection, seed: int
) -> Result:
    """Return the result of the selected run, or for `mean` the mean over successful runs."""
    if policy == "first":
        return benchmark.query(architecture, epoch)
    runs = benchmark.seeds(architecture)
    if len(runs) == 0:
        return benchmark.query(architecture, epoch)
    if policy == "random":
        run = runs[random_run(architecture.canonical_key, len(runs), seed)]
        return benchmark.query(architecture, epoch, run)
    return _mean([benchmark.query(architecture, epoch, run) for run in runs])


def _mean(results: list[Result]) -> Result:
    finished = [result for result in results if result.status == OK]
    if not finished:
        return results[0]

    def mean(read: Callable[[Result], float | None]) -> float | None:
        values = [value for result in finished if (value := read(result)) is not None]
        return float(np.mean(values)) if values else None

    wall_time_s = float(np.mean([result.wall_time_s for result in finished]))
    return replace(
        finished[0],
        train_loss=mean(lambda r: r.train_loss),
        val_loss=mean(lambda r: r.val_loss),
        test_loss=mean(lambda r: r.test_loss),
        wall_time_s=wall_time_s,
        seed=None,
        metrics=_mean_metrics([result.metrics for result in finished if result.metrics]),
    )


def _mean_metrics(of_runs: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    names = dict.fromkeys(name for metrics in of_runs for name in metrics)
    return {
        name: float(np.mean([metrics[name] for metrics in of_runs if name in metrics]))
        for name in names
    } or None
