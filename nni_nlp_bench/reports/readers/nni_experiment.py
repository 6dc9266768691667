"""Configuration, trials and metrics of an NNI experiment."""

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
"""Final statuses. Trials of other statuses wait or run, or did when the experiment stopped."""
MetricKind = Literal["PERIODICAL", "FINAL"]


class ExperimentError(UserError):
    """An experiment cannot be read, or has no searches."""


@dataclass(frozen=True)
class TrialJob:
    """One trial of an NNI experiment."""

    id: str
    status: str
    parameter_id: int
    parameters: Mapping[str, Any]
    ended_ms: int | None
    """Unix time in milliseconds; None if it has not ended."""


@dataclass(frozen=True)
class Metric:
    """One metric that a trial reported."""

    trial: str
    parameter_id: int
    """Id of the parameters that the trial ran with."""
    kind: MetricKind
    sequence: int
    """Index among the intermediate results of the trial."""
    reported_ms: int
    data: Any


@dataclass(frozen=True)
class NniExperiment:
    """One NNI experiment. Trials and metrics are in no particular order."""

    id: str
    config: Mapping[str, Any]
    trials: tuple[TrialJob, ...]
    metrics: tuple[Metric, ...]

    @property
    def name(self) -> str:
        """Name and id of the experiment, or the id if it has no name."""
        name = self.config.get("experimentName")
        return f"{name} ({self.id})" if name else self.id

    def describe(self, trial: TrialJob) -> str:
        """Return the name of a trial for error messages."""
        return f"trial {trial.id} of experiment {self.name}"

    def intermediates(self, trial: str) -> list[Any]:
        """Return the intermediate results of a trial in the order in which they were reported."""
        metrics = self._by_trial.get((trial, "PERIODICAL"), [])
        return [metric.data for metric in sorted(metrics, key=lambda metric: metric.sequence)]

    def final(self, trial: str) -> Metric | None:
        """Return the final result of a trial, the last one if it reported several, or None."""
        metrics = self._by_trial.get((trial, "FINAL"), [])
        return max(metrics, key=lambda metric: metric.reported_ms, default=None)

    def option(self, name: str) -> str | None:
        """Return the value of option `--name` in the trial command, or None."""
        parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
        parser.add_argument(f"--{name}", dest="value")
        try:
            chosen, _ = parser.parse_known_args(self._command)
        except ArgumentError:
            return None  # an option without a value
        return str(chosen.value) if chosen.value is not None else None

    def runs(self, module: str) -> bool:
        """Return whether the trial command runs that Python module."""
        return module in self._command

    @cached_property
    def _command(self) -> list[str]:
        """Arguments of the trial command."""
        try:
            return shlex.split(self.config.get("trialCommand", ""))
        except ValueError:
            return []  # valid for the shell but not for shlex

    @cached_property
    def _by_trial(self) -> dict[tuple[str, str], list[Metric]]:
        found: dict[tuple[str, str], list[Metric]] = {}
        for metric in self.metrics:
            found.setdefault((metric.trial, metric.kind), []).append(metric)
        return found


def decode_metric(row: Mapping[str, Any]) -> Metric:
    """Return the metric in a row of NNI's table or REST API, whose data is JSON encoded twice."""
    return Metric(
        trial=row["trialJobId"],
        parameter_id=int(row["parameterId"]),
        kind=row["type"],
        sequence=int(row["sequence"]),
        reported_ms=int(row["timestamp"]),
        data=json.loads(json.loads(row["data"])),
    )


def decode_trial(id: str, status: str, parameters: str, ended_ms: Any) -> TrialJob:
    """Return a trial from the values that NNI stores; `parameters` is a JSON record."""
    record = json.loads(parameters)
    return TrialJob(
        id=id,
        status=status,
        parameter_id=int(record["parameter_id"]),
        parameters=record["parameters"],
        ended_ms=int(ended_ms) if status in ENDED else None,
    )


def match_parameters(trials: Sequence[TrialJob], metrics: Sequence[Metric]) -> tuple[TrialJob, ...]:
    """Return each trial with the parameters that it actually ran with.

    NNI's local training service gives the next parameters to the first trial that requests them, so
    its records may swap the parameters of trials that start simultaneously. Metrics have the actual
    parameter id. A trial without metrics gets the recorded parameters if they are unused, otherwise
    any unused ones.
    """
    parameters = {trial.parameter_id: trial.parameters for trial in trials}
    ids = {metric.trial: metric.parameter_id for metric in metrics}
    unused = [number for number in parameters if number not in set(ids.values())]
    unreported = [trial for trial in trials if trial.id not in ids]
    for trial in sorted(unreported, key=lambda trial: trial.parameter_id not in unused):
        ids[trial.id] = trial.parameter_id if trial.parameter_id in unused else unused[0]
        unused.remove(ids[trial.id])
    return tuple(
        replace(trial, parameter_id=ids[trial.id], parameters=parameters[ids[trial.id]])
        for trial in trials
    )
