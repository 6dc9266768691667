"""Runs and tables of known values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from search_spaces.rnn_cell import published_recipe

MakeRun = Callable[..., TrainingRun]


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """A run of a published id: validation, test and training loss differ by .1, an epoch is 2 s."""

    def make(
        recipe_id: int,
        losses: list[float],
        status: str = "OK",
        name: str = "log",
        **changes: object,
    ) -> TrainingRun:
        values = np.array(losses, dtype=np.float64)
        arguments: dict[str, object] = {
            "architecture": published_recipe(recipe_id),
            "recipe_id": recipe_id,
            "name": name,
            "train_loss": values - 0.1,
            "val_loss": values,
            "test_loss": values + 0.1,
            "wall_time_s": np.full(len(values), 2.0),
            "status": status,
            "dataset": "ptb",
        }
        return TrainingRun(**(arguments | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def small_table(make_run: MakeRun) -> Table:
    """Ids 1000000 (two runs), 1000001 (broke off after 2 of 4 epochs, then a whole run),
    1000002 (failed before its first epoch) and 1000050."""
    runs = [
        make_run(1000001, [5.0, np.nan], "loss is nan!", name="a"),
        make_run(1000000, [5.0, 4.5, 4.25, 4.75], name="b"),
        make_run(1000002, [], "out of memory"),
        make_run(1000000, [6.0, 5.5, 5.25, 5.0], name="a"),
        make_run(1000050, [7.0, 6.0, 5.0, 4.0]),
        make_run(1000001, [4.0, 3.0, 2.0, 1.0], name="b"),
    ]
    return Table.from_runs(runs, name="small", space="rnn_cell", epochs=4)


@pytest.fixture(scope="session")
def measured_table(make_run: MakeRun) -> Table:
    """Three cells with a latency (of 1000002 unknown) and the energy of each training."""
    runs = [
        make_run(1000000, [5.0, 4.0], name="a", metrics={"latency": 30.0, "energy": 2.0}),
        make_run(1000000, [5.0, 4.2], name="b", metrics={"latency": 30.0, "energy": 3.0}),
        make_run(1000001, [5.0, 3.5], num_params=900, metrics={"latency": 45.5, "energy": 5.0}),
        make_run(1000002, [5.0, 3.0], num_params=700, metrics={"energy": 4.0}),
    ]
    metrics = (Objective("latency", "ms", requires_training=False), Objective("energy", "kWh"))
    return Table.from_runs(runs, name="measured", space="rnn_cell", epochs=2, metrics=metrics)


@pytest.fixture(scope="session")
def wikitext2_logs(shared: Callable[[str], Path]) -> Path:
    """The release's archive of WikiText-2 logs."""
    return shared("nas-bench-nlp/wikitext2_logs.zip")


@pytest.fixture(scope="session")
def wikitext2(wikitext2_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Table:
    """The table of those logs."""
    folder = tmp_path_factory.mktemp("tables") / "wikitext-2"
    import_benchmark(wikitext2_logs, "nas-bench-nlp", folder)
    return Table.load(folder)
