"""A trial's line to NNI's manager, ready in a fraction of the time that `import nni` takes."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from nni_nlp_bench.core.block_imports import block_imports
from nni_nlp_bench.core.errors import UserError

_TRIES, _PAUSE_S, _SECONDS = 50, 0.1, 30


class TrialClient:
    """What a trial says to the manager: asks for its parameters, reports its results."""

    def __init__(self) -> None:
        if os.environ.get("NNI_PLATFORM") is None:
            raise UserError("no NNI experiment runs this trial: give --architecture to try it")
        self._channel = _nni_channel()
        on_this_machine = os.environ["NNI_PLATFORM"] == "local"
        self._record = _noted_form() if on_this_machine else self._channel.receive_parameter()
        self._reported = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """The trial's parameters."""
        parameters: dict[str, Any] = self._record["parameters"]
        return parameters

    def report(self, metric: Any) -> None:
        """One more intermediate result."""
        self._send("PERIODICAL", self._reported, metric)
        self._reported += 1

    def finish(self, metric: Any) -> None:
        """The final result."""
        self._send("FINAL", 0, metric)

    def _send(self, kind: str, sequence: int, metric: Any) -> None:
        self._channel.send_metric(
            type=kind,
            parameter_id=self._record["parameter_id"],
            trial_job_id=os.environ["NNI_TRIAL_JOB_ID"],
            sequence=sequence,
            value=metric,
        )


def _noted_form() -> dict[str, Any]:
    """Parameter id and parameters that the manager has noted under this trial's name.

    Its command channel gives the next parameters to whichever trial asks first: results of trials
    that start together would be shown, exported and resumed under each other's parameters. Trials
    on other machines cannot reach the manager's REST API and have to live with that.
    """
    manager = os.environ["NNI_TRIAL_COMMAND_CHANNEL"].rpartition("/env/")[0]
    job = f"{manager}/api/v1/nni/trial-jobs/{os.environ['NNI_TRIAL_JOB_ID']}"
    for _ in range(_TRIES):
        with suppress(HTTPError), urlopen(job, timeout=_SECONDS) as answer:
            noted = json.load(answer).get("hyperParameters")
            if noted:
                form: dict[str, Any] = json.loads(noted[0])
                return form
        time.sleep(_PAUSE_S)  # the manager notes a trial just after it has started it
    raise UserError(f"NNI's manager knows no parameters of this trial ({job})")


def _nni_channel() -> Any:
    """NNI's own channel: over HTTP, or through files and stdout where trials run elsewhere.

    `nni/__init__.py` would load scipy.stats and all of NNI's experiments for it, so an empty
    package stands in for it until the channel is there.
    """
    loaded, spec = sys.modules.get("nni"), find_spec("nni")
    if loaded is None:
        assert spec is not None
        stand_in = ModuleType("nni")
        stand_in.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["nni"] = stand_in
        with block_imports("pandas"):
            from nni.common.serializer import dump, load

        stand_in.dump, stand_in.load = dump, load  # type: ignore[attr-defined]
    from nni.runtime.trial_command_channel import get_default_trial_command_channel

    channel = get_default_trial_command_channel()
    if loaded is None:
        del sys.modules["nni"]
    return channel
