"""`python -m nni_nlp_bench.frameworks.nni.search`: one trial is one whole search on a benchmark.

The parameters of the trial are `strategy`, `seed`, and options of the strategy by name.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.benchmark_options import add_benchmark_options
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.frameworks.nni.command import run_command
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient
from nni_nlp_bench.reports.files import write_searches
from nni_nlp_bench.reports.measures import Reference, reference_loss, reported_loss, summarize
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, run_search


def _run(arguments: Sequence[str] | None) -> None:
    parser = argparse.ArgumentParser(
        prog="nni_nlp_bench.frameworks.nni.search", description=__doc__
    )
    add_benchmark_options(parser)
    add = parser.add_argument
    add("--trials", type=int, default=100, help="evaluations of the search")
    add("--epochs", type=int, help="also stop after so many epochs in all")
    add("--hours", type=float, help="also stop after so many simulated hours")
    add("--workers", type=int, default=1, help="simulated trainings at a time")
    add(
        "--restrict",
        action=argparse.BooleanOptionalAction,
        help="search only the table's architectures (default: if no other is answered)",
    )
    options = parser.parse_args(arguments)
    manager = TrialClient()
    search = _search(manager.parameters, options)
    benchmark = load(options.benchmark)
    reports = Reports(manager, benchmark.space_name, reference_loss(benchmark, []))
    with threadpool_limits(1):  # the trials of an experiment share the cores
        run = _run_search(benchmark, search, reports)
    reports.finish(run)


def _search(parameters: Mapping[str, Any], options: argparse.Namespace) -> Search:
    of_strategy = dict(parameters)
    try:
        strategy, seed = str(of_strategy.pop("strategy")), int(of_strategy.pop("seed"))
    except (KeyError, ValueError) as error:
        raise UserError(
            f"searchSpace must be a choice of 'strategy' and of whole numbers 'seed' ({error})"
        ) from None
    budget = Budget(options.trials, options.epochs, options.hours)
    settings = Settings(options.on_missing, options.run_selection, seed, options.workers, budget)
    return Search(StrategyConfig.of((strategy, of_strategy)), seed, settings, options.restrict)


def _run_search(benchmark: Benchmark, search: Search, reports: Reports) -> SearchResult:
    """Run the search with its journal in the trial's folder, where a repeated trial resumes."""
    surrogate = None
    if search.settings.on_missing == "surrogate":
        from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

        surrogate = surrogate_of(benchmark, workers=1)
    journal = _folder() / "journal.jsonl"
    return run_search(
        benchmark, search, surrogate=surrogate, journal_path=journal, on_trial=reports
    )


def _folder() -> Path:
    return Path(os.environ["NNI_OUTPUT_DIR"])


class Reports:
    """Reports the incumbent after every evaluation, and the figures of the search at its end.

    `default`, which is minimised, is the regret, or the loss where no reference is known.
    """

    def __init__(self, manager: TrialClient, space: str, reference: Reference) -> None:
        self._manager = manager
        self._space = space
        self._reference = reference
        self._best: Trial | None = None

    def __call__(self, trial: Trial) -> None:
        """One more evaluation. Before a training succeeds, the loss is that of a failure."""
        found = not trial.failed and (self._best is None or trial.score > self._best.score)
        self._best = best = trial if found else self._best
        shown: dict[str, Any] = {"failed": 1} if best is None else {}
        loss = -trial.score if best is None else reported_loss(best.result)
        if best is not None:
            shown["predicted"] = int(best.result.origin == "predicted")
        if found and best is not None:
            shown |= {"space": self._space, "architecture": best.evaluated.to_json()}
            shown |= {"source": best.result.source, "origin": best.result.origin}
        self._manager.report({**self._losses(loss), **_known(hours=trial.end_s / 3600), **shown})

    def finish(self, run: SearchResult) -> None:
        """The final result; every evaluation is left in the trial's folder."""
        summary = summarize(run, self._reference)
        write_searches(_folder(), [run], [summary], self._reference, self._space)
        if self._best is None:
            raise UserError("no training of the search succeeded")
        figures = {
            **self._losses(summary.best_loss),
            self._reference.unit.metric: summary.best_metric,
            **_known(hours=summary.simulated_hours),
            "evaluations": summary.evaluations,
            "failed": summary.failed,
            "predicted": summary.predicted,
            "replaced": summary.replaced,
        }
        if summary.evaluations_to_target is not None:
            figures["to_target"] = summary.evaluations_to_target
        self._manager.finish(figures)

    def _losses(self, loss: float) -> dict[str, float]:
        regret = _known(default=loss - self._reference.loss)
        return {"default": loss, **regret, "loss": loss}


def _known(**values: float) -> dict[str, float]:
    """The values that are numbers."""
    return {name: value for name, value in values.items() if value == value}


if __name__ == "__main__":
    sys.exit(run_command(_run))
