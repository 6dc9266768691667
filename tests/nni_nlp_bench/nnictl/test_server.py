"""`up`, `status` and `down` with real managers: who can reach them, and that they end."""

from __future__ import annotations

import json
import socket
import time

import httpx
import psutil
import pytest

pytestmark = pytest.mark.slow


def listening(experiment):
    """The addresses and ports that an experiment's processes listen on."""
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in experiment.processes
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def status(home):
    done = home.run("nni-nlp-bench", "status", "--json")
    assert done.returncode == 0, done.stderr
    return {e["id"]: e for e in json.loads(done.stdout)["experiments"]}


def wait_until(holds):
    """Wait for a condition, not for ever."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def gone(processes):
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


@pytest.fixture(scope="module")
def other_address():
    """An address of this machine beside loopback."""
    for interface in psutil.net_if_addrs().values():
        for address in interface:
            if address.family == socket.AF_INET and not address.address.startswith("127."):
                return address.address
    pytest.skip("this machine has no address beside loopback")


def test_up_serves_this_machine_alone(nni_home, tiny_config, other_address, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--no-warnings")
    command = 'echo "[$NODE_OPTIONS]" > seen; ' + tiny_config["trialCommand"]
    experiment = nni_home.up(tiny_config | {"trialCommand": command})
    assert listening(experiment) == {("127.0.0.1", experiment.port)}
    assert "<title>" in httpx.get(experiment.url).raise_for_status().text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{other_address}:{experiment.port}")
    experiment.wait_for("DONE")
    assert (nni_home.folder / "seen").read_text() == "[--no-warnings]\n"
    told = status(nni_home)[experiment.id]
    assert told == {
        "id": experiment.id,
        "name": "tiny",
        "status": "DONE",
        "trials_done": 3,
        "trials_max": 3,
        "port": experiment.port,
        "addresses": ["127.0.0.1"],
        "all_interfaces": False,
    }


def test_up_says_how_to_get_there_and_down_ends_it_all(nni_home, tiny_config, port):
    file = nni_home.write(tiny_config | {"trialCommand": "sleep 300 & sleep 300"})
    up = ("nni-nlp-bench", "up", "--config", str(file), "--port", str(port))
    started = nni_home.run(*up)
    (experiment,) = nni_home.experiments()
    for words in (experiment.id, f"http://127.0.0.1:{port}", f"ssh -L {port}:127.0.0.1:{port} "):
        assert words in started.stdout
    assert started.stderr == ""
    wait_until(lambda: [job["status"] for job in experiment.trial_jobs()] == ["RUNNING"])
    processes = experiment.processes
    assert sum("sleep" in p.cmdline() for p in processes) == 2
    again = nni_home.run(*up)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: port {port} is taken: choose another with --port\n"
    down = nni_home.run("nni-nlp-bench", "down")
    assert (down.returncode, down.stdout) == (0, f"{experiment.id} stopped\n")
    assert gone(processes)
    assert status(nni_home) == {}
    listed = nni_home.run("nnictl", "experiment", "list", "--all").stdout
    assert experiment.id in listed
    assert "STOPPED" in listed


def test_two_at_once_beside_one_of_plain_nnictl(nni_home, tiny_config, port):
    one, two = nni_home.up(tiny_config), nni_home.up(tiny_config)
    file = str(nni_home.write(tiny_config))
    assert nni_home.run("nnictl", "create", "--config", file, "--port", str(port)).returncode == 0
    (plain,) = (e for e in nni_home.experiments() if e.port == port)
    told = status(nni_home)
    assert [told[e.id]["all_interfaces"] for e in (one, two, plain)] == [False, False, True]
    table = nni_home.run("nni-nlp-bench", "status").stdout
    assert table.count("all interfaces!") == 1
    unclear = nni_home.run("nni-nlp-bench", "down")
    assert unclear.returncode == 2
    assert "give the id of one" in unclear.stderr
    assert nni_home.run("nni-nlp-bench", "down", one.id).returncode == 0
    assert set(status(nni_home)) == {two.id, plain.id}
    stopped = nni_home.run("nnictl", "stop", two.id)
    assert "Stop experiment success" in stopped.stdout
    assert set(status(nni_home)) == {plain.id}
    assert nni_home.run("nni-nlp-bench", "down", "--all").returncode == 0
    assert not (one.processes or two.processes or plain.processes)


def test_both_commands_resume_what_up_began(nni_home, tiny_config):
    experiment = nni_home.up(tiny_config)
    experiment.wait_for("DONE")
    running = nni_home.run("nni-nlp-bench", "up", "--resume", experiment.id)
    assert (running.returncode, running.stdout) == (2, "")
    port = str(experiment.port)
    nni_home.run("nni-nlp-bench", "down", experiment.id)
    resumed = nni_home.run("nni-nlp-bench", "up", "--resume", experiment.id, "--port", port)
    assert resumed.returncode == 0, resumed.stderr
    told = status(nni_home)[experiment.id]
    assert (told["trials_done"], told["addresses"]) == (3, ["127.0.0.1"])
    nni_home.run("nnictl", "stop", experiment.id)
    by_nnictl = nni_home.run("nnictl", "resume", experiment.id, "--port", port)
    assert by_nnictl.returncode == 0, by_nnictl.stdout
    assert status(nni_home)[experiment.id]["trials_done"] == 3


def test_host_adds_one_address(nni_home, tiny_config, other_address):
    experiment = nni_home.up(tiny_config, "--host", other_address)
    addresses = {address for address, _ in listening(experiment)}
    assert addresses == {"127.0.0.1", other_address}
    assert httpx.get(f"http://{other_address}:{experiment.port}").is_success
    experiment.wait_for("DONE")
    assert status(nni_home)[experiment.id]["addresses"] == ["127.0.0.1", other_address]
