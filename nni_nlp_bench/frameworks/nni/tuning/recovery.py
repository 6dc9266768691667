"""State of the trials of a resumed experiment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.frameworks.nni.serving.manager_api import ENDED, trial_jobs

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class TrialSnapshot:
    """Trials of the tuner, without those that users added."""

    ids: frozenset[str]
    results: Sequence[tuple[Parameters, Any]]
    """Parameters and final results. The manager may swap the recorded parameters of trials that
    start simultaneously; results have the actual parameter id."""
    without_result: Sequence[Parameters]
    """Parameters of trials that ended without a result."""
    pending: Sequence[Parameters]
    """Parameters of trials that are running, or that NNI will rerun."""


def take_snapshot() -> TrialSnapshot:
    """Return the current state of all trials from the manager of this process."""
    return _read(trial_jobs())


def _read(jobs: Sequence[Mapping[str, Any]]) -> TrialSnapshot:
    records = [(job, json.loads(job["hyperParameters"][0])) for job in jobs]
    chosen = [
        (job, record) for job, record in records if record["parameter_source"] != "customized"
    ]
    by_id = {str(record["parameter_id"]): record["parameters"] for _, record in chosen}
    finals = [final for job, _ in chosen for final in job.get("finalMetricData", ())]
    ended = [(job, record) for job, record in chosen if job["status"] in ENDED]
    return TrialSnapshot(
        ids=frozenset(job["trialJobId"] for job, _ in chosen),
        results=[(by_id[f["parameterId"]], json.loads(json.loads(f["data"]))) for f in finals],
        without_result=[f["parameters"] for job, f in ended if not job.get("finalMetricData")],
        pending=[record["parameters"] for job, record in chosen if job["status"] not in ENDED],
    )
