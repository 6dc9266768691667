"""Importing trials of another experiment, and resuming a finished one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


def cells_of(experiment) -> set[str]:
    """Return the architectures of the trials."""
    records = [json.loads(trial["hyperParameters"][0]) for trial in experiment.trial_jobs()]
    return {record["parameters"]["architecture"] for record in records}


def events(experiment, kind: str) -> list[dict[str, Any]]:
    log = (experiment.folder / "checkpoint" / "nni_nlp_bench.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, log) if event["event"] == kind]


def run(home, *command: str) -> None:
    done = home.call("nnictl", *command)
    assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout + done.stderr


@pytest.fixture(scope="module")
def earlier(module_nni_home, cells_config):
    experiment = module_nni_home.up(cells_config | {"maxTrialNumber": 4})
    experiment.wait_for("DONE")
    return experiment


def test_exported_results_are_imported_by_another_experiment(
    earlier, module_nni_home, cells_config, wait_until
) -> None:
    """Its trials wait until the results are imported."""
    file = str(module_nni_home.folder / "trials.json")
    run(module_nni_home, "experiment", "export", earlier.id, "--type", "json", "--filename", file)
    known = len(json.loads(Path(file).read_text()))
    wait_command = "while [ ! -e imported ]; do sleep 0.1; done; "
    waiting = {"maxTrialNumber": 4, "trialCommand": wait_command + cells_config["trialCommand"]}
    later = module_nni_home.up(cells_config | waiting)
    wait_until(later.trial_jobs)  # NNI imports nothing before its tuner is ready
    run(module_nni_home, "experiment", "import", later.id, "--filename", file)
    wait_until(lambda: events(later, "learn"))
    (module_nni_home.folder / "imported").touch()
    later.wait_for("DONE")
    # The same seed proposes the same cells until their results are imported.
    imported = {event["parameters"]["architecture"] for event in events(later, "learn")}
    asked = {event["parameters"]["architecture"] for event in events(later, "ask")}
    assert len(imported - asked) + len(asked & cells_of(earlier)) >= known
    assert len(cells_of(later)) == 4


def test_finished_experiment_resumes_with_more_trials(earlier, module_nni_home, wait_until) -> None:
    before = cells_of(earlier)
    run(module_nni_home, "stop", earlier.id)
    resumed = module_nni_home.resume(earlier)
    assert cells_of(resumed) == before
    run(module_nni_home, "update", "trialnum", resumed.id, "--value", "6")
    wait_until(lambda: len(resumed.trial_jobs()) == 6)
    resumed.wait_for("DONE")
    assert len(cells_of(resumed)) == len(resumed.trial_jobs()) == 6
    assert cells_of(resumed) > before
