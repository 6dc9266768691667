"""Start experiments whose web UI listens on 127.0.0.1, or on one other address as well."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from nni_nlp_bench.core.environment import environment
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.serving.addresses import LOOPBACK, check_address, url_of
from nni_nlp_bench.frameworks.nni.serving.config import load_config, load_stopped_config
from nni_nlp_bench.frameworks.nni.serving.reachability import check_reachability
from nni_nlp_bench.frameworks.nni.serving.running import ExperimentProcess, find_running, stop
from nni_nlp_bench.frameworks.nni.serving.uploads import describe_uploads

PORT = 8080
SHIM = Path(__file__).with_name("loopback.js").resolve()
"""Script that Node preloads to restrict the addresses of the manager."""
_ATTEMPTS = 3
_MANAGER_S = 30
"""Time limit for the manager to respond."""
_TUNER_S = 130
"""Time limit for the tuner; the manager's own one in loopback.js is a little shorter."""

Progress = Callable[[str], None]
"""Called with the current step, such as `waiting for the tuner`."""


class ServerError(UserError):
    """NNI did not start the experiment."""


class StartTimeoutError(ServerError):
    """The manager did not start in time."""


@dataclass(frozen=True)
class Started:
    """A newly started experiment."""

    id: str
    port: int
    host: str

    @property
    def url(self) -> str:
        """Address of the web UI."""
        return url_of(self.host, self.port)


def _no_progress(step: str) -> None:
    pass


def start(
    config: Path,
    port: int = PORT,
    host: str = LOOPBACK,
    progress: Progress = _no_progress,
    notice: Progress = _no_progress,
) -> Started:
    """Start an experiment, which continues to run when this process ends.

    The manager has no authentication: anyone who can connect to `host` can run commands here.

    Args:
        config: YAML file of the experiment.
        port: Port of the web UI.
        host: Address to listen on, in addition to 127.0.0.1.
        progress: Called with each step.
        notice: Called before the start with each line about files that are copied elsewhere.

    Raises:
        UserError: the configuration is invalid, or NNI does not start it.
    """
    progress(f"checking {config}")
    return _start(load_config(config), port, host, progress, notice)


def resume(
    id: str,
    port: int = PORT,
    host: str = LOOPBACK,
    progress: Progress = _no_progress,
    notice: Progress = _no_progress,
) -> Started:
    """Resume a stopped experiment by its id; otherwise as `start`."""
    progress(f"loading experiment {id}")
    return _start(load_stopped_config(id), port, host, progress, notice, resumed=id)


def manager_environment(host: str = LOOPBACK) -> dict[str, str]:
    """Return environment variables that make a manager listen on `host`, also with `nnictl`.

    `python` in trial commands is this interpreter, even if its environment is not activated.
    """
    preload = "--require=" + json.dumps(str(SHIM), ensure_ascii=False)
    given = os.environ.get("NODE_OPTIONS", "")
    return {
        "NODE_OPTIONS": f"{given} {preload}".strip(),
        "NNI_NLP_BENCH_HOST": host,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }


def _start(
    config: Any,
    port: int,
    host: str,
    progress: Progress,
    notice: Progress,
    resumed: str | None = None,
) -> Started:
    check_address(config, port, host)
    check_reachability(config, port, host)
    for line in describe_uploads(config):
        notice(line)
    progress(f"waiting for the manager on port {port}")
    experiment = find_running(_launch(config, port, host, resumed))
    progress("waiting for the tuner")
    _await_tuner(experiment)
    return Started(experiment.id, port, host)


def _await_tuner(experiment: ExperimentProcess) -> None:
    """Wait until the tuner is connected: the status is RUNNING before, and even if it has ended."""
    deadline, was_alive = time.monotonic() + _TUNER_S, False
    while not experiment.tuner_connected and time.monotonic() < deadline:
        alive = experiment.tuner_alive
        status = experiment.get("check-status")
        errors = status["errors"] if status is not None and status["status"] == "ERROR" else []
        if was_alive and not alive:
            errors = [*errors, "the tuner has exited"]
        if errors:
            stop(experiment)
            raise ServerError(
                f"the experiment failed: {'; '.join(errors)}; the logs are in {experiment.logs}"
            )
        was_alive = alive
        time.sleep(0.2)


def _launch(config: Any, port: int, host: str, resumed: str | None) -> str:
    """Start the manager, with several attempts on a busy machine; return the experiment's id."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(StartTimeoutError):
            return _launch_once(config, port, host, resumed)
        time.sleep(1)
    return _launch_once(config, port, host, resumed)


def _launch_once(config: Any, port: int, host: str, resumed: str | None) -> str:
    from nni.experiment import Experiment, RunMode
    from requests import ConnectionError, JSONDecodeError, Timeout

    experiment = Experiment(config, id=resumed)
    if resumed is not None:
        experiment._action = "resume"  # NNI's resume() stops the experiment when this process ends
    logs = Path(config.canonical_copy().experiment_working_directory, experiment.id, "log")
    try:
        with environment(manager_environment(host)), _patched_launcher():
            experiment.start(port, run_mode=RunMode.Detach)
    except (ConnectionError, JSONDecodeError, Timeout):
        raise StartTimeoutError(
            f"NNI was not ready in time: try again; the logs are in {logs}"
        ) from None
    except (OSError, RuntimeError) as error:
        raise ServerError(f"NNI did not start: {error}; the logs are in {logs}") from None
    return str(experiment.id)


@contextmanager
def _patched_launcher() -> Iterator[None]:
    """Wait longer than NNI's launcher, which kills a manager that is not ready in 4 seconds."""
    from nni.experiment import launcher

    original, launcher._check_rest_server = launcher._check_rest_server, _await_manager
    try:
        yield
    finally:
        launcher._check_rest_server = original


def _await_manager(port: int, url_prefix: str | None = None) -> None:
    """Wait until the manager responds. Raises the last connection error after the time limit."""
    from nni.experiment import rest
    from requests import RequestException

    deadline = time.monotonic() + _MANAGER_S
    while True:
        try:
            rest.get(port, "/check-status", url_prefix)
        except RequestException:
            if time.monotonic() > deadline or not _has_live_children():
                raise
            time.sleep(0.2)
        else:
            return


def _has_live_children() -> bool:
    return any(p.status() != psutil.STATUS_ZOMBIE for p in psutil.Process().children())
