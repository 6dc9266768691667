"""Tuners by name: registered by our command or by NNI's own."""

from __future__ import annotations

import pytest

from nni_nlp_bench.nnictl.registration import TUNERS

CELLS = {
    "experimentName": "cells",
    "searchSpace": {},
    "trialCommand": "python -m nni_nlp_bench.nnictl.trial",
    "trialCodeDirectory": ".",
    "trialConcurrency": 1,
    "maxTrialNumber": 2,
    "tuner": {"name": "StrategyTuner", "classArgs": {"strategy": "random"}},
    "trainingService": {"platform": "local"},
}
OURS = ("nni-nlp-bench", "register")
NNIS = ("nnictl", "algo", "register", "--meta", str(TUNERS))


@pytest.mark.slow
@pytest.mark.parametrize("command", [OURS, NNIS], ids=["register", "nnictl algo register"])
def test_an_experiment_names_its_tuner(command, nni_home, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NNI_CONFIG_DIR", str(tmp_path / "config"))
    file = nni_home.write(CELLS)
    refused = nni_home.run("nni-nlp-bench", "up", "--config", str(file))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "unknown tuner 'StrategyTuner'" in refused.stderr
    registered = nni_home.run(*command)
    assert registered.returncode == 0, registered.stderr
    experiment = nni_home.up(CELLS)
    experiment.wait_for("DONE")
    assert len(experiment.trial_jobs()) == 2


def test_a_repeated_registration_changes_nothing(nni_home, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NNI_CONFIG_DIR", str(tmp_path / "config"))
    for _ in range(2):
        assert nni_home.run(*OURS).stdout.split() == (
            ["registered", "StrategyTuner", "registered", "GridTuner"]
        )
    listed = nni_home.run("nnictl", "algo", "list").stdout
    assert listed.count("StrategyTuner") == listed.count("GridTuner") == 2  # name and class
