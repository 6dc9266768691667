"""Results of a study against calculations by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.measures import Reference
from nni_nlp_bench.reports.statistics import interval_of_mean
from nni_nlp_bench.reports.study import regrets_at, regrets_by_method, study_rows
from nni_nlp_bench.reports.study_plot import draw_study, plotted_costs
from nni_nlp_bench.strategies.compare import Comparison
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.equal_cost import Cost
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.study import Study
from search_spaces.rnn_cell.published import published_recipe

CELL = published_recipe(1000001)
REFERENCE = Reference(4.0, LossUnit.NATS, "lowest")
HOURS, TRAININGS = Cost("simulated hours", 8.0), Cost("full trainings", 4.0)


def run(name: str, seed: int, *trials: tuple[float, float, float, int]) -> SearchResult:
    """Return a search of (validation loss, test loss, end in hours, epochs); NaN is a failure."""
    return SearchResult(name, seed, tuple(_trial(i, *trial) for i, trial in enumerate(trials)))


def _trial(index: int, val: float, test: float, end_h: float, epochs: int) -> Trial:
    status = "loss is nan!" if math.isnan(val) else "OK"
    result = Result(None, val, test, 0.0, status, epochs, 0, "measured", "synthetic")
    score = -9.2 if math.isnan(val) else -val
    return Trial(
        index, CELL, None, None, CELL.canonical_key, result, score, epochs, 0.0, 3600 * end_h
    )


FIRST = run(
    "a", 0, (5.0, 4.8, 1, 10), (math.nan, math.nan, 2, 5), (4.5, 4.9, 4, 5), (4.4, 4.1, 9, 20)
)
SECOND = run("a", 1, (4.6, 4.6, 2, 10), (4.7, 4.0, 3, 10))
THIRD = run("a", 2, (5.0, 5.0, 2, 10), (4.2, 4.3, 8, 30))
OTHER = [run("b", k, (5.0, 4.0 + k / 4, 1 + k, 10)) for k in range(2)]


def test_regret_at_a_cost_is_that_of_the_finished_incumbent() -> None:
    at = np.array([0.5, 1, 3, 4, 8, 9])
    hours = regrets_at(FIRST, at, HOURS, 10, REFERENCE)
    assert hours == pytest.approx([math.nan, 0.8, 0.8, 0.9, 0.9, 0.1], nan_ok=True)
    trainings = regrets_at(FIRST, np.array([0.9, 1.0, 1.9, 2.0, 4.0]), TRAININGS, 10, REFERENCE)
    assert trainings == pytest.approx([math.nan, 0.8, 0.8, 0.9, 0.1], nan_ok=True)
    ended_early = regrets_at(SECOND, np.array([2.5, 100.0]), HOURS, 10, REFERENCE)
    assert ended_early == pytest.approx([0.6, 0.6])


def test_rows_have_means_and_intervals_over_seeds() -> None:
    found = study_rows([FIRST, *OTHER, SECOND, THIRD], HOURS, 10, REFERENCE)
    assert [(f.method, f.share, f.cost, f.seeds) for f in found] == [
        (name, share, 8 * share, seeds)
        for name, seeds in (("b", 2), ("a", 3))
        for share in (0.25, 0.5, 0.75, 1.0)
    ]
    b, a = found[:4], found[4:]
    assert [f.regret for f in b] == pytest.approx([0.125] * 4)
    assert [f.regret for f in a] == pytest.approx([2.4 / 3, 2.5 / 3, 2.5 / 3, 1.8 / 3])
    assert all(math.isnan(f.low) and math.isnan(f.high) for f in b)
    assert (a[0].low, a[0].high) == pytest.approx((0.6, 1.0))
    interval = interval_of_mean([0.9, 0.6, 0.3])
    assert interval is not None
    assert (a[3].low, a[3].high) == pytest.approx((interval.low, interval.high))


def test_mean_is_nan_if_a_seed_failed() -> None:
    failed = run("c", 0, (math.nan, math.nan, 1, 5))
    found = study_rows([failed, *OTHER], HOURS, 10, REFERENCE)
    assert [f.method for f in found[::4]] == ["b", "c"]
    assert all(math.isnan(f.regret) for f in found[4:])


def test_plot_with_and_without_successful_trainings(tmp_path: Path) -> None:
    failed = run("c", 0, (math.nan, math.nan, 1, 5))
    tables = regrets_by_method(
        [FIRST, SECOND, THIRD, failed], plotted_costs(HOURS), HOURS, 10, REFERENCE
    )
    configs = StrategyConfig("a", "random"), StrategyConfig("c", "tpe")
    comparison = Comparison(configs, (0, 1, 2))
    study = Study(comparison, HOURS, ("left out", "a", "c"), {"left out": "why"})
    draw_study(tmp_path / "study.png", tables, study, REFERENCE, "synthetic")
    assert (tmp_path / "study.png").read_bytes().startswith(b"\x89PNG")
