"""`up` and `down` as processes, and several experiments at once: all processes end."""

from __future__ import annotations

import json

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nni]


def running(home):
    """Return the entries of `status` by experiment id."""
    done = home.run("experiment", "status", "--json")
    assert done.returncode == 0, done.stderr
    return {e["id"]: e for e in json.loads(done.stdout)["experiments"]}


def gone(processes):
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def test_up_prints_the_address_and_down_ends_all_processes(nni_home, tiny_config, wait_until):
    sleeping = tiny_config | {"trialCommand": "sleep 3000 & sleep 3000", "trialConcurrency": 1}
    experiment, started = nni_home.up_as_process(sleeping)
    port = experiment.port
    for words in (experiment.id, f"http://127.0.0.1:{port}", f"ssh -L {port}:127.0.0.1:{port} "):
        assert words in started.stdout
    assert all(line.endswith(" ...") for line in started.stderr.splitlines())
    wait_until(lambda: [job["status"] for job in experiment.trial_jobs()] == ["RUNNING"])
    wait_until(lambda: sum("sleep" in p.cmdline() for p in experiment.processes) == 2)
    processes = experiment.processes
    again = nni_home.run(
        "experiment", "up", "--config", str(nni_home.write(sleeping)), "--port", str(port)
    )
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: port {port} is in use: choose another with --port\n"
    down = nni_home.call("nni-nlp-bench", "experiment", "down")
    assert (down.returncode, down.stdout) == (0, f"{experiment.id} stopped\n")
    assert gone(processes)
    assert running(nni_home) == {}
    listed = nni_home.call("nnictl", "experiment", "list", "--all").stdout
    assert experiment.id in listed
    assert "STOPPED" in listed


def test_several_experiments_and_one_of_nnictl(nni_home, tiny_config):
    one, two = nni_home.up(tiny_config), nni_home.up(tiny_config)
    plain = nni_home.create_plainly(tiny_config)
    entries = running(nni_home)
    assert [entries[e.id]["all_interfaces"] for e in (one, two, plain)] == [False, False, True]
    table = nni_home.run("experiment", "status").stdout
    assert table.count("all interfaces!") == 1
    ambiguous = nni_home.run("experiment", "down")
    assert ambiguous.returncode == 2
    assert "give the id of one" in ambiguous.stderr
    assert nni_home.run("experiment", "down", one.id).returncode == 0
    assert set(running(nni_home)) == {two.id, plain.id}
    stopped = nni_home.call("nnictl", "stop", two.id)
    assert "Stop experiment success" in stopped.stdout
    assert set(running(nni_home)) == {plain.id}
    assert nni_home.run("experiment", "down", "--all").returncode == 0
    assert not (one.processes or two.processes or plain.processes)
