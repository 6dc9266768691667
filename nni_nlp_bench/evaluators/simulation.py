"""Simulated trainings on a benchmark, with a clock and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nni_nlp_bench.benchmarks.base import (
    OK,
    Benchmark,
    BenchmarkError,
    MissingArchitectureError,
    Result,
)
from nni_nlp_bench.evaluators.budget import Budget, BudgetUsed
from nni_nlp_bench.evaluators.clock import Interval, SimulatedClock
from nni_nlp_bench.evaluators.journal import Journal
from nni_nlp_bench.evaluators.objectives import SearchObjectives
from nni_nlp_bench.evaluators.policies import (
    OnMissing,
    RunSelection,
    query_run,
    validate_choice,
)
from nni_nlp_bench.evaluators.trial import Trial, pack
from search_spaces.tabular import TabularSpace

Query = Callable[[], Result]
"""Waits for the result of a training that was started."""
IDLE = 1000
"""Number of successive trials without a new epoch that ends a search."""


@dataclass(frozen=True)
class Settings:
    """Settings of a simulation: query policies, workers and budget."""

    on_missing: OnMissing = "error"
    run_selection: RunSelection = "first"
    seed: int = 0
    """Seed of the search; it selects the runs with `run_selection="random"`."""
    workers: int = 1
    budget: Budget = field(default_factory=Budget)
    objectives: tuple[str, ...] = ()
    """Names of several objectives; empty to minimise the loss of the benchmark."""

    def __post_init__(self) -> None:
        validate_choice("on_missing", self.on_missing, OnMissing)
        validate_choice("run_selection", self.run_selection, RunSelection)


class Simulation:
    """Simulated trainings of one search on a benchmark.

    A training resumes from the checkpoint of an earlier trial of the same architecture: it starts
    after that trial's end, and only additional epochs are charged. With `on_missing="surrogate"`,
    `surrogate` predicts architectures that the benchmark lacks.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        settings: Settings,
        surrogate: Benchmark | None = None,
        journal: Journal | None = None,
        on_trial: Callable[[Trial], None] | None = None,
    ) -> None:
        if settings.on_missing == "surrogate" and surrogate is None:
            raise BenchmarkError("on_missing='surrogate' needs a surrogate")
        self.benchmark = benchmark
        self.settings = settings
        self.objectives = (
            SearchObjectives.of(benchmark, settings.objectives) if settings.objectives else None
        )
        """The objectives of a search with several; None for the loss of the benchmark."""
        self.trials: list[Trial] = []
        self._surrogate = surrogate
        self._journal = journal
        self._on_trial = on_trial
        self._clock = SimulatedClock(settings.workers)
        self._checkpoints: dict[str, Trial] = {}
        """By key the longest training so far."""
        self._now_s = 0.0
        self._epochs = 0
        self._untimed = False
        self._idle = 0
        self._table_size = None if settings.on_missing == "surrogate" else benchmark.size
        """Number of architectures that can be evaluated; None if any can."""
        self._fully_trained = 0
        self._packs = self._table_size is None or settings.on_missing != "error"
        """Whether to keep proposals packed; architectures of a table stay in memory anyway."""

    @cached_property
    def _nearest(self) -> TabularSpace:
        held = self.benchmark.architectures()
        if held is None:
            raise BenchmarkError("on_missing='nearest' needs a table of architectures")
        return TabularSpace(self.benchmark.space, held)

    def evaluate(
        self, architecture: Any, epochs: int | None = None, query: Query | None = None
    ) -> Trial:
        """Train for `epochs` epochs in total, by default a full training. Raises BenchmarkError.

        `query` returns the result of a training that was started before, in place of the
        benchmark.
        """
        evaluated, answer = self._answer(architecture, epochs, query)
        result = self._with_status(answer)
        key = evaluated.canonical_key
        checkpoint = self._checkpoints.get(key)
        epochs_trained, interval = self._train(checkpoint, result)
        trial = Trial(
            index=len(self.trials),
            stored=pack(architecture) if self._packs else architecture,
            kind=type(architecture) if self._packs else None,
            nearest=None if evaluated is architecture else evaluated,
            key=key,
            result=result,
            score=-self._loss(result),
            epochs_trained=epochs_trained,
            start_s=interval.start_s,
            end_s=interval.end_s,
            values=self._values(evaluated, result),
        )
        self.trials.append(trial)
        self._keep_checkpoint(checkpoint, trial)
        if self._on_trial is not None:
            self._on_trial(trial)
        return trial

    def wait_until(self, time_s: float) -> None:
        """Advance the clock: later trainings do not start before."""
        if math.isfinite(time_s):
            self._now_s = max(self._now_s, time_s)

    @property
    def budget_left(self) -> bool:
        """Whether another training may start.

        Without a limit of evaluations the search ends when nothing is left to train. Raises
        BenchmarkError for a budget in hours if the benchmark records none.
        """
        if self.exhausted:
            return False
        budget = self.settings.budget
        limit = budget.evaluations
        if budget.hours is not None and self._untimed:
            raise BenchmarkError(
                f"{self.benchmark.name} records no times: give the budget in evaluations or epochs"
            )
        return (
            (self._idle < IDLE if limit is None else len(self.trials) < limit)
            and (budget.epochs is None or self._epochs < budget.epochs)
            and (budget.hours is None or self._clock.next_free_s < budget.hours * 3600)
        )

    def may_start(self, running: int, now_s: float) -> bool:
        """Return whether another training may start now, beside others that are not evaluated yet.

        Args:
            running: Number of trainings that were started and are not evaluated.
            now_s: Simulated seconds since the start.
        """
        budget = self.settings.budget
        limit = budget.evaluations
        return (
            self.budget_left
            and (limit is None or len(self.trials) + running < limit)
            and (budget.hours is None or now_s < budget.hours * 3600)
        )

    def is_logged(self, index: int) -> bool:
        """Return whether the journal of an interrupted search has the result of an evaluation."""
        return self._journal is not None and index < len(self._journal)

    @property
    def exhausted(self) -> bool:
        """Whether every architecture of the table had a full training."""
        return self._table_size == self._fully_trained

    @property
    def spent(self) -> BudgetUsed:
        """Return the budget used so far."""
        trials = self.trials
        return BudgetUsed(
            evaluations=len(trials),
            epochs=self._epochs,
            hours=math.nan if self._untimed else self._clock.end_s / 3600,
            distinct=len({trial.key for trial in trials}),
            failed=sum(trial.failed for trial in trials),
            predicted=sum(trial.result.origin == "predicted" for trial in trials),
            replaced=sum(trial.replaced for trial in trials),
        )

    def replay(self, journal: Journal) -> list[Trial]:
        """Return the trials of a finished search."""
        for architecture, epochs, now_s in journal.asked():
            self.wait_until(now_s)
            self.evaluate(architecture, epochs)
        return self.trials

    def _answer(
        self, architecture: Any, epochs: int | None, query: Query | None
    ) -> tuple[Any, Result]:
        if self._journal is not None:
            recorded = self._journal.recall(len(self.trials), architecture, epochs)
            if recorded is not None:
                return recorded
        if query is None:
            answer = self._ask_benchmark(architecture, epochs)
        else:
            answer = architecture, query()
        if self._journal is not None:
            self._journal.record(architecture, epochs, self._now_s, *answer)
        return answer

    def _ask_benchmark(self, architecture: Any, epochs: int | None) -> tuple[Any, Result]:
        policy, seed = self.settings.run_selection, self.settings.seed
        try:
            found = query_run(self.benchmark, architecture, epochs, policy, seed)
            return architecture, found
        except MissingArchitectureError:
            if self.settings.on_missing == "surrogate" and self._surrogate is not None:
                return architecture, self._surrogate.query(architecture, epochs)
            if self.settings.on_missing == "nearest":
                near = self._nearest.nearest(architecture)
                return near, query_run(self.benchmark, near, epochs, policy, seed)
            raise

    def _with_status(self, result: Result) -> Result:
        """Return the result; a complete training without a finite loss counts as failed."""
        loss: float | None = getattr(result, self.benchmark.objective)
        if result.status != OK:
            return result
        if loss is None:
            raise BenchmarkError(f"{result.source} records no {self.benchmark.objective}")
        return result if math.isfinite(loss) else replace(result, status=f"loss is {loss}")

    def _train(self, checkpoint: Trial | None, result: Result) -> tuple[int, Interval]:
        """Charge what the architecture's checkpoint lacks: epochs and simulated time."""
        done, seconds, ready_s = 0, 0.0, 0.0
        if checkpoint is not None:
            done, seconds = checkpoint.result.epoch, checkpoint.result.wall_time_s
            ready_s = checkpoint.end_s
        epochs = max(0, result.epoch - done)
        # NaN, a time that was not recorded, stays NaN here; max(0.0, nan) would be 0.0
        duration_s = max(result.wall_time_s - seconds, 0.0) if epochs else 0.0
        self._epochs += epochs
        self._untimed = self._untimed or not math.isfinite(duration_s)
        if self._untimed:
            interval = Interval(math.nan, math.nan)
        else:
            self._clock.wait_until(self._now_s)
            interval = self._clock.run(duration_s, ready_s)
        return epochs, interval

    def _keep_checkpoint(self, checkpoint: Trial | None, trial: Trial) -> None:
        """Keep the training if it is longer than the checkpoint, and count whole trainings."""
        if checkpoint is not None and not trial.epochs_trained:
            self._idle += 1
            return
        self._idle = 0
        self._checkpoints[trial.key] = trial
        self._fully_trained += trial.failed or trial.result.epoch >= self.benchmark.epochs

    def _values(self, architecture: Any, result: Result) -> tuple[float, ...] | None:
        if self.objectives is None or result.status != OK:
            return None
        return self.objectives.values(architecture, result)

    def _loss(self, result: Result) -> float:
        if result.status != OK:
            return self.benchmark.unit.failure
        loss: float = getattr(result, self.benchmark.objective)
        return loss
