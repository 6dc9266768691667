"""Snapshots of the trials of an experiment."""

from __future__ import annotations

import json
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.recovery import _read


def job(
    id: int, status: str, result: tuple[int, float] | None = None, source: str = "algorithm"
) -> dict[str, Any]:
    """Return a trial of the REST API; `result` is (parameter id, value) of its final result."""
    record = {"parameter_id": id, "parameter_source": source, "parameters": {"x": id}}
    entry = {"trialJobId": f"T{id}", "status": status, "hyperParameters": [json.dumps(record)]}
    if result is not None:
        parameter_id, value = result
        data = json.dumps(json.dumps({"default": value}))
        entry["finalMetricData"] = [{"parameterId": str(parameter_id), "data": data}]
    return entry


def test_results_are_matched_by_parameter_id() -> None:
    """NNI may swap the recorded parameters of two trials that start simultaneously."""
    trials = _read([job(0, "SUCCEEDED", (1, 5.0)), job(1, "SUCCEEDED", (0, 4.0))])
    assert trials.results == [({"x": 1}, {"default": 5.0}), ({"x": 0}, {"default": 4.0})]
    assert trials.without_result == trials.pending == []


def test_trials_by_status() -> None:
    ended = [job(0, "FAILED"), job(1, "USER_CANCELED"), job(2, "SUCCEEDED")]
    running = [job(3, "RUNNING"), job(4, "WAITING"), job(5, "UNKNOWN")]
    trials = _read([*ended, *running])
    assert trials.without_result == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert trials.pending == [{"x": 3}, {"x": 4}, {"x": 5}]


def test_trials_of_the_user_are_excluded() -> None:
    trials = _read([job(0, "RUNNING"), job(1, "SUCCEEDED", (1, 1.0), source="customized")])
    assert trials.ids == {"T0"}
    assert trials.results == []
