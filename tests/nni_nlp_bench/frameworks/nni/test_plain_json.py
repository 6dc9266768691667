"""The dispatcher of our tuners and the trials decode plain JSON only."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytestmark = pytest.mark.nni

DECODE = """
import json, sys
from nni_nlp_bench.frameworks.nni.tuner import StrategyTuner
StrategyTuner(strategy="random", space="rnn_cell")
from nni.runtime import msg_dispatcher, msg_dispatcher_base
texts = json.load(sys.stdin)
for load in (msg_dispatcher.load, msg_dispatcher_base.load):
    print(json.dumps([load(text) for text in texts]))
"""


class MakeFolder:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what the pickle calls."""
        return os.mkdir, (self.folder,)


RECEIVE = """
import json
from nni_nlp_bench.frameworks.nni.trial_client import TrialClient
print(json.dumps(TrialClient().parameters))
"""


@pytest.fixture
def created(tmp_path: Path) -> Path:
    """Folder that the messages would make."""
    return tmp_path / "created"


@pytest.fixture
def messages(created: Path) -> list[dict[str, Any]]:
    """What any local user can send to the manager's port."""
    pickled = base64.b64encode(pickle.dumps(MakeFolder(created))).decode()
    return [
        {"__nni_type__": f"bytes:{pickled}"},
        {"__nni_obj__": pickled},
        {"__symbol__": "path:os.mkdir", "__args__": [str(created)]},
    ]


def run_python(program: str, stdin: str = "", **variables: str) -> list[Any]:
    """Run a program in a process of its own; return its printed lines, decoded."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=stdin,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_messages_run_no_code_in_the_dispatcher(messages, created: Path) -> None:
    stdin = json.dumps([json.dumps(message) for message in messages])
    channel = "ws://127.0.0.1:1/tuner"
    decoded = run_python(DECODE, stdin, NNI_TUNER_COMMAND_CHANNEL=channel)
    assert not created.exists()
    assert decoded[-2:] == [messages, messages]


class TrialKeeper(BaseHTTPRequestHandler):
    """Gives every trial the parameters of its server."""

    def do_PUT(self) -> None:
        """Receive a command of the trial."""
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        """Send the parameters."""
        self.send_response(200)
        self.end_headers()
        record = json.dumps({"parameter_id": None, "parameters": self.server.parameters})
        self.wfile.write(json.dumps({"type": "parameter", "parameter": record}).encode())


@pytest.mark.parametrize("nni_is_imported", [False, True])
def test_parameters_run_no_code_in_remote_trials(
    messages, created: Path, tmp_path: Path, nni_is_imported
) -> None:
    """Trials that a user adds through the REST API have any parameters."""
    with ThreadingHTTPServer(("127.0.0.1", 0), TrialKeeper) as server:
        server.parameters = messages
        Thread(target=server.serve_forever, daemon=True).start()
        channel = f"http://127.0.0.1:{server.server_port}/env/trial"
        variables = {
            "NNI_PLATFORM": "remote",
            "NNI_TRIAL_COMMAND_CHANNEL": channel,
            "NNI_OUTPUT_DIR": str(tmp_path),
        }
        received = run_python("import nni\n" * nni_is_imported + RECEIVE, **variables)
        server.shutdown()
    assert not created.exists()
    assert received == [messages]


def test_parameters_in_files_run_no_code(messages, created: Path, tmp_path: Path) -> None:
    """Trials in reuse mode read them from a file."""
    record = {"parameter_id": None, "parameters": messages}
    (tmp_path / "parameter.cfg").write_text(json.dumps(record))
    folder = str(tmp_path)
    variables = {"NNI_PLATFORM": "remote", "NNI_SYS_DIR": folder, "NNI_OUTPUT_DIR": folder}
    assert run_python(RECEIVE, **variables) == [messages]
    assert not created.exists()
