"""Fixtures for real NNI experiments in a separate home folder, stopped after the tests."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from in_process import run
from nni_home import TIMEOUT_S, NniHome, free_port

collect_ignore_glob = [] if find_spec("nni") else ["test_*.py"]  # all need the extra `nni`
EXPERIMENTS = Path(__file__).parents[4] / "experiments"
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"


@pytest.fixture(scope="session")
def list_of_experiments() -> Iterator[None]:
    """Let NNI look up the home folder whenever it reads its list, not only at import."""
    from nni.tools.nnictl.config_utils import Experiments

    original = Experiments.__init__

    def patched_init(self: Any, home_dir: str | None = None) -> None:
        original(self, home_dir or str(Path.home() / "nni-experiments"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiments, "__init__", patched_init)
        yield


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], Any]], Any]:
    """Function that waits until a condition holds, with a time limit, and returns what it gave."""

    def wait(holds: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + TIMEOUT_S
        while not (found := holds()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return found

    return wait


@pytest.fixture(scope="session")
def ports() -> Iterator[int]:
    """Free ports."""
    return (free_port() for _ in itertools.count())


@pytest.fixture
def port(ports: Iterator[int]) -> int:
    """A free port."""
    return next(ports)


@pytest.fixture
def nni_home(tmp_path: Path, list_of_experiments: None) -> Iterator[NniHome]:
    """Empty home folder for NNI; experiments are stopped after the test."""
    yield from _home(tmp_path / "home")


@pytest.fixture(scope="module")
def module_nni_home(
    tmp_path_factory: pytest.TempPathFactory, list_of_experiments: None
) -> Iterator[NniHome]:
    """Like `nni_home`, shared by the tests of a module."""
    yield from _home(tmp_path_factory.mktemp("home"))


def _home(folder: Path) -> Iterator[NniHome]:
    folder.mkdir(exist_ok=True)
    home = NniHome(folder)
    try:
        yield home
    finally:
        for experiment in home.experiments():
            experiment.stop()


@pytest.fixture(scope="session")
def cells_config() -> dict[str, Any]:
    """Local search over small cells with three trials on the surrogate."""
    return {
        "experimentName": "cells",
        "searchSpace": {"nodes": {"_type": "randint", "_value": [2, 13]}},
        "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial",
        "trialCodeDirectory": ".",
        "trialConcurrency": 2,
        "maxTrialNumber": 3,
        "tuner": {
            "className": "nni_nlp_bench.frameworks.nni.tuner.StrategyTuner",
            "codeDirectory": ".",
            "classArgs": {"strategy": "local_search", "seed": 3},
        },
        "trainingService": {"platform": "local"},
    }


@pytest.fixture(scope="session")
def tiny_config() -> dict[str, Any]:
    """Three trials that finish immediately."""
    command = (
        "from nni_nlp_bench.frameworks.nni.trial_client import TrialClient; "
        "client = TrialClient(); client.finish(client.parameters['x'])"
    )
    return {
        "experimentName": "tiny",
        "searchSpace": {"x": {"_type": "choice", "_value": [1, 2, 3]}},
        "trialCommand": f'python -c "{command}"',
        "trialCodeDirectory": ".",
        "trialConcurrency": 3,
        "maxTrialNumber": 3,
        "tuner": {"name": "GridSearch"},
        "trainingService": {"platform": "local"},
    }


@pytest.fixture(scope="session")
def wikitext2_folder(
    shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folder of benchmarks with the WikiText-2 table."""
    logs = shared("nas-bench-nlp/wikitext2_logs.zip")
    folder = tmp_path_factory.mktemp("nasbenchmark")
    words = ("benchmark", "download", WIKITEXT_2, "--file", logs)
    done = run(*words, env={"NASBENCHMARK_DIR": str(folder)})
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def run_experiment(
    nni_home: NniHome, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[str, int], None]:
    """Function that runs an experiment of `experiments/` with short trials, and checks them."""

    def run(name: str, trials: int) -> None:
        file = EXPERIMENTS / f"{name}.yml"
        if name == "compare_hosts":
            request.getfixturevalue("naslib_here")
        if WIKITEXT_2 in file.read_text():
            monkeypatch.setenv("NASBENCHMARK_DIR", str(request.getfixturevalue("wikitext2_folder")))
        config: dict[str, Any] = yaml.safe_load(file.read_text())
        config["maxTrialNumber"] = trials
        command = re.sub(r"--(trials|epochs) \d+", r"--\1 60", config["trialCommand"])
        if name != "mf_kd":  # its tuner depends on the epochs of the file
            command = re.sub(r"--full-epochs \d+", "--full-epochs 1", command)
            command = re.sub(r"--search-epochs \d+", "--search-epochs 2", command)
        command = re.sub(r"--max-length \d+", "--max-length 6", command)
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
            if "docstrings" in command:  # loss in nats of six labels, or accuracy
                assert 0 < final["default"] < 3
            else:
                assert final["perplexity"] > 50
            assert final.get("predicted", 0) == 60 * ("surrogate" in command)

    return run
