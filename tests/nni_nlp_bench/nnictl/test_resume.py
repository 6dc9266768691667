"""A manager that is killed: `nnictl resume` loses no trial and repeats none."""

from __future__ import annotations

import json
import time
from typing import Any

import psutil
import pytest

CELLS = {
    "experimentName": "cells",
    "searchSpace": {"nodes": {"_type": "randint", "_value": [2, 25]}},
    "trialCommand": "python -m nni_nlp_bench.nnictl.trial",
    "trialCodeDirectory": ".",
    "trialConcurrency": 2,
    "maxTrialNumber": 12,
    "tuner": {
        "className": "nni_nlp_bench.nnictl.tuner.StrategyTuner",
        "codeDirectory": ".",
        "classArgs": {"strategy": "regularized_evolution", "options": {"population": 4}},
    },
    "trainingService": {"platform": "local"},
}
SEARCHES = {
    **CELLS,
    "experimentName": "searches",
    "searchSpace": {
        "strategy": {"_type": "choice", "_value": ["random", "local_search"]},
        "seed": {"_type": "choice", "_value": [0, 1, 2]},
    },
    "trialCommand": "python -m nni_nlp_bench.nnictl.search --trials 10",
    "maxTrialNumber": 6,
    "tuner": {"className": "nni_nlp_bench.nnictl.grid_tuner.GridTuner", "codeDirectory": "."},
}


def killed_half_way(nni_home, config: dict[str, Any]) -> Any:
    """The experiment, its manager killed while trials run."""
    experiment = nni_home.create(config)
    deadline = time.monotonic() + 120
    while len(finished(experiment)) < config["maxTrialNumber"] // 3 or not running(experiment):
        assert time.monotonic() < deadline, experiment.trial_jobs()
        time.sleep(0.1)
    dispatchers = [p for p in experiment.processes if "nni" in p.cmdline()]
    psutil.Process(experiment.pid).kill()
    _, alive = psutil.wait_procs(dispatchers, timeout=5)
    assert not alive  # it would go on talking to whatever listens on the port
    return experiment


def finished(experiment) -> list[dict[str, Any]]:
    return [t for t in experiment.trial_jobs() if t["status"] in ("SUCCEEDED", "FAILED")]


def running(experiment) -> bool:
    return any(t["status"] == "RUNNING" for t in experiment.trial_jobs())


def tried(experiment) -> list[str]:
    """What each trial evaluated."""
    parameters = [
        json.loads(t["hyperParameters"][0])["parameters"] for t in experiment.trial_jobs()
    ]
    return [p.get("architecture") or json.dumps(p, sort_keys=True) for p in parameters]


@pytest.mark.slow
@pytest.mark.parametrize("config", [CELLS, SEARCHES], ids=["cells", "searches"])
def test_no_trial_is_lost_or_repeated(config: dict[str, Any], nni_home) -> None:
    before = killed_half_way(nni_home, config)
    resumed = nni_home.resume(before)
    resumed.wait_for("DONE")
    assert resumed.id == before.id
    assert len(finished(resumed)) == len(resumed.trial_jobs()) == config["maxTrialNumber"]
    assert len(set(tried(resumed))) == config["maxTrialNumber"]
    log = (resumed.folder / "checkpoint" / "nni_nlp_bench.jsonl").read_text().splitlines()
    told = [json.loads(line)["key"][0] for line in log if '"tell"' in line]
    assert len(told) == len(set(told)) == config["maxTrialNumber"]
