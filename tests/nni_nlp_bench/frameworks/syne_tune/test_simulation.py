"""Syne Tune's simulator on a table: its losses and its clock are those of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.evaluators.clock import SimulatedClock
from nni_nlp_bench.frameworks.syne_tune import simulator_backend
from nni_nlp_bench.testing import EPOCHS, synthetic_table

pytestmark = pytest.mark.framework("syne_tune")
OVERHEAD_S = 6.0
"""At most what Syne Tune adds to a training: its sleep of five seconds, and delays."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Syne Tune writes into a folder of the test, and draws on NumPy's global generator."""
    monkeypatch.setenv("SYNETUNE_FOLDER", str(tmp_path))
    np.random.seed(0)


def simulate(scheduler: str, trials: int, n_workers: int = 1, **arguments: Any) -> Any:
    """The results of a simulated run on the synthetic table, a row for each epoch."""
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
    from syne_tune.optimizer import baselines

    backend = simulator_backend(synthetic_table())
    callback = SimulatorCallback()
    space = backend.blackbox.configuration_space
    Tuner(
        trial_backend=backend,
        scheduler=getattr(baselines, scheduler)(space, random_seed=0, **arguments),
        stop_criterion=StoppingCriterion(max_num_trials_finished=trials),
        n_workers=n_workers,
        sleep_time=0,
        callbacks=[callback],
        save_tuner=False,
    ).run()
    return backend.blackbox, callback.dataframe()


def configurations(of_table: Any, rows: Any) -> list[dict[str, Any]]:
    """The configuration of each row."""
    return [
        {name: row[f"config_{name}"] for name in of_table.configuration_space}
        for row in rows.to_dict("records")
    ]


@pytest.mark.parametrize("n_workers", [1, 4])
def test_random_search(n_workers: int) -> None:
    of_table, rows = simulate("RandomSearch", 12, n_workers, metrics=["val_loss"])
    for configuration, row in zip(
        configurations(of_table, rows), rows.to_dict("records"), strict=True
    ):
        architecture = of_table.architecture_of(configuration)
        result = synthetic_table().query(architecture, row["epochs"], seed=0)
        assert row["elapsed_time"] == pytest.approx(result.wall_time_s, abs=0.01 * EPOCHS)
        if result.status == "OK":
            assert row["val_loss"] == result.val_loss
    clock = SimulatedClock(n_workers)
    trials = rows.drop_duplicates("trial_id", keep="last").sort_values("trial_id")
    ended = 0
    for configuration, row in zip(
        configurations(of_table, trials), trials.to_dict("records"), strict=True
    ):
        end = clock.run(of_table(configuration, EPOCHS, seed=0)["elapsed_time"]).end_s
        if row["epochs"] == EPOCHS:
            ended += 1
            assert end <= row["st_tuner_time"] <= end + OVERHEAD_S * (row["trial_id"] + 1)
    assert ended >= 12


def test_a_scheduler_that_stops_trainings_pays_for_those_epochs_only() -> None:
    _, rows = simulate("ASHA", 20, metric="val_loss", time_attr="epochs", max_t=EPOCHS)
    lengths = rows.groupby("trial_id").epochs.max()
    assert lengths.min() == 1 and lengths.max() == EPOCHS
    spent = rows.groupby("trial_id").elapsed_time.max().sum()
    assert spent <= rows.st_tuner_time.max() <= spent + OVERHEAD_S * len(lengths)
    best = rows.loc[rows.val_loss.idxmin()]
    assert best.epochs == EPOCHS, "the lowest loss is kept to the end"
