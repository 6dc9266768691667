"""Benchmarks as pipelines of NePS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.frameworks.neps import pipeline
from nni_nlp_bench.testing import EPOCHS, synthetic_table

pytestmark = pytest.mark.framework("neps")


def run(
    benchmark: nb.Benchmark, folder: Path, optimizer: str, evaluations: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The configurations and evaluations of a run of NePS, which draws on global generators."""
    import neps

    from nni_nlp_bench.training.seeding import seed_all

    seed_all(0)
    evaluate, space = pipeline(benchmark)
    seen: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def recorded(**configuration: Any) -> dict[str, Any]:
        evaluation = evaluate(**configuration)
        seen.append((configuration, evaluation))
        return evaluation

    neps.run(
        recorded,
        space,
        root_directory=folder,
        optimizer=optimizer,
        worker_evaluations_to_spend=evaluations,
    )
    return seen


def test_evaluations_are_those_of_the_table() -> None:
    table = synthetic_table()
    evaluate, space = pipeline(table, seed=1)
    choices = table.space.choices()
    names = [*choices.categoricals, "epochs"]
    assert sorted(space.get_attrs()) == sorted(names)
    failed = 0
    for architecture in table.architectures()[:15]:
        try:
            sample = choices.to_sample(architecture)
        except nb.UserError:
            continue
        for epochs in (1, EPOCHS):
            result = table.query(architecture, epochs, seed=1)
            found = evaluate(**sample, epochs=epochs)
            loss = result.val_loss if result.status == OK else table.unit.failure
            assert found["objective_to_minimize"] == loss
            assert found["cost"] == result.wall_time_s
            assert found["info_dict"]["origin"] == "measured"
            assert table.space.parse(found["info_dict"]["architecture"]) == architecture
            failed += result.status != OK
    assert failed


def test_a_run_without_fidelities(tmp_path: Path) -> None:
    grid = GridBenchmark()
    seen = run(grid, tmp_path / "run", "neps_random_search", 10)
    assert len(seen) == 10
    for configuration, evaluation in seen:
        result = grid.query(grid.space.from_configuration(configuration))
        assert evaluation["info_dict"]["status"] == result.status
        if result.status == OK:
            assert evaluation["objective_to_minimize"] == result.val_loss


def test_hyperband_trains_the_better_ones_for_longer(tmp_path: Path) -> None:
    seen = run(synthetic_table(), tmp_path / "run", "neps_hyperband", 20)
    by_length: dict[int, dict[str, float]] = {}
    for configuration, evaluation in seen:
        losses = by_length.setdefault(configuration["epochs"], {})
        architecture = evaluation["info_dict"]["architecture"]
        losses[architecture] = evaluation["objective_to_minimize"]
    shortest, longer, *_ = sorted(by_length)
    assert longer <= EPOCHS
    first = by_length[shortest]
    promoted = [first[architecture] for architecture in by_length[longer] if architecture in first]
    assert promoted and np.mean(promoted) < np.mean([*first.values()]), "it minimises"
