"""The REST API of the manager that started this dispatcher."""

from __future__ import annotations

import os
from typing import Any

ENDED = frozenset({"SUCCEEDED", "FAILED", "EARLY_STOPPED", "USER_CANCELED", "SYS_CANCELED"})
"""The statuses of trials that do not run any more, nor ever will."""
_SECONDS = 30


def trial_jobs() -> list[dict[str, Any]]:
    """All trials so far, with status, parameters and final results."""
    import httpx

    answer = httpx.get(f"{_address()}/trial-jobs", timeout=_SECONDS).raise_for_status()
    jobs: list[dict[str, Any]] = answer.json()
    return jobs


def stop_requesting_trials() -> None:
    """Set the experiment's maximum to the trials that there are, so that it ends with them.

    NNI 3.0 waits for ever for a tuner that has said that it has no more.
    """
    import httpx

    experiment = f"{_address()}/experiment"
    profile = httpx.get(experiment, timeout=_SECONDS).raise_for_status().json()
    profile["params"]["maxTrialNumber"] = len(trial_jobs())
    maximum = {"update_type": "MAX_TRIAL_NUM"}
    httpx.put(experiment, params=maximum, json=profile, timeout=_SECONDS).raise_for_status()


def _address() -> str:
    channel = os.environ["NNI_TUNER_COMMAND_CHANNEL"]
    manager = channel.replace("ws://", "http://", 1).removesuffix("/tuner")
    return f"{manager}/api/v1/nni"
