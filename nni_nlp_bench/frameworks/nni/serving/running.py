"""List, inspect and stop the experiments that run on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, read_text
from nni_nlp_bench.core.parse_json import parse_json
from nni_nlp_bench.frameworks.nni.serving.addresses import LOOPBACK, url_of
from nni_nlp_bench.frameworks.nni.serving.manager_api import ENDED

STOP_TIMEOUT_S = 90
"""NNI's manager waits a minute for its own components."""


class ExperimentError(UserError):
    """There is no such experiment, or it does not stop."""


@dataclass(frozen=True)
class Progress:
    """Progress of an experiment."""

    status: str
    done: int
    """Number of finished trials, including failed ones."""
    maximum: int | None
    """Maximum number of trials; None if unlimited."""


@dataclass(frozen=True)
class ExperimentProcess:
    """An experiment with a running manager process."""

    id: str
    name: str
    port: int
    pid: int
    logs: Path
    """Folder with the logs of the manager and the tuner."""
    prefix: str | None = None
    """URL prefix of the web UI."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Addresses on which its port listens; `::` and `0.0.0.0` mean all interfaces."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid).net_connections("tcp")
            return tuple(sorted({c.laddr.ip for c in found if _listens(c, self.port)}))
        return ()

    @property
    def tuner_connected(self) -> bool:
        """Whether the tuner is connected: a descendant of the manager with a connection to it.

        It may be the child of a shell.
        """
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.pid).children(recursive=True):
                for connection in process.net_connections("tcp"):
                    if connection.raddr and connection.raddr.port == self.port:
                        return True
        return False

    @property
    def tuner_alive(self) -> bool:
        """Whether the process of the tuner is alive, connected or not."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children(recursive=True)
            return any("--exp_params" in word for child in children for word in child.cmdline())
        return False

    def progress(self) -> Progress | None:
        """Return the progress; None if the manager does not respond."""
        status, counts, profile = map(self.get, ("check-status", "job-statistics", "experiment"))
        if status is None or counts is None or profile is None:
            return None
        done = sum(c["trialJobNumber"] for c in counts if c["trialJobStatus"] in ENDED)
        return Progress(status["status"], done, profile["params"].get("maxTrialNumber"))

    def get(self, route: str) -> Any:
        """Return the response of the REST API; None if there is none."""
        import httpx

        parts = (url_of(LOOPBACK, self.port), self.prefix, "api/v1/nni", route)
        with suppress(httpx.HTTPError, json.JSONDecodeError):
            url = "/".join(part.strip("/") for part in parts if part)
            # verify=False skips loading certificates (70 ms), which http does not use.
            response = httpx.get(url, timeout=10, trust_env=False, verify=False)
            return response.raise_for_status().json()
        return None


def list_running() -> list[ExperimentProcess]:
    """Return the experiments with running managers, sorted by start time."""
    try:
        entries = sorted(_read_list(), key=lambda entry: float(entry["startTime"]))
        return [_running(e) for e in entries if "port" in e and _is_manager(e["pid"], e["id"])]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _damaged() from None


def find_running(id: str | None) -> ExperimentProcess:
    """Return the running experiment of that id, or the only one.

    Raises:
        ExperimentError: none or several match.
    """
    found = [e for e in list_running() if id is None or e.id == id]
    if not found:
        name = "no experiment is running" if id is None else f"experiment {id} is not running"
        raise ExperimentError(f"{name}: see `nni-nlp-bench experiment status`")
    if len(found) > 1:
        ids = ", ".join(e.id for e in found)
        raise ExperimentError(
            f"several experiments are running: give the id of one ({ids}), or --all"
        )
    return found[0]


def stop(experiment: ExperimentProcess, timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Stop an experiment and wait until its processes have ended.

    Raises:
        ExperimentError: a process did not end within the timeout.
    """
    try:
        manager = psutil.Process(experiment.pid)
        processes = [manager, *manager.children(recursive=True)]
        manager.terminate()
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs([manager], timeout=timeout_s)
    # NNI ends the shell of a trial, but not the children of the shell.
    _, left = psutil.wait_procs(processes, timeout=5)
    for process in left:
        if process.pid != manager.pid:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    _, left = psutil.wait_procs(left, timeout=timeout_s)
    if left:
        pids = " ".join(str(process.pid) for process in left)
        raise ExperimentError(f"experiment {experiment.id} does not stop: try `kill -9 {pids}`")


def _running(entry: Mapping[str, Any]) -> ExperimentProcess:
    return ExperimentProcess(
        id=entry["id"],
        name=entry["experimentName"] or "",
        port=entry["port"],
        pid=entry["pid"],
        logs=Path(entry["logDir"], entry["id"], "log"),
        prefix=entry.get("prefixUrl"),
    )


def _read_list() -> Iterable[dict[str, Any]]:
    """Return the entries of NNI's list of experiments; retries while it is being written."""
    file = _list_file()
    for _ in range(20):
        if not exists(file):
            return []
        text = read_text(file, error=ExperimentError)
        try:
            entries = parse_json(text)
            return [entry for entry in entries.values() if isinstance(entry, dict)]
        except AttributeError:
            break
        except ValueError:
            time.sleep(0.1)
    raise _damaged()


def _damaged() -> ExperimentError:
    return ExperimentError(f"{_list_file()} is damaged: remove it, and NNI creates a new one")


def _list_file() -> Path:
    return Path.home() / "nni-experiments" / ".experiment"


def _is_manager(pid: int, id: str) -> bool:
    """Return whether the process is the experiment's manager: process ids are reused."""
    try:
        return id in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _listens(connection: Any, port: int) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port)
