"""NASLib's suite on a space and a benchmark by their names, with the files that searches write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.of_space import load_of_space
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.policies import MissPolicy
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.naslib.trainer import train
from nni_nlp_bench.strategies.compare import Run
from nni_nlp_bench.strategies.run import Search, search_space

if TYPE_CHECKING:
    from nni_nlp_bench.reports.outcome import Outcome

PREFIX = "naslib:"
"""Before the name of an optimizer, among the strategies."""


def run_suite(
    optimizer: str,
    space: str,
    benchmark: str,
    *,
    out: Path,
    trials: int = 200,
    seed: int = 0,
    miss: MissPolicy = "error",
    restrict: bool = False,
    options: Mapping[str, Any] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> Outcome:
    """Run one of NASLib's optimizers through NASLib's Trainer, and write what `search` writes.

    `optimizer` is `random_search`, `regularized_evolution`, `local_search`, `bananas` or `npenas`;
    `options` are settings of NASLib's, by its names. NASLib's own files are left in `out/naslib`;
    run again, it goes on where it was interrupted. Raises UserError: NaslibError where NASLib
    cannot be imported, and as `run_search`.
    """
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of
    from nni_nlp_bench.reports.outcome import write_outcome

    loaded = load_of_space(benchmark, space)
    settings = Settings(miss=miss, budget=Budget(trials))
    search = Search(PREFIX + optimizer, seed, settings, restrict, dict(options or {}))
    surrogate = surrogate_of(loaded) if miss == "surrogate" else None
    moves = search_space(loaded, restrict)
    done = train(optimizer, search, loaded, moves, out / "naslib", surrogate, on_trial)
    title = f"{loaded.name}: {trials} evaluations a search"
    return write_outcome(out, loaded, [Run(search.strategy, seed, tuple(done))], title)
