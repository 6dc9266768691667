"""Trials on another machine, which an ssh server of the test stands for."""

from __future__ import annotations

import getpass
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from nni_nlp_bench.nnictl.serving.server import manager_environment

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SSHD is None, reason="sshd is missing: install openssh-server"),
]


@dataclass(frozen=True)
class Machine:
    """What the experiment takes for another machine: this one, with another home."""

    port: int
    key: Path
    home: Path

    @property
    def config(self):
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "sshKeyFile": str(self.key),
            "pythonPath": str(Path(sys.executable).parent),
        }

    @property
    def processes(self):
        """What NNI runs there: its keeper of trials, and the trials."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.home) in word for word in process.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    found += [process, *process.children(recursive=True)]
        return found

    def printed(self, experiment, trial):
        """What a trial wrote there, on stdout and stderr."""
        folder = self.home / "nni-experiments" / experiment.id / "environments/remote-worker1"
        files = (folder / "trials" / trial).glob("trial.std*")
        return "".join(file.read_text() for file in files)


@pytest.fixture
def machine(tmp_path) -> Iterator[Machine]:
    folder, port = tmp_path / "machine", _free_port()
    home = folder / "home"
    home.mkdir(parents=True)
    for name in ("host", "user"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(make, check=True)
    node_options = manager_environment()["NODE_OPTIONS"].replace('"', '\\"')
    config = folder / "sshd_config"
    config.write_text(f"""
        ListenAddress 127.0.0.1:{port}
        HostKey {folder}/host
        AuthorizedKeysFile {folder}/user.pub
        PidFile none
        StrictModes no
        UsePAM no
        PasswordAuthentication no
        PermitRootLogin prohibit-password
        Subsystem sftp internal-sftp
        SetEnv HOME={home} PIP_NO_INDEX=1 "NODE_OPTIONS={node_options}"
    """)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    assert SSHD is not None
    with (folder / "sshd.log").open("w") as log:
        server = psutil.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        _wait_for(port)
        machine = Machine(port, folder / "user", home)
        yield machine
        for process in machine.processes:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    finally:
        sessions = server.children(recursive=True)
        for process in (server, *sessions):
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs([server, *sessions], timeout=10)


@pytest.fixture
def config(machine):
    """The example, on that machine, with a handful of trials."""
    config = yaml.safe_load((EXPERIMENTS / "remote.yml").read_text())
    config["trainingService"]["machineList"] = [machine.config]
    small = {"maxTrialNumber": 5, "trialConcurrency": 2, "trialCodeDirectory": str(EXPERIMENTS)}
    return config | small


def test_trials_run_on_another_machine(machine, nni_home, config):
    experiment = nni_home.up(config)
    experiment.wait_for("DONE")
    trials = experiment.trial_jobs()
    assert [trial["status"] for trial in trials] == ["SUCCEEDED"] * 5
    finals = {row["trialJobId"]: row["data"] for row in experiment.metric_data()}
    assert set(finals) == {trial["trialJobId"] for trial in trials}
    assert all(3 < final["default"] < math.log(10_000) + 1 for final in finals.values())
    assert all(machine.printed(experiment, trial) == "" for trial in finals)
    keeper = machine.processes
    addresses = {
        connection.laddr.ip
        for process in keeper
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}  # for its sshd sets NODE_OPTIONS
    assert nni_home.run("nni-nlp-bench", "down").returncode == 0
    psutil.wait_procs(keeper, timeout=20)
    assert machine.processes == []


def test_a_trial_that_fails_there_is_known_here(machine, nni_home, config):
    config["trialCommand"] = '[ "$NNI_TRIAL_SEQ_ID" != 1 ] && ' + config["trialCommand"]
    experiment = nni_home.up(config)
    experiment.wait_for("DONE")
    trials = sorted(experiment.trial_jobs(), key=lambda trial: trial["sequenceId"])
    failed = trials[1]["trialJobId"]
    assert [t["status"] for t in trials] == [
        "FAILED" if t["trialJobId"] == failed else "SUCCEEDED" for t in trials
    ]
    finals = {row["trialJobId"] for row in experiment.metric_data()}
    assert finals == {trial["trialJobId"] for trial in trials} - {failed}


def test_a_machine_can_be_reused_as_clusters_are(machine, nni_home, config):
    """NNI's runner of trials, which it also uses on Kubernetes and OpenPAI, on another channel."""
    config["trainingService"]["reuseMode"] = True
    experiment = nni_home.up(config | {"maxTrialNumber": 2})
    try:
        experiment.wait_for("DONE")
        trials = experiment.trial_jobs()
        assert [trial["status"] for trial in trials] == ["SUCCEEDED"] * 2
        finals = {row["trialJobId"]: row["data"] for row in experiment.metric_data()}
        assert set(finals) == {trial["trialJobId"] for trial in trials}
        assert nni_home.run("nni-nlp-bench", "down").returncode == 0
    finally:
        shutil.rmtree(Path("/tmp/nni-experiments", experiment.id))  # NNI leaves it there


def test_machines_are_asked_to_connect_before_anything_starts(machine, nni_home, config):
    def refusal(machine_config, *options, **fields):
        config["trainingService"]["machineList"] = [machine.config | machine_config]
        file = nni_home.write(config | fields)
        up = ("nni-nlp-bench", "up", "--config", str(file), "--port", str(_free_port()))
        refused = nni_home.run(*up, *options)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.count("\n") == 1
        return refused.stderr

    host_key = str(machine.key.with_name("host"))
    assert "look at port, user and sshKeyFile" in refusal({"sshKeyFile": host_key})
    assert "look at port, user and sshKeyFile" in refusal({"port": _free_port()})
    elsewhere = refusal({}, "--host", "0.0.0.0", nniManagerIp="203.0.113.7")
    assert "does not reach 203.0.113.7" in elsewhere
    assert "firewall" in elsewhere


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("", 0))  # free on every address
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            pytest.fail("sshd does not listen")
        time.sleep(0.1)
