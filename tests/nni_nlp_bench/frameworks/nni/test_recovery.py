"""What is read from the manager's list of trials."""

from __future__ import annotations

import json
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.recovery import _read


def job(
    id: int, status: str, told: tuple[int, float] | None = None, source: str = "algorithm"
) -> dict[str, Any]:
    """A trial of the REST API; `told` is the parameter id that its result names, and the result."""
    form = {"parameter_id": id, "parameter_source": source, "parameters": {"x": id}}
    entry = {"trialJobId": f"T{id}", "status": status, "hyperParameters": [json.dumps(form)]}
    if told is not None:
        named, value = told
        data = json.dumps(json.dumps({"default": value}))
        entry["finalMetricData"] = [{"parameterId": str(named), "data": data}]
    return entry


def test_a_result_belongs_to_the_parameters_that_it_names() -> None:
    """NNI may note the parameters of two trials that start together the wrong way round."""
    trials = _read([job(0, "SUCCEEDED", (1, 5.0)), job(1, "SUCCEEDED", (0, 4.0))])
    assert trials.results == [({"x": 1}, {"default": 5.0}), ({"x": 0}, {"default": 4.0})]
    assert trials.without_result == trials.to_come == []


def test_trials_are_told_apart_by_how_they_ended() -> None:
    ended = [job(0, "FAILED"), job(1, "USER_CANCELED"), job(2, "SUCCEEDED")]
    under_way = [job(3, "RUNNING"), job(4, "WAITING"), job(5, "UNKNOWN")]
    trials = _read([*ended, *under_way])
    assert trials.without_result == [{"x": 0}, {"x": 1}, {"x": 2}]
    assert trials.to_come == [{"x": 3}, {"x": 4}, {"x": 5}]


def test_trials_that_the_user_added_are_not_the_tuners() -> None:
    trials = _read([job(0, "RUNNING"), job(1, "SUCCEEDED", (1, 1.0), source="customized")])
    assert trials.ids == {"T0"}
    assert trials.results == []
