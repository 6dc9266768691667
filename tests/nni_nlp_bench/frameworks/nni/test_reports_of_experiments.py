"""Report on a real experiment, from its manager and from its database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.reports.readers.experiments import read

TRIAL = """
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient
from search_spaces.registry import get_space

manager = TrialClient()
strategy, seed = manager.parameters["strategy"], manager.parameters["seed"]
cell = get_space("rnn_cell").parse("lstm").to_json()
for i in range(3):
    loss = len(strategy) + seed / 10 - i / 100
    new = {"architecture": cell, "source": "invented", "origin": "measured"}
    manager.report({"default": loss - 4, "loss": loss, "hours": i, "predicted": 0, **new})
counts = {"evaluations": 3, "failed": 0, "predicted": 0, "replaced": 0}
manager.finish({"default": loss - 4, "loss": loss, "perplexity": 1.0, "hours": i, **counts})
"""


@pytest.mark.slow
@pytest.mark.nni
def test_manager_and_database_have_the_same_searches(
    nni_home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trial.py").write_text(TRIAL)
    experiment = nni_home.up(
        {
            "experimentName": "two strategies, two seeds",
            "searchSpace": {
                "strategy": {"_type": "choice", "_value": ["random", "local_search"]},
                "seed": {"_type": "choice", "_value": [0, 1]},
            },
            "trialCommand": f"{sys.executable} trial.py",
            "trialCodeDirectory": str(tmp_path),
            "trialConcurrency": 4,
            "maxTrialNumber": 4,
            "tuner": {"name": "GridSearch"},
            "trainingService": {"platform": "local"},
        }
    )
    experiment.wait_for("DONE")
    monkeypatch.setenv("HOME", str(nni_home.folder))
    by_address, by_id = read(experiment.url), read(experiment.id)
    experiment.stop()
    by_folder = read(str(experiment.folder))
    assert str(by_address) == str(by_id) == str(by_folder)
    assert len(by_id.records) == 4
    # Trials that start together: each search has the parameters that it ran with.
    for record in by_id.records:
        start = len(record.strategy) + record.seed / 10
        assert record.curve.losses == pytest.approx(start - np.arange(3) / 100)
        assert record.curve.hours == (0, 1, 2)
        assert (record.benchmark, record.optimum) == ("invented", pytest.approx(4))
    assert json.loads(by_id.records[0].best.architecture)
