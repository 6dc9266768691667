"""Units of losses: what they say, and that tables, searches and reports speak of their own."""

from __future__ import annotations

import csv
import json
import math
import re
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.objectives import loss_objectives
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_files import METADATA
from nni_nlp_bench.benchmarks.table_info import table_info
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.benchmark_trials import BenchmarkTrialEvaluator
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.reports.readers.comparison_folder import read_comparison
from nni_nlp_bench.reports.readers.source import infer_unit
from nni_nlp_bench.reports.sections import make_sections
from nni_nlp_bench.testing import synthetic_table
from search_spaces.registry import get_space


def points_table(cells: int = 30) -> Table:
    """Scores of 60 and more on a validation part; the last training failed."""
    space, rng = get_space("rnn_cell"), np.random.default_rng(0)
    runs = [
        TrainingRun(
            architecture=space.sample(rng),
            name=f"{i:03}",
            val_loss=np.array([math.nan if i == cells - 1 else 40.0 - i]),
            wall_time_s=np.array([3600.0]),
            status="stopped" if i == cells - 1 else OK,
        )
        for i in range(cells)
    ]
    unit = LossUnit.POINTS
    return Table.from_runs(
        runs, name="points", space="rnn_cell", epochs=1, has_curves=False, unit=unit
    )


@pytest.fixture
def points(tmp_path: Path) -> Path:
    """The folder of such a table."""
    points_table().save(tmp_path / "points")
    return tmp_path / "points"


def test_the_metrics_of_losses() -> None:
    assert LossUnit.NATS.to_metric(4.0) == pytest.approx(math.exp(4))
    assert LossUnit.NATS.to_metric(1e4) == math.inf
    assert LossUnit.POINTS.to_metric(25.5) == 74.5
    assert math.isnan(LossUnit.NATS.to_metric(math.nan))
    assert LossUnit.NATS.failure == pytest.approx(9.2103, abs=1e-4)
    assert LossUnit.POINTS.to_metric(LossUnit.POINTS.failure) == 0
    assert LossUnit.ERRORS.to_metric(0.25) == 25
    assert LossUnit.ERRORS.to_metric(LossUnit.ERRORS.failure) == 100
    assert [unit.target_words for unit in LossUnit] == [".02 nats", ".5 points", ".005 errors"]


@pytest.mark.parametrize("unit", LossUnit)
def test_the_direction_of_a_metric_is_that_of_its_loss(unit: LossUnit) -> None:
    better, worse = unit.to_metric(0.1), unit.to_metric(0.2)
    assert (better < worse) == (unit.metric_direction == "minimize")
    assert f"{'lower' if better < worse else 'higher'} is better" in unit.legend
    loss, metric = loss_objectives("val_loss", unit)
    assert (loss.direction, metric.direction) == ("minimize", unit.metric_direction)
    assert infer_unit({unit.metric: 1.0}) is unit


def test_a_table_keeps_its_unit(points: Path) -> None:
    assert Table.load(points).unit is LossUnit.POINTS
    assert synthetic_table(12).unit is LossUnit.NATS
    info = table_info(Table.load(points))
    assert (info.unit, info.best_metric) == (LossUnit.POINTS, 100 - 12)


@pytest.mark.parametrize("units", [{}, {"val_loss": "bits"}, None])
def test_a_unit_that_nobody_knows_is_damage(points: Path, units: object) -> None:
    file = points / METADATA
    file.write_text(json.dumps(json.loads(file.read_text()) | {"units": units}))
    with pytest.raises(BenchmarkError, match="is damaged"):
        Table.load(points)


def test_a_failed_training_scores_nothing() -> None:
    table = points_table()
    simulation = Simulation(table, Settings())
    scores = [simulation.evaluate(cell).score for cell in table.architectures()]
    assert (min(scores), max(scores)) == (-100.0, -12.0)


@pytest.mark.slow
def test_a_search_speaks_of_points_alone(points: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["compare", "--benchmark", str(points), "--restrict", "--trials", "20"]
    command += ["--strategies", "random,local_search,regularized_evolution", "--seeds", "2"]
    shown = CliRunner().invoke(app, [*command, "--processes", "1", "--out", str(out)])
    page = tmp_path / "report.html"
    told = CliRunner().invoke(app, ["report", str(out), "--out", str(page)])
    assert shown.exit_code == told.exit_code == 0, shown.output + told.output
    for text in (shown.stdout, told.stdout, page.read_text("utf-8")):
        assert "points" in text
        assert "score" in text
        assert not {"nats", "perplexity", "ppl"} & set(re.findall(r"\w+", text))
    with (out / "summary.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(float(row["best_score"]) == 100 - float(row["best_loss"]) >= 84 for row in rows)
    (section,) = make_sections([read_comparison(out)])
    assert section.reference.unit is LossUnit.POINTS
    assert section.reference.loss == 12


def test_likelihoods_are_of_nats(points: Path) -> None:
    parser = ArgumentParser()
    BenchmarkTrialEvaluator.add_options(parser)
    options = parser.parse_args(["--benchmark", str(points), "--curves", "likelihood"])
    with pytest.raises(UserError, match="points below 100: likelihoods are of nats"):
        BenchmarkTrialEvaluator("rnn_cell", options)


def test_a_trial_reports_a_score(points: Path) -> None:
    parser = ArgumentParser()
    BenchmarkTrialEvaluator.add_options(parser)
    trials = BenchmarkTrialEvaluator("rnn_cell", parser.parse_args(["--benchmark", str(points)]))
    architecture = Table.load(points).architectures()[3]
    told = trials.evaluate(architecture, None, lambda loss: None)
    parameters = Table.load(points).parameters(architecture)
    known = {"score": 63.0, "hours": 1.0, "predicted": 0, "parameters": parameters}
    assert told == {"default": 37.0, **known}
