"""Read an NNI experiment with one architecture per trial: the experiment is one search."""

from __future__ import annotations

import math
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Origin
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.benchmark_trials import BenchmarkTrialEvaluator
from nni_nlp_bench.reports.readers.nni_experiment import (
    ENDED,
    ExperimentError,
    NniExperiment,
    TrialJob,
)
from nni_nlp_bench.reports.readers.source import SearchSource, infer_unit, read_number, read_text
from nni_nlp_bench.reports.searches import (
    BestArchitecture,
    Counts,
    Curve,
    SearchRecord,
    sequential_curve,
)

_TRIAL = "nni_nlp_bench.frameworks.nni.trial"


@dataclass(frozen=True)
class _Evaluation:
    """Result of a finished trial. Loss and hours are NaN if it failed."""

    architecture: str
    ended_ms: int
    loss: float
    hours: float
    origin: Origin | None
    replaced: bool

    @property
    def failed(self) -> bool:
        return math.isnan(self.loss)


def read_architecture_trials(experiment: NniExperiment) -> SearchSource:
    """Return the search of an experiment: its finished trials, in the order of their results.

    Raises:
        ExperimentError: no training has succeeded yet, or the results are maximised.
    """
    arguments = _class_arguments(experiment)
    if arguments.get("optimize_mode", "minimize") != "minimize":
        raise ExperimentError(
            f"experiment {experiment.name} maximises its results: a report reads losses"
        )
    ended = [trial for trial in experiment.trials if trial.status in ENDED]
    evaluations = sorted(
        (_evaluation(experiment, trial) for trial in ended), key=lambda e: (e.ended_ms, e.loss)
    )
    if all(e.failed for e in evaluations):
        raise ExperimentError(
            f"experiment {experiment.name} has no finished trial with a result: "
            f"{len(experiment.trials)} trials, {len(ended)} of them finished"
        )
    seed, benchmark = arguments.get("seed"), _benchmark(experiment)
    record = SearchRecord(
        experiment=experiment.name,
        strategy=_strategy(experiment, arguments),
        seed=seed if isinstance(seed, int) else None,
        space=str(arguments.get("space", "rnn_cell")),
        benchmark=benchmark or f"benchmark not recorded, {experiment.name}",
        unit=_unit(experiment, ended),
        optimum=None,
        curve=_curve(evaluations),
        counts=_counts(evaluations),
        best=_best(evaluations, benchmark),
    )
    return SearchSource(experiment.name, (record,), _warnings(experiment, evaluations))


def _warnings(experiment: NniExperiment, evaluations: list[_Evaluation]) -> tuple[str, ...]:
    warnings = []
    if running := len(experiment.trials) - len(evaluations):
        warnings.append(f"excluded, not finished: {running} trials")
    if any(e.failed for e in evaluations) and not all(math.isnan(e.hours) for e in evaluations):
        warnings.append("the hours exclude failed trainings, whose times are not recorded")
    return tuple(warnings)


def _class_arguments(experiment: NniExperiment) -> Mapping[str, Any]:
    return (experiment.config.get("tuner") or {}).get("classArgs") or {}


def _benchmark(experiment: NniExperiment) -> str | None:
    """Return the benchmark in the trial command, or the default of this package's trial."""
    named, evaluator = experiment.option("benchmark"), experiment.option("evaluator")
    if named or evaluator not in (None, "benchmark") or not experiment.runs(_TRIAL):
        return named
    parser = ArgumentParser()
    BenchmarkTrialEvaluator.add_options(parser)
    return str(parser.get_default("benchmark"))


def _strategy(experiment: NniExperiment, arguments: Mapping[str, Any]) -> str:
    """Return the strategy of this package's tuner, or the name of another tuner."""
    tuner = experiment.config.get("tuner") or {}
    name = arguments.get("strategy") or tuner.get("name") or tuner.get("className")
    return str(name or "tuner not recorded").rpartition(".")[2]


def _evaluation(experiment: NniExperiment, trial: TrialJob) -> _Evaluation:
    where = experiment.describe(trial)
    architecture = read_text(trial.parameters, "architecture", where)
    final = experiment.final(trial.id)
    if trial.status != "SUCCEEDED" or final is None:
        assert trial.ended_ms is not None
        return _Evaluation(architecture, trial.ended_ms, math.nan, math.nan, None, False)
    result = final.data if isinstance(final.data, Mapping) else {"default": final.data}
    origins: dict[Any, Origin] = {0: "measured", 1: "predicted"}
    return _Evaluation(
        architecture=architecture,
        ended_ms=final.reported_ms,
        loss=read_number(result, "default", where),
        hours=read_number(result, "hours", where) if "hours" in result else math.nan,
        origin=origins.get(result.get("predicted")),
        replaced=bool(result.get("replaced")),
    )


def _unit(experiment: NniExperiment, trials: Sequence[TrialJob]) -> LossUnit:
    """Return the unit of any result: all are of one benchmark."""
    finals = (experiment.final(trial.id) for trial in trials)
    return next(infer_unit(final.data) for final in finals if final is not None)


def _curve(evaluations: list[_Evaluation]) -> Curve:
    """Return the curve of sequential trainings; failed ones add no hours, as none are recorded."""
    losses = np.fmin.accumulate([e.loss for e in evaluations])
    hours = np.cumsum([0.0 if e.failed else e.hours for e in evaluations])
    return sequential_curve(losses.tolist(), hours.tolist())


def _counts(evaluations: list[_Evaluation]) -> Counts:
    return Counts(
        evaluations=len(evaluations),
        measured=sum(e.origin == "measured" for e in evaluations),
        predicted=sum(e.origin == "predicted" for e in evaluations),
        failed=sum(e.failed for e in evaluations),
        replaced=sum(e.replaced for e in evaluations),
    )


def _best(evaluations: list[_Evaluation], source: str | None) -> BestArchitecture:
    best = min((e for e in evaluations if not e.failed), key=lambda e: e.loss)
    return BestArchitecture(best.architecture, best.loss, best.origin, source)
