"""Reading searches from the trials and metrics of NNI experiments."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
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
    match_parameters,
)
from nni_nlp_bench.reports.readers.nni_searches import read_searches
from nni_nlp_bench.reports.searches import Counts

NAN = math.nan
ARCHITECTURES = {
    "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial "
    "--benchmark=synthetic --on-missing nearest",
    "tuner": {"className": "x.StrategyTuner", "classArgs": {"strategy": "bayesian", "seed": 7}},
}


def test_experiment_with_one_search_per_trial(search_experiment):
    source = read_searches(search_experiment)
    assert [(r.strategy, r.seed) for r in source.records] == [
        ("local_search", 0),
        ("local_search", 1),
        ("random", 0),
        ("random", 1),
        ("random", 2),
    ]
    assert source.warnings == ("excluded, not finished: local_search seed 2",)
    first = source.records[0]
    assert first.curve.losses == pytest.approx((NAN, 5.0, 5.0, 4.9), nan_ok=True)
    assert first.curve.hours == (2.0, 4.0, 6.0, 8.0)
    assert first.counts == Counts(4, measured=0, predicted=4, failed=1, replaced=1)
    assert (first.benchmark, first.optimum) == ("synthetic", pytest.approx(4.5))
    assert first.best is not None
    assert (first.best.loss, first.best.origin) == (4.9, "predicted")


def test_storage_order_of_metrics_is_ignored(search_experiment):
    turned = replace(search_experiment, metrics=search_experiment.metrics[::-1])
    assert str(read_searches(turned)) == str(read_searches(search_experiment))


def test_optimum_is_unknown_if_trials_minimise_the_loss(make_experiment):
    records, final = search_results([5.0, 4.8])
    experiment = make_experiment([({"strategy": "random", "seed": 0}, records, final, "SUCCEEDED")])
    assert read_searches(experiment).records[0].optimum is None


def search_results(losses: list[float]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    records = [{"default": loss, "loss": loss, "predicted": 0} for loss in losses]
    final = {"evaluations": len(losses), "failed": 0, "predicted": 0, "replaced": 0}
    return records, final


def test_failed_and_incomplete_searches_are_excluded(make_experiment):
    records, final = search_results([5.0, 4.8])
    parameters = [{"strategy": "random", "seed": seed} for seed in range(4)]
    experiment = make_experiment(
        [
            (parameters[0], records, final, "SUCCEEDED"),
            (parameters[1], records, None, "FAILED"),
            (parameters[2], records[:1], final, "SUCCEEDED"),
            (parameters[3], records, None, "SYS_CANCELED"),
        ]
    )
    source = read_searches(experiment)
    assert [record.seed for record in source.records] == [0]
    assert sorted(source.warnings) == [
        "excluded, failed or stopped: random seed 1",
        "excluded, not finished: random seed 3",
        "excluded, results are missing: random seed 2",
    ]


def test_swapped_parameters_are_restored(search_experiment):
    """NNI's local training service may swap parameters of trials that start simultaneously."""
    one, other, *rest = search_experiment.trials
    swapped = (
        replace(one, parameter_id=other.parameter_id, parameters=other.parameters),
        replace(other, parameter_id=one.parameter_id, parameters=one.parameters),
        *rest,
    )
    trials = match_parameters(swapped, search_experiment.metrics)
    assert trials == search_experiment.trials
    silent = [metric for metric in search_experiment.metrics if metric.trial == one.id]
    assert match_parameters(swapped[:2], silent) == search_experiment.trials[:2]


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


def test_experiment_with_one_architecture_per_trial(make_experiment):
    experiment = make_experiment(architecture_trials(NAN, 5.0, 5.5, 4.7), **ARCHITECTURES)
    source = read_searches(experiment)
    (record,) = source.records
    assert (record.strategy, record.seed, record.benchmark) == ("bayesian", 7, "synthetic")
    assert record.curve.losses == pytest.approx((NAN, 5.0, 5.0, 4.7), nan_ok=True)
    assert record.curve.hours == (0.0, 1.5, 3.0, 4.5)
    assert record.counts == Counts(4, measured=3, predicted=0, failed=1, replaced=3)
    assert record.best is not None
    assert (record.best.architecture, record.best.loss) == ('{"cell": 3}', 4.7)
    assert "exclude failed trainings" in source.warnings[0]


def test_unit_is_points_if_trials_report_a_score(make_experiment):
    trials = architecture_trials(30.0, 25.0)
    for _, _, final, _ in trials:
        final["score"] = 100 - final["default"]
    (record,) = read_searches(make_experiment(trials, **ARCHITECTURES)).records
    assert record.unit is LossUnit.POINTS


def test_evaluations_are_in_the_order_of_their_results(make_experiment):
    experiment = make_experiment(architecture_trials(5.0, 4.7), **ARCHITECTURES)
    later = tuple(
        replace(metric, reported_ms=9999) if metric.trial == "T0" else metric
        for metric in experiment.metrics
    )
    (record,) = read_searches(replace(experiment, metrics=later)).records
    assert record.curve.losses == (4.7, 4.7)


