"""Reading the output folder of a comparison."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings
from nni_nlp_bench.reports.files import write_best, write_trials
from nni_nlp_bench.reports.measures import Reference, reference_loss, summarize
from nni_nlp_bench.reports.readers.experiments import read
from nni_nlp_bench.reports.searches import Counts, curve_from_result
from nni_nlp_bench.reports.sections import make_sections
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.result import SearchResult
from nni_nlp_bench.strategies.search import Search, run_search
from nni_nlp_bench.testing import synthetic_table

SETTINGS = Settings(budget=Budget(15))


@pytest.fixture(scope="module")
def runs() -> list[SearchResult]:
    table = synthetic_table(60)
    return [
        run_search(table, Search(StrategyConfig.of(name), seed, SETTINGS))
        for name in ("random", "hyperband")
        for seed in range(2)
    ]


@pytest.fixture
def folder(runs: list[SearchResult], tmp_path: Path) -> Path:
    reference = reference_loss(synthetic_table(60), runs)
    write_trials(tmp_path / "trials.csv", runs, reference)
    write_best(tmp_path / "best.json", runs, reference, "rnn_cell")
    return tmp_path


def test_searches_are_unchanged(runs: list[SearchResult], folder: Path) -> None:
    records = read(str(folder)).records
    assert [(r.strategy, r.seed) for r in records] == [(r.strategy, r.seed) for r in runs]
    for record, run in zip(records, runs, strict=True):
        expected = curve_from_result(run)
        assert record.curve.losses == pytest.approx(expected.losses, nan_ok=True)
        assert record.curve.hours == pytest.approx(expected.hours)
        assert record.counts.measured == record.counts.evaluations == 15
        assert record.counts.failed == sum(trial.failed for trial in run.trials)
        assert (record.benchmark, record.space) == ("synthetic", "rnn_cell")


def test_results_are_counted_by_origin(tmp_path: Path) -> None:
    """For a search of the whole space with nearest neighbours and predictions."""
    table = synthetic_table(60)
    settings = Settings(on_missing="nearest", budget=Budget(8))
    trials = run_search(table, Search(StrategyConfig.of("random"), 3, settings)).trials
    predicted = [
        replace(trial, result=replace(trial.result, origin="predicted")) if i < 3 else trial
        for i, trial in enumerate(trials)
    ]
    kept = [replace(trial, nearest=None) for trial in predicted[:2]]
    run = SearchResult("random", 3, (*kept, *predicted[2:]))
    reference = reference_loss(table, [run])
    write_trials(tmp_path / "trials.csv", [run], reference)
    write_best(tmp_path / "best.json", [run], reference, "rnn_cell")
    (record,) = read(str(tmp_path)).records
    failed = sum(trial.failed for trial in trials)
    assert record.counts == Counts(8, measured=5, predicted=3, failed=failed, replaced=6)


def test_ranking_equals_that_of_compare(runs: list[SearchResult], folder: Path) -> None:
    (section,) = make_sections([read(str(folder))])
    reference = reference_loss(synthetic_table(60), runs)
    assert section.reference == reference
    for row in section.ranked:
        summaries = [summarize(run, reference) for run in runs if run.strategy == row.strategy]
        assert row.regret == pytest.approx(sum(s.regret for s in summaries) / len(summaries))
        assert row.simulated_hours == pytest.approx(
            sum(s.simulated_hours for s in summaries) / len(summaries)
        )
        assert row.reached_target == sum(s.evaluations_to_target is not None for s in summaries)


def test_unit_defaults_to_nats(folder: Path) -> None:
    best = json.loads((folder / "best.json").read_text())
    assert best["reference"].pop("unit") == "nats per token"
    (folder / "best.json").write_text(json.dumps(best))
    assert {record.unit for record in read(str(folder)).records} == {LossUnit.NATS}


def test_error_names_the_missing_or_damaged_file(folder: Path) -> None:
    (folder / "settings.json").write_text("{}")
    trials = (folder / "trials.csv").read_text()
    (folder / "trials.csv").write_text(trials.replace("regret", "regrets", 1))
    with pytest.raises(UserError, match="cannot be read"):
        read(str(folder))
    (folder / "trials.csv").unlink()
    with pytest.raises(UserError, match=r"trials\.csv is missing: let the search finish"):
        read(str(folder))
    (folder / "settings.json").unlink()
    with pytest.raises(UserError, match="has no searches"):
        read(str(folder))


def test_search_without_successful_training(tmp_path: Path) -> None:
    reference = Reference(math.nan, LossUnit.NATS, "best of the table")
    write_trials(tmp_path / "trials.csv", [SearchResult("random", 0, ())], reference)
    write_best(tmp_path / "best.json", [], reference, "rnn_cell")
    with pytest.raises(UserError, match="no training succeeded"):
        read(str(tmp_path))
