"""The dispatcher of our tuners decodes plain JSON only."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
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


def test_messages_run_no_code(tmp_path: Path) -> None:
    """Any local user can send them to the manager's port."""
    created = tmp_path / "created"
    pickled = base64.b64encode(pickle.dumps(MakeFolder(created))).decode()
    values: list[dict[str, Any]] = [
        {"__nni_type__": f"bytes:{pickled}"},
        {"__nni_obj__": pickled},
        {"__symbol__": "path:os.mkdir", "__args__": [str(created)]},
    ]
    done = subprocess.run(
        [sys.executable, "-c", DECODE],
        input=json.dumps([json.dumps(value) for value in values]),
        env={**os.environ, "NNI_TUNER_COMMAND_CHANNEL": "ws://127.0.0.1:1/tuner"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert not created.exists()
    assert [json.loads(line) for line in done.stdout.splitlines()[-2:]] == [values, values]