def test_other_tuners_have_no_seed(make_experiment):
    (record,) = read_searches(
        make_experiment(architecture_trials(5.0), tuner={"name": "TPE"})
    ).records
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
def test_benchmark_is_read_from_the_trial_command(make_experiment, command, benchmark):
    experiment = make_experiment(architecture_trials(5.0), trialCommand=command)
    (record,) = read_searches(experiment).records
    assert record.benchmark == benchmark or "benchmark not recorded" in record.benchmark
    assert record.best is not None
    assert record.best.source == benchmark


@pytest.mark.parametrize(
    ("trials", "config", "message"),
    [
        ([], {}, "has no trials yet"),
        ([({"x": 1}, [], 0.5, "SUCCEEDED")], {}, "neither a strategy and a seed"),
        (architecture_trials(NAN, NAN), ARCHITECTURES, "no finished trial with a result"),
        (
            architecture_trials(0.5),
            {"tuner": {"classArgs": {"optimize_mode": "maximize"}}},
            "maximises",
        ),
        (
            [({"strategy": "random", "seed": 0}, [], None, "RUNNING")],
            {},
            "no finished search: excluded, not finished: random seed 0",
        ),
        (
            [({"strategy": "random", "seed": 0}, [], {"default": 1}, "SUCCEEDED")],
            {},
            "reports no number 'evaluations'",
        ),
    ],
)
def test_error_for_experiments_without_searches(make_experiment, trials, config, message):
    with pytest.raises(UserError, match=message):
        read_searches(make_experiment(trials, **config))


def test_database_round_trip(search_experiment, store, tmp_path):
    read_back = read_database(store(search_experiment, tmp_path))
    assert sorted(read_back.trials, key=lambda t: t.id) == list(search_experiment.trials)
    assert sorted(map(str, read_back.metrics)) == sorted(map(str, search_experiment.metrics))
    assert read_back.config["maxTrialNumber"] == 1  # of the last revision
    assert str(read_searches(read_back)) == str(read_searches(search_experiment))


def write_experiment_list(home: Path, experiment_id: str, log_dir: Path) -> None:
    path = home / "nni-experiments" / ".experiment"
    path.parent.mkdir(parents=True)
    entry = {"id": experiment_id, "logDir": str(log_dir), "status": "RUNNING", "port": 8080}
    path.write_text(json.dumps({experiment_id: entry}))


def test_experiment_is_found_by_id(
    search_experiment, store, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    folder = store(search_experiment, tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    write_experiment_list(tmp_path, search_experiment.id, tmp_path / "elsewhere")
    assert experiment_folder(search_experiment.id) == folder
    assert str(read(search_experiment.id)) == str(read(str(folder)))
    assert len(read_all([search_experiment.id, str(folder)])) == 1


def test_error_for_unknown_id_lists_known_ones(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ExperimentError, match="known: none"):
        read("unknown1")
    write_experiment_list(tmp_path, "abcd1234", tmp_path)
    with pytest.raises(ExperimentError, match="known: abcd1234"):
        read("unknown1")
    with pytest.raises(ExperimentError, match=r"nni\.sqlite is missing"):
        read("abcd1234")
    (tmp_path / "nni-experiments" / ".experiment").write_text("{")
    with pytest.raises(ExperimentError, match=r"\.experiment is not valid JSON .*: remove it"):
        read("abcd1234")


Corrupt = Callable[[Path], object]


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(b"not a database, but long enough to be taken for one"),
        lambda path: path.write_bytes(b""),
    ],
)
def test_error_for_damaged_database(search_experiment, store, tmp_path, corrupt: Corrupt):
    folder = store(search_experiment, tmp_path)
    corrupt(folder / "db" / "nni.sqlite")
    with pytest.raises(ExperimentError, match=r"nni\.sqlite is not a database"):
        read(str(folder))


def test_error_for_metrics_that_are_not_json(search_experiment, store, tmp_path):
    folder = store(search_experiment, tmp_path)
    with closing(sqlite3.connect(folder / "db" / "nni.sqlite")) as database, database:
        database.execute("UPDATE MetricData SET data = 'cut off'")
    with pytest.raises(ExperimentError, match="is damaged"):
        read(str(folder))


def test_reading_does_not_modify_files(search_experiment, store, tmp_path):
    folder = store(search_experiment, tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    read(str(folder))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_error_without_a_manager():
    with pytest.raises(ExperimentError, match="no NNI manager responds"):
        read("http://127.0.0.1:9")


def test_last_final_metric_counts(search_experiment):
    trial = search_experiment.trials[0]
    odd = Metric(trial.id, trial.parameter_id, "FINAL", 0, -1, {"default": 0})
    more = replace(search_experiment, metrics=(*search_experiment.metrics, odd))
    assert str(read_searches(more)) == str(read_searches(search_experiment))
