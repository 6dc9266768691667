"""Files of `experiments/` are valid, and their first trials run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from nni_nlp_bench.frameworks.nni.serving.config import load_config

EXPERIMENTS = Path(__file__).parents[4] / "experiments"
FILES = sorted(EXPERIMENTS.glob("*.yml"))
LONG = ("mf_kd", "rnn_cell_training")
"""Slow trials, which test_run_trials.py runs with a manager."""
OURS = [
    file
    for file in FILES
    if "className: nni_nlp_bench" in file.read_text() and file.stem not in LONG
]
QUICK = ("rnn_cell_evolution", "rnn_cell_hyperband")
"""A cell with its surrogate, and one with its curve."""
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"
MESSAGE = re.compile(r"NNISDK_MEb'(.*)'")


def by_name(file: Path) -> str:
    return file.stem


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder with the key of remote.yml."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").touch()


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_file_is_valid(file: Path) -> None:
    from nni.experiment.config import ExperimentConfig

    config = ExperimentConfig.load(file).canonical_copy()
    assert config.max_trial_number


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_file_starts_with_a_description(file: Path) -> None:
    comment = re.match(r"(#.*\n)+", file.read_text())
    assert comment is not None
    for part in ("Look at:", "Change:", "minutes"):
        assert part in comment.group(), part


def marks(file: Path) -> list[pytest.MarkDecorator]:
    found = [pytest.mark.naslib] if "NASLIB_HOME" in file.read_text() else []
    return found if file.stem in QUICK else [*found, pytest.mark.slow]


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=by_name(file), marks=marks(file)) for file in OURS]
)
def test_first_trial_runs(
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """As on remote machines: parameters in a file, results on stdout."""
    if "NASLIB_HOME" in file.read_text():
        request.getfixturevalue("naslib_here")
    if WIKITEXT_2 in file.read_text():
        monkeypatch.setenv("NASBENCHMARK_DIR", str(request.getfixturevalue("wikitext2_folder")))
    load_config(file)  # NNI's own checks, and the tuner's
    config: dict[str, Any] = yaml.safe_load(file.read_text())
    command = re.sub(r"--(trials|epochs) \d+", r"--\1 60", config["trialCommand"])
    command = re.sub(r"--full-epochs \d+", "--full-epochs 1", command)
    messages = run_trial(command, first_parameters(config, tmp_path), tmp_path / "trial")
    assert [message["type"] for message in messages].count("FINAL") == 1
    assert [message["sequence"] for message in messages[:-1]] == list(range(len(messages) - 1))
    final = json.loads(messages[-1]["value"])
    assert final["hours"] > 0
    if "docstrings" in command:  # nats of six labels
        assert 0 < final["default"] < 3
    else:
        assert final["perplexity"] > 50
    predicted = (60 if "compare" in file.stem else 1) * ("surrogate" in command)
    assert final.get("predicted", 0) == predicted


def first_parameters(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the parameters of the first trial."""
    module, _, name = config["tuner"]["className"].rpartition(".")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNI_CHECKPOINT_DIRECTORY", str(folder))
        tuner = getattr(import_module(module), name)(**config["tuner"].get("classArgs", {}))
        tuner.update_search_space(config["searchSpace"])
        (parameters,) = tuner.generate_multiple_parameters([0], st_callback=None)
    return dict(parameters)


def run_trial(command: str, parameters: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Return the metrics that the trial reports, in order."""
    folder.mkdir()
    form = {"parameter_id": 0, "parameter_source": "algorithm", "parameters": parameters}
    (folder / "parameter.cfg").write_text(json.dumps(form))
    platform = {
        "NNI_PLATFORM": "remote",
        "NNI_EXP_ID": "experiment",
        "NNI_TRIAL_JOB_ID": "trial",
        "NNI_TRIAL_SEQ_ID": "0",
        "NNI_SYS_DIR": str(folder),
        "NNI_OUTPUT_DIR": str(folder),
        "MULTI_PHASE": "false",
    }
    python, *words = shlex.split(command)
    assert python == "python"
    ran = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, **platform},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(text) for text in MESSAGE.findall(ran.stdout)]
