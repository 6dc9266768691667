"""Fixtures for real NNI experiments: a home folder of its own; all is stopped at the end."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import psutil
import pytest
import yaml
from filelock import FileLock
from in_process import run

from nni_nlp_bench.frameworks.nni.serving.running import Running
from nni_nlp_bench.frameworks.nni.serving.server import manager_environment

collect_ignore_glob = [] if find_spec("nni") else ["test_*.py"]  # all need the extra `nni`

BIN = Path(sys.executable).parent
EXPERIMENTS = Path(__file__).parents[4] / "experiments"
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"
PATIENCE_S = 240
"""A test that starts managers may take longer than this: it has a `timeout` of its own."""
CLIENT = httpx.Client(
    timeout=30,
    trust_env=False,
    verify=False,  # certificates say nothing about http, and take long to load
    limits=httpx.Limits(max_keepalive_connections=0),
)
LATE = (
    *("not ready in time", "did not connect in 10 seconds", "port"),
    *("Connection refused", "Max retries exceeded", "Read timed out"),
)
"""What is said where the machine is too busy for NNI, or another process was faster at a port."""
STARTING = FileLock(Path(tempfile.gettempdir()) / "nni-nlp-bench-tests-start.lock")
"""Held while a manager starts: NNI gives each a few seconds, however many start at a time."""


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
        return CLIENT.get(f"{self.url}/api/v1/nni/{route}").raise_for_status().json()

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

    def late_tuner(self) -> str | None:
        """What NNI says when its tuner does not come in time; None once that cannot happen."""
        deadline = time.monotonic() + PATIENCE_S
        while not Running(self.id, "", self.port, self.pid, self.folder).has_tuner:
            answer = self.get("check-status")
            if answer["status"] not in ("INITIALIZED", "RUNNING"):
                return next((e for e in answer["errors"] if any(t in e for t in LATE)), None)
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)
        return None

    @property
    def processes(self) -> list[psutil.Process]:
        """The manager, its dispatcher and its trials, as far as they live."""
        try:
            manager = psutil.Process(self.pid)
            return [manager, *manager.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def reap(self) -> None:
        """Where the manager is a child of this process: let it be gone once it has ended."""
        with suppress(psutil.NoSuchProcess):
            Thread(target=psutil.Process(self.pid).wait, daemon=True).start()

    def stop(self) -> None:
        """End the manager and all that it started, by pid."""
        end(self.processes)


@dataclass(frozen=True)
class NniHome:
    """A home folder for NNI, which keeps its list of experiments there."""

    folder: Path

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `nni-nlp-bench` in this process."""
        return run(*words, env=self._environment(variables))

    def call(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this interpreter's environment, such as `nnictl`, as a process."""
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env={**os.environ, **self._environment(variables)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        search_path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {"HOME": str(self.folder), "PATH": search_path, **variables}

    def create(self, config: Path | Mapping[str, Any]) -> RunningExperiment:
        """Start an experiment with `nnictl create` on a free port of 127.0.0.1."""
        file = config if isinstance(config, Path) else self.write(config)
        return self._by_nnictl("create", "--config", str(file))

    def resume(self, experiment: RunningExperiment) -> RunningExperiment:
        """Go on with an experiment that has ended, on the same port."""
        return self._by_nnictl("resume", experiment.id, port=experiment.port)

    def view(self, experiment: RunningExperiment) -> RunningExperiment:
        """Serve an experiment that has ended, without going on with it."""
        return self._by_nnictl("view", experiment.id)

    def up(self, config: Path | Mapping[str, Any], *options: str) -> RunningExperiment:
        """Start an experiment with `nni-nlp-bench experiment up` on a free port."""
        file = config if isinstance(config, Path) else self.write(config)
        return self._start(
            lambda port: self.run("experiment", "up", "--config", str(file), *port, *options)
        )

    def up_again(self, experiment: RunningExperiment) -> RunningExperiment:
        """Go on with an experiment that has ended, on the same port, with `up --resume`."""
        return self._start(
            lambda port: self.run("experiment", "up", "--resume", experiment.id, *port),
            experiment.port,
        )

    def up_as_process(
        self, config: Mapping[str, Any]
    ) -> tuple[RunningExperiment, subprocess.CompletedProcess[str]]:
        """The same as `up` in a process that ends, and what that process said."""
        said: list[subprocess.CompletedProcess[str]] = []

        def start(port: tuple[str, str]) -> subprocess.CompletedProcess[str]:
            said.append(
                self.call("nni-nlp-bench", "experiment", "up", "--config", str(file), *port)
            )
            return said[-1]

        file = self.write(config)
        return self._start(start), said[-1]

    def create_plainly(self, config: Mapping[str, Any]) -> RunningExperiment:
        """Start an experiment as `nnictl create` does without us: on all interfaces."""
        file = str(self.write(config))
        return self._start(lambda port: self.call("nnictl", "create", "--config", file, *port))

    def in_time(
        self, start: Callable[[int], subprocess.CompletedProcess[str]]
    ) -> subprocess.CompletedProcess[str]:
        """Run a process that starts a manager on a port; again where NNI is late."""
        for _ in range(4):
            with STARTING:
                ran = start(free_port())
            if ran.returncode == 0 or not any(text in ran.stdout + ran.stderr for text in LATE):
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
        """The experiment that `start` starts; where NNI was late, it gets more chances."""
        with STARTING:
            for _ in range(5):
                at = port or free_port()
                started = start(("--port", str(at)))
                said = started.stdout + started.stderr
                if started.returncode == 0:
                    experiment = self._at(at)
                    experiment.reap()
                    late = experiment.late_tuner()
                    if late is None:
                        return experiment
                    said += late
                    experiment.stop()
                elif not any(text in said for text in LATE):
                    break
        raise AssertionError(said)

    def _at(self, port: int) -> RunningExperiment:
        """The experiment on that port, once NNI's list, which is not written whole, names it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(json.JSONDecodeError):
                for experiment in self.experiments():
                    if experiment.port == port:
                        return experiment
            time.sleep(0.1)
        raise AssertionError(f"no experiment on port {port} is in NNI's list")

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


def _candidates() -> Iterator[int]:
    """Ports below those that systems give to clients; every worker of a run has its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    first = 10_000 + int(worker) % 8 * 2_500
    start = random.SystemRandom().randrange(0, 2_500, 2)  # apart from those of another run
    return itertools.cycle(
        [*range(first + start, first + 2_500, 2), *range(first, first + start, 2)]
    )


_CANDIDATES = _candidates()


def free_port() -> int:
    """A port that is free on every address of this machine, as is the one above it."""
    return next(port for port in _CANDIDATES if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def list_of_experiments() -> Iterator[None]:
    """NNI looks for the home folder when it is imported; here, whenever its list is read."""
    from nni.tools.nnictl.config_utils import Experiments

    theirs = Experiments.__init__

    def anew(self: Any, home_dir: str | None = None) -> None:
        theirs(self, home_dir or str(Path.home() / "nni-experiments"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Experiments, "__init__", anew)
        yield


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], Any]], None]:
    """Waits until a condition holds, and fails when that takes minutes."""

    def wait(holds: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.2)

    return wait


