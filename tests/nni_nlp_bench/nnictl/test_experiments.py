"""Every file of `experiments/`: valid for NNI, and run for real with few trials."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
FILES = sorted(EXPERIMENTS.glob("*.yml"))
LOCAL = [file for file in FILES if "platform: local" in file.read_text()]
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"


@pytest.fixture(scope="module")
def tables(shared, tmp_path_factory) -> Path:
    """A folder of benchmarks with the WikiText-2 table in it."""
    folder = tmp_path_factory.mktemp("nasbenchmark")
    logs = shared("nas-bench-nlp/wikitext2_logs.zip")
    command = ["nni_nlp_bench.cli.app", "benchmark", "download", WIKITEXT_2, "--file", str(logs)]
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; from nni_nlp_bench.cli.app import main; main()"
    )
    subprocess.run(
        [sys.executable, "-c", code, *command],
        env={"NASBENCHMARK_DIR": str(folder)},
        check=True,
    )
    return folder


def by_name(file: Path) -> str:
    return file.stem


def marks(file: Path) -> list[pytest.MarkDecorator]:
    return [pytest.mark.naslib] if "NASLIB_HOME" in file.read_text() else []


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_the_file_is_a_valid_configuration(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nni.experiment.config import ExperimentConfig

    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").touch()  # the key that remote.yml names
    config = ExperimentConfig.load(file).canonical_copy()
    assert config.max_trial_number


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_the_file_begins_with_what_it_shows(file: Path) -> None:
    comment = re.match(r"(#.*\n)+", file.read_text())
    assert comment is not None
    for part in ("Look at:", "Change:", "minutes"):
        assert part in comment.group(), part


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", [pytest.param(file, id=by_name(file), marks=marks(file)) for file in LOCAL]
)
def test_the_experiment_runs_to_its_end(
    file: Path, nni_home, monkeypatch, request: pytest.FixtureRequest
) -> None:
    if marks(file):
        request.getfixturevalue("naslib_here")
    if WIKITEXT_2 in file.read_text():
        monkeypatch.setenv("NASBENCHMARK_DIR", str(request.getfixturevalue("tables")))
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    count = 2 if "one_shot_search" in config["trialCommand"] else 4  # a search takes long
    config["maxTrialNumber"] = count
    command = re.sub(r"--(trials|epochs) \d+", r"--\1 60", config["trialCommand"])
    if "one_shot_search" in command:
        command = re.sub(r"--(search|full)-epochs \d+", r"--\1-epochs 2", command)
    config["trialCommand"] = command
    experiment = nni_home.create(config)
    experiment.wait_for("DONE")
    trials = experiment.trial_jobs()
    assert len(trials) == count
    succeeded = [trial for trial in trials if trial["status"] == "SUCCEEDED"]
    assert succeeded, [trial["status"] for trial in trials]
    for trial in succeeded:
        final = json.loads(json.loads(trial["finalMetricData"][0]["data"]))
        assert final["hours"] > 0
        if "docstrings" in config["trialCommand"]:  # nats of six labels, or an accuracy
            assert 0 < final["default"] < 3
        else:
            assert final["perplexity"] > 50
        assert final.get("predicted", 0) == (60 if "compare" in file.stem else 1) * (
            "surrogate" in config["trialCommand"]
        )


@pytest.mark.slow
def test_an_assessor_ends_trials_early(tables: Path, nni_home, monkeypatch) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tables))
    config = yaml.safe_load((EXPERIMENTS / "rnn_cell_early_stopping.yml").read_text())
    config["maxTrialNumber"] = 16
    experiment = nni_home.create(config)
    experiment.wait_for("DONE")
    statuses = [trial["status"] for trial in experiment.trial_jobs()]
    # NNI 3 gives an early end at home another name than elsewhere, where it is EARLY_STOPPED.
    assert set(statuses) == {"SUCCEEDED", "USER_CANCELED"}


@pytest.mark.slow
def test_curvefitting_foresees_the_end_of_curves(tables: Path, nni_home, monkeypatch) -> None:
    """It takes seconds for that, and would end bad trials of a slower pace than this."""
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tables))
    config = yaml.safe_load((EXPERIMENTS / "rnn_cell_early_stopping.yml").read_text())
    config["maxTrialNumber"] = 12
    config["trialCommand"] += " --curves likelihood"
    config["assessor"] = {"name": "Curvefitting", "classArgs": {"epoch_num": 50, "gap": 4}}
    experiment = nni_home.create(config)
    experiment.wait_for("DONE")
    log = (experiment.folder / "log" / "dispatcher.log").read_text()
    foreseen = [float(p) for p in re.findall(r"Predict value = ([0-9.]+)", log)]
    assert foreseen
    likeliest, unlikeliest = 1 / 80, 1 / 10_000  # perplexities of the table
    assert all(unlikeliest < p < likeliest for p in foreseen)
