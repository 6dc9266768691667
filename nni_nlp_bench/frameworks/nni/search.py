"""Trial that runs a complete search on a benchmark.

    python -m nni_nlp_bench.frameworks.nni.search --help


Parameters of the trial are `strategy`, `seed`, and options of the strategy.
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


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="nni_nlp_bench.frameworks.nni.search", description=__doc__
    )
    add_benchmark_options(parser)
    add = parser.add_argument
    add("--trials", type=int, default=100, help="number of evaluations")
    add("--epochs", type=int, help="maximum number of epochs of all trainings")
    add("--hours", type=float, help="maximum number of simulated hours")
    add("--workers", type=int, default=1, help="number of simulated parallel workers")
    add(
        "--restrict",
        action=argparse.BooleanOptionalAction,
        help="search only architectures of the table (default: if the benchmark has no others)",
    )
    return parser


def _run(arguments: Sequence[str] | None) -> None:
    options = make_parser().parse_args(arguments)
    client = TrialClient()
    search = _search(client.parameters, options)
    benchmark = load(options.benchmark)
    reporter = TrialReporter(client, benchmark.space_name, reference_loss(benchmark, []))
    with threadpool_limits(1):  # the trials of an experiment share the cores
        run = _run_search(benchmark, search, reporter)
    reporter.finish(run)


def _search(parameters: Mapping[str, Any], options: argparse.Namespace) -> Search:
    strategy_options = dict(parameters)
    try:
        strategy, seed = str(strategy_options.pop("strategy")), int(strategy_options.pop("seed"))
    except (KeyError, ValueError) as error:
        raise UserError(
            f"searchSpace must have the choices 'strategy' and 'seed' (integers): {error}"
        ) from None
    budget = Budget(options.trials, options.epochs, options.hours)
    settings = Settings(options.on_missing, options.run_selection, seed, options.workers, budget)
    return Search(StrategyConfig.of((strategy, strategy_options)), seed, settings, options.restrict)


def _run_search(benchmark: Benchmark, search: Search, reporter: TrialReporter) -> SearchResult:
    """Run the search with its journal in the trial's folder, where a rerun trial resumes."""
    surrogate = None
    if search.settings.on_missing == "surrogate":
        from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

        surrogate = surrogate_of(benchmark, workers=1)
    journal = _folder() / "journal.jsonl"
    return run_search(
        benchmark, search, surrogate=surrogate, journal_path=journal, on_trial=reporter
    )


def _folder() -> Path:
    return Path(os.environ["NNI_OUTPUT_DIR"])


class TrialReporter:
    """Reports the incumbent after every evaluation, and the metrics of the search at the end.

    `default`, which is minimised, is the regret, or the loss if the optimum is unknown.

    Args:
        client: Connection to NNI's manager.
        space: Name of the search space.
        reference: Loss that regret is measured from.
    """

    def __init__(self, client: TrialClient, space: str, reference: Reference) -> None:
        self._client = client
        self._space = space
        self._reference = reference
        self._best: Trial | None = None

    def __call__(self, trial: Trial) -> None:
        """Report the incumbent after an evaluation; before a success, the loss of a failure."""
        found = not trial.failed and (self._best is None or trial.score > self._best.score)
        self._best = best = trial if found else self._best
        shown: dict[str, Any] = {"failed": 1} if best is None else {}
        loss = -trial.score if best is None else reported_loss(best.result)
        if best is not None:
            shown["predicted"] = int(best.result.origin == "predicted")
        if found and best is not None:
            shown |= {"space": self._space, "architecture": best.evaluated.to_json()}
            shown |= {"source": best.result.source, "origin": best.result.origin}
        self._client.report({**self._losses(loss), **_drop_nan(hours=trial.end_s / 3600), **shown})

    def finish(self, run: SearchResult) -> None:
        """Report the final result, and write all evaluations to the trial's folder."""
        summary = summarize(run, self._reference)
        write_searches(_folder(), [run], [summary], self._reference, self._space)
        if self._best is None:
            raise UserError("no training of the search succeeded")
        metrics = {
            **self._losses(summary.best_loss),
            self._reference.unit.metric: summary.best_metric,
            **_drop_nan(hours=summary.simulated_hours),
            "evaluations": summary.evaluations,
            "failed": summary.failed,
            "predicted": summary.predicted,
            "replaced": summary.replaced,
        }
        if summary.evaluations_to_target is not None:
            metrics["to_target"] = summary.evaluations_to_target
        self._client.finish(metrics)

    def _losses(self, loss: float) -> dict[str, float]:
        regret = _drop_nan(default=loss - self._reference.loss)
        return {"default": loss, **regret, "loss": loss}


def _drop_nan(**values: float) -> dict[str, float]:
    """Return the values that are not NaN."""
    return {name: value for name, value in values.items() if value == value}


if __name__ == "__main__":
    sys.exit(run_command(_run))
