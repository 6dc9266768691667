"""Searches: `search`, `compare`, `make_strategy`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.benchmarks.constrained import constrain
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.policies import OnMissing, RunSelection
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.compare import Comparison, Progress
from nni_nlp_bench.strategies.configs import StrategyConfig, StrategyLike
from nni_nlp_bench.strategies.equal_cost import budget_of, cost_of, is_multi_fidelity, with_limits
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, run_search
from search_spaces.base import SearchSpace

if TYPE_CHECKING:
    from nni_nlp_bench.reports.comparison import ComparisonResult


def search(
    benchmark: Benchmark | str,
    strategy: StrategyLike = "regularized_evolution",
    *,
    n_trials: int | None = 100,
    n_epochs: int | None = None,
    n_hours: float | None = None,
    seed: int = 0,
    n_workers: int = 1,
    restrict: bool | None = None,
    on_missing: OnMissing = "error",
    run_selection: RunSelection = "first",
    warm_start: str | None = None,
    objectives: Sequence[str] = (),
    constraints: str | Sequence[str] = (),
    journal: str | Path | None = None,
    callback: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Run one search on a benchmark.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        strategy: A name, a subclass of `Strategy`, or either of them with a dict of options.
        n_trials: Number of evaluations; None for no limit.
        n_epochs: Number of epochs of all trainings together; None for no limit.
        n_hours: Simulated hours; None for no limit.
        seed: Seed of the strategy.
        n_workers: Number of simulated trainings at a time.
        restrict: Whether to propose only architectures of the table; by default if `on_missing`
            is "error" and the benchmark is a table.
        on_missing: What answers for an architecture that the table lacks: "error", "surrogate"
            (a model fitted to the table) or "nearest" (the nearest architecture of the table).
        run_selection: Which run of an architecture counts: "first", "random" (by `seed`) or "mean".
        warm_start: Zero-cost score; random architectures are the best of ten by it.
        objectives: Names of several objectives, such as `["val_loss", "parameters"]`: those of
            `benchmark.objectives`. By default the loss of the benchmark is minimised.
        constraints: Bounds on what is known without training, such as `parameters<=2e7`, or
            `parameters=2e7+-10%` for a band.
        journal: File from which an interrupted search is resumed; None for none.
        callback: Called after each evaluation.

    Returns:
        The trials, the best of them, and with several objectives their Pareto front.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.

    >>> result = search("nas-bench-nlp/ptb-surrogate", "random", n_trials=10, seed=0)
    >>> round(result.best_loss, 2) < 6
    True
    """
    bench = constrain(_loaded(benchmark), constraints)
    budget = Budget(n_trials, n_epochs, n_hours)
    settings = _settings(budget, n_workers, on_missing, run_selection, objectives)
    config = StrategyConfig.of(strategy)
    return run_search(
        bench,
        Search(config, seed, settings, restrict, warm_start),
        surrogate=_surrogate(bench, on_missing),
        journal_path=None if journal is None else Path(journal),
        on_trial=callback,
    )


