"""The experiments that run on this machine: what they are, where they listen, how they end."""

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
from nni_nlp_bench.frameworks.nni.serving.addresses import LOOPBACK, url_of
from nni_nlp_bench.frameworks.nni.serving.manager_api import ENDED

PATIENCE_S = 90
"""NNI's manager gives its own parts a minute to end."""


class ExperimentError(UserError):
    """No such experiment, or it does not end; the message names the remedy."""


@dataclass(frozen=True)
class Progress:
    """How far an experiment is."""

    status: str
    done: int
    """Trials that have ended, however they did."""
    maximum: int | None
    """Trials that the experiment may run; None for no limit."""


@dataclass(frozen=True)
class Running:
    """An experiment whose manager lives."""

    id: str
    name: str
    port: int
    pid: int
    logs: Path
    """The folder of the logs of its manager and its tuner."""
    prefix: str | None = None
    """What the paths of its web UI begin with."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that its port listens on; `::` and `0.0.0.0` are all interfaces."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid).net_connections("tcp")
            return tuple(sorted({c.laddr.ip for c in found if _listens(c, self.port)}))
        return ()

    @property
    def has_tuner(self) -> bool:
        """Whether its tuner is there: a process below the manager that is connected to it.

        There may be a shell between the two.
        """
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self.pid).children(recursive=True):
                for connection in process.net_connections("tcp"):
                    if connection.raddr and connection.raddr.port == self.port:
                        return True
        return False

    @property
    def starts_tuner(self) -> bool:
        """Whether the process of its tuner lives, connected or not."""
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.pid).children(recursive=True)
            return any("--exp_params" in word for child in children for word in child.cmdline())
        return False

    def progress(self) -> Progress | None:
        """How far it is; None while its manager does not answer."""
        status, counts, profile = map(self.ask, ("check-status", "job-statistics", "experiment"))
        if status is None or counts is None or profile is None:
            return None
        done = sum(c["trialJobNumber"] for c in counts if c["trialJobStatus"] in ENDED)
        return Progress(status["status"], done, profile["params"].get("maxTrialNumber"))

    def ask(self, route: str) -> Any:
        """What the REST API answers; None where it does not."""
        import httpx

        parts = (url_of(LOOPBACK, self.port), self.prefix, "api/v1/nni", route)
        with suppress(httpx.HTTPError, json.JSONDecodeError):
            url = "/".join(part.strip("/") for part in parts if part)
            # Certificates, which take 70 ms to load, say nothing about http.
            answer = httpx.get(url, timeout=10, trust_env=False, verify=False)
            return answer.raise_for_status().json()
        return None


def running() -> list[Running]:
    """The experiments in NNI's list whose managers live, in the order of their start."""
    entries = sorted(_listed(), key=lambda entry: float(entry["startTime"]))
    return [_running(e) for e in entries if "port" in e and _manages(e["pid"], e["id"])]


def chosen(id: str | None) -> Running:
    """The experiment of that id, or the only one. Raises ExperimentError."""
    found = [e for e in running() if id is None or e.id == id]
    if not found:
        name = "no experiment runs" if id is None else f"no experiment {id} runs"
        raise ExperimentError(f"{name}: `nni-nlp-bench experiment status` lists those that do")
    if len(found) > 1:
        ids = ", ".join(e.id for e in found)
        raise ExperimentError(f"several experiments run: give the id of one ({ids}), or --all")
    return found[0]


def stop(experiment: Running, patience_s: float = PATIENCE_S) -> None:
    """End an experiment and wait until its processes are gone. Raises ExperimentError."""
    try:
        manager = psutil.Process(experiment.pid)
        family = [manager, *manager.children(recursive=True)]
        manager.terminate()
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs([manager], timeout=patience_s)
    # NNI ends a trial's shell and forgets what the shell has started.
    _, left = psutil.wait_procs(family, timeout=5)
    for process in left:
        if process.pid != manager.pid:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    _, left = psutil.wait_procs(left, timeout=patience_s)
    if left:
        pids = " ".join(str(process.pid) for process in left)
        raise ExperimentError(f"experiment {experiment.id} does not end: try `kill -9 {pids}`")


def _running(entry: Mapping[str, Any]) -> Running:
    return Running(
        id=entry["id"],
        name=entry["experimentName"] or "",
        port=entry["port"],
        pid=entry["pid"],
        logs=Path(entry["logDir"], entry["id"], "log"),
        prefix=entry.get("prefixUrl"),
    )


def _listed() -> Iterable[dict[str, Any]]:
    """NNI's list of experiments; it is not written whole, so a torn one is read again."""
    file = Path.home() / "nni-experiments" / ".experiment"
    for _ in range(20):
        try:
            entries: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except json.JSONDecodeError:
            time.sleep(0.1)
        else:
            return [entry for entry in entries.values() if isinstance(entry, dict)]
    raise ExperimentError(f"{file} is damaged: remove it, and NNI begins a new list")


def _manages(pid: int, id: str) -> bool:
    """Whether the process is the experiment's manager: a number can have passed to another one."""
    try:
        return id in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _listens(connection: Any, port: int) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port)
