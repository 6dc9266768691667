"""A real experiment: started by `up`, finished, inspected, stopped by `down`."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx
import psutil
import pytest

pytestmark = pytest.mark.nni


@pytest.fixture(scope="module")
def experiment(module_nni_home, cells_config):
    """A finished experiment whose manager is still running."""
    experiment = module_nni_home.up(cells_config)
    experiment.wait_for("DONE")
    return experiment


@pytest.fixture
def trials(experiment) -> list[dict[str, Any]]:
    """Parameters sent by the tuner, in order."""
    jobs = sorted(experiment.trial_jobs(), key=lambda job: job["sequenceId"])
    return [json.loads(job["hyperParameters"][0]) for job in jobs]


def test_all_trials_succeed(experiment) -> None:
    assert [job["status"] for job in experiment.trial_jobs()] == ["SUCCEEDED"] * 3


def test_cells_are_distinct_and_within_the_bounds(trials) -> None:
    cells = [trial["parameters"]["architecture"] for trial in trials]
    assert len(set(cells)) == 3
    for trial, cell in zip(trials, cells, strict=True):
        assert 2 <= len(json.loads(cell)) == trial["parameters"]["mutation_summary"]["nodes"] < 13


def test_results_equal_the_surrogate(experiment) -> None:
    finals = [row["data"] for row in experiment.metric_data() if row["type"] == "FINAL"]
    assert len(finals) == 3
    for final in finals:
        assert 4 < final["default"] < 10
        assert final["perplexity"] == pytest.approx(math.exp(final["default"]))
        assert final["hours"] > 0
        assert final["predicted"] == 1


def test_trials_have_their_actual_parameters(experiment) -> None:
    """Even if trials start simultaneously."""
    for job in experiment.trial_jobs():
        noted = str(json.loads(job["hyperParameters"][0])["parameter_id"])
        assert [metric["parameterId"] for metric in job["finalMetricData"]] == [noted]


def test_tuner_received_all_results(experiment, trials) -> None:
    lines = (experiment.folder / "checkpoint" / "nni_nlp_bench.jsonl").read_text().splitlines()
    log = [json.loads(line) for line in lines]
    asked = [event["parameters"]["architecture"] for event in log if event["event"] == "ask"]
    assert asked[:3] == [trial["parameters"]["architecture"] for trial in trials]
    scores = [event["score"] for event in log if event["event"] == "tell"]
    finals = [row["data"]["default"] for row in experiment.metric_data() if row["type"] == "FINAL"]
    assert sorted(scores) == pytest.approx(sorted(-loss for loss in finals))


def test_listens_on_loopback_only(experiment) -> None:
    listening = {
        (connection.laddr.ip, connection.laddr.port)
        for process in experiment.processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", experiment.port)}
    assert "<title>" in httpx.get(experiment.url, verify=False).raise_for_status().text


def test_status(experiment, module_nni_home) -> None:
    result = module_nni_home.run("experiment", "status", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["experiments"] == [
        {
            "id": experiment.id,
            "name": "cells",
            "status": "DONE",
            "trials_done": 3,
            "trials_max": 3,
            "port": experiment.port,
            "addresses": ["127.0.0.1"],
            "all_interfaces": False,
        }
    ]


def test_down_ends_all_processes(experiment, module_nni_home) -> None:
    """Last test of the module."""
    processes = experiment.processes
    assert len(processes) > 1
    down = module_nni_home.run("experiment", "down")
    assert (down.returncode, down.stdout) == (0, f"{experiment.id} stopped\n")
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
    assert json.loads(module_nni_home.run("experiment", "status", "--json").stdout) == {
        "experiments": []
    }
