"""Searches with several objectives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.strategies.configs import StrategyLike
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.testing import synthetic_table

OBJECTIVES = ("val_loss", "parameters")
GRID = GridBenchmark()


class Failing(GridBenchmark):
    """Every training fails."""

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        return replace(super().query(architecture), status="out of memory")


def keys(result: SearchResult) -> set[str]:
    return {trial.key for trial in result.pareto_front()}


@pytest.mark.parametrize(
    ("strategy", "n_trials", "names"),
    [
        ("random", 125, OBJECTIVES),
        (("nsga2", {"population": 40}), 800, OBJECTIVES),
        ("ehvi", 80, OBJECTIVES),
        ("ehvi", 125, ("perplexity", "latency", "parameters")),
    ],
)
def test_enough_evaluations_find_the_exact_front(
    strategy: StrategyLike, n_trials: int, names: tuple[str, ...]
) -> None:
    restrict = n_trials <= len(GRID.architectures())
    result = nb.search(GRID, strategy, n_trials=n_trials, objectives=names, restrict=restrict)
    assert keys(result) == GRID.exact_front(*names)


def test_the_front_is_sorted_and_of_successful_trainings() -> None:
    result = nb.search(GRID, "random", n_trials=125, objectives=OBJECTIVES)
    assert sum(trial.failed for trial in result.trials) == 2
    values = np.array([trial.values for trial in result.pareto_front()])
    assert (np.diff(values[:, 0]) > 0).all()
    assert (np.diff(values[:, 1]) < 0).all()
    first = result.trials[0]
    assert first.values is not None
    assert result.losses()[0] == pytest.approx([first.values[0], np.log(first.values[1])])
    assert result.to_dataframe()["parameters"].notna().sum() == 123


def test_objectives_change_nothing_else() -> None:
    table = synthetic_table()
    one = nb.search(table, "random", n_trials=20)
    two = nb.search(table, "random", n_trials=20, objectives=["valid_loss", "parameters"])
    assert [trial.key for trial in one.trials] == [trial.key for trial in two.trials]
    assert one.pareto_front() == (one.best_trial,)
    assert all(trial.values is None for trial in one.trials)


@pytest.mark.parametrize("strategy", ["nsga2", "ehvi", "regularized_evolution"])
def test_an_interrupted_search_is_resumed(strategy: str, tmp_path: Path) -> None:
    def stop(trial: nb.Trial) -> None:
        if trial.index == 13:
            raise KeyboardInterrupt

    def run(**more: object) -> SearchResult:
        journal = tmp_path / "journal.jsonl"
        return nb.search(  # type: ignore[arg-type]
            GRID, strategy, n_trials=20, objectives=OBJECTIVES, journal=journal, **more
        )

    with pytest.raises(KeyboardInterrupt):
        run(callback=stop)
    resumed = run()
    whole = nb.search(GRID, strategy, n_trials=20, objectives=OBJECTIVES)
    assert [(t.key, t.values) for t in resumed.trials] == [(t.key, t.values) for t in whole.trials]


def test_models_find_more_of_the_front_than_random_search() -> None:
    def found(strategy: str) -> int:
        searches = [
            nb.search(GRID, strategy, n_trials=30, seed=seed, objectives=OBJECTIVES)
            for seed in range(3)
        ]
        return sum(len(keys(s) & GRID.exact_front(*OBJECTIVES)) for s in searches)

    assert found("ehvi") > found("parego") > found("random")


@pytest.mark.parametrize("strategy", ["ehvi", "regularized_evolution", "nsga2"])
def test_a_search_without_a_success_goes_on(strategy: str) -> None:
    result = nb.search(Failing(), strategy, n_trials=30, objectives=OBJECTIVES)
    assert len(result.trials) == 30
    assert result.pareto_front() == ()


@pytest.mark.parametrize(
    ("strategy", "objectives", "message"),
    [
        ("tpe", OBJECTIVES, "'tpe' optimises at most 1 objective, not 2: take random"),
        ("ehvi", (), "'ehvi' optimises several objectives: name them"),
        ("ehvi", ("val_loss",), "give several different ones"),
        ("random", ("val_loss", "valid_loss"), "give several different ones"),
        ("random", ("val_loss", "latency"), "no objective 'latency'; it has: val_loss, perplexity"),
        (
            "ehvi",
            ("val_loss", "perplexity", "parameters", "training_time"),
            "at most 3 objectives, not 4",
        ),
    ],
)
def test_wrong_objectives_are_refused(
    strategy: str, objectives: tuple[str, ...], message: str
) -> None:
    with pytest.raises(nb.UserError, match=message):
        nb.search(synthetic_table(), strategy, n_trials=2, objectives=objectives)
