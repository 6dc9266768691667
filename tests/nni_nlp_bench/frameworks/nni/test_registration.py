"""Registration of the tuners with NNI."""

from __future__ import annotations

import pytest

from nni_nlp_bench.frameworks.nni.serving.registration import TUNERS

CELLS = {
    "experimentName": "cells",
    "searchSpace": {},
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial",
    "trialCodeDirectory": ".",
    "trialConcurrency": 2,
    "maxTrialNumber": 2,
    "tuner": {"name": "StrategyTuner", "classArgs": {"strategy": "random"}},
    "trainingService": {"platform": "local"},
}


@pytest.fixture(autouse=True)
def config_folder(tmp_path, monkeypatch):
    """NNI's configuration folder."""
    monkeypatch.setenv("NNI_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def test_error_for_unregistered_tuner(nni_home) -> None:
    refused = nni_home.run("experiment", "up", "--config", str(nni_home.write(CELLS)))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "unknown tuner 'StrategyTuner'" in refused.stderr


def test_registration_is_idempotent(nni_home, config_folder) -> None:
    written = []
    for _ in range(2):
        assert nni_home.run("experiment", "register").stdout.split() == (
            ["registered", "StrategyTuner", "registered", "GridTuner"]
        )
        written.append({file.name: file.read_text() for file in config_folder.iterdir()})
    assert written[0] == written[1]


@pytest.mark.slow
@pytest.mark.nni
def test_experiment_with_registered_tuner(nni_home, config_folder) -> None:
    """`nnictl` writes the same configuration, and an experiment runs with it."""
    registered = nni_home.call("nnictl", "algo", "register", "--meta", str(TUNERS))
    assert registered.returncode == 0, registered.stderr
    by_nnictl = {file.name: file.read_text() for file in config_folder.iterdir()}
    listed = nni_home.call("nnictl", "algo", "list").stdout
    assert listed.count("StrategyTuner") == listed.count("GridTuner") == 2  # name and class
    for file in config_folder.iterdir():
        file.unlink()
    assert nni_home.run("experiment", "register").returncode == 0
    assert {file.name: file.read_text() for file in config_folder.iterdir()} == by_nnictl
    experiment = nni_home.up(CELLS)
    experiment.wait_for("DONE")
    assert len(experiment.trial_jobs()) == 2
