"""Start experiments whose web UI listens on this machine alone, or on one address that is named."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from nni_nlp_bench.core.environment import environment
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.serving.addresses import LOOPBACK, check_listening, url_of
from nni_nlp_bench.frameworks.nni.serving.config import load_config, stopped_config
from nni_nlp_bench.frameworks.nni.serving.reachability import check_reachability
from nni_nlp_bench.frameworks.nni.serving.running import Running, chosen, stop

PORT = 8080
SHIM = Path(__file__).with_name("loopback.js").resolve()
"""What node loads so that a manager listens where it should."""
_CHANCES = 3
_MANAGER_S = 30
"""How long a manager may take to answer."""
_TUNER_S = 130
"""The manager waits for the tuner a little less: see loopback.js."""


class ServerError(UserError):
    """NNI did not start the experiment; the message names the reason and the logs."""


class LateError(ServerError):
    """The manager took longer to begin than it may."""


@dataclass(frozen=True)
class Started:
    """An experiment that has just been started."""

    id: str
    port: int
    host: str

    @property
    def url(self) -> str:
        """Where the web UI answers."""
        return url_of(self.host, self.port)


def start(config: Path, port: int = PORT, host: str = LOOPBACK) -> Started:
    """Start the experiment of a YAML file; it goes on when this process ends. Raises UserError.

    The manager has no login: whoever reaches `host` can run commands here.
    """
    return _start(load_config(config), port, host)


def resume(id: str, port: int = PORT, host: str = LOOPBACK) -> Started:
    """Go on with an experiment that was stopped, likewise."""
    return _start(stopped_config(id), port, host, resumed=id)


def manager_environment(host: str = LOOPBACK) -> dict[str, str]:
    """The variables that make a manager listen on `host`, for one that nnictl starts as well.

    `python` in a trial's command is this interpreter, even if its environment is not activated.
    """
    ours = "--require=" + json.dumps(str(SHIM), ensure_ascii=False)
    given = os.environ.get("NODE_OPTIONS", "")
    return {
        "NODE_OPTIONS": f"{given} {ours}".strip(),
        "NNI_NLP_BENCH_HOST": host,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }


def _start(config: Any, port: int, host: str, resumed: str | None = None) -> Started:
    check_listening(config, port, host)
    check_reachability(config, port, host)
    experiment = chosen(_launch(config, port, host, resumed))
    _await_tuner(experiment)
    return Started(experiment.id, port, host)


def _await_tuner(experiment: Running) -> None:
    """NNI's manager says RUNNING before there is a tuner, and learns late that it has ended."""
    deadline, started = time.monotonic() + _TUNER_S, False
    while not experiment.has_tuner and time.monotonic() < deadline:
        starts = experiment.starts_tuner
        now = experiment.ask("check-status")
        errors = now["errors"] if now is not None and now["status"] == "ERROR" else []
        if started and not starts:
            errors = [*errors, "its tuner has ended"]
        if errors:
            stop(experiment)
            raise ServerError(
                f"NNI gave up: {'; '.join(errors)}; the logs are in {experiment.logs}"
            )
        started = starts
        time.sleep(0.2)


def _launch(config: Any, port: int, host: str, resumed: str | None) -> str:
    """The id of the experiment, whose manager answers; on a busy machine, after several tries."""
    for _ in range(_CHANCES - 1):
        with suppress(LateError):
            return _launch_once(config, port, host, resumed)
        time.sleep(1)
    return _launch_once(config, port, host, resumed)


def _launch_once(config: Any, port: int, host: str, resumed: str | None) -> str:
    from nni.experiment import Experiment, RunMode
    from requests import ConnectionError, JSONDecodeError, Timeout

    experiment = Experiment(config, id=resumed)
    if resumed is not None:
        experiment._action = "resume"  # its own resume() ends with this process
    logs = Path(config.canonical_copy().experiment_working_directory, experiment.id, "log")
    try:
        with environment(manager_environment(host)), _patience_with_manager():
            experiment.start(port, run_mode=RunMode.Detach)
    except (ConnectionError, JSONDecodeError, Timeout):
        raise LateError(f"NNI was not ready in time: try again; the logs are in {logs}") from None
    except (OSError, RuntimeError) as error:
        raise ServerError(f"NNI did not start: {error}; the logs are in {logs}") from None
    return str(experiment.id)


@contextmanager
def _patience_with_manager() -> Iterator[None]:
    """NNI's launcher asks a manager three times in four seconds, and then kills it."""
    from nni.experiment import launcher

    theirs, launcher._check_rest_server = launcher._check_rest_server, _await_manager
    try:
        yield
    finally:
        launcher._check_rest_server = theirs


def _await_manager(port: int, url_prefix: str | None = None) -> None:
    """Return when the manager answers. Raises what its last refusal was."""
    from nni.experiment import rest
    from requests import RequestException

    deadline = time.monotonic() + _MANAGER_S
    while True:
        try:
            rest.get(port, "/check-status", url_prefix)
        except RequestException:
            if time.monotonic() > deadline or not _children_live():
                raise
            time.sleep(0.2)
        else:
            return


def _children_live() -> bool:
    return any(p.status() != psutil.STATUS_ZOMBIE for p in psutil.Process().children())
