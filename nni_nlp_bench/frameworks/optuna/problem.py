"""Benchmarks as problems of OptunaHub."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optunahub.benchmarks import BaseProblem

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.frameworks.optuna.objective import OptunaObjective


class Problem(BaseProblem):  # type: ignore[misc]
    """A benchmark as a problem of OptunaHub: an `OptunaObjective` with a fixed search space.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        metric_names: Names of the objectives; by default the loss of the benchmark.
        seed: Seed by which one of an architecture's runs is drawn; None for its first run.

    Raises:
        UserError: There is no such benchmark or metric.

    >>> problem = Problem("mini", metric_names=["val_loss", "parameters"])
    >>> [direction.name for direction in problem.directions]
    ['MINIMIZE', 'MINIMIZE']
    """

    def __init__(
        self,
        benchmark: Benchmark | str = "nas-bench-nlp/ptb-surrogate",
        *,
        metric_names: Sequence[str] = (),
        seed: int | None = None,
    ) -> None:
        self._objective = OptunaObjective(
            benchmark,
            objectives=metric_names,
            conditional=False,
            run_selection="first" if seed is None else "random",
            seed=seed or 0,
        )

    @property
    def search_space(self) -> dict[str, Any]:
        """Categorical distributions of all choices of the search space, by name."""
        return self._objective.search_space

    @property
    def directions(self) -> list[Any]:
        """Direction of each metric, as members of `optuna.study.StudyDirection`."""
        known = optuna.study.StudyDirection
        return [known[direction.upper()] for direction in self._objective.directions]

    @property
    def metric_names(self) -> list[str]:
        """Names of the metrics that are optimised."""
        return [*self._objective.names]

    @property
    def available_metric_names(self) -> list[str]:
        """Names of all metrics of the benchmark."""
        return [*self._objective.benchmark.objectives]

    def __call__(self, trial: optuna.trial.BaseTrial) -> float | tuple[float, ...]:
        """Return the metric, or each of several, and set the user attributes of the trial.

        Raises:
            TrialPruned: A pruner stops the trial, or its choices are no architecture.
        """
        return self._objective(trial)

    def evaluate(self, params: Mapping[str, Any]) -> float | tuple[float, ...]:
        """Return the metric of a value of every choice, or each of several metrics.

        Raises:
            TrialPruned: The choices are no architecture.
        """
        return self._objective(optuna.trial.FixedTrial(dict(params)))

    def architecture(self, params: Mapping[str, Any]) -> Any:
        """Return the architecture of the choices. Raises ArchitectureError."""
        return self._objective.architecture(params)

    def runtime(self, trial: optuna.trial.BaseTrial) -> float:
        """Return the simulated seconds of the training of an evaluated trial.

        0 if its choices were no architecture, and NaN if the benchmark records no times.
        """
        attributes = trial.user_attrs
        if "simulated_seconds" not in attributes:
            return 0.0
        seconds = attributes["simulated_seconds"]
        return math.nan if seconds is None else float(seconds)
