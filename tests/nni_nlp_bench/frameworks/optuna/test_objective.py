"""Benchmarks as objectives of Optuna."""

from __future__ import annotations

import math

import optuna
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.benchmarks.surrogate_benchmark import SurrogateBenchmark
from nni_nlp_bench.testing import BySize, synthetic_table

SURROGATE = SurrogateBenchmark("by-size", BySize)


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


def test_attributes_tell_where_a_result_comes_from() -> None:
    objective = nb.OptunaObjective(SURROGATE)
    study = study_of(objective)
    study.optimize(objective, n_trials=1)
    trial = study.trials[0]
    assert trial.intermediate_values == {}
    assert trial.user_attrs == {
        "canonical_key": objective.architecture(trial.params).canonical_key,
        "origin": "predicted",
        "source": "by-size",
        "status": trial.user_attrs["status"],
        "epoch": 50,
        "seed": None,
        "val_loss": None,
        "test_loss": pytest.approx(trial.value),
        "simulated_seconds": trial.user_attrs["simulated_seconds"],
    }


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
    bench = nb.constrain(SURROGATE, "parameters<=2e6")
    objective = nb.OptunaObjective(bench)
    study = study_of(objective)
    study.optimize(objective, n_trials=3)
    assert {trial.state for trial in study.trials} == {optuna.trial.TrialState.PRUNED}
    assert all("origin" not in trial.user_attrs for trial in study.trials)


def test_several_objectives_keep_their_directions_and_units(table: nb.Table) -> None:
    objective = nb.OptunaObjective(table, objectives=["perplexity", "parameters"])
    study = study_of(objective)
    study.optimize(objective, n_trials=12)
    states = optuna.trial.TrialState
    for trial in study.trials:
        architecture = objective.architecture(trial.params)
        result = table.query(architecture)
        if result.status == "OK":
            assert trial.values == [math.exp(result.val_loss), table.parameters(architecture)]
        else:
            assert trial.state == states.FAIL
    assert {trial.state for trial in study.trials} == {states.COMPLETE, states.FAIL}


def test_a_study_in_another_direction_is_refused(table: nb.Table) -> None:
    study = optuna.create_study(direction="maximize")
    with pytest.raises(nb.UserError, match="the study is to maximize: create it with directions="):
        study.optimize(nb.OptunaObjective(table), n_trials=1)


def test_an_unknown_objective_is_refused(table: nb.Table) -> None:
    with pytest.raises(nb.BenchmarkError, match="no objective 'latency'; it has: val_loss"):
        nb.OptunaObjective(table, objectives=["latency"])


def test_conditional_choices_are_those_that_the_architecture_needs(table: nb.Table) -> None:
    some, all_of = nb.OptunaObjective(table), nb.OptunaObjective(table, conditional=False)
    trials = {}
    for objective in (some, all_of):
        study = study_of(objective)
        study.optimize(objective, n_trials=3)
        trials[objective] = study.trials
    assert all(set(trial.params) == set(all_of.search_space) for trial in trials[all_of])
    for trial in trials[some]:
        assert set(trial.params) < set(all_of.search_space)
        full = {**{name: d.choices[0] for name, d in some.search_space.items()}, **trial.params}
        assert some.architecture(full) == some.architecture(trial.params)


def test_run_selection_is_that_of_searches(table: nb.Table) -> None:
    objective = nb.OptunaObjective(table, run_selection="mean")
    study = study_of(objective, pruner=optuna.pruners.NopPruner())
    study.optimize(objective, n_trials=1)
    architecture = objective.architecture(study.trials[0].params)
    losses = [table.query(architecture, seed=seed).val_loss for seed in table.seeds(architecture)]
    assert study.trials[0].value == pytest.approx(sum(losses) / len(losses))
