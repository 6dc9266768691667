"""Run NASLib's Trainer on a search space and a benchmark by name, and write the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.policies import OnMissing
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.frameworks.naslib.trainer import train
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search

if TYPE_CHECKING:
    from nni_nlp_bench.reports.comparison import ComparisonResult

PREFIX = "naslib:"
"""Prefix of NASLib's optimizers in names of strategies."""


def run_suite(
    optimizer: str,
    space: str | None,
    benchmark: str,
    *,
    out: Path,
    trials: int = 200,
    seed: int = 0,
    on_missing: OnMissing = "error",
    restrict: bool | None = None,
    options: Mapping[str, Any] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> ComparisonResult:
    """Run a NASLib optimizer in NASLib's Trainer, and write the same files as `search`.

    An interrupted run is resumed by running it again.

    Args:
        optimizer: `random_search`, `regularized_evolution`, `local_search`, `bananas` or `npenas`.
        space: Name of the search space that the benchmark must be of; None for any.
        benchmark: Name of a benchmark, or folder of a table.
        out: Output folder; NASLib's own files are in `out/naslib`.
        trials: Number of evaluations.
        seed: Random seed.
        on_missing: How to evaluate an architecture that the table lacks.
        restrict: Propose only architectures of the table; None if there is no other way to
            evaluate others.
        options: Options of the optimizer by NASLib's names.
        on_trial: Called after each evaluation.

    Returns:
        The result, with one search.

    Raises:
        NaslibError: NASLib cannot be imported.
        UserError: an argument is invalid, or the benchmark cannot answer.

    Example:
        >>> benchmark = "nas-bench-nlp/ptb-surrogate"
        >>> result = run_suite("bananas", "rnn_cell", benchmark, out=Path("out"))
        >>> result.ranking()
    """
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of
    from nni_nlp_bench.reports.comparison import ComparisonResult

    loaded = load(benchmark, space)
    settings = Settings(on_missing=on_missing, budget=Budget(trials))
    config = StrategyConfig(PREFIX + optimizer, PREFIX + optimizer, dict(options or {}))
    search = Search(config, seed, settings, restrict)
    surrogate = surrogate_of(loaded) if on_missing == "surrogate" else None
    search_result = train(optimizer, search, loaded, out / "naslib", surrogate, on_trial)
    result = ComparisonResult(loaded, (search_result,), str(settings.budget))
    result.save(out)
    return result
