"""Trial evaluator that queries a benchmark."""

from __future__ import annotations

import math
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from nni_nlp_bench.benchmarks.objectives import PARAMETERS
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.block_imports import block_imports
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.base import Report, TrainingFailedError
from nni_nlp_bench.evaluators.benchmark_options import add_benchmark_options
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.evaluators.trial import Trial

_CURVES: dict[str, Callable[[float], float]] = {
    "loss": lambda loss: loss,
    "likelihood": lambda loss: math.exp(-loss),
}
_CURVES_HELP = (
    "what the results of epochs are: the loss, or the mean probability of a token, exp(-loss), "
    "for assessors that take higher for better, such as Curvefitting"
)


class BenchmarkTrialEvaluator:
    """Returns the benchmark's result of each architecture and reports its learning curve."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options for the benchmark and its query policy."""
        add_benchmark_options(parser)
        add = parser.add_argument
        add(
            "--seed",
            type=int,
            default=0,
            help="seed for --run-selection random",
        )
        pace = "wait so long after every epoch of a curve, so that an assessor can stop the trial"
        add("--seconds-per-epoch", type=float, default=0.0, help=pace)
        add("--curves", choices=list(_CURVES), default="loss", help=_CURVES_HELP)

    def __init__(self, space: str, options: Namespace) -> None:
        with block_imports(
            "matplotlib", "pandas", "sklearn"
        ):  # each takes longer than all the rest
            import igraph  # noqa: F401
            import lightgbm  # noqa: F401

        from nni_nlp_bench.benchmarks.catalogue import load

        benchmark = load(options.benchmark, space)
        surrogate = None
        if options.on_missing == "surrogate":
            from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

            surrogate = surrogate_of(benchmark)
        settings = Settings(
            on_missing=options.on_missing, run_selection=options.run_selection, seed=options.seed
        )
        if options.curves == "likelihood" and benchmark.unit is not LossUnit.NATS:
            raise UserError(f"{benchmark.name} holds {benchmark.unit}: likelihoods are of nats")
        self._simulation = Simulation(benchmark, settings, surrogate)
        self._may_replace = options.on_missing == "nearest"
        self._pause_s: float = options.seconds_per_epoch
        self._shown = _CURVES[options.curves]

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """The loss that the benchmark minimises, its metric, hours, epochs, parameters and recorded
        metrics, and its origin."""
        trial = self._simulation.evaluate(architecture, epochs)
        self._report_curve(trial, report)
        if trial.failed:
            raise TrainingFailedError(f"the training failed: {trial.result.status}")
        loss, hours = -trial.score, trial.result.wall_time_s / 3600
        unit = self._simulation.benchmark.unit
        metrics = {"default": loss, unit.metric: unit.to_metric(loss)}
        if math.isfinite(hours):
            metrics["hours"] = hours
        if self._simulation.benchmark.has_curves:
            metrics["epochs"] = trial.result.epoch
        metrics |= self._known_metrics(trial)
        metrics["predicted"] = int(trial.result.origin == "predicted")
        if self._may_replace:
            metrics["replaced"] = int(trial.replaced)
        return metrics

    def _known_metrics(self, trial: Trial) -> dict[str, float]:
        """Return what a search could optimise beside the loss, such as parameters and latency."""
        benchmark, found = self._simulation.benchmark, dict(trial.result.metrics or {})
        if PARAMETERS in benchmark.objectives:
            found[PARAMETERS] = benchmark.known_metric(PARAMETERS, trial.evaluated)
        return found

    def _report_curve(self, trial: Trial, report: Report) -> None:
        """Return the finite losses of the selected run; means and predictions have no curve."""
        benchmark, result = self._simulation.benchmark, trial.result
        if not benchmark.has_curves or result.seed is None or result.origin != "measured":
            return
        curve = getattr(benchmark.curve(trial.evaluated, result.seed), benchmark.objective)
        for loss in curve[: result.epoch]:
            if math.isfinite(loss):
                report(self._shown(float(loss)))
            time.sleep(self._pause_s)
