"""Resuming after the manager is killed."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]

CELLS = {
    "experimentName": "cells",
    "searchSpace": {"nodes": {"_type": "randint", "_value": [2, 25]}},
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial",
    "trialCodeDirectory": ".",
    "trialConcurrency": 2,
    "maxTrialNumber": 8,
    "tuner": {
        "className": "nni_nlp_bench.frameworks.nni.tuner.StrategyTuner",
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
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.search --trials 10",
    "maxTrialNumber": 6,
    "tuner": {
        "className": "nni_nlp_bench.frameworks.nni.grid_tuner.GridTuner",
        "codeDirectory": ".",
    },
}
WAITS = "[ $NNI_TRIAL_SEQ_ID -lt {} ] || while [ ! -e go ]; do sleep 0.1; done; "
WATCHDOG_TIMEOUT_S = 20
"""Without the watchdog, NNI's dispatcher would run for another half minute."""


def is_dispatcher(process: psutil.Process) -> bool:
    """Whether it is NNI's dispatcher; a trial may end, or be a zombie, at any time."""
    try:
        return "nni" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def start_and_kill_manager(nni_home, config: dict[str, Any], wait_until) -> Any:
    """An experiment whose manager is killed while trials run."""
    first = config["maxTrialNumber"] // 2 - 1
    command = WAITS.format(first) + config["trialCommand"]
    experiment = nni_home.up(config | {"trialCommand": command})
    wait_until(lambda: len(with_status(experiment, "SUCCEEDED", "FAILED")) == first)
    wait_until(lambda: len(with_status(experiment, "RUNNING")) == config["trialConcurrency"])
    manager, *others = experiment.processes
    dispatchers = [process for process in others if is_dispatcher(process)]
    assert dispatchers
    manager.kill()
    _, alive = psutil.wait_procs(dispatchers, timeout=WATCHDOG_TIMEOUT_S)
    assert not alive  # it would reconnect to any manager on the port
    (nni_home.folder / "go").touch()
    wait_until(lambda: not any(p.is_running() and p.status() != "zombie" for p in others))
    return experiment


def with_status(experiment, *status: str) -> list[dict[str, Any]]:
    return [t for t in experiment.trial_jobs() if t["status"] in status]


def evaluated(experiment) -> list[str]:
    """Return the architecture of each trial."""
    parameters = [
        json.loads(t["hyperParameters"][0])["parameters"] for t in experiment.trial_jobs()
    ]
    return [p.get("architecture") or json.dumps(p, sort_keys=True) for p in parameters]


def received_keys(experiment) -> list[str]:
    """Return the keys of the trials whose results the tuner has received."""
    log = (experiment.folder / "checkpoint" / "nni_nlp_bench.jsonl").read_text()
    lines = log[: log.rfind("\n") + 1].splitlines()
    return [json.loads(line)["key"][0] for line in lines if '"tell"' in line]


def by_nnictl(nni_home, experiment) -> Any:
    return nni_home.resume(experiment)


def by_up(nni_home, experiment) -> Any:
    return nni_home.up_again(experiment)


@pytest.mark.parametrize(
    ("config", "resume"), [(CELLS, by_nnictl), (SEARCHES, by_up)], ids=["cells", "searches"]
)
def test_no_trial_is_lost_or_repeated(config: dict[str, Any], resume, nni_home, wait_until) -> None:
    before = start_and_kill_manager(nni_home, config, wait_until)
    resumed = resume(nni_home, before)
    resumed.wait_for("DONE")
    assert resumed.id == before.id
    # The status may be DONE while NNI reruns interrupted trials.
    wait_until(lambda: not with_status(resumed, "WAITING", "RUNNING", "UNKNOWN"))
    ended = with_status(resumed, "SUCCEEDED", "FAILED")
    assert len(ended) == len(resumed.trial_jobs()) == config["maxTrialNumber"]
    wait_until(lambda: len(received_keys(resumed)) >= len(ended))
    assert len(set(evaluated(resumed))) == config["maxTrialNumber"]
    assert (
        len(received_keys(resumed)) == len(set(received_keys(resumed))) == config["maxTrialNumber"]
    )
