"""Trials on a remote machine, simulated by an ssh server."""

from __future__ import annotations

import getpass
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from nni_nlp_bench.frameworks.nni.serving.server import manager_environment

EXPERIMENTS = Path(__file__).parents[4] / "experiments"
TIMEOUT_S = 900
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.nni,
    pytest.mark.skipif(SSHD is None, reason="sshd is missing: install openssh-server"),
]


@dataclass(frozen=True)
class Machine:
    """Simulated remote machine: this one with another home folder."""

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
        """Processes of NNI on the machine: trial keeper and trials."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            if any(str(self.home) in word for word in process.info["cmdline"] or ()):
                with suppress(psutil.NoSuchProcess):
                    found += [process, *process.children(recursive=True)]
        return found

    def printed(self, experiment, trial):
        """Return the stdout and stderr of a trial."""
        folder = self.home / "nni-experiments" / experiment.id / "environments/remote-worker1"
        files = (folder / "trials" / trial).glob("trial.std*")
        return "".join(file.read_text() for file in files)


@pytest.fixture(scope="module")
def machine(tmp_path_factory, ports, wait_until) -> Iterator[Machine]:
    folder, port = tmp_path_factory.mktemp("machine"), next(ports)
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
    log_file = folder / "sshd.log"
    with log_file.open("w") as log:
        server = psutil.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        wait_until(lambda: f"Server listening on 127.0.0.1 port {port}" in log_file.read_text())
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
def known_hosts(machine, nni_home) -> Path:
    """File of the user with the host key of the machine."""
    file = nni_home.folder / ".ssh" / "known_hosts"
    file.parent.mkdir()
    key = machine.key.with_name("host.pub").read_text()
    file.write_text(f"[127.0.0.1]:{machine.port} {key}")
    return file


@pytest.fixture
def config(machine, known_hosts):
    """The example experiment with that machine."""
    config = yaml.safe_load((EXPERIMENTS / "remote.yml").read_text())
    config["trainingService"]["machineList"] = [machine.config]
    return config | {"trialConcurrency": 2, "trialCodeDirectory": str(EXPERIMENTS)}


def test_trials_run_on_a_remote_machine(machine, nni_home, config):
    """One of them fails."""
    config["trialCommand"] = '[ "$NNI_TRIAL_SEQ_ID" != 1 ] && ' + config["trialCommand"]
    experiment, up = nni_home.up_as_process(config | {"maxTrialNumber": 4})
    copied = (
        rf"copied +{EXPERIMENTS} \(\d+ files, .+\) is copied to {getpass.getuser()}@127\.0\.0\.1; "
    )
    assert re.match(copied, up.stdout), up.stdout
    experiment.wait_for("DONE")
    trials = sorted(experiment.trial_jobs(), key=lambda trial: trial["sequenceId"])
    status = [trial["status"] for trial in trials]
    assert status == ["SUCCEEDED", "FAILED", "SUCCEEDED", "SUCCEEDED"]
    finals = {row["trialJobId"]: row["data"] for row in experiment.metric_data()}
    assert set(finals) == {t["trialJobId"] for t in trials if t["status"] == "SUCCEEDED"}
    assert all(3 < final["default"] < math.log(10_000) + 1 for final in finals.values())
    assert all(machine.printed(experiment, trial["trialJobId"]) == "" for trial in trials)
    keeper = machine.processes
    addresses = {
        connection.laddr.ip
        for process in keeper
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}  # for its sshd sets NODE_OPTIONS
    assert nni_home.run("experiment", "down").returncode == 0
    psutil.wait_procs(keeper, timeout=TIMEOUT_S)
    assert machine.processes == []


def test_reuse_mode(machine, nni_home, config):
    """Uses NNI's trial runner and command channel of clusters such as Kubernetes."""
    config["trainingService"]["reuseMode"] = True
    experiment = nni_home.up(config | {"maxTrialNumber": 2})
    try:
        experiment.wait_for("DONE")
        trials = experiment.trial_jobs()
        assert [trial["status"] for trial in trials] == ["SUCCEEDED"] * 2
        finals = {row["trialJobId"]: row["data"] for row in experiment.metric_data()}
        assert set(finals) == {trial["trialJobId"] for trial in trials}
        assert nni_home.run("experiment", "down").returncode == 0
    finally:
        shutil.rmtree(Path("/tmp/nni-experiments", experiment.id))  # NNI leaves it there


@pytest.fixture
def refusal(machine, nni_home, config, ports):
    """Function that runs `up`, which refuses to start, and returns the error."""

    def refusal(machine_config, *options, **fields):
        config["trainingService"]["machineList"] = [machine.config | machine_config]
        file = nni_home.write(config | fields)
        up = ("experiment", "up", "--config", str(file), "--port", str(next(ports)))
        refused = nni_home.run(*up, *options)
        assert (refused.returncode, refused.stdout) == (2, "")
        (message,) = [line for line in refused.stderr.splitlines() if line.startswith("error: ")]
        assert refused.stderr.endswith(f"{message}\n"), "after the steps that took a while"
        return message

    return refusal


def test_connections_are_tested_before_the_start(machine, refusal, ports):
    host_key = str(machine.key.with_name("host"))
    assert "check port, user and sshKeyFile" in refusal({"sshKeyFile": host_key})
    assert "check port, user and sshKeyFile" in refusal({"port": next(ports)})
    elsewhere = refusal({}, "--host", "0.0.0.0", nniManagerIp="203.0.113.7")
    assert "cannot connect to 203.0.113.7" in elsewhere
    assert "firewall" in elsewhere


def test_unknown_machines_are_refused(machine, refusal, known_hosts):
    """NNI would copy the code to them."""
    other = machine.key.with_name("user.pub").read_text()
    for unknown in ("", f"[127.0.0.1]:{machine.port} {other}"):
        known_hosts.write_text(unknown)
        message = refusal({})
        assert f"the host key of {machine.config['user']}@127.0.0.1 is not the one in" in message
        assert f"connect once by ssh -p {machine.port} " in message
