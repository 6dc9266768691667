"""Time the adapters to Syne Tune and NePS: `python tests/performance/bench_syne_tune_neps.py`.

Prints microseconds of an evaluation, a full training epoch by epoch, on a table of invented cells,
as ratios to the table's own query. Syne Tune's simulator runs the same configurations and seeds on
the adapter and on a plain `BlackboxTabular` of the same arrays; NePS runs random search on the
adapter and on a function that returns a constant.
"""

from __future__ import annotations

import argparse
import logging
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nni_nlp_bench as nb
from nni_nlp_bench.frameworks.neps import pipeline
from nni_nlp_bench.frameworks.syne_tune import blackbox
from nni_nlp_bench.testing import synthetic_table

Row = tuple[str, float]
"""What was timed, and microseconds of an evaluation."""


def microseconds(run: Callable[[], object], evaluations: int) -> float:
    """Shortest time of an evaluation in three runs."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) / evaluations * 1e6


def query_rows(table: nb.Table, count: int) -> list[Row]:
    """The table alone, and a search on it."""
    architectures = table.architectures()[:count]

    def query() -> None:
        for architecture in architectures:
            table.query(architecture)

    def search() -> None:
        nb.search(table, "random", n_trials=count)

    return [
        ("query", microseconds(query, count)),
        ("random search", microseconds(search, count)),
    ]


def syne_tune_rows(table: nb.Table, count: int) -> list[Row]:
    """Syne Tune's look-up and simulator, on the adapter and on a plain blackbox."""
    from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular

    adapted = blackbox(table)
    plain = BlackboxTabular(
        adapted.hyperparameters,
        adapted.configuration_space,
        adapted.fidelity_space,
        adapted.objectives_evaluations,
        adapted.fidelity_values,
        adapted.objectives_names,
    )
    configurations = adapted.all_configurations()[:count]
    rows = []
    for name, of in (("adapter", adapted), ("its own blackbox", plain)):

        def look_up(of: Any = of) -> None:
            for configuration in configurations:
                of(configuration, seed=0)

        def simulate(of: Any = of) -> None:
            _simulate(of, configurations)

        rows += [
            (f"Syne Tune, {name}: look-up", microseconds(look_up, len(configurations))),
            (f"Syne Tune, {name}: simulator", microseconds(simulate, len(configurations))),
        ]
    return rows


def _simulate(of: Any, configurations: list[dict[str, Any]]) -> None:
    """Run the configurations; the last one, which is started when the others end, is stopped."""
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
    from syne_tune.blackbox_repository import UserBlackboxBackend
    from syne_tune.optimizer.baselines import RandomSearch

    scheduler = RandomSearch(
        of.configuration_space,
        metrics=["val_loss"],
        random_seed=0,
        points_to_evaluate=configurations,
    )
    Tuner(
        trial_backend=UserBlackboxBackend(of, "elapsed_time", seed=0),
        scheduler=scheduler,
        stop_criterion=StoppingCriterion(max_num_trials_finished=len(configurations) - 1),
        n_workers=1,
        sleep_time=0,
        callbacks=[SimulatorCallback()],
        save_tuner=False,
    ).run()


def neps_rows(table: nb.Table, count: int) -> list[Row]:
    """NePS' random search, on the adapter and on a constant."""
    import neps

    evaluate, space = pipeline(table)
    rows = []
    for name, function in (("adapter", evaluate), ("a constant", _constant)):

        def search(function: Callable[..., Any] = function) -> None:
            with TemporaryDirectory() as folder:
                neps.run(
                    function,
                    space,
                    root_directory=Path(folder) / "run",
                    optimizer=("neps_random_search", {"ignore_fidelity": "highest_fidelity"}),
                    worker_evaluations_to_spend=count,
                )

        rows.append((f"NePS, {name}: random search", microseconds(search, count)))
    return rows


def _constant(**configuration: Any) -> float:
    return 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--neps-evaluations", type=int, default=20)
    parser.add_argument("--cells", type=int, default=1000)
    options = parser.parse_args()
    missing = [library for library in ("syne_tune", "neps") if find_spec(library) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed")
        return
    logging.disable(logging.WARNING)
    table = synthetic_table(options.cells)
    with TemporaryDirectory() as folder:
        os.environ["SYNETUNE_FOLDER"] = folder
        rows = query_rows(table, options.evaluations)
        rows += syne_tune_rows(table, options.evaluations)
        rows += neps_rows(table, options.neps_evaluations)
    bare = rows[0][1]
    for name, time_us in rows:
        print(f"{name:40} {time_us:12,.0f} us {time_us / bare:10,.0f} times a query")


if __name__ == "__main__":
    main()
