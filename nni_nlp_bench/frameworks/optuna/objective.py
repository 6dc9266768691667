"""Benchmarks as objectives of Optuna."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optuna

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.benchmarks.catalogue import load
from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.evaluators.policies import RunSelection
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.frameworks.optuna.trials import check_directions, set_attributes, suggest
from nni_nlp_bench.frameworks.optuna.values import ObjectiveValues
from nni_nlp_bench.strategies.algorithms.optuna_strategy import choice_distributions
from nni_nlp_bench.strategies.search import search_space


class OptunaObjective:
    """A benchmark as an objective of Optuna.

    Parameters are the categorical choices of the space; on a table, the nearest architecture that
    it holds is evaluated. Choices that are no architecture prune the trial. If the benchmark has
    learning curves, the loss is reported after every epoch, and a pruner may stop the trial. The
    loss of a failed training is that of a uniform guess; with other objectives the trial fails.

    User attributes of a trial, None if unknown: `canonical_key`, `origin`, `source`, `status`,
    `epoch`, `seed`, `val_loss`, `test_loss`, `simulated_seconds`.

    Args:
        benchmark: A benchmark, its name, or the folder of a table.
        objectives: Names of `benchmark.objectives`; by default its loss, which is minimised.
        conditional: Whether to suggest only the choices that an architecture needs. A sampler that
            models all parameters together, such as `GPSampler`, needs False.
        run_selection: Which run of an architecture counts: "first", "random" (by `seed`) or "mean".
        seed: Seed of `run_selection`.

    Raises:
        UserError: An argument cannot be used.

    >>> import optuna
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> objective = OptunaObjective("mini")
    >>> study = optuna.create_study(directions=objective.directions)
    >>> study.optimize(objective, n_trials=3)
    >>> study.trials[0].user_attrs["origin"]
    'measured'
    """

    def __init__(
        self,
        benchmark: Benchmark | str,
        *,
        objectives: Sequence[str] = (),
        conditional: bool = True,
        run_selection: RunSelection = "first",
        seed: int = 0,
    ) -> None:
        self.benchmark = load(benchmark) if isinstance(benchmark, str) else benchmark
        self.space = search_space(self.benchmark, restrict=self.benchmark.size is not None)
        self.choices = self.space.choices()
        self._objectives = ObjectiveValues.of(self.benchmark, objectives)
        self._conditional = conditional
        self._settings = Settings(run_selection=run_selection, seed=seed)
        self._reports = self.benchmark.has_curves and self._objectives.is_loss

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the objectives."""
        return self._objectives.names

    @property
    def search_space(self) -> dict[str, Any]:
        """Distributions of all choices, by label."""
        return choice_distributions(self.choices)

    @property
    def directions(self) -> list[str]:
        """Direction of each objective, "minimize" or "maximize", for `optuna.create_study`."""
        return [*self._objectives.directions]

    def architecture(self, params: Mapping[str, Any]) -> Any:
        """Return the architecture of a trial's parameters. Raises ArchitectureError."""
        return self.choices.from_sample(params)

    def __call__(self, trial: optuna.trial.BaseTrial) -> float | tuple[float, ...]:
        """Return the value of the objective, or of each of several.

        Raises:
            TrialPruned: A pruner stops the trial, or its choices are no architecture.
            UserError: The study has other directions.
        """
        check_directions(trial, self.directions)
        try:
            architecture = self.architecture(suggest(trial, self.choices, self._conditional))
        except ArchitectureError as error:
            raise optuna.TrialPruned(str(error)) from error
        values = self._objectives.values(self._train(trial, architecture))
        return values[0] if len(values) == 1 else values

    def _train(self, trial: optuna.trial.BaseTrial, architecture: Any) -> Trial:
        """Return the full training, its losses reported. Raises TrialPruned."""
        simulation = Simulation(self.benchmark, self._settings)
        last = self.benchmark.epochs
        for epoch in range(1, last + 1) if self._reports else [None]:
            evaluated = simulation.evaluate(architecture, epoch)
            if epoch is None or evaluated.failed:
                break
            trial.report(self._objectives.values(evaluated)[0], epoch)
            if epoch < last and trial.should_prune():
                set_attributes(trial, evaluated)
                raise optuna.TrialPruned(f"pruned after epoch {epoch}")
        set_attributes(trial, evaluated)
        return evaluated
