"""What a stranger who reaches the port of a real manager cannot do."""

from __future__ import annotations

import base64
import json
import os
import pickle
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


class MakeFolder:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what the pickle calls."""
        return os.mkdir, (self.folder,)


def pickled_type(created: Path) -> dict[str, Any]:
    return {"__nni_type__": f"bytes:{base64.b64encode(pickle.dumps(MakeFolder(created))).decode()}"}


def pickled_object(created: Path) -> dict[str, Any]:
    return {"__nni_obj__": base64.b64encode(pickle.dumps(MakeFolder(created))).decode()}


def function_by_name(created: Path) -> dict[str, Any]:
    return {"__symbol__": "path:os.mkdir", "__args__": [str(created)]}


ATTACKS = pytest.mark.parametrize("attack", [pickled_type, pickled_object, function_by_name])


ASSESSOR = """
import logging
from nni.assessor import Assessor as Base, AssessResult

class Assessor(Base):
    def assess_trial(self, trial_job_id, trial_history):
        logging.getLogger("nni").info("assessed: %s", type(trial_history[-1]).__name__)
        return AssessResult.Good
"""


class Stranger:
    """Another user of the machine, who knows only what the manager tells everyone."""

    def __init__(self, experiment: Any) -> None:
        self._experiment = experiment
        self._api = f"{experiment.url}/api/v1/nni"

    def request(self, method: str, route: str, **content: Any) -> httpx.Response:
        return httpx.request(method, f"{self._api}/{route}", trust_env=False, **content)

    def send(self, request: str, body: str = "") -> str:
        """Send a request line as it is, which clients would normalize, and return the answer."""
        headers = ["Host: 127.0.0.1", "Connection: close", "Content-Type: application/json"]
        lines = [request, *headers, f"Content-Length: {len(body)}", "", body]
        with socket.create_connection(("127.0.0.1", self._experiment.port), 30) as connection:
            connection.sendall("\r\n".join(lines).encode())
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    def send_metric(self, kind: str, sequence: int, value: Any) -> None:
        """Report a metric of the running trial, as its own process would."""
        (job,) = self.request("GET", "trial-jobs").json()
        assert job["status"] == "RUNNING"
        folders = self._experiment.folder.glob(f"environments/*/trials/{job['trialJobId']}")
        environment = next(folders).parents[1].name
        metric = {
            "parameter_id": json.loads(job["hyperParameters"][0])["parameter_id"],
            "trial_job_id": job["trialJobId"],
            "type": kind,
            "sequence": sequence,
            "value": json.dumps(value),
        }
        body = {"type": "metric", "metric": json.dumps(metric)}
        channel = f"{self._experiment.url}/env/{environment}/{job['trialJobId']}"
        httpx.put(channel, json=body, trust_env=False).raise_for_status()


@pytest.fixture(scope="module")
def experiment(module_nni_home, cells_config, wait_until):
    """Experiment of our tuner and an assessor of the user, with one trial that does not end."""
    config = {
        **cells_config,
        "trialCommand": "sleep 3000",
        "trialConcurrency": 1,
        "assessor": {"className": "own.Assessor", "codeDirectory": "."},
    }
    (module_nni_home.folder / "own.py").write_text(ASSESSOR)
    experiment = module_nni_home.up(config)
    wait_until(lambda: [job["status"] for job in experiment.trial_jobs()] == ["RUNNING"])
    return experiment


@pytest.fixture
def stranger(experiment) -> Stranger:
    return Stranger(experiment)


@pytest.fixture
def created(tmp_path: Path) -> Path:
    """Folder that the attacks would make."""
    return tmp_path / "created"


@pytest.fixture
def wait_for_log(experiment, wait_until, created):
    """Function that runs an attack and waits until it succeeded or the log has one more text."""
    log = experiment.folder / "log" / "dispatcher.log"

    def wait(text: str, attack: Any) -> None:
        before = log.read_text().count(text)
        attack()
        wait_until(lambda: created.exists() or log.read_text().count(text) > before)

    return wait


@ATTACKS
def test_results_run_no_code(stranger, wait_for_log, created, attack) -> None:
    result = attack(created)
    wait_for_log("not a number", lambda: stranger.send_metric("FINAL", 0, result))
    assert not created.exists()


@ATTACKS
def test_intermediate_results_run_no_code(stranger, wait_for_log, created, attack) -> None:
    """The assessor receives them."""
    sequence = ATTACKS.args[1].index(attack)
    result = attack(created)
    wait_for_log("assessed: dict", lambda: stranger.send_metric("PERIODICAL", sequence, result))
    assert not created.exists()


@ATTACKS
def test_search_spaces_run_no_code(stranger, wait_for_log, created, attack) -> None:
    profile = stranger.request("GET", "experiment").json()
    profile["params"]["searchSpace"] = {"nodes": attack(created)}
    update = {"params": {"update_type": "SEARCH_SPACE"}, "json": profile}
    wait_for_log(
        "the search continues with the previous bounds",
        lambda: stranger.request("PUT", "experiment", **update).raise_for_status(),
    )
    assert not created.exists()


@ATTACKS
@pytest.mark.parametrize("key", ["parameter", "value"])
def test_imported_results_run_no_code(stranger, wait_for_log, created, attack, key) -> None:
    (job,) = stranger.request("GET", "trial-jobs").json()
    parameter = json.loads(job["hyperParameters"][0])["parameters"]
    entry = {"parameter": parameter, "value": 0.5} | {key: attack(created)}
    reason = {"parameter": "imported result ignored", "value": "not a number"}[key]
    route = "experiment/import-data"
    wait_for_log(reason, lambda: stranger.request("POST", route, json=[entry]).raise_for_status())
    assert not created.exists()


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_web_pages_cannot_read_the_trials(stranger, headers) -> None:
    refused = stranger.request("GET", "trial-jobs", headers=headers)
    assert refused.status_code == 403
    assert "trialJobId" not in refused.text


@pytest.mark.parametrize("route", ["experiment", "Experiment/", "experiment#"])
def test_no_second_tuner_is_started(stranger, route, created) -> None:
    """NNI would start the class in the configuration, which may be any program."""
    profile = stranger.request("GET", "experiment").json()["params"]
    popen = {"className": "subprocess.Popen", "classArgs": {"args": ["mkdir", str(created)]}}
    request = f"POST /api/v1/nni/{route} HTTP/1.1"
    refused = stranger.send(request, json.dumps(profile | {"tuner": popen}))
    assert refused.startswith("HTTP/1.1 403 ")
    assert "Refused: the experiment has been started already.\n" in refused
    assert not created.exists()


@pytest.mark.parametrize("separator", ["/", "%2F", "%2f", "%5C"])
def test_no_files_of_the_user_are_read(stranger, experiment, separator) -> None:
    (experiment.folder.parent / "secret").write_text("private")
    (job,) = stranger.request("GET", "trial-jobs").json()
    file = separator.join([*[".."] * 5, "secret"])
    request = f"GET /api/v1/nni/trial-file/{job['trialJobId']}/{file} HTTP/1.1"
    refused = stranger.send(request)
    assert refused.startswith("HTTP/1.1 403 ")
    assert "private" not in refused
