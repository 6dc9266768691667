"""What NNI keeps of an experiment: its configuration, trials and metrics."""

from __future__ import annotations

import json
import shlex
from argparse import ArgumentError, ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from nni_nlp_bench.core.errors import UserError

ENDED = ("SUCCEEDED", "FAILED", "USER_CANCELED", "EARLY_STOPPED")
"""A trial of another status is waiting or running, or was when the experiment was stopped."""
MetricKind = Literal["PERIODICAL", "FINAL"]


class ExperimentError(UserError):
    """An experiment cannot be read, or is not one of searches; the message names it."""


@dataclass(frozen=True)
class TrialJob:
    """One trial."""

    id: str
    status: str
    parameter_id: int
    parameters: Mapping[str, Any]
    ended_ms: int | None
    """Unix time in milliseconds; None until it has ended."""


@dataclass(frozen=True)
class Metric:
    """One result that a trial reported."""

    trial: str
    parameter_id: int
    """Of the parameters that the trial ran with."""
    kind: MetricKind
    sequence: int
    """Position among the intermediate results of the trial."""
    reported_ms: int
    data: Any


@dataclass(frozen=True)
class NniExperiment:
    """One experiment. NNI stores neither trials nor metrics in an order that says anything."""

    id: str
    config: Mapping[str, Any]
    trials: tuple[TrialJob, ...]
    metrics: tuple[Metric, ...]

    @property
    def name(self) -> str:
        """Its name and id, or the id alone."""
        name = self.config.get("experimentName")
        return f"{name} ({self.id})" if name else self.id

    def where(self, trial: TrialJob) -> str:
        """A trial in the words of an error."""
        return f"trial {trial.id} of experiment {self.name}"

    def intermediates(self, trial: str) -> list[Any]:
        """The intermediate results of a trial, in the order of its reports."""
        own = self._by_trial.get((trial, "PERIODICAL"), [])
        return [metric.data for metric in sorted(own, key=lambda metric: metric.sequence)]

    def final(self, trial: str) -> Metric | None:
        """The final result of a trial, the last one if it reported several."""
        own = self._by_trial.get((trial, "FINAL"), [])
        return max(own, key=lambda metric: metric.reported_ms, default=None)

    def option(self, name: str) -> str | None:
        """The value of `--name` in the trials' command; None where it is not given."""
        parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
        parser.add_argument(f"--{name}", dest="value")
        try:
            chosen, _ = parser.parse_known_args(self._words)
        except ArgumentError:
            return None  # a name without a value
        return str(chosen.value) if chosen.value is not None else None

    def runs(self, module: str) -> bool:
        """Whether the trials' command runs that Python module."""
        return module in self._words

    @cached_property
    def _words(self) -> list[str]:
        """The trials' command in words."""
        try:
            return shlex.split(self.config.get("trialCommand", ""))
        except ValueError:
            return []  # a shell may read what shlex cannot; then no option is known

    @cached_property
    def _by_trial(self) -> dict[tuple[str, str], list[Metric]]:
        found: dict[tuple[str, str], list[Metric]] = {}
        for metric in self.metrics:
            found.setdefault((metric.trial, metric.kind), []).append(metric)
        return found


def decoded_metric(row: Mapping[str, Any]) -> Metric:
    """From a row of NNI's table or REST API. A trial encodes its result, the manager once more."""
    return Metric(
        trial=row["trialJobId"],
        parameter_id=int(row["parameterId"]),
        kind=row["type"],
        sequence=int(row["sequence"]),
        reported_ms=int(row["timestamp"]),
        data=json.loads(json.loads(row["data"])),
    )


def decoded_trial(id: str, status: str, told: str, ended_ms: Any) -> TrialJob:
    """From what NNI stores of a trial; `told` is the text that holds its parameters."""
    record = json.loads(told)
    return TrialJob(
        id=id,
        status=status,
        parameter_id=int(record["parameter_id"]),
        parameters=record["parameters"],
        ended_ms=int(ended_ms) if status in ENDED else None,
    )


def with_own_parameters(
    trials: Sequence[TrialJob], metrics: Sequence[Metric]
) -> tuple[TrialJob, ...]:
    """Each trial with the parameters that it ran with.

    NNI's local service gives the next parameters to the trial that asks first, and so its record
    swaps those of trials that start together. What a trial reports names its own; a trial that
    reported nothing has those of its record, or one of those that are left.
    """
    parameters = {trial.parameter_id: trial.parameters for trial in trials}
    own = {metric.trial: metric.parameter_id for metric in metrics}
    left = [number for number in parameters if number not in set(own.values())]
    silent = [trial for trial in trials if trial.id not in own]
    for trial in sorted(silent, key=lambda trial: trial.parameter_id not in left):
        own[trial.id] = trial.parameter_id if trial.parameter_id in left else left[0]
        left.remove(own[trial.id])
    return tuple(
        replace(trial, parameter_id=own[trial.id], parameters=parameters[own[trial.id]])
        for trial in trials
    )
