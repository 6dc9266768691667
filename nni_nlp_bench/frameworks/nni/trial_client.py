"""Connection of a trial to NNI's manager, without the slow `import nni`."""

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
from nni_nlp_bench.frameworks.nni.plain_json import receive_plain_json_only

_TRIES, _PAUSE_S, _SECONDS = 50, 0.1, 30


class TrialClient:
    """Client for trials: receives the parameters, and reports the results.

    Raises:
        UserError: the process was not started by an NNI experiment.

    Example:
        >>> client = TrialClient()
        >>> client.report(0.5)
        >>> client.finish({"default": 0.4, "hours": 1.5})
    """

    def __init__(self) -> None:
        if os.environ.get("NNI_PLATFORM") is None:
            raise UserError(
                "not started by an NNI experiment: give --architecture to run it without one"
            )
        self._channel = _nni_channel()
        on_this_machine = os.environ["NNI_PLATFORM"] == "local"
        self._record = (
            _recorded_parameters() if on_this_machine else self._channel.receive_parameter()
        )
        self._reported = 0

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters that the tuner chose."""
        parameters: dict[str, Any] = self._record["parameters"]
        return parameters

    def report(self, metric: Any) -> None:
        """Report an intermediate result.

        Args:
            metric: A number, or a dictionary with the key `default`.
        """
        self._send("PERIODICAL", self._reported, metric)
        self._reported += 1

    def finish(self, metric: Any) -> None:
        """Report the final result.

        Args:
            metric: A number, or a dictionary with the key `default`.
        """
        self._send("FINAL", 0, metric)

    def _send(self, kind: str, sequence: int, metric: Any) -> None:
        self._channel.send_metric(
            type=kind,
            parameter_id=self._record["parameter_id"],
            trial_job_id=os.environ["NNI_TRIAL_JOB_ID"],
            sequence=sequence,
            value=metric,
        )


def _recorded_parameters() -> dict[str, Any]:
    """Return parameter id and parameters of this trial from the manager's REST API.

    The command channel gives the next parameters to the first trial that requests them, which swaps
    the results of trials that start simultaneously. Trials on other machines cannot access the REST
    API, so they use the channel nevertheless.
    """
    manager = os.environ["NNI_TRIAL_COMMAND_CHANNEL"].rpartition("/env/")[0]
    job = f"{manager}/api/v1/nni/trial-jobs/{os.environ['NNI_TRIAL_JOB_ID']}"
    for _ in range(_TRIES):
        with suppress(HTTPError), urlopen(job, timeout=_SECONDS) as response:
            recorded = json.load(response).get("hyperParameters")
            if recorded:
                record: dict[str, Any] = json.loads(recorded[0])
                return record
        time.sleep(_PAUSE_S)  # the manager records a trial just after starting it
    raise UserError(f"NNI's manager has no parameters of this trial ({job})")


def _nni_channel() -> Any:
    """Return NNI's command channel: HTTP, or files and stdout on other machines.

    `nni/__init__.py` would import scipy.stats and NNI's experiment management, so an empty package
    replaces it while the channel is imported.
    """
    loaded, spec = sys.modules.get("nni"), find_spec("nni")
    if loaded is None:
        assert spec is not None
        package_stub = ModuleType("nni")
        package_stub.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["nni"] = package_stub
        with block_imports("pandas"):
            from nni.common.serializer import dump, load

        package_stub.dump, package_stub.load = dump, load  # type: ignore[attr-defined]
    from nni.runtime.trial_command_channel import get_default_trial_command_channel

    channel = get_default_trial_command_channel()
    receive_plain_json_only(channel)
    if loaded is None:
        del sys.modules["nni"]
    return channel
