"""Read an NNI experiment with one complete search per trial."""

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
from nni_nlp_bench.reports.readers.source import (
    SearchSource,
    infer_unit,
    parse_origin,
    read_number,
    read_text,
)
from nni_nlp_bench.reports.searches import (
    BestArchitecture,
    Counts,
    Curve,
    SearchRecord,
    infer_benchmark,
    sequential_curve,
)

_TOLERANCE = 1e-9


def read_search_trials(experiment: NniExperiment) -> SearchSource:
    """Return the finished searches; running and failed ones are excluded with a warning.

    Raises:
        ExperimentError: no search has finished.
    """
    finished, warnings = _split_finished(experiment)
    if not finished:
        reasons = "; ".join(warnings)
        raise ExperimentError(f"experiment {experiment.name} has no finished search: {reasons}")
    best = [_best(experiment, trial) for trial in finished]
    benchmark = (
        infer_benchmark(found for found in best if found is not None)
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
            unit=infer_unit(_final(experiment, trial)),
            optimum=optimum,
            curve=_curve(experiment, trial),
            counts=_counts(experiment, trial),
            best=found,
        )
        for trial, found in zip(finished, best, strict=True)
    )
    return SearchSource(experiment.name, records, tuple(warnings))


def _split_finished(experiment: NniExperiment) -> tuple[list[TrialJob], list[str]]:
    """Return finished trials sorted by strategy and seed, and warnings about the others."""
    groups: dict[str, list[TrialJob]] = {}
    strategies_and_seeds = sorted(
        experiment.trials,
        key=lambda t: (str(t.parameters["strategy"]), _seed(experiment, t), t.id),
    )
    for trial in strategies_and_seeds:
        groups.setdefault(_exclusion_reason(experiment, trial), []).append(trial)
    finished = groups.pop("", [])
    warnings = [f"{reason}: {', '.join(map(_label, own))}" for reason, own in groups.items()]
    return finished, warnings


def _exclusion_reason(experiment: NniExperiment, trial: TrialJob) -> str:
    """Return the reason why a search is excluded; empty if it finished."""
    final = experiment.final(trial.id)
    if trial.status not in ENDED:
        return "excluded, not finished"
    if trial.status != "SUCCEEDED" or final is None:
        return "excluded, failed or stopped"
    evaluations = read_number(final.data, "evaluations", experiment.describe(trial))
    if len(experiment.intermediates(trial.id)) != evaluations:
        return "excluded, results are missing"
    return ""


def _label(trial: TrialJob) -> str:
    return f"{trial.parameters['strategy']} seed {trial.parameters['seed']}"


def _seed(experiment: NniExperiment, trial: TrialJob) -> int:
    return int(read_number(trial.parameters, "seed", experiment.describe(trial)))


def _curve(experiment: NniExperiment, trial: TrialJob) -> Curve:
    where = experiment.describe(trial)
    records = experiment.intermediates(trial.id)
    losses = tuple(
        math.nan if record.get("failed") else read_number(record, "loss", where)
        for record in records
    )
    ends = [
        read_number(record, "hours", where) if "hours" in record else math.nan for record in records
    ]
    return sequential_curve(losses, ends)


def _best(experiment: NniExperiment, trial: TrialJob) -> BestArchitecture | None:
    """Return the final incumbent."""
    where = experiment.describe(trial)
    new = [record for record in experiment.intermediates(trial.id) if "architecture" in record]
    if not new:
        return None
    last: Any = new[-1]
    return BestArchitecture(
        architecture=read_text(last, "architecture", where),
        loss=read_number(last, "loss", where),
        origin=parse_origin(last.get("origin")),
        source=last.get("source"),
    )


def _space(experiment: NniExperiment, trials: Sequence[TrialJob]) -> str:
    """Return the search space that the trials report; old ones of rnn_cell do not report it."""
    spaces = (
        str(record["space"])
        for trial in trials
        for record in experiment.intermediates(trial.id)
        if "space" in record
    )
    return next(spaces, "rnn_cell")


def _final(experiment: NniExperiment, trial: TrialJob) -> Any:
    final = experiment.final(trial.id)
    assert final is not None
    return final.data


def _counts(experiment: NniExperiment, trial: TrialJob) -> Counts:
    final = _final(experiment, trial)
    evaluations, failed, predicted, replaced = (
        int(read_number(final, name, experiment.describe(trial)))
        for name in ("evaluations", "failed", "predicted", "replaced")
    )
    return Counts(evaluations, evaluations - predicted, predicted, failed, replaced)


def _optimum(experiment: NniExperiment, trials: Sequence[TrialJob]) -> float | None:
    """Return the reference of the regret, if the trials minimise regret: one loss for all."""
    references = [
        read_number(record, "loss", where) - read_number(record, "default", where)
        for trial in trials
        if (where := experiment.describe(trial))
        for record in experiment.intermediates(trial.id)
    ]
    constant = bool(references) and max(references) - min(references) < _TOLERANCE
    return references[0] if constant and abs(references[0]) > _TOLERANCE else None
