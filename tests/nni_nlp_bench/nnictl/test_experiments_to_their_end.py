"""Experiments of `experiments/` under real managers, one for each kind of trial, with few trials.

Those of plain cells and plain comparisons are run and looked at in test_web_ui.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.nni, pytest.mark.timeout(900)]

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"


@pytest.mark.parametrize(
    ("name", "trials"),
    [
        pytest.param("compare_hosts", 4, marks=pytest.mark.naslib),
        ("compare_multi_fidelity", 4),
        ("kd_emd", 1),
        ("mf_kd", 2),
        ("rnn_cell_hyperband", 3),
        ("rnn_cell_training", 2),
        ("textnas_grid", 2),
    ],
)
def test_the_experiment_runs_to_its_end(
    name: str, trials: int, nni_home, monkeypatch, request: pytest.FixtureRequest
) -> None:
    file = EXPERIMENTS / f"{name}.yml"
    if name == "compare_hosts":
        request.getfixturevalue("naslib_here")
    if WIKITEXT_2 in file.read_text():
        monkeypatch.setenv("NASBENCHMARK_DIR", str(request.getfixturevalue("wikitext2_folder")))
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    config["maxTrialNumber"] = trials
    command = re.sub(r"--(trials|epochs) \d+", r"--\1 60", config["trialCommand"])
    config["trialCommand"] = re.sub(r"--(search|full)-epochs \d+", r"--\1-epochs 2", command)
    if name == "mf_kd":  # whose tuner counts in the epochs of the file
        config["trialCommand"] = command
    experiment = nni_home.up(config)
    experiment.wait_for("DONE")
    jobs = experiment.trial_jobs()
    assert len(jobs) == trials
    succeeded = [job for job in jobs if job["status"] == "SUCCEEDED"]
    assert succeeded, [job["status"] for job in jobs]
    for job in succeeded:
        final = json.loads(json.loads(job["finalMetricData"][0]["data"]))
        assert final["hours"] > 0
        if "docstrings" in command:  # nats of six labels, or an accuracy
            assert 0 < final["default"] < 3
        else:
            assert final["perplexity"] > 50
        assert final.get("predicted", 0) == 60 * ("surrogate" in command)
