"""NNI evaluator that queries a benchmark, and its model space."""

from __future__ import annotations

import copy
from typing import Any

import nni
from nni.mutable import Categorical, LabeledMutable, Mutable, Sample
from nni.nas.benchmark.evaluator import BenchmarkEvaluator as NniBenchmarkEvaluator
from nni.nas.benchmark.space import BenchmarkModelSpace, SlimBenchmarkSpace

from nni_nlp_bench.evaluators.policies import OnMissing, RunSelection
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.evaluators.trial import Trial
from search_spaces.base import SearchSpace
from search_spaces.choices import Choices


class ChoicesEvaluator(NniBenchmarkEvaluator):  # type: ignore[misc]
    """Base class of NNI evaluators over the categorical choices of a search space.

    Args:
        choices: Choices of the search space.
    """

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.choices = choices
        self._validated_space: Mutable | None = None

    def default_space(self) -> SlimBenchmarkSpace:
        """Return the choices of the search space as NNI mutables."""
        return SlimBenchmarkSpace(
            {
                label: Categorical(values, label=label)
                for label, values in self.choices.categoricals.items()
            }
        )

    def validate_space(self, space: Mutable) -> dict[str, LabeledMutable]:
        """Check that a space has these choices. NNI calls it for every sample: cache the result."""
        if space is not self._validated_space:
            super().validate_space(space)
            self._validated_space = space
        return {}


class SimulationEvaluator(ChoicesEvaluator):
    """NNI evaluator that evaluates samples in a simulated search.

    The metric is minus the objective loss: higher is better, as NNI expects.

    Args:
        simulation: Simulation that is charged for the evaluations.
        space: Search space of the samples.
        epochs: Epochs of a training; None for a full one.
        report_curves: Report the metric after every epoch as intermediate results, if the benchmark
            has learning curves.
    """

    def __init__(
        self,
        simulation: Simulation,
        space: SearchSpace[Any],
        epochs: int | None = None,
        report_curves: bool = False,
    ) -> None:
        super().__init__(space.choices())
        self.simulation = simulation
        self.space = space
        self.epochs = epochs
        self.report_curves = report_curves and simulation.benchmark.has_curves

    def with_epochs(self, epochs: int | None) -> SimulationEvaluator:
        """Return an evaluator with other training lengths that shares the budget."""
        other = copy.copy(self)
        other.epochs = epochs
        return other

    def evaluate(self, sample: Sample) -> float:
        """Evaluate a sample, report its metric to NNI and return it."""
        trial = self.simulation.evaluate(self.choices.from_sample(sample), self.epochs)
        if self.report_curves:
            self._report_curve(trial)
        nni.report_final_result(trial.score)
        return trial.score

    def _report_curve(self, trial: Trial) -> None:
        benchmark = self.simulation.benchmark
        curve = benchmark.curve(trial.evaluated, trial.result.seed)
        for loss in getattr(curve, benchmark.objective)[: trial.result.epoch]:
            nni.report_intermediate_result(-float(loss))


@nni.trace
class BenchmarkEvaluator(SimulationEvaluator):
    """NNI evaluator that queries a benchmark; serializable, as all arguments are plain values.

    The metric is minus the objective loss: higher is better, as NNI expects.

    Args:
        benchmark: Name of a benchmark, or folder of a table.
        on_missing: How to evaluate an architecture that the table lacks.
        run_selection: Which run counts if the table has several of an architecture.
        seed: Seed of the random run selection.
        epochs: Epochs of a training; None for a full one.
        report_curves: Report the metric after every epoch as intermediate results, if the benchmark
            has learning curves.

    Raises:
        UserError: the benchmark cannot be loaded.

    Example:
        >>> evaluator = BenchmarkEvaluator("nas-bench-nlp/ptb-surrogate")
        >>> experiment = NasExperiment(ChoiceSpace(evaluator), evaluator, strategy)
    """

    def __init__(
        self,
        benchmark: str = "nas-bench-nlp/ptb-surrogate",
        on_missing: OnMissing = "error",
        run_selection: RunSelection = "first",
        seed: int = 0,
        epochs: int | None = None,
        report_curves: bool = False,
    ) -> None:
        from nni_nlp_bench.benchmarks.catalogue import load
        from nni_nlp_bench.benchmarks.surrogate_benchmark import surrogate_of

        loaded = load(benchmark)
        surrogate = surrogate_of(loaded) if on_missing == "surrogate" else None
        simulation = Simulation(
            loaded,
            Settings(on_missing=on_missing, run_selection=run_selection, seed=seed),
            surrogate,
        )
        super().__init__(simulation, loaded.space, epochs, report_curves)


class ChoiceSpace(BenchmarkModelSpace):  # type: ignore[misc]
    """NNI's benchmark model space, whose frozen samples do not change."""

    def freeze(self, sample: Sample) -> BenchmarkModelSpace:
        """Freeze a copy of the sample, because NNI's grid search modifies the original."""
        return super().freeze(dict(sample))
