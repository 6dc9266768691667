"""Objectives of benchmarks, and metrics recorded beside losses."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.policies import query_run
from search_spaces.rnn_cell import published_recipe

RNN, LSTM, GRU = (published_recipe(1000000 + i) for i in range(3))
MakeRun = Callable[..., TrainingRun]


def test_metrics_survive_saving(measured_table: Table, tmp_path: Path) -> None:
    measured_table.save(tmp_path / "table")
    table = Table.load(tmp_path / "table")
    assert table.metadata == measured_table.metadata
    assert table.digest == measured_table.digest
    assert table.query(RNN, seed=1).metrics == {"latency": 30.0, "energy": 3.0}
    assert table.query(GRU).metrics == {"energy": 4.0}
    assert query_run(table, RNN, None, "mean", 0).metrics == {"latency": 30.0, "energy": 2.5}


def test_objectives_of_a_table(measured_table: Table) -> None:
    names = ["val_loss", "perplexity", "parameters", "training_time", "latency", "energy"]
    assert [*measured_table.objectives] == names
    result = measured_table.query(LSTM)
    values = [measured_table.value(name, LSTM, result) for name in names]
    assert values == [3.5, math.exp(3.5), 900.0, 4.0, 45.5, 5.0]
    assert measured_table.known_metric("latency", LSTM) == 45.5


def test_unknown_values_are_not_made_up(measured_table: Table) -> None:
    result = measured_table.query(GRU)
    with pytest.raises(BenchmarkError, match="does not record the latency"):
        measured_table.value("latency", GRU, result)
    with pytest.raises(BenchmarkError, match="does not record the parameters"):
        measured_table.parameters(RNN)  # the space's number is that of another width
    with pytest.raises(BenchmarkError, match="knows no energy without a training"):
        measured_table.known_metric("energy", GRU)
    with pytest.raises(BenchmarkError, match="no objective 'flops'; it has: val_loss, perplexity"):
        measured_table.value("flops", GRU, result)


def test_every_kind_of_benchmark_has_objectives(
    shared: Callable[[str], Path], tmp_path: Path
) -> None:
    surrogate = nb.load("nas-bench-nlp/ptb-surrogate")
    assert [*surrogate.objectives] == ["test_loss", "perplexity", "parameters", "training_time"]
    cell = surrogate.space.parse("lstm")
    assert surrogate.parameters(cell) == surrogate.space.describe(cell)["parameters"]
    mini = nb.load("mini")
    assert mini.parameters(mini.architectures()[0]) == 73_256  # type: ignore[index]
    source = shared("nas-bench-bert/BERT_benchmark.json")
    import_benchmark(source, "nas-bench-bert", tmp_path / "bert")
    bert = Table.load(tmp_path / "bert")
    assert bert.objectives["score"] == Objective("score", "points", "maximize")
    encoder = bert.architectures()[0]
    assert bert.parameters(encoder) == bert.space.describe(encoder)["parameters"]


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ([Objective("parameters")], "cannot be named 'parameters'"),
        ([Objective("GPU latency", "ms")], "cannot be named"),
        ([Objective("latency"), Objective("latency")], "more than once"),
        ([Objective("memory")], "the metric latency has no declared unit"),
    ],
)
def test_wrong_declarations_are_refused(
    make_run: MakeRun, metrics: list[Objective], message: str
) -> None:
    run = make_run(1000000, [5.0], metrics={"latency": 1.0})
    with pytest.raises(UserError, match=message):
        Table.from_runs([run], name="t", space="rnn_cell", epochs=1, metrics=metrics)


def test_tables_of_version_1_are_read(small_table: Table, tmp_path: Path) -> None:
    small_table.save(tmp_path / "table")
    file = tmp_path / "table" / "metadata.json"
    metadata = json.loads(file.read_text())
    del metadata["metrics"]
    file.write_text(json.dumps(metadata | {"format_version": 1}))
    old = Table.load(tmp_path / "table")
    assert old.digest == small_table.digest
    assert old.metrics == ()


def test_the_digest_covers_metrics(measured_table: Table, tmp_path: Path) -> None:
    latency, energy = measured_table.metrics
    in_seconds = replace(latency, unit="s"), energy
    metadata = replace(measured_table.metadata, metrics=in_seconds)
    assert Table(metadata, measured_table.arrays).digest != measured_table.digest
    measured_table.save(tmp_path / "table")
    values = np.load(tmp_path / "table" / "metrics.npy")
    np.save(tmp_path / "table" / "metrics.npy", values + np.inf)
    with pytest.raises(BenchmarkError, match=r"metrics\.npy is damaged \(out of range\)"):
        Table.load(tmp_path / "table")
