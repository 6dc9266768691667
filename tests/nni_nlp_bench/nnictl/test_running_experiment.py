"""The fixtures: a real experiment is started, read and stopped."""

from __future__ import annotations

import psutil
import pytest


@pytest.mark.slow
def test_an_experiment_runs_and_is_stopped(nni_home, tiny_config):
    experiment = nni_home.create(tiny_config)
    experiment.wait_for("DONE")
    assert [trial["status"] for trial in experiment.trial_jobs()] == ["SUCCEEDED"] * 3
    assert sorted(row["data"] for row in experiment.metric_data()) == [1, 2, 3]
    processes = experiment.processes
    assert len(processes) > 1
    experiment.stop()
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
