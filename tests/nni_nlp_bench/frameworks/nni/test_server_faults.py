"""Errors of `up`, `status` and `down`: one line, exit code 2, no processes left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nni_nlp_bench.frameworks.nni.serving import server


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("experiment", "up", "--config", "missing.yml"), "missing.yml: No such file"),
        (("experiment", "up"), "give either --config FILE"),
        (("experiment", "up", "--resume", "abc"), "no stopped experiment abc"),
        (("experiment", "down"), "no experiment is running"),
        (("experiment", "down", "abc"), "experiment abc is not running"),
        (("experiment", "down", "abc", "--all"), "give either an id or --all"),
    ],
)
def test_errors(nni_home, command, message):
    done = nni_home.run(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr


def test_no_experiment_is_running(nni_home):
    assert "no experiment is running" in nni_home.run("experiment", "status").stdout
    output = nni_home.run("experiment", "status", "--json").stdout
    assert json.loads(output) == {"experiments": []}
    assert nni_home.run("experiment", "down", "--all").returncode == 0


@pytest.mark.slow
@pytest.mark.nni
def test_experiment_that_fails_at_the_start_is_stopped(nni_home, tiny_config, port):
    tuner = {"className": "no_such_module.Tuner", "codeDirectory": "."}
    file = nni_home.write(tiny_config | {"tuner": tuner})
    done = nni_home.call(
        "nni-nlp-bench", "experiment", "up", "--config", str(file), "--port", str(port)
    )
    assert (done.returncode, done.stdout) == (2, "")
    *steps, error = done.stderr.splitlines()
    assert all(step.endswith(" ...") for step in steps)
    assert error.startswith("error: ")
    (name,) = done.stderr.split("the logs are in ")[1:]
    assert "no_such_module" in Path(name.strip(), "dispatcher.log").read_text()
    assert "no experiment is running" in nni_home.run("experiment", "status").stdout


@pytest.mark.slow
@pytest.mark.nni
@pytest.mark.parametrize(("slow_starts", "patience_s", "code"), [(1, 20, 0), (9, 2, 2)])
def test_slow_manager_is_started_again(
    nni_home, tiny_config, port, monkeypatch, slow_starts, patience_s, code
):
    starts, script = nni_home.folder / "starts", nni_home.folder / "slow.js"
    script.write_text(f"""
        const fs = require("fs");
        fs.appendFileSync({json.dumps(str(starts))}, "x");
        if (fs.statSync({json.dumps(str(starts))}).size <= {slow_starts}) {{
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600000);
        }}
    """)
    monkeypatch.setenv("NODE_OPTIONS", f"--require={json.dumps(str(script))}")
    monkeypatch.setattr(server, "_MANAGER_S", patience_s)
    file = nni_home.write(tiny_config)
    done = nni_home.run("experiment", "up", "--config", str(file), "--port", str(port))
    assert done.returncode == code
    assert len(nni_home.experiments()) == (code == 0)
    assert ("not ready in time" in done.stderr) == (code == 2)
    assert len(starts.read_text()) >= 2
