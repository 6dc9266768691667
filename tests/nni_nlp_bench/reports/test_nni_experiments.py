"""Searches read back from the trials and metrics of an experiment."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.readers.experiments import read, read_all
from nni_nlp_bench.reports.readers.nni_database import experiment_folder, read_database
from nni_nlp_bench.reports.readers.nni_experiment import (
    ExperimentError,
    Metric,
    with_own_parameters,
)
from nni_nlp_bench.reports.readers.nni_searches import searches_of
from nni_nlp_bench.reports.searches import Counts

NAN = math.nan
ARCHITECTURES = {
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial "
    "--benchmark=synthetic --on-missing nearest",
    "tuner": {"className": "x.StrategyTuner", "classArgs": {"strategy": "bayesian", "seed": 7}},
}


def test_one_trial_is_one_search(search_experiment):
    reading = searches_of(search_experiment)
    assert [(r.strategy, r.seed) for r in reading.records] == [
        ("local_search", 0),
        ("local_search", 1),
        ("random", 0),
        ("random", 1),
        ("random", 2),
    ]
    assert reading.remarks == ("left out, for they had not ended: local_search seed 2",)
    first = reading.records[0]
    assert first.curve.losses == pytest.approx((NAN, 5.0, 5.0, 4.9), nan_ok=True)
    assert first.curve.hours == (2.0, 4.0, 6.0, 8.0)
    assert first.counts == Counts(4, measured=0, predicted=4, failed=1, replaced=1)
    assert (first.benchmark, first.optimum) == ("synthetic", pytest.approx(4.5))
    assert first.find is not None
    assert (first.find.loss, first.find.origin) == (4.9, "predicted")


def test_the_order_in_which_metrics_are_stored_says_nothing(search_experiment):
    turned = replace(search_experiment, metrics=search_experiment.metrics[::-1])
    assert str(searches_of(turned)) == str(searches_of(search_experiment))


def test_a_loss_that_is_minimised_itself_leaves_the_optimum_unknown(experiment_of):
    told, final = search_results_of([5.0, 4.8])
    experiment = experiment_of([({"strategy": "random", "seed": 0}, told, final, "SUCCEEDED")])
    assert searches_of(experiment).records[0].optimum is None


def search_results_of(losses: list[float]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    told = [{"default": loss, "loss": loss, "predicted": 0} for loss in losses]
    final = {"evaluations": len(losses), "failed": 0, "predicted": 0, "replaced": 0}
    return told, final


def test_searches_that_failed_or_lost_results_are_left_out(experiment_of):
    told, final = search_results_of([5.0, 4.8])
    own = [{"strategy": "random", "seed": seed} for seed in range(4)]
    experiment = experiment_of(
        [
            (own[0], told, final, "SUCCEEDED"),
            (own[1], told, None, "FAILED"),
            (own[2], told[:1], final, "SUCCEEDED"),
            (own[3], told, None, "SYS_CANCELED"),
        ]
    )
    reading = searches_of(experiment)
    assert [record.seed for record in reading.records] == [0]
    assert sorted(reading.remarks) == [
        "left out, for some of their results are missing: random seed 2",
        "left out, for they failed or were stopped: random seed 1",
        "left out, for they had not ended: random seed 3",
    ]


def test_parameters_are_those_that_a_trial_ran_with(search_experiment):
    """NNI's local service may record them at another trial that started at the same time."""
    one, other, *rest = search_experiment.trials
    swapped = (
        replace(one, parameter_id=other.parameter_id, parameters=other.parameters),
        replace(other, parameter_id=one.parameter_id, parameters=one.parameters),
        *rest,
    )
    trials = with_own_parameters(swapped, search_experiment.metrics)
    assert trials == search_experiment.trials
    silent = [metric for metric in search_experiment.metrics if metric.trial == one.id]
    assert with_own_parameters(swapped[:2], silent) == search_experiment.trials[:2]


