"""Real NNI experiments in a home folder of their own, and the ports that they take."""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psutil
import pytest
import yaml
from filelock import FileLock
from in_process import run

from nni_nlp_bench.frameworks.nni.serving.running import ExperimentProcess
from nni_nlp_bench.frameworks.nni.serving.server import manager_environment

BIN = Path(sys.executable).parent
TIMEOUT_S = 900
"""Time limit of one step; tests that start managers have a longer `timeout`."""
CLIENT = httpx.Client(
    timeout=30,
    trust_env=False,
    verify=False,  # http uses no certificates, which are slow to load
    limits=httpx.Limits(max_keepalive_connections=0),
)
TRANSIENT_ERRORS = (
    *("not ready in time", "did not connect in 10 seconds", "port"),
    *("Connection refused", "Max retries exceeded", "Read timed out"),
)
"""Messages if the machine is too busy for NNI, or if another process has taken the port."""
START_LOCK = FileLock(Path(tempfile.gettempdir()) / "nni-nlp-bench-tests-start.lock")
"""Held while a manager starts: NNI has a time limit of a few seconds for each."""


@dataclass(frozen=True)
class RunningExperiment:
    """An experiment whose manager runs on a port of this machine."""

    id: str
    port: int
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        """Address of the web UI and the REST API."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, route: str) -> Any:
        """Return the response of the REST API."""
        return CLIENT.get(f"{self.url}/api/v1/nni/{route}").raise_for_status().json()

    def trial_jobs(self) -> list[dict[str, Any]]:
        """Return the trials with status and parameters."""
        return list(self.get("trial-jobs"))

    def metric_data(self) -> list[dict[str, Any]]:
        """Return intermediate and final results with decoded `data`."""
        # Metrics are encoded twice, by the trial and by the manager.
        return [
            row | {"data": json.loads(json.loads(row["data"]))} for row in self.get("metric-data")
        ]

    def wait_for(self, status: str = "DONE") -> None:
        """Wait until the experiment has a status; fail if it ends with another one."""
        deadline = time.monotonic() + TIMEOUT_S
        while (answer := self.get("check-status"))["status"] != status:
            log = self.folder / "log" / "nnimanager.log"
            if answer["status"] in ("ERROR", "STOPPED") or time.monotonic() > deadline:
                pytest.fail(f"expected {status}, got {answer}:\n{log.read_text()[-4000:]}")
            time.sleep(0.3)

    def wait_for_tuner(self) -> str | None:
        """Return the error if the tuner does not connect in time; None once it is connected."""
        deadline = time.monotonic() + TIMEOUT_S
        while not ExperimentProcess(self.id, "", self.port, self.pid, self.folder).tuner_connected:
            answer = self.get("check-status")
            if answer["status"] not in ("INITIALIZED", "RUNNING"):
                return next(
                    (e for e in answer["errors"] if any(t in e for t in TRANSIENT_ERRORS)), None
                )
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)
        return None

    @property
    def processes(self) -> list[psutil.Process]:
        """Live processes of the manager, the dispatcher and the trials."""
        try:
            manager = psutil.Process(self.pid)
            return [manager, *manager.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def reap(self) -> None:
        """Reap the manager after its end, if it is a child of this process."""
        with suppress(psutil.NoSuchProcess):
            Thread(target=psutil.Process(self.pid).wait, daemon=True).start()

    def stop(self) -> None:
        """End the manager and its child processes by pid."""
        end(self.processes)


@dataclass(frozen=True)
class NniHome:
    """Home folder with NNI's list of experiments."""

    folder: Path

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `nni-nlp-bench` in this process."""
        return run(*words, env=self._environment(variables))

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment, such as `nnictl`, as a process."""
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env={**os.environ, **self._environment(variables)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        search_path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {"HOME": str(self.folder), "PATH": search_path, **variables}

    def create(self, config: Path | Mapping[str, Any]) -> RunningExperiment:
        """Start an experiment with `nnictl create` on a free port of 127.0.0.1."""
        file = config if isinstance(config, Path) else self.write(config)
        return self._by_nnictl("create", "--config", str(file))

    def resume(self, experiment: RunningExperiment) -> RunningExperiment:
        """Resume an experiment on the same port."""
        return self._by_nnictl("resume", experiment.id, port=experiment.port)

    def view(self, experiment: RunningExperiment) -> RunningExperiment:
        """Open a stopped experiment read-only."""
        return self._by_nnictl("view", experiment.id)

    def up(self, config: Path | Mapping[str, Any], *options: str) -> RunningExperiment:
        """Start an experiment with `nni-nlp-bench experiment up` on a free port."""
        file = config if isinstance(config, Path) else self.write(config)
        return self._start(
            lambda port: self.run("experiment", "up", "--config", str(file), *port, *options)
        )

    def up_again(self, experiment: RunningExperiment) -> RunningExperiment:
        """Resume an experiment on the same port with `up --resume`."""
        return self._start(
            lambda port: self.run("experiment", "up", "--resume", experiment.id, *port),
            experiment.port,
        )

    def up_as_process(
        self, config: Mapping[str, Any]
    ) -> tuple[RunningExperiment, subprocess.CompletedProcess[str]]:
        """Like `up`, but as a process, whose output is returned too."""
        outputs: list[subprocess.CompletedProcess[str]] = []

        def start(port: tuple[str, str]) -> subprocess.CompletedProcess[str]:
            outputs.append(
                self.call("nni-nlp-bench", "experiment", "up", "--config", str(file), *port)
            )
            return outputs[-1]

        file = self.write(config)
        return self._start(start), outputs[-1]

    def create_plainly(self, config: Mapping[str, Any]) -> RunningExperiment:
        """Start an experiment with plain `nnictl create`, on all interfaces."""
        file = str(self.write(config))
        return self._start(lambda port: self.call("nnictl", "create", "--config", file, *port))

    def with_retries(
        self, start: Callable[[int], subprocess.CompletedProcess[str]]
    ) -> subprocess.CompletedProcess[str]:
        """Run a process that starts a manager on a port; retry after transient errors."""
        for _ in range(4):
            with START_LOCK:
                ran = start(free_port())
            if ran.returncode == 0 or not any(
                text in ran.stdout + ran.stderr for text in TRANSIENT_ERRORS
            ):
                break
        return ran

    def _by_nnictl(self, *command: str, port: int | None = None) -> RunningExperiment:
        return self._start(
            lambda at: self.call("nnictl", *command, *at, **manager_environment()), port
        )

    def _start(
        self,
        start: Callable[[tuple[str, str]], subprocess.CompletedProcess[str]],
        port: int | None = None,
    ) -> RunningExperiment:
        """Start an experiment and return it; retry after transient errors."""
        with START_LOCK:
            for _ in range(5):
                at = port or free_port()
                started = start(("--port", str(at)))
                output = started.stdout + started.stderr
                if started.returncode == 0:
                    experiment = self._at(at)
                    experiment.reap()
                    error = experiment.wait_for_tuner()
                    if error is None:
                        return experiment
                    output += error
                    experiment.stop()
                elif not any(text in output for text in TRANSIENT_ERRORS):
                    break
        raise AssertionError(output)

    def _at(self, port: int) -> RunningExperiment:
        """Return the experiment on a port; retries while NNI writes its list."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            with suppress(json.JSONDecodeError):
                for experiment in self.experiments():
                    if experiment.port == port:
                        return experiment
            time.sleep(0.1)
        raise AssertionError(f"no experiment on port {port} is in NNI's list")

    def write(self, config: Mapping[str, Any], name: str = "experiment.yml") -> Path:
        """Write a configuration to a YAML file in this folder."""
        file = self.folder / name
        file.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
        return file

    def experiments(self) -> list[RunningExperiment]:
        """Return the running experiments in NNI's list."""
        listed = self.folder / "nni-experiments" / ".experiment"
        if not listed.exists():
            return []
        return [
            RunningExperiment(e["id"], e["port"], e["pid"], Path(e["logDir"], e["id"]))
            for e in json.loads(listed.read_text()).values()
            if e["status"] != "STOPPED" and "port" in e
        ]


def end(processes: list[psutil.Process]) -> None:
    """Terminate processes, and kill those that do not end."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=20)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _candidates() -> Iterator[int]:
    """Ports below the ephemeral range; every test worker has its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = 10_000 + int(worker) % 8 * 2_500
    start = random.SystemRandom().randrange(0, 2_500, 2)  # avoids those of other runs
    return itertools.cycle(
        [*range(first + start, first + 2_500, 2), *range(first, first + start, 2)]
    )


_CANDIDATES = _candidates()


def free_port() -> int:
    """Return a port that is free on all addresses, as is the next one."""
    return next(port for port in _CANDIDATES if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("", port))
        except OSError:
            return False
    return True
