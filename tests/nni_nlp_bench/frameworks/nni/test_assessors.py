"""Early stopping by NNI's assessors, with the learning curves of a table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.slow, pytest.mark.nni]

FILE = Path(__file__).parents[4] / "experiments" / "rnn_cell_early_stopping.yml"


def test_medianstop_stops_trials_early(wikitext2_folder: Path, nni_home, monkeypatch) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(wikitext2_folder))
    config = yaml.safe_load(FILE.read_text())
    config["maxTrialNumber"] = 16
    experiment = nni_home.up(config)
    experiment.wait_for("DONE")
    statuses = [trial["status"] for trial in experiment.trial_jobs()]
    # The local training service of NNI 3 reports early stopping as USER_CANCELED.
    assert set(statuses) == {"SUCCEEDED", "USER_CANCELED"}
    errors = (experiment.folder / "environments" / "local-env" / "trials").glob("*/trial.stderr")
    assert [file.read_text("utf-8") for file in errors] == [""] * len(statuses)


def test_curvefitting_extrapolates_curves(wikitext2_folder: Path, nni_home, monkeypatch) -> None:
    """It starts after the first finished trial, and takes seconds per prediction."""
    monkeypatch.setenv("NASBENCHMARK_DIR", str(wikitext2_folder))
    config = yaml.safe_load(FILE.read_text())
    config |= {"maxTrialNumber": 5, "trialConcurrency": 2}
    slower = config["trialCommand"].replace("--seconds-per-epoch 0.1", "--seconds-per-epoch 0.4")
    config["trialCommand"] = slower + " --curves likelihood"
    config["assessor"] = {"name": "Curvefitting", "classArgs": {"epoch_num": 50, "gap": 4}}
    experiment = nni_home.up(config)
    experiment.wait_for("DONE")
    log = (experiment.folder / "log" / "dispatcher.log").read_text()
    predicted = [float(p) for p in re.findall(r"Predict value = ([0-9.]+)", log)]
    assert predicted
    highest, lowest = 1 / 80, 1 / 10_000  # perplexities of the table
    assert all(lowest < p < highest for p in predicted)
