"""The NNI evaluator that answers from a benchmark, and the model space that goes with it."""

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
    """Gives NNI a space of categorical choices; what evaluates its samples is up to subclasses."""

    def __init__(self, choices: Choices) -> None:
        super().__init__()
        self.choices = choices
        self._known_space: Mutable | None = None

    def default_space(self) -> SlimBenchmarkSpace:
        """The choices of the search space as NNI's mutables."""
        return SlimBenchmarkSpace(
            {
                label: Categorical(values, label=label)
                for label, values in self.choices.categoricals.items()
            }
        )

    def validate_space(self, space: Mutable) -> dict[str, LabeledMutable]:
        """Accept the space of these choices. NNI asks again for every sample: answer once."""
        if space is not self._known_space:
            super().validate_space(space)
            self._known_space = space
        return {}


class SimulationEvaluator(ChoicesEvaluator):
    """Runs NNI's samples through a simulation; `epochs` (None: all) is the length of a training.

    Reports minus the objective loss: higher is better, as NNI expects. The loss after every epoch
    is reported on the way where `report_curves` is set and the benchmark has curves.
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
        """The same evaluator for trainings of another length; both spend from one budget."""
        other = copy.copy(self)
        other.epochs = epochs
        return other

    def evaluate(self, sample: Sample) -> float:
        """The score of one sample: minus the objective loss."""
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
    """The same from names alone, so that NNI can send it to another process or machine."""

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
    """NNI's benchmark space, whose samples stay what they were when they were frozen."""

    def freeze(self, sample: Sample) -> BenchmarkModelSpace:
        """A copy of the sample, for NNI's grid search goes on changing the one it passes."""
        return super().freeze(dict(sample))
