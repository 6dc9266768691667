"""`up`, `status` and `down` with real managers: addresses and resuming."""

from __future__ import annotations

import json
import socket

import httpx
import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


def listening(experiment):
    """Return the addresses and ports on which an experiment listens."""
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in experiment.processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def status(home):
    done = home.run("experiment", "status", "--json")
    assert done.returncode == 0, done.stderr
    return {e["id"]: e for e in json.loads(done.stdout)["experiments"]}


def get(address, port):
    return httpx.get(f"http://{address}:{port}", verify=False, trust_env=False)


@pytest.fixture(scope="module")
def other_address():
    """An address of this machine other than loopback."""
    for interface in psutil.net_if_addrs().values():
        for address in interface:
            if address.family == socket.AF_INET and not address.address.startswith("127."):
                return address.address
    pytest.skip("this machine has only the loopback address")


@pytest.fixture(scope="module")
def experiment(module_nni_home, tiny_config):
    """A finished experiment."""
    command = 'echo "[$NODE_OPTIONS]" > seen; ' + tiny_config["trialCommand"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_OPTIONS", "--no-warnings")
        experiment = module_nni_home.up(tiny_config | {"trialCommand": command})
    experiment.wait_for("DONE")
    return experiment


def test_up_listens_on_loopback_only(experiment, module_nni_home, other_address):
    assert listening(experiment) == {("127.0.0.1", experiment.port)}
    assert "<title>" in get("127.0.0.1", experiment.port).raise_for_status().text
    with pytest.raises(httpx.ConnectError):
        get(other_address, experiment.port)
    entry = status(module_nni_home)[experiment.id]
    assert entry == {
        "id": experiment.id,
        "name": "tiny",
        "status": "DONE",
        "trials_done": 3,
        "trials_max": 3,
        "port": experiment.port,
        "addresses": ["127.0.0.1"],
        "all_interfaces": False,
    }


def test_trials_get_the_original_node_options(experiment, module_nni_home):
    assert (module_nni_home.folder / "seen").read_text() == "[--no-warnings]\n"


def test_experiment_is_resumed_by_both_commands(experiment, module_nni_home):
    """Last test with the module's experiment."""
    running = module_nni_home.run("experiment", "up", "--resume", experiment.id)
    assert (running.returncode, running.stdout) == (2, "")
    module_nni_home.run("experiment", "down", experiment.id)
    assert module_nni_home.up_again(experiment).id == experiment.id
    entry = status(module_nni_home)[experiment.id]
    assert (entry["trials_done"], entry["addresses"]) == (3, ["127.0.0.1"])
    module_nni_home.call("nnictl", "stop", experiment.id)
    assert status(module_nni_home) == {}
    assert module_nni_home.resume(experiment).id == experiment.id
    assert status(module_nni_home)[experiment.id]["trials_done"] == 3


def test_host_adds_an_address(nni_home, tiny_config, other_address):
    experiment = nni_home.up(tiny_config, "--host", other_address)
    addresses = {address for address, _ in listening(experiment)}
    assert addresses == {"127.0.0.1", other_address}
    assert get(other_address, experiment.port).is_success
    experiment.wait_for("DONE")
    assert status(nni_home)[experiment.id]["addresses"] == ["127.0.0.1", other_address]