@pytest.fixture(scope="session")
def ports() -> Iterator[int]:
    """Ports that nothing listens on."""
    return (free_port() for _ in itertools.count())


@pytest.fixture
def port(ports: Iterator[int]) -> int:
    """One of them."""
    return next(ports)


@pytest.fixture
def nni_home(tmp_path: Path, list_of_experiments: None) -> Iterator[NniHome]:
    """An empty home for NNI; its experiments are stopped after the test."""
    yield from _home(tmp_path / "home")


@pytest.fixture(scope="module")
def module_nni_home(
    tmp_path_factory: pytest.TempPathFactory, list_of_experiments: None
) -> Iterator[NniHome]:
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
def cells_config() -> dict[str, Any]:
    """Local search over small cells: three trials on the surrogate."""
    return {
        "experimentName": "cells",
        "searchSpace": {"nodes": {"_type": "randint", "_value": [2, 13]}},
        "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial",
        "trialCodeDirectory": ".",
        "trialConcurrency": 2,
        "maxTrialNumber": 3,
        "tuner": {
            "className": "nni_nlp_bench.frameworks.nni.tuner.StrategyTuner",
            "codeDirectory": ".",
            "classArgs": {"strategy": "local_search", "seed": 3},
        },
        "trainingService": {"platform": "local"},
    }


@pytest.fixture(scope="session")
def tiny_config() -> dict[str, Any]:
    """Three trials that report at once."""
    command = (
        "from nni_nlp_bench.frameworks.nni.trial_client import TrialClient; "
        "manager = TrialClient(); manager.finish(manager.parameters['x'])"
    )
    return {
        "experimentName": "tiny",
        "searchSpace": {"x": {"_type": "choice", "_value": [1, 2, 3]}},
        "trialCommand": f'python -c "{command}"',
        "trialCodeDirectory": ".",
        "trialConcurrency": 3,
        "maxTrialNumber": 3,
        "tuner": {"name": "GridSearch"},
        "trainingService": {"platform": "local"},
    }


@pytest.fixture(scope="session")
def wikitext2_folder(
    shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of benchmarks with the WikiText-2 table in it."""
    logs = shared("nas-bench-nlp/wikitext2_logs.zip")
    folder = tmp_path_factory.mktemp("nasbenchmark")
    words = ("benchmark", "download", WIKITEXT_2, "--file", logs)
    done = run(*words, env={"NASBENCHMARK_DIR": str(folder)})
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def run_to_its_end(
    nni_home: NniHome, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[str, int], None]:
    """Runs an experiment of `experiments/` with a few short trials, and looks at their results."""

    def run(name: str, trials: int) -> None:
        file = EXPERIMENTS / f"{name}.yml"
        if name == "compare_hosts":
            request.getfixturevalue("naslib_here")
        if WIKITEXT_2 in file.read_text():
            monkeypatch.setenv("NASBENCHMARK_DIR", str(request.getfixturevalue("wikitext2_folder")))
        config: dict[str, Any] = yaml.safe_load(file.read_text())
        config["maxTrialNumber"] = trials
        command = re.sub(r"--(trials|epochs) \d+", r"--\1 60", config["trialCommand"])
        config["trialCommand"] = re.sub(r"--(search|full)-epochs \d+", r"--\1-epochs 2", command)
        if name == "mf_kd":  # whose tuner counts in the epochs of the file
            config["trialCommand"] = command
        experiment = nni_home.up(config)
        experiment.wait_for("DONE")
        jobs = experiment.trial_jobs()
        assert len(jobs) == trials
        succeeded = [job for job in jobs if job["status"] == "SUCCEEDED"]
        assert succeeded, [job["status"] for job in jobs]
        for job in succeeded:
            final = json.loads(json.loads(job["finalMetricData"][0]["data"]))
            assert final["hours"] > 0
            if "docstrings" in command:  # nats of six labels, or an accuracy
                assert 0 < final["default"] < 3
            else:
                assert final["perplexity"] > 50
            assert final.get("predicted", 0) == 60 * ("surrogate" in command)

    return run