def architecture_trials(*losses: float) -> list[tuple[Any, ...]]:
    cells = [json.dumps({"cell": i}) for i in range(len(losses))]
    return [
        (
            {"architecture": cells[i], "proposal": i, "mutation_summary": {"nodes": 3}},
            [9.0, 7.0],
            None if math.isnan(loss) else result(loss),
            "FAILED" if math.isnan(loss) else "SUCCEEDED",
        )
        for i, loss in enumerate(losses)
    ]


def result(loss: float) -> dict[str, float]:
    perplexity = math.exp(loss)
    return {"default": loss, "perplexity": perplexity, "hours": 1.5, "predicted": 0, "replaced": 1}


def test_one_trial_is_one_architecture(experiment_of):
    experiment = experiment_of(architecture_trials(NAN, 5.0, 5.5, 4.7), **ARCHITECTURES)
    reading = searches_of(experiment)
    (record,) = reading.records
    assert (record.strategy, record.seed, record.benchmark) == ("bayesian", 7, "synthetic")
    assert record.curve.losses == pytest.approx((NAN, 5.0, 5.0, 4.7), nan_ok=True)
    assert record.curve.hours == (0.0, 1.5, 3.0, 4.5)
    assert record.counts == Counts(4, measured=3, predicted=0, failed=1, replaced=3)
    assert record.find is not None
    assert (record.find.architecture, record.find.loss) == ('{"cell": 3}', 4.7)
    assert "leave out failed trainings" in reading.remarks[0]


def test_trials_that_report_scores_lost_points(experiment_of):
    trials = architecture_trials(30.0, 25.0)
    for _, _, final, _ in trials:
        final["score"] = 100 - final["default"]
    (record,) = searches_of(experiment_of(trials, **ARCHITECTURES)).records
    assert record.unit is LossUnit.POINTS


def test_architectures_count_in_the_order_of_their_results(experiment_of):
    experiment = experiment_of(architecture_trials(5.0, 4.7), **ARCHITECTURES)
    later = tuple(
        replace(metric, reported_ms=9999) if metric.trial == "T0" else metric
        for metric in experiment.metrics
    )
    (record,) = searches_of(replace(experiment, metrics=later)).records
    assert record.curve.losses == (4.7, 4.7)


def test_another_tuner_has_its_name_and_no_seed(experiment_of):
    (record,) = searches_of(experiment_of(architecture_trials(5.0), tuner={"name": "TPE"})).records
    assert (record.strategy, record.seed) == ("TPE", None)
    assert record.benchmark == "benchmark not recorded, invented (abcd1234)"


@pytest.mark.parametrize(
    ("command", "benchmark"),
    [
        ("python -m nni_nlp_bench.frameworks.nni.trial --benchmark 'my table'", "my table"),
        ("python -m nni_nlp_bench.frameworks.nni.trial", "nas-bench-nlp/ptb-surrogate"),
        ("python -m nni_nlp_bench.frameworks.nni.trial --evaluator train", None),
        ("python train.py", None),
        ("python train.py --benchmark", None),
        ("python train.py 'unclosed", None),
    ],
)
def test_the_benchmark_is_that_of_the_trials_command(experiment_of, command, benchmark):
    experiment = experiment_of(architecture_trials(5.0), trialCommand=command)
    (record,) = searches_of(experiment).records
    assert record.benchmark == benchmark or "benchmark not recorded" in record.benchmark
    assert record.find is not None
    assert record.find.source == benchmark


