"""Tasks of strategy_comparison.py, and the search of one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import OK, Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.constrained import constrain
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.reports.measures import incumbent_losses, reported_loss
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from search_spaces.base import SearchSpace
from search_spaces.tabular import TabularSpace

STEPS = (5, 10, 25, 50, 100)
"""Evaluations after which regret is recorded."""
LARGE, SMALL, SMALLEST = 600, 90, 15
"""Tables of at least so many architectures are searched for 100, 50 and 10 evaluations."""
SURROGATES = ("nas-bench-nlp/ptb-surrogate",)
EMBEDDED = ("mini", *SURROGATES)
HALVES, BAND = "halves", "band"


@dataclass(frozen=True)
class Task:
    """A benchmark, all of it or a part."""

    source: str
    """Name of an embedded benchmark, or folder of a table."""
    part: str = ""
    """`halves`, `band`, or nothing for all of it."""

    @property
    def name(self) -> str:
        """Name for tables."""
        known = self.source if self.source in EMBEDDED else Path(self.source).name
        return f"{known}:{self.part}" if self.part else known

    @cached_property
    def benchmark(self) -> Benchmark:
        """The benchmark that answers."""
        found = _load(self.source)
        if self.part != BAND:
            return found
        sizes = [found.known_metric("parameters", a) for a in found.architectures() or ()]
        return constrain(found, f"parameters={np.median(sizes):.0f}+-10%")

    @property
    def evaluations(self) -> int:
        """Evaluations of each search."""
        size = self.benchmark.size
        if size is None or size >= LARGE:
            return 100
        return 50 if size >= SMALL else 10

    def space(self, seed: int) -> SearchSpace[Any]:
        """Return the space of a search."""
        if self.part != HALVES:
            return _space(self)
        whole = _space(self)
        held = whole.table or ()
        chosen = np.random.default_rng(10_000 + seed).permutation(len(held))[: len(held) // 2]
        # Inside the space of the whole table, which keeps the features of its architectures.
        return TabularSpace(whole, [held[i] for i in sorted(chosen)])


@cache
def _load(source: str) -> Benchmark:
    return load(source)


@cache
def _space(task: Task) -> SearchSpace[Any]:
    return search_space(task.benchmark, restrict=task.benchmark.size is not None)


def find_tasks(tables: Path) -> list[Task]:
    """Return the tasks of the tables in a folder, and the embedded ones."""
    folders = sorted(path.parent for path in tables.rglob("metadata.json"))
    found = [Task(str(folder)) for folder in folders]
    found = [task for task in found if (task.benchmark.size or 0) >= SMALL]
    large = [task for task in found if (task.benchmark.size or 0) >= LARGE]
    bands = [Task(task.source, BAND) for task in found if task.benchmark.space_name == "lts"]
    return [
        *found,
        *(Task(task.source, HALVES) for task in large),
        *(task for task in bands if (task.benchmark.size or 0) >= SMALLEST),
        *map(Task, EMBEDDED),
    ]


def search(task: Task, config: StrategyConfig, seed: int) -> dict[str, Any]:
    """Return the row of one search."""
    benchmark, space = task.benchmark, task.space(seed)
    losses = losses_of(task, space)
    lowest = benchmark.lowest_loss if losses is None else np.nanmin(losses)
    if lowest is None:
        raise UserError(f"{benchmark.name} has no known lowest loss, from which regret is measured")
    settings = Settings(budget=Budget(task.evaluations))
    started = perf_counter()
    result = run_search(benchmark, Search(config, seed, settings), space=space)
    seconds = perf_counter() - started
    curve = incumbent_losses(result.trials)
    regret = {
        f"regret_{step}": curve[min(step, len(curve)) - 1] - lowest
        for step in STEPS
        if step <= task.evaluations
    }
    top = None
    if losses is not None:
        bound = np.sort(losses)[max(1, round(0.01 * np.isfinite(losses).sum())) - 1]
        reached = (i + 1 for i, loss in enumerate(curve) if loss <= bound)
        top = next(reached, None)
    return {
        "task": task.name,
        "strategy": config.name,
        "seed": seed,
        **{f"regret_{step}": regret.get(f"regret_{step}") for step in STEPS},
        "evaluations_to_top": top,
        "seconds": round(seconds, 3),
    }


def losses_of(task: Task, space: SearchSpace[Any]) -> NDArray[np.float64] | None:
    """Return the losses of a table's architectures, NaN for failures; None without a table."""
    if space.table is None:
        return None
    known = _losses(task)
    return np.array([known[architecture.canonical_key] for architecture in space.table])


@cache
def _losses(task: Task) -> dict[str, float]:
    """Return the loss of each architecture of a task's table by its key."""
    architectures = task.benchmark.architectures() or ()
    results = ((a.canonical_key, task.benchmark.query(a)) for a in architectures)
    return {key: reported_loss(r) if r.status == OK else np.nan for key, r in results}


def is_ranked(task: str, config: StrategyConfig) -> bool:
    """Return whether results say something: not on a surrogate of features that a model sees."""
    return task not in SURROGATES or not config.kind.uses_features(config.options)
