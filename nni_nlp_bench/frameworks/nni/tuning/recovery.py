"""What an earlier manager of this experiment left behind, by the manager that resumed it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.frameworks.nni.serving.manager_api import ENDED, trial_jobs

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class TrialSnapshot:
    """The trials that the tuner chose."""

    ids: frozenset[str]
    results: Sequence[tuple[Parameters, Any]]
    """Parameters and final results. Trials that start together may get each other's
    parameters, and the manager notes the wrong ones; a result says whose it is."""
    without_result: Sequence[Parameters]
    """Parameters of trials that have ended without one."""
    to_come: Sequence[Parameters]
    """Parameters of trials that run, or that NNI will run again."""


def trials() -> TrialSnapshot:
    """All trials so far, from the manager that started this process."""
    return _read(trial_jobs())


def _read(jobs: Sequence[Mapping[str, Any]]) -> TrialSnapshot:
    forms = [(job, json.loads(job["hyperParameters"][0])) for job in jobs]
    chosen = [(job, form) for job, form in forms if form["parameter_source"] != "customized"]
    by_id = {str(form["parameter_id"]): form["parameters"] for _, form in chosen}
    finals = [final for job, _ in chosen for final in job.get("finalMetricData", ())]
    ended = [(job, form) for job, form in chosen if job["status"] in ENDED]
    return TrialSnapshot(
        ids=frozenset(job["trialJobId"] for job, _ in chosen),
        results=[(by_id[f["parameterId"]], json.loads(json.loads(f["data"]))) for f in finals],
        without_result=[f["parameters"] for job, f in ended if not job.get("finalMetricData")],
        to_come=[form["parameters"] for job, form in chosen if job["status"] not in ENDED],
    )
