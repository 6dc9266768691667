"""Regret, targets and rankings of searches with known results."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from nni_nlp_bench.benchmarks.base import OK, Result
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.trial import Trial
from nni_nlp_bench.reports.files import write_best, write_trials
from nni_nlp_bench.reports.measures import (
    Reference,
    first_within_target,
    incumbents,
    reference_loss,
    regrets,
    summarize,
)
from nni_nlp_bench.reports.page.formatting import format_hours
from nni_nlp_bench.reports.plot import draw_regret
from nni_nlp_bench.reports.ranking import rank, ranking_text
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.testing import synthetic_table
from search_spaces.rnn_cell import published_recipe


def make_run(losses: list[tuple[float, float]], strategy: str = "s", seed: int = 0) -> SearchResult:
    """Return a search with these validation and test losses; NaN is a failed training."""
    trials = []
    for i, (val_loss, test_loss) in enumerate(losses):
        failed = math.isnan(val_loss)
        result = Result(
            train_loss=None,
            val_loss=val_loss,
            test_loss=test_loss,
            wall_time_s=3600.0,
            status="loss is nan!" if failed else OK,
            epoch=5,
            seed=0,
            origin="measured",
            source="synthetic",
        )
        cell = published_recipe(1000003 + i)
        score = -9.0 if failed else -val_loss
        start, end, key = 3600.0 * i, 3600.0 * (i + 1), cell.canonical_key
        trials.append(Trial(i, cell, None, None, key, result, score, 5, start, end))
    return SearchResult(strategy, seed, tuple(trials))


NAN = math.nan
RUN = make_run([(NAN, NAN), (5.0, 5.2), (5.5, 4.0), (4.8, 5.1), (4.9, 1.0)])
REFERENCE = Reference(5.09, LossUnit.NATS, "best of the table")


def test_incumbent_is_selected_by_validation_loss_and_reported_by_test_loss() -> None:
    found = [None if best is None else best.index for best in incumbents(RUN.trials)]
    assert found == [None, 1, 1, 3, 3]
    assert regrets(RUN.trials, REFERENCE) == pytest.approx(
        [NAN, 0.11, 0.11, 0.01, 0.01], nan_ok=True
    )


def test_summarize() -> None:
    row = summarize(RUN, REFERENCE)
    assert row.best_metric == pytest.approx(math.exp(5.1))
    assert row.regret == pytest.approx(0.01)
    assert (row.evaluations_to_target, row.hours_to_target) == (4, 4.0)
    assert (row.evaluations, row.distinct, row.epochs, row.failed) == (5, 5, 25, 1)
    assert row.simulated_hours == 5.0


def test_evaluations_to_target_are_none_if_it_is_never_reached() -> None:
    row = summarize(make_run([(5.0, 6.0)]), REFERENCE)
    assert row.evaluations_to_target is row.hours_to_target is None


def test_reference_of_a_table_is_its_lowest_test_loss() -> None:
    table = synthetic_table(20)
    best = min(
        curve.test_loss[-1]
        for cell in table.architectures()
        if (curve := table.curve(cell, 0)).status == OK
    )
    reference = reference_loss(table, [])
    assert reference == Reference(best, LossUnit.NATS, "lowest of synthetic", known=True)


def test_lower_loss_than_the_table_becomes_the_reference() -> None:
    table = synthetic_table(20)
    reference = reference_loss(table, [make_run([(1.0, 1.5)])])
    assert reference.loss == 1.5
    assert "below all of synthetic" in reference.meaning


def test_strategies_are_ranked_by_mean_regret() -> None:
    runs = [
        make_run([(6.0, 6.0)], "slow", 0),
        make_run([(5.1, 5.1)], "slow", 1),
        make_run([(5.2, 5.2)], "steady", 0),
        make_run([(5.2, 5.2)], "steady", 1),
        make_run([(NAN, NAN)], "broken", 0),
    ]
    ranked = rank([summarize(run, REFERENCE) for run in runs])
    assert [row.strategy for row in ranked] == ["steady", "slow", "broken"]
    assert ranked[1].best_metric == pytest.approx(math.exp(5.1))
    assert (ranked[1].reached_target, ranked[1].seeds, ranked[1].evaluations_to_target) == (
        1,
        2,
        1.0,
    )
    assert math.isnan(ranked[2].regret)


def test_metrics_over_seeds_by_hand() -> None:
    """Losses are ln 100, ln 200, ln 600: mean perplexity 300, sample standard deviation 264.6."""
    found = [math.log(100), math.log(200), math.log(600)]
    reference = replace(REFERENCE, loss=math.log(100))
    runs = [make_run([(9.0, 9.0)] * (3 * i) + [(loss, loss)]) for i, loss in enumerate(found)]
    runs += [make_run([(9.0, 9.0)] * 10 + [(found[0], found[0])])]
    (row,) = rank([summarize(run, reference) for run in runs[:3]])
    assert (row.metric, row.best_metric) == (pytest.approx(300), pytest.approx(100))
    assert row.metric_sd == pytest.approx(math.sqrt((200**2 + 100**2 + 300**2) / 2))
    assert row.regret == pytest.approx((math.log(2) + math.log(6)) / 3)
    assert (row.reached_target, row.evaluations_to_target) == (1, 1)
    (row,) = rank([summarize(run, replace(reference, loss=7.0)) for run in runs])
    assert (row.reached_target, row.evaluations_to_target) == (4, 5.5), (
        "the median of 1, 4, 7 and 11"
    )


def test_target_is_inclusive() -> None:
    assert first_within_target([0.5, LossUnit.NATS.target, 0.0], LossUnit.NATS) == 1
    assert first_within_target([0.5, LossUnit.POINTS.target + 1e-9], LossUnit.POINTS) == 0
    assert first_within_target([], LossUnit.NATS) is None


@pytest.mark.filterwarnings("error::RuntimeWarning", "error::UserWarning")
@pytest.mark.parametrize("losses", [[], [(NAN, NAN)], [(NAN, NAN), (5.0, 5.2)], [(5.0, 800.0)]])
def test_files_of_degenerate_searches(losses: list[tuple[float, float]], tmp_path: Path) -> None:
    """No trials, only failed ones, or a single one: every file is written."""
    table = synthetic_table(12)
    statuses = tuple("out of memory" for _ in table.metadata.statuses)
    broken = Table(replace(table.metadata, statuses=statuses), table.arrays)
    runs = [make_run(losses, "random", seed) for seed in range(2)]
    reference = reference_loss(broken, runs)
    summaries = [summarize(run, reference) for run in runs]
    best = min((test for val, test in losses if not math.isnan(val)), default=NAN)
    assert reference.loss == pytest.approx(best, nan_ok=True)
    assert rank(summaries)[0].best_metric == pytest.approx(
        LossUnit.NATS.to_metric(best), nan_ok=True
    )
    write_trials(tmp_path / "trials.csv", runs, reference)
    write_best(tmp_path / "best.json", runs, reference, "rnn_cell")
    draw_regret(tmp_path / "curve.png", runs, reference, "little")
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == (2 * len(losses) + 1) * bool(
        losses
    )
    assert (json.loads((tmp_path / "best.json").read_text())["architecture"] is None) == math.isnan(
        best
    )
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_failed_seed_does_not_affect_the_best_metric() -> None:
    runs = [make_run([(NAN, NAN)]), make_run([(5.0, 5.2)], seed=1)]
    ranked = rank([summarize(run, REFERENCE) for run in runs])
    assert ranked[0].best_metric == pytest.approx(math.exp(5.2))


def test_ranking_fits_80_columns() -> None:
    run = make_run([(5.2, 5.2)], "regularized_evolution", 0)
    text = ranking_text(rank([summarize(run, REFERENCE)]), REFERENCE, "title")
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "regularized_evolution" in text


@pytest.mark.parametrize(
    ("hours", "shown"), [(1234.4, "1,234"), (9.96, "10"), (0.0452303, "0.045"), (NAN, "-")]
)
def test_hours_of_short_searches_are_not_shown_as_zero(hours: float, shown: str) -> None:
    assert format_hours(hours) == shown