def compare(
    benchmark: Benchmark | str,
    strategies: Iterable[StrategyLike | StrategyConfig],
    *,
    n_trials: int | None = 100,
    n_epochs: int | None = None,
    n_hours: float | None = None,
    seeds: int | Iterable[int] = 10,
    n_workers: int = 1,
    restrict: bool | None = None,
    on_missing: OnMissing = "error",
    run_selection: RunSelection = "first",
    warm_start: str | None = None,
    objectives: Sequence[str] = (),
    constraints: str | Sequence[str] = (),
    rank_all: bool = False,
    out: str | Path | None = None,
    n_jobs: int = 1,
    isolate: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> ComparisonResult:
    """Compare strategies on a benchmark, each with every seed.

    If one of several strategies asks for shorter trainings and no other limit is given, every
    search may spend the cost of `n_trials` full trainings: hours if the table records times, else
    epochs.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        strategies: Names, subclasses of `Strategy`, or pairs of either and a dict of options.
        n_trials: Number of evaluations per search. Arguments that `search` has too are the same
            here, for each search.
        seeds: Seeds, or how many from 0 on.
        rank_all: Whether to rank strategies too whose results on a surrogate prove nothing: their
            model sees the features that the surrogate was fitted on.
        out: Folder for trials.csv, summary.csv, best.json, curve.png, and the journals from which
            an interrupted comparison is resumed; None to write nothing.
        n_jobs: Number of searches at a time; above 1 each runs in a process of its own.
        isolate: Whether to use another process for one search at a time too, so that Ctrl-C
            cannot interrupt a library in the middle of a call.
        scheduler: Dask scheduler such as `tcp://host:8786` that runs the searches, or a batch
            system such as `slurm`, which `n_jobs` jobs are submitted to; None for this machine.
        progress: Called with a strategy, its seed, and the share of the budget used, 0 to 1.

    Returns:
        The searches, their ranking, plot and report.

    Raises:
        UserError: An argument cannot be used; the message names the remedy.
    """
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.parallel.searches import run_anywhere
    from nni_nlp_bench.reports.comparison import ComparisonResult

    bench = constrain(_loaded(benchmark), constraints)
    limits = Budget(n_trials, n_epochs, n_hours)
    settings = _settings(limits, n_workers, on_missing, run_selection, objectives)
    comparison = Comparison(
        strategies=tuple(map(StrategyConfig.of, strategies)),
        seeds=tuple(range(seeds) if isinstance(seeds, int) else seeds),
        settings=settings,
        restrict=restrict,
        warm_start=warm_start,
    )
    comparison.check(bench)
    comparison, budget = _at_equal_cost(bench, comparison)

    def run(journals: Path | None) -> ComparisonResult:
        results = run_anywhere(
            bench,
            comparison,
            journals=journals,
            n_jobs=n_jobs,
            isolate=isolate,
            scheduler=scheduler,
            progress=progress,
        )
        return ComparisonResult(bench, tuple(results), budget, rank_all)

    if out is None:
        return run(None)
    folder = Path(out)
    with locked_output_dir(folder, comparison.to_dict(bench), "a search"):
        result = run(folder / "journals")
        result.save(folder)
    return result


def make_strategy(
    strategy: StrategyLike, space: SearchSpace[Any], *, seed: int = 0, epochs: int | None = None
) -> Strategy:
    """Return a strategy, ready to ask and tell.

    Args:
        strategy: A name, a subclass of `Strategy`, or either of them with a dict of options.
        space: The space that it searches.
        seed: Seed of its random generator.
        epochs: Epochs of a full training, for strategies that ask for shorter ones too.

    Raises:
        UserError: The strategy is unknown, cannot run here, or refuses an option.

    >>> strategy = make_strategy("random", get_space("rnn_cell"), seed=0)
    >>> proposal = strategy.ask()
    >>> strategy.tell(proposal, -4.5)
    """
    config = StrategyConfig.of(strategy)
    if epochs is None and is_multi_fidelity(config):
        raise UserError(f"strategy {config.name!r} asks for shorter trainings too: give epochs")
    return config.make(space, np.random.default_rng(seed), epochs or 1)


def _loaded(benchmark: Benchmark | str) -> Benchmark:
    return load(benchmark) if isinstance(benchmark, str) else benchmark


def _settings(
    budget: Budget,
    n_workers: int,
    on_missing: OnMissing,
    run_selection: RunSelection,
    objectives: Sequence[str],
) -> Settings:
    return Settings(
        on_missing=on_missing,
        run_selection=run_selection,
        workers=n_workers,
        budget=budget,
        objectives=tuple(objectives),
    )


def _surrogate(benchmark: Benchmark, on_missing: OnMissing) -> Benchmark | None:
    if on_missing != "surrogate":
        return None
    from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

    return surrogate_of(benchmark)


def _at_equal_cost(benchmark: Benchmark, comparison: Comparison) -> tuple[Comparison, str]:
    """The comparison, with a budget of equal cost if its trainings differ in length; the budget
    in words."""
    from dataclasses import replace

    configs, budget = comparison.strategies, comparison.settings.budget
    n_trials = budget.evaluations
    mixed = len(configs) > 1 and any(map(is_multi_fidelity, configs))
    if not mixed or n_trials is None or budget != Budget(n_trials):
        return comparison, str(budget)
    equal = budget_of(cost_of(benchmark, n_trials), benchmark.epochs)
    equal_comparison = replace(
        comparison,
        strategies=with_limits(configs, n_trials),
        settings=replace(comparison.settings, budget=equal),
    )
    return equal_comparison, f"{equal}, the cost of {n_trials:,} full trainings,"
