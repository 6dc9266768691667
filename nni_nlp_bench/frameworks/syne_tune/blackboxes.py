"""Benchmarks as blackboxes of Syne Tune."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from syne_tune.blackbox_repository.blackbox import Blackbox
from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
from syne_tune.config_space import choice, randint

from nni_nlp_bench.benchmarks.base import Benchmark
from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.frameworks.syne_tune.learning_curves import ELAPSED_TIME, LearningCurves
from search_spaces.choices import Choices
from search_spaces.tabular import TabularSpace

__all__ = ["ELAPSED_TIME", "EPOCHS", "BenchmarkBlackbox", "TableBlackbox", "make_blackbox"]

EPOCHS = "epochs"


def make_blackbox(
    benchmark: Benchmark, metrics: Sequence[str], options: Mapping[str, Any]
) -> TableBlackbox | BenchmarkBlackbox:
    """Return the blackbox of a benchmark: see `nni_nlp_bench.frameworks.syne_tune.blackbox`."""
    curves = LearningCurves(benchmark, metrics)
    choices = benchmark.space.choices(**options)
    if benchmark.architectures() is None:
        return BenchmarkBlackbox(curves, choices)
    return TableBlackbox(curves, choices, options)


class TableBlackbox(BlackboxTabular):  # type: ignore[misc]
    """A table: configuration x seed x epoch x objective.

    It has a row for each architecture that the choices can express, and as many seeds as every one
    of those has runs. Any other configuration stands for the nearest architecture of the table, as
    in a search that is restricted to it.
    """

    def __init__(
        self, curves: LearningCurves, choices: Choices, options: Mapping[str, Any]
    ) -> None:
        benchmark = curves.benchmark
        samples = {a: s for a in benchmark.architectures() or () if (s := _sample(choices, a))}
        self.architectures = tuple(samples)
        """The architectures of the rows."""
        self._choices = TabularSpace(benchmark.space.unwrapped, self.architectures).choices(
            **options
        )
        self._rows = {a.canonical_key: row for row, a in enumerate(samples)}
        seeds = range(min(len(benchmark.seeds(a)) for a in samples) or 1)
        super().__init__(
            pd.DataFrame(list(samples.values())),
            _configuration_space(choices),
            {EPOCHS: randint(1, benchmark.epochs)},
            np.array([[curves.of(a, seed) for seed in seeds] for a in samples]),
            curves.epochs,
            curves.names,
        )

    def architecture_of(self, configuration: Mapping[str, Any]) -> Any:
        """Return the architecture that a configuration stands for."""
        return self._choices.from_sample(configuration)

    def _objective_function(
        self,
        configuration: dict[str, Any] | int,
        fidelity: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> dict[str, float] | NDArray[np.float64]:
        if isinstance(configuration, dict):
            configuration = self._rows[self.architecture_of(configuration).canonical_key]
        values = super()._objective_function(configuration, None, seed)
        return _at(self, values, fidelity)


class BenchmarkBlackbox(Blackbox):  # type: ignore[misc]
    """A benchmark that answers for any architecture, such as a surrogate."""

    def __init__(self, curves: LearningCurves, choices: Choices) -> None:
        fidelities = {EPOCHS: randint(1, curves.benchmark.epochs)}
        super().__init__(_configuration_space(choices), fidelities, curves.names)
        self._curves = curves
        self._choices = choices

    @property
    def fidelity_values(self) -> NDArray[np.int64]:
        """Epochs for which it answers."""
        return self._curves.epochs

    def architecture_of(self, configuration: Mapping[str, Any]) -> Any:
        """Return the architecture of a configuration."""
        return self._choices.from_sample(configuration)

    def _objective_function(
        self,
        configuration: dict[str, Any],
        fidelity: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> dict[str, float] | NDArray[np.float64]:
        values = self._curves.of(self.architecture_of(configuration), seed)
        return _at(self, values, fidelity)


def _at(
    blackbox: Blackbox, values: NDArray[np.float64], fidelity: dict[str, Any] | None
) -> dict[str, float] | NDArray[np.float64]:
    """Return the values (epochs, objectives) of one epoch by name, or all of them."""
    if fidelity is None:
        return values
    column = blackbox.fidelity_values.tolist().index(fidelity[EPOCHS])
    return dict(zip(blackbox.objectives_names, values[column].tolist(), strict=True))


def _configuration_space(choices: Choices) -> dict[str, Any]:
    return {label: choice(list(values)) for label, values in choices.categoricals.items()}


def _sample(choices: Choices, architecture: Any) -> dict[str, Any] | None:
    try:
        return choices.to_sample(architecture)
    except ArchitectureError:
        return None
