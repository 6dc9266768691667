"""Experiments end if the tuner is exhausted or fails."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]

SEARCHES: dict[str, Any] = {
    "experimentName": "searches",
    "searchSpace": {
        "seed": {"_type": "choice", "_value": [0, 1]},
        "strategy": {"_type": "choice", "_value": ["random"]},
    },
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.search --trials 5",
    "trialCodeDirectory": ".",
    "trialConcurrency": 2,
    "maxTrialNumber": 10,
    "tuner": {
        "className": "nni_nlp_bench.frameworks.nni.grid_tuner.GridTuner",
        "codeDirectory": ".",
    },
    "trainingService": {"platform": "local"},
}


def test_experiment_ends_with_the_grid(nni_home) -> None:
    experiment = nni_home.up(SEARCHES)
    experiment.wait_for("DONE")
    assert [trial["status"] for trial in experiment.trial_jobs()] == ["SUCCEEDED"] * 2


def test_error_of_the_tuner_is_in_the_log_of_the_manager(nni_home) -> None:
    """`nnictl` does not validate the tuner, unlike `up`."""
    tuner = {
        "className": "nni_nlp_bench.frameworks.nni.tuner.StrategyTuner",
        "codeDirectory": ".",
        "classArgs": {"strategy": "nonsense"},
    }
    experiment = nni_home.create({**SEARCHES, "tuner": tuner})
    experiment.wait_for("ERROR")
    log = (experiment.folder / "log" / "nnimanager.log").read_text()
    assert "UnknownNameError: unknown strategy 'nonsense'; known: area, asha" in log
    assert experiment.trial_jobs() == []
