"""Fixtures for real NNI experiments: a home folder of its own; all is stopped at the end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from nni_nlp_bench.nnictl.serving.server import manager_environment

BIN = Path(sys.executable).parent
PATIENCE_S = 180


@dataclass(frozen=True)
class RunningExperiment:
    """An experiment whose manager runs on a port of this machine."""

    id: str
    port: int
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        """Where the web UI and the REST API are."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, route: str) -> Any:
        """What the REST API answers."""
        return httpx.get(f"{self.url}/api/v1/nni/{route}", timeout=30).raise_for_status().json()

    def trial_jobs(self) -> list[dict[str, Any]]:
        """Trials with their status and parameters."""
        return list(self.get("trial-jobs"))

    def metric_data(self) -> list[dict[str, Any]]:
        """Intermediate and final results; `data` is decoded."""
        # A trial encodes its metric, and the manager encodes the text once more.
        return [
            row | {"data": json.loads(json.loads(row["data"]))} for row in self.get("metric-data")
        ]

    def wait_for(self, status: str = "DONE") -> None:
        """Wait until the experiment has the status; fail when it ends with another one."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self.get("check-status"))["status"] != status:
            log = self.folder / "log" / "nnimanager.log"
            if answer["status"] in ("ERROR", "STOPPED") or time.monotonic() > deadline:
                pytest.fail(f"{status} awaited, got {answer}:\n{log.read_text()[-4000:]}")
            time.sleep(0.3)

    @property
    def processes(self) -> list[psutil.Process]:
        """The manager, its dispatcher and its trials, as far as they live."""
        try:
            manager = psutil.Process(self.pid)
            return [manager, *manager.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """End the manager and all that it started, by pid."""
        end(self.processes)


@dataclass(frozen=True)
class NniHome:
    """A home folder for NNI, which keeps its list of experiments there."""

    folder: Path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this interpreter's environment, such as `nnictl`."""
        search_path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env={**os.environ, "HOME": str(self.folder), "PATH": search_path, **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def create(self, config: Path | Mapping[str, Any]) -> RunningExperiment:
        """Start an experiment with `nnictl create` on a free port of 127.0.0.1."""
        port = free_port()
        file = config if isinstance(config, Path) else self.write(config)
        return self._start("create", "--config", str(file), "--port", str(port))

    def resume(self, experiment: RunningExperiment) -> RunningExperiment:
        """Go on with an experiment that has ended, on the same port."""
        return self._start("resume", experiment.id, "--port", str(experiment.port))

    def view(self, experiment: RunningExperiment) -> RunningExperiment:
        """Serve an experiment that has ended, without going on with it."""
        return self._start("view", experiment.id, "--port", str(free_port()))

    def _start(self, *command: str) -> RunningExperiment:
        """NNI's launcher gives up where its manager is slow to answer: it gets three tries."""
        for _ in range(3):
            started = self.run("nnictl", *command, **manager_environment())
            if started.returncode == 0:
                return next(e for e in self.experiments() if str(e.port) == command[-1])
        raise AssertionError(started.stdout + started.stderr)

    def up(self, config: Path | Mapping[str, Any], *options: str) -> RunningExperiment:
        """Start an experiment with `nni-nlp-bench up` on a free port."""
        port = free_port()
        file = config if isinstance(config, Path) else self.write(config)
        command = ("nni-nlp-bench", "up", "--config", str(file), "--port", str(port), *options)
        started = self.run(*command)
        assert started.returncode == 0, started.stdout + started.stderr
        return next(e for e in self.experiments() if e.port == port)

    def write(self, config: Mapping[str, Any], name: str = "experiment.yml") -> Path:
        """A configuration as a YAML file in this folder."""
        file = self.folder / name
        file.write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
        return file

    def experiments(self) -> list[RunningExperiment]:
        """The experiments that NNI's list takes for running."""
        listed = self.folder / "nni-experiments" / ".experiment"
        if not listed.exists():
            return []
        return [
            RunningExperiment(e["id"], e["port"], e["pid"], Path(e["logDir"], e["id"]))
            for e in json.loads(listed.read_text()).values()
            if e["status"] != "STOPPED" and "port" in e
        ]


def end(processes: list[psutil.Process]) -> None:
    """Ask processes to end, and kill those that do not."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=20)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def free_port() -> int:
    """A port that is free on every address of this machine."""
    with socket.socket() as listener:
        listener.bind(("", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    return free_port()


@pytest.fixture
def nni_home(tmp_path: Path) -> Iterator[NniHome]:
    """An empty home for NNI; its experiments are stopped after the test."""
    yield from _home(tmp_path / "home")


@pytest.fixture(scope="module")
def module_nni_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NniHome]:
    """The same, for the tests of one file together."""
    yield from _home(tmp_path_factory.mktemp("home"))


def _home(folder: Path) -> Iterator[NniHome]:
    folder.mkdir(exist_ok=True)
    home = NniHome(folder)
    try:
        yield home
    finally:
        for experiment in home.experiments():
            experiment.stop()


@pytest.fixture(scope="session")
def tiny_config() -> dict[str, Any]:
    """Three trials that report at once."""
    command = "import nni; p = nni.get_next_parameter(); nni.report_final_result(p['x'])"
    return {
        "experimentName": "tiny",
        "searchSpace": {"x": {"_type": "choice", "_value": [1, 2, 3]}},
        "trialCommand": f'python -c "{command}"',
        "trialCodeDirectory": ".",
        "trialConcurrency": 1,
        "maxTrialNumber": 3,
        "tuner": {"name": "GridSearch"},
        "trainingService": {"platform": "local"},
    }
