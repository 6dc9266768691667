"""Benchmarks as blackboxes of Syne Tune hold what the benchmarks answer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.syne_tune import blackbox
from nni_nlp_bench.testing import EPOCHS, synthetic_space, synthetic_table

pytestmark = pytest.mark.framework("syne_tune")
FAILURE = nb.LossUnit.NATS.failure


def expected(result: nb.Result) -> dict[str, float]:
    """The objectives of a result."""
    losses = {
        "train_loss": result.train_loss,
        "val_loss": result.val_loss,
        "test_loss": result.test_loss,
    }
    recorded = {name: loss for name, loss in losses.items() if loss is not None}
    if result.status != OK:
        recorded = dict.fromkeys(recorded, FAILURE)
    return {**recorded, "elapsed_time": result.wall_time_s}


def test_a_table_has_every_run_of_every_epoch() -> None:
    table = synthetic_table()
    of_table = blackbox(table)
    assert of_table.objectives_evaluations.shape == (len(of_table.architectures), 3, EPOCHS, 4)
    configurations = of_table.all_configurations()
    failed = 0
    for architecture, configuration in zip(of_table.architectures, configurations, strict=True):
        for epoch, seed in ((1, 0), (3, 1), (EPOCHS, 2)):
            result = table.query(architecture, epoch, seed)
            found = of_table(configuration, {"epochs": epoch}, seed=seed)
            assert found == pytest.approx(expected(result))
            failed += result.status != OK
    assert failed


def test_all_epochs_are_one_array() -> None:
    of_table = blackbox(synthetic_table(), metrics=["parameters"])
    (configuration, *_) = of_table.all_configurations()
    values = of_table(configuration, seed=1)
    assert values.shape == (EPOCHS, 5)
    assert values[:, 3].tolist() == [100.0 * (epoch + 1) for epoch in range(EPOCHS)]
    parameters = synthetic_table().parameters(of_table.architectures[0])
    assert values[:, 4].tolist() == [parameters] * EPOCHS
    assert of_table(configuration, 4, seed=1) == dict(
        zip(of_table.objectives_names, values[3], strict=True)
    )


def test_another_configuration_stands_for_the_nearest_architecture() -> None:
    table, space = synthetic_table(), synthetic_space()
    of_table = blackbox(table)
    choices = table.space.choices()
    rng = np.random.default_rng(0)
    others = [space.unwrapped.sample(rng) for _ in range(200)]
    asked = 0
    for other in others:
        try:
            sample = choices.to_sample(other)
        except UserError:
            continue
        nearest = space.nearest(other)
        if nearest in of_table.architectures:
            found = of_table(sample, EPOCHS, seed=0)
            assert found == pytest.approx(expected(table.query(nearest)))
            asked += other not in table
    assert asked > 50


def test_the_configuration_space_is_that_of_the_choices() -> None:
    of_table = blackbox(synthetic_table())
    categoricals = synthetic_table().space.choices().categoricals
    found = {name: of.categories for name, of in of_table.configuration_space.items()}
    assert found == {label: list(values) for label, values in categoricals.items()}
    assert list(of_table.hyperparameters.columns) == list(categoricals)


def test_syne_tune_writes_and_reads_it(tmp_path: Path) -> None:
    from syne_tune.blackbox_repository.blackbox_tabular import deserialize, serialize

    of_table = blackbox(synthetic_table())
    serialize({"synthetic": of_table}, path=tmp_path / "blackbox")
    again = deserialize(tmp_path / "blackbox")["synthetic"]
    for configuration in again.all_configurations()[:10]:
        assert again(configuration, 5, seed=2) == pytest.approx(of_table(configuration, 5, seed=2))


def test_a_table_without_curves_has_one_fidelity() -> None:
    grid = GridBenchmark()
    of_grid = blackbox(grid, metrics=["latency"])
    assert of_grid.fidelity_values.tolist() == [1]
    assert of_grid.objectives_evaluations.shape == (125, 1, 1, 3)
    for architecture, configuration in zip(
        of_grid.architectures, of_grid.all_configurations(), strict=True
    ):
        result = grid.query(architecture)
        loss = FAILURE if result.status != OK else result.val_loss
        latency = grid.known_metric("latency", architecture)
        assert of_grid(configuration, 1, seed=0) == {
            "val_loss": loss,
            "elapsed_time": result.wall_time_s,
            "latency": latency,
        }


def test_a_surrogate_answers_for_any_configuration() -> None:
    surrogate = nb.load("nas-bench-nlp/ptb-surrogate")
    of_surrogate = blackbox(surrogate)
    rng = np.random.default_rng(0)
    for _ in range(20):
        configuration: dict[str, Any] = {
            name: of.categories[int(rng.integers(len(of.categories)))]
            for name, of in of_surrogate.configuration_space.items()
        }
        architecture = surrogate.space.choices().from_sample(configuration)
        found = of_surrogate(configuration, {"epochs": surrogate.epochs}, seed=0)
        assert found == pytest.approx(expected(surrogate.query(architecture, seed=0)))
        assert all(map(math.isfinite, found.values()))


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(UserError, match="knows no 'val_loss' without a training"):
        blackbox(synthetic_table(), metrics=["val_loss"])
