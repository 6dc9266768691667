"""Client of the REST API of the manager that started this tuner."""

from __future__ import annotations

import os
from typing import Any

ENDED = frozenset({"SUCCEEDED", "FAILED", "EARLY_STOPPED", "USER_CANCELED", "SYS_CANCELED"})
"""Final statuses of trials."""
_TIMEOUT_S = 30


def trial_jobs() -> list[dict[str, Any]]:
    """Return all trials with status, parameters and final results."""
    import httpx

    response = httpx.get(f"{_address()}/trial-jobs", timeout=_TIMEOUT_S).raise_for_status()
    jobs: list[dict[str, Any]] = response.json()
    return jobs


def stop_requesting_trials() -> None:
    """Set the maximum number of trials to the current one, so that the experiment finishes.

    NNI 3.0 waits forever after a tuner has reported that it has no more trials.
    """
    import httpx

    experiment = f"{_address()}/experiment"
    profile = httpx.get(experiment, timeout=_TIMEOUT_S).raise_for_status().json()
    profile["params"]["maxTrialNumber"] = len(trial_jobs())
    maximum = {"update_type": "MAX_TRIAL_NUM"}
    httpx.put(experiment, params=maximum, json=profile, timeout=_TIMEOUT_S).raise_for_status()


def _address() -> str:
    channel = os.environ["NNI_TUNER_COMMAND_CHANNEL"]
    manager = channel.replace("ws://", "http://", 1).removesuffix("/tuner")
    return f"{manager}/api/v1/nni"