@pytest.mark.parametrize(
    ("trials", "config", "message"),
    [
        ([], {}, "holds no trial yet"),
        ([({"x": 1}, [], 0.5, "SUCCEEDED")], {}, "neither a strategy with a seed"),
        (architecture_trials(NAN, NAN), ARCHITECTURES, "no finished trial with a result"),
        (
            architecture_trials(0.5),
            {"tuner": {"classArgs": {"optimize_mode": "maximize"}}},
            "maximises",
        ),
        (
            [({"strategy": "random", "seed": 0}, [], None, "RUNNING")],
            {},
            "no finished search: left out, for they had not ended: random seed 0",
        ),
        (
            [({"strategy": "random", "seed": 0}, [], {"default": 1}, "SUCCEEDED")],
            {},
            "reports no number 'evaluations'",
        ),
    ],
)
def test_what_holds_no_search_is_said_in_words(experiment_of, trials, config, message):
    with pytest.raises(UserError, match=message):
        searches_of(experiment_of(trials, **config))


def test_the_database_holds_the_same(search_experiment, store, tmp_path):
    read_back = read_database(store(search_experiment, tmp_path))
    assert sorted(read_back.trials, key=lambda t: t.id) == list(search_experiment.trials)
    assert sorted(map(str, read_back.metrics)) == sorted(map(str, search_experiment.metrics))
    assert read_back.config["maxTrialNumber"] == 1  # of the last revision
    assert str(searches_of(read_back)) == str(searches_of(search_experiment))


def listed(home: Path, experiment_id: str, log_dir: Path) -> None:
    path = home / "nni-experiments" / ".experiment"
    path.parent.mkdir(parents=True)
    entry = {"id": experiment_id, "logDir": str(log_dir), "status": "RUNNING", "port": 8080}
    path.write_text(json.dumps({experiment_id: entry}))


def test_an_experiment_is_found_by_its_id(
    search_experiment, store, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    folder = store(search_experiment, tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    listed(tmp_path, search_experiment.id, tmp_path / "elsewhere")
    assert experiment_folder(search_experiment.id) == folder
    assert str(read(search_experiment.id)) == str(read(str(folder)))
    assert len(read_all([search_experiment.id, str(folder)])) == 1


def test_an_unknown_id_is_answered_with_those_that_are_known(
    tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ExperimentError, match="known: none"):
        read("unknown1")
    listed(tmp_path, "abcd1234", tmp_path)
    with pytest.raises(ExperimentError, match="known: abcd1234"):
        read("unknown1")
    with pytest.raises(ExperimentError, match=r"nni\.sqlite is missing"):
        read("abcd1234")
    (tmp_path / "nni-experiments" / ".experiment").write_text("{")
    with pytest.raises(ExperimentError, match="cannot read NNI's list"):
        read("abcd1234")


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(b"not a database, but long enough to be taken for one"),
        lambda path: path.write_bytes(b""),
    ],
)
def test_a_damaged_database_is_named(search_experiment, store, tmp_path, spoil: Spoil):
    folder = store(search_experiment, tmp_path)
    spoil(folder / "db" / "nni.sqlite")
    with pytest.raises(ExperimentError, match=r"nni\.sqlite is no database"):
        read(str(folder))


def test_metrics_that_are_no_json_are_damage(search_experiment, store, tmp_path):
    folder = store(search_experiment, tmp_path)
    with sqlite3.connect(folder / "db" / "nni.sqlite") as database:
        database.execute("UPDATE MetricData SET data = 'cut off'")
    with pytest.raises(ExperimentError, match="is damaged"):
        read(str(folder))


def test_reading_changes_nothing(search_experiment, store, tmp_path):
    folder = store(search_experiment, tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    read(str(folder))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_where_nothing_listens_no_manager_answers():
    with pytest.raises(ExperimentError, match="no NNI manager answers"):
        read("http://127.0.0.1:9")


def test_a_metric_of_another_kind_does_not_matter(search_experiment):
    trial = search_experiment.trials[0]
    odd = Metric(trial.id, trial.parameter_id, "FINAL", 0, -1, {"default": 0})
    more = replace(search_experiment, metrics=(*search_experiment.metrics, odd))
    assert str(searches_of(more)) == str(searches_of(search_experiment))
