"""Benchmarks as objectives of Optuna."""

from __future__ import annotations

import math

import optuna
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.testing import synthetic_table

optuna.logging.set_verbosity(optuna.logging.ERROR)


def study_of(objective: nb.OptunaObjective, **options: object) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=0)
    return optuna.create_study(directions=objective.directions, sampler=sampler, **options)


@pytest.fixture(scope="module")
def table() -> nb.Table:
    return synthetic_table()


def test_value_is_the_loss_of_the_architecture_and_is_minimised(table: nb.Table) -> None:
    objective = nb.OptunaObjective(table)
    study = study_of(objective, pruner=optuna.pruners.NopPruner())
    study.optimize(objective, n_trials=10)
    assert objective.directions == ["minimize"]
    for trial in study.trials:
        result = table.query(objective.architecture(trial.params))
        failed = result.status != "OK"
        assert trial.value == (math.log(10_000) if failed else result.val_loss)
        assert trial.user_attrs["status"] == result.status
        assert trial.user_attrs["simulated_seconds"] == result.wall_time_s
    assert study.best_value == min(trial.value for trial in study.trials)


def test_attributes_tell_where_a_result_comes_from(table: nb.Table) -> None:
    objective = nb.OptunaObjective("nas-bench-nlp/ptb-surrogate")
    study = study_of(objective)
    study.optimize(objective, n_trials=1)
    attributes = study.trials[0].user_attrs
    assert attributes["origin"] == "predicted"
    assert attributes["source"].startswith("nas-bench-nlp/ptb-surrogate")
    assert (attributes["epoch"], attributes["seed"], attributes["val_loss"]) == (50, None, None)
    assert attributes["test_loss"] == study.trials[0].value
    assert study.trials[0].intermediate_values == {}


def test_losses_are_reported_epoch_by_epoch(table: nb.Table) -> None:
    objective = nb.OptunaObjective(table)
    study = study_of(objective, pruner=optuna.pruners.NopPruner())
    study.optimize(objective, n_trials=12)
    for trial in study.trials:
        curve = table.curve(objective.architecture(trial.params))
        finite = {i + 1: x for i, x in enumerate(curve.val_loss) if math.isfinite(x)}
        assert trial.intermediate_values == finite


def test_a_pruner_stops_a_training_and_its_clock(table: nb.Table) -> None:
    objective = nb.OptunaObjective(table)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2)
    study = study_of(objective, pruner=pruner)
    study.optimize(objective, n_trials=30)
    pruned = study.get_trials(states=[optuna.trial.TrialState.PRUNED])
    assert pruned
    for trial in pruned:
        assert 2 <= trial.last_step == trial.user_attrs["epoch"] < table.epochs
        assert trial.user_attrs["simulated_seconds"] == 100.0 * trial.last_step


def test_choices_that_are_no_architecture_prune_the_trial(table: nb.Table) -> None:
    bench = nb.constrain(nb.load("nas-bench-nlp/ptb-surrogate"), "parameters<=2e6")
    objective = nb.OptunaObjective(bench)
    study = study_of(objective)
    study.optimize(objective, n_trials=3)
    assert {trial.state for trial in study.trials} == {optuna.trial.TrialState.PRUNED}
    assert all("origin" not in trial.user_attrs for trial in study.trials)
