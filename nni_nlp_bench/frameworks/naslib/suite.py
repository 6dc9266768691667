"""NASLib's suite on a space and a benchmark by their names, with the files that searches write."""

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
"""Before the name of an optimizer, among the strategies."""


def run_suite(
    optimizer: str,
    space: str,
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
    """Run one of NASLib's optimizers through NASLib's Trainer, and write what `search` writes.

    `optimizer` is `random_search`, `regularized_evolution`, `local_search`, `bananas` or `npenas`;
    `options` are settings of NASLib's, by its names. NASLib's own files are left in `out/naslib`;
    run again, it goes on where it was interrupted. Raises UserError: NaslibError where NASLib
    cannot be imported, and as `run_search`.
    """
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of
    from nni_nlp_bench.reports.comparison import ComparisonResult

    loaded = load(benchmark, space)
    settings = Settings(on_missing=on_missing, budget=Budget(trials))
    config = StrategyConfig(PREFIX + optimizer, PREFIX + optimizer, dict(options or {}))
    search = Search(config, seed, settings, restrict)
    surrogate = surrogate_of(loaded) if on_missing == "surrogate" else None
    done = train(optimizer, search, loaded, out / "naslib", surrogate, on_trial)
    result = ComparisonResult(loaded, (done,), str(settings.budget))
    result.save(out)
    return result
