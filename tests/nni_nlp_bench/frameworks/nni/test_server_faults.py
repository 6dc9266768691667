"""`up`, `status` and `down` where something is wrong: one line, exit code 2, nothing left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nni_nlp_bench.frameworks.nni.serving import server


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("experiment", "up", "--config", "missing.yml"), "missing.yml: No such file"),
        (("experiment", "up"), "give --config FILE"),
        (("experiment", "up", "--resume", "abc"), "no stopped experiment abc"),
        (("experiment", "down"), "no experiment runs"),
        (("experiment", "down", "abc"), "no experiment abc runs"),
        (("experiment", "down", "abc", "--all"), "contradict"),
    ],
)
def test_mistakes_end_with_2_and_one_line(nni_home, command, says):
    done = nni_home.run(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_nothing_runs(nni_home):
    assert "no experiment runs" in nni_home.run("experiment", "status").stdout
    told = nni_home.run("experiment", "status", "--json").stdout
    assert json.loads(told) == {"experiments": []}
    assert nni_home.run("experiment", "down", "--all").returncode == 0


@pytest.mark.slow
@pytest.mark.nni
@pytest.mark.timeout(600)
def test_an_experiment_that_fails_at_once_is_refused_and_stopped(nni_home, tiny_config, port):
    tuner = {"className": "no_such_module.Tuner", "codeDirectory": "."}
    file = nni_home.write(tiny_config | {"tuner": tuner})
    done = nni_home.call(
        "nni-nlp-bench", "experiment", "up", "--config", str(file), "--port", str(port)
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    (name,) = done.stderr.split("the logs are in ")[1:]
    assert "no_such_module" in Path(name.strip(), "dispatcher.log").read_text()
    assert "no experiment runs" in nni_home.run("experiment", "status").stdout


@pytest.mark.slow
@pytest.mark.nni
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("slow_starts", "patience_s", "code"), [(1, 15, 0), (9, 2, 2)])
def test_a_manager_that_is_slow_gets_more_than_one_chance(
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
