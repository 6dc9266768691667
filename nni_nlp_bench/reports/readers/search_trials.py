"""Read an experiment in which one trial is one whole search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nni_nlp_bench.reports.readers.nni_experiment import (
    ENDED,
    ExperimentError,
    NniExperiment,
    TrialJob,
)
from nni_nlp_bench.reports.readers.readings import SearchSource, number, origin_of, text, unit_of
from nni_nlp_bench.reports.searches import (
    BestArchitecture,
    Counts,
    Curve,
    SearchRecord,
    benchmark_of,
    curve_in_order,
)

_SAME = 1e-9


def searches_of_trials(experiment: NniExperiment) -> SearchSource:
    """The finished searches; those that run or failed are left out, with a remark.

    Raises ExperimentError where none has finished.
    """
    finished, remarks = _sorted_out(experiment)
    if not finished:
        why = "; ".join(remarks)
        raise ExperimentError(f"experiment {experiment.name} holds no finished search: {why}")
    finds = [_find(experiment, trial) for trial in finished]
    benchmark = (
        benchmark_of(find for find in finds if find is not None)
        or experiment.option("benchmark")
        or f"benchmark not recorded, {experiment.name}"
    )
    optimum = _optimum(experiment, finished)
    space = _space(experiment, finished)
    records = tuple(
        SearchRecord(
            experiment=experiment.name,
            strategy=str(trial.parameters["strategy"]),
            seed=_seed(experiment, trial),
            space=space,
            benchmark=benchmark,
            unit=unit_of(_final(experiment, trial)),
            optimum=optimum,
            curve=_curve(experiment, trial),
            counts=_counts(experiment, trial),
            find=find,
        )
        for trial, find in zip(finished, finds, strict=True)
    )
    return SearchSource(experiment.name, records, tuple(remarks))


def _sorted_out(experiment: NniExperiment) -> tuple[list[TrialJob], list[str]]:
    """The trials that finished, in the order of strategies and seeds, and what became of others."""
    groups: dict[str, list[TrialJob]] = {}
    strategies_and_seeds = sorted(
        experiment.trials,
        key=lambda t: (str(t.parameters["strategy"]), _seed(experiment, t), t.id),
    )
    for trial in strategies_and_seeds:
        groups.setdefault(_fate(experiment, trial), []).append(trial)
    finished = groups.pop("", [])
    remarks = [f"{fate}: {', '.join(map(_label, own))}" for fate, own in groups.items()]
    return finished, remarks


def _fate(experiment: NniExperiment, trial: TrialJob) -> str:
    """Why a trial's search is left out; empty where it finished."""
    final = experiment.final(trial.id)
    if trial.status not in ENDED:
        return "left out, for they had not ended"
    if trial.status != "SUCCEEDED" or final is None:
        return "left out, for they failed or were stopped"
    evaluations = number(final.data, "evaluations", experiment.where(trial))
    if len(experiment.intermediates(trial.id)) != evaluations:
        return "left out, for some of their results are missing"
    return ""


def _label(trial: TrialJob) -> str:
    return f"{trial.parameters['strategy']} seed {trial.parameters['seed']}"


def _seed(experiment: NniExperiment, trial: TrialJob) -> int:
    return int(number(trial.parameters, "seed", experiment.where(trial)))


def _curve(experiment: NniExperiment, trial: TrialJob) -> Curve:
    where = experiment.where(trial)
    told = experiment.intermediates(trial.id)
    losses = tuple(
        math.nan if record.get("failed") else number(record, "loss", where) for record in told
    )
    ends = [number(record, "hours", where) if "hours" in record else math.nan for record in told]
    return curve_in_order(losses, ends)


def _find(experiment: NniExperiment, trial: TrialJob) -> BestArchitecture | None:
    """The last architecture that became the incumbent."""
    where = experiment.where(trial)
    new = [record for record in experiment.intermediates(trial.id) if "architecture" in record]
    if not new:
        return None
    last: Any = new[-1]
    return BestArchitecture(
        architecture=text(last, "architecture", where),
        loss=number(last, "loss", where),
        origin=origin_of(last.get("origin")),
        source=last.get("source"),
    )


def _space(experiment: NniExperiment, trials: Sequence[TrialJob]) -> str:
    """Where the architectures are from; trials tell it since there is more than one space."""
    told = (
        str(record["space"])
        for trial in trials
        for record in experiment.intermediates(trial.id)
        if "space" in record
    )
    return next(told, "rnn_cell")


def _final(experiment: NniExperiment, trial: TrialJob) -> Any:
    final = experiment.final(trial.id)
    assert final is not None
    return final.data


def _counts(experiment: NniExperiment, trial: TrialJob) -> Counts:
    final = _final(experiment, trial)
    evaluations, failed, predicted, replaced = (
        int(number(final, name, experiment.where(trial)))
        for name in ("evaluations", "failed", "predicted", "replaced")
    )
    return Counts(evaluations, evaluations - predicted, predicted, failed, replaced)


def _optimum(experiment: NniExperiment, trials: Sequence[TrialJob]) -> float | None:
    """What regret is measured from, if that is what the trials minimise: one loss for all."""
    below = [
        number(record, "loss", where) - number(record, "default", where)
        for trial in trials
        if (where := experiment.where(trial))
        for record in experiment.intermediates(trial.id)
    ]
    same = bool(below) and max(below) - min(below) < _SAME
    return below[0] if same and abs(below[0]) > _SAME else None
