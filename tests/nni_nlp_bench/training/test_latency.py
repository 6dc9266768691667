"""Latency of networks, measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from in_process import run

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.testing import synthetic_table
from nni_nlp_bench.training.settings import Sizes

pytest.importorskip("torch")

SMALL = {"length": 8, "warmup": 1, "repeats": 5, "sizes": Sizes(16, 16, 1)}


@pytest.mark.parametrize("space", ["rnn_cell", "enas_cell", "encoder", "textnas", "emd_cell"])
def test_longer_texts_take_longer(space: str) -> None:
    architecture = nb.get_space(space).sample(np.random.default_rng(0))
    short = nb.measure_latency(architecture, space=space, **SMALL)
    assert 0 < short.low_ms <= short.median_ms <= short.high_ms
    long = nb.measure_latency(architecture, space=space, **(SMALL | {"length": 64, "batch": 4}))
    assert long.median_ms > 1.5 * short.median_ms


def test_latency_is_an_objective_of_the_measured_table(tmp_path: Path) -> None:
    synthetic_table(12).save(tmp_path / "table")
    sizes = ("--embedding", 8, "--hidden", 8, "--layers", 1, "--length", 4, "--repeats", 3)
    out = tmp_path / "measured"
    done = run("arch", "latency", "--benchmark", tmp_path / "table", "--out", out, *sizes)
    assert done.returncode == 0, done.stderr
    table = Table.load(out)
    assert "latency: 1 x 4 tokens, median of 3 runs" in table.metadata.description
    values = [table.known_metric("latency", a) for a in table.architectures()]
    assert min(values) > 0
    result = nb.search(table, "ehvi", n_trials=12, objectives=["val_loss", "latency"])
    found = {trial.values[1] for trial in result.trials if trial.values}
    assert len(found) == 11 and found < {*values}
    wrong = run("arch", "latency", "--benchmark", tmp_path / "table")
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_a_metric_is_replaced_by_its_newer_values() -> None:
    table = synthetic_table(12)
    latency = Objective("latency", "ms", requires_training=False)
    first = table.with_metric(latency, [1.0] * 12, "once")
    again = first.with_metric(Objective("memory", "MB"), [2.0] * 12, "more")
    last = again.with_metric(latency, [3.0] * 12, "twice")
    assert [metric.name for metric in last.metrics] == ["memory", "latency"]
    assert last.query(last.architectures()[0]).metrics == {"memory": 2.0, "latency": 3.0}
    assert table.metrics == ()
