"""Strategies as samplers of Optuna."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

import nni_nlp_bench as nb
from nni_nlp_bench.frameworks.optuna.trials import suggest
from nni_nlp_bench.testing import synthetic_table

TABLE = synthetic_table()
OBJECTIVE = nb.OptunaObjective(TABLE)
NOP = optuna.pruners.NopPruner()


def study_of(strategy: Any, seed: int = 3, **options: Any) -> optuna.Study:
    sampler = nb.StrategySampler(strategy, TABLE, seed=seed)
    return optuna.create_study(sampler=sampler, pruner=NOP, **options)


def keys(study: optuna.Study) -> list[str]:
    return [trial.user_attrs["canonical_key"] for trial in study.trials]


class Recorder(nb.Strategy):
    """Random search that keeps what it is told."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.told: list[float | None] = []
        self.observed: list[float] = []

    def ask(self) -> nb.Proposal:
        return nb.Proposal(self.space.sample(self.rng))

    def tell(self, proposal: nb.Proposal, score: float | None) -> None:
        self.told.append(score)

    def add_observation(self, architecture: Any, score: float) -> None:
        self.observed.append(score)


class Sequential(Recorder):
    """Waits for every score."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked = 0

    def ask(self) -> nb.Proposal | None:
        if self.asked > len(self.told):
            return None
        self.asked += 1
        return super().ask()


def recorder(study: optuna.Study) -> Recorder:
    strategy = study.sampler._strategy
    assert isinstance(strategy, Recorder)
    return strategy


@pytest.mark.parametrize("strategy", ["local_search", "tpe", "bananas(random_first=5)"])
def test_a_study_is_the_search_of_the_strategy(strategy: str) -> None:
    study = study_of(strategy)
    study.optimize(OBJECTIVE, n_trials=25)
    result = nb.search(TABLE, strategy, n_trials=25, seed=3)
    assert keys(study) == [trial.key for trial in result.trials]
    assert study.best_value == result.best_loss


@pytest.mark.parametrize(("direction", "sign"), [("minimize", -1), ("maximize", 1)])
def test_scores_follow_the_direction_of_the_study(direction: str, sign: int) -> None:
    study = study_of(Recorder, direction=direction)
    study.optimize(lambda trial: float(trial.suggest_categorical("nodes", NODES)), n_trials=5)
    assert recorder(study).told == [sign * trial.value for trial in study.trials]


NODES = OBJECTIVE.search_space["nodes"].choices


def test_failed_and_pruned_trials_count_as_failed() -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_categorical("nodes", NODES)
        if trial.number == 0:
            raise ValueError
        if trial.number == 1:
            trial.report(1.0, 1)
            raise optuna.TrialPruned
        return float("nan") if trial.number == 2 else float("inf") if trial.number == 3 else 4.0

    study = study_of(Recorder)
    study.optimize(objective, n_trials=5, catch=ValueError)
    assert recorder(study).told == [None, None, None, None, -4.0]


def test_several_trials_at_a_time() -> None:
    study = study_of("regularized_evolution(population=4, tournament=2)")
    running = [study.ask(OBJECTIVE.search_space) for _ in range(4)]
    for _ in range(10):
        trial = running.pop(0)
        study.tell(trial, OBJECTIVE(trial))
        running.append(study.ask(OBJECTIVE.search_space))
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 10


def test_threads() -> None:
    study = study_of(Recorder)
    study.optimize(OBJECTIVE, n_trials=12, n_jobs=3)
    assert sorted(recorder(study).told) == sorted(-trial.value for trial in study.trials)


def test_a_sequential_strategy_refuses_a_second_running_trial() -> None:
    study = study_of(Sequential)
    first = study.ask(OBJECTIVE.search_space)
    with pytest.raises(nb.UserError, match="waits for running trials: finish them first, or"):
        study.ask(OBJECTIVE.search_space)
    study.tell(first, 1.0)
    study.ask(OBJECTIVE.search_space)


def test_the_study_ends_with_the_proposals() -> None:
    small = synthetic_table(5)
    sampler = nb.StrategySampler("grid", small)
    study = optuna.create_study(sampler=sampler, pruner=NOP)
    study.optimize(nb.OptunaObjective(small), n_trials=50)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 5 + [
        TrialState.PRUNED
    ]


def test_other_trials_are_observations() -> None:
    study = study_of(Recorder)
    study.enqueue_trial(OBJECTIVE.choices.to_sample(TABLE.architectures()[0]))
    study.optimize(OBJECTIVE, n_trials=3)
    strategy = recorder(study)
    assert strategy.observed == [-study.trials[0].value]
    assert strategy.told == [-trial.value for trial in study.trials[1:]]


def test_an_enqueued_trial_needs_all_choices() -> None:
    study = study_of(Recorder)
    study.enqueue_trial({"nodes": NODES[0]})
    with pytest.raises(nb.UserError, match="an enqueued trial lacks the choice 'hidden_states'"):
        study.optimize(OBJECTIVE, n_trials=1)


class Killed(BaseException):
    """Ends the process in the middle of a trial."""


def resume(strategy: Any, storage: Any, seed: int = 3) -> optuna.Study:
    """The study of a storage, with a new sampler."""
    sampler = nb.StrategySampler(strategy, TABLE, seed=seed)
    return optuna.create_study(
        storage=storage, study_name="study", load_if_exists=True, sampler=sampler, pruner=NOP
    )


@pytest.mark.parametrize("strategy", ["regularized_evolution", "tpe(random_first=5)"])
def test_resumes_as_if_it_had_not_been_interrupted(strategy: str) -> None:
    """But for the interrupted trial, which counts as failed."""

    def stop_at_seven(error: type[BaseException]) -> Any:
        def objective(trial: optuna.Trial) -> float | tuple[float, ...]:
            value = OBJECTIVE(trial)
            if trial.number == 7:
                raise error
            return value

        return objective

    whole = study_of(strategy)
    whole.optimize(stop_at_seven(ValueError), n_trials=16, catch=ValueError)
    storage = optuna.storages.InMemoryStorage()
    with pytest.raises(Killed):
        resume(strategy, storage).optimize(stop_at_seven(Killed), n_trials=16)
    for _ in range(2):
        study = resume(strategy, storage)
        study.optimize(OBJECTIVE, n_trials=4)
    assert keys(study) == keys(whole)


def test_resumes_from_a_database(tmp_path: Path) -> None:
    space = nb.get_space("emd_cell")

    def objective(trial: optuna.Trial) -> float:
        sample = suggest(trial, space.choices(), conditional=False)
        return float(sum(op == "skip_connect" for op in sample.values()))

    def study_in(storage: Any) -> optuna.Study:
        sampler = nb.StrategySampler("regularized_evolution(population=3, tournament=2)", space)
        return optuna.create_study(
            storage=storage, study_name="study", load_if_exists=True, sampler=sampler
        )

    whole = study_in(None)
    whole.optimize(objective, n_trials=10)
    for _ in range(2):
        storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/study.db")
        part = study_in(storage)
        part.optimize(objective, n_trials=5)
        found = [trial.params for trial in part.trials]
        storage.remove_session()
        storage.engine.dispose()
    assert found == [trial.params for trial in whole.trials]


def test_resumes_trials_that_ran_at_the_same_time() -> None:
    """The strategy is told again in the order in which the trials ended."""

    def run(study: optuna.Study, batches: int) -> None:
        for _ in range(batches):
            running = [study.ask(OBJECTIVE.search_space) for _ in range(3)]
            for i in (2, 0, 1):
                study.tell(running[i], OBJECTIVE(running[i]))

    strategy = "regularized_evolution(population=4, tournament=2)"
    whole = study_of(strategy)
    run(whole, 5)
    storage = optuna.storages.InMemoryStorage()
    run(resume(strategy, storage), 3)
    resumed = resume(strategy, storage)
    run(resumed, 2)
    assert keys(resumed) == keys(whole)


def test_trials_of_another_sampler_are_observations() -> None:
    storage = optuna.storages.InMemoryStorage()
    resume(Recorder, storage, seed=1).optimize(OBJECTIVE, n_trials=3)
    study = resume(Recorder, storage, seed=2)
    study.optimize(OBJECTIVE, n_trials=2)
    values = [-trial.value for trial in study.trials]
    assert (recorder(study).observed, recorder(study).told) == (values[:3], values[3:])


def test_a_changed_strategy_is_not_resumed() -> None:
    storage = optuna.storages.InMemoryStorage()
    resume("random", storage).optimize(OBJECTIVE, n_trials=3)
    smaller = nb.StrategySampler("random", synthetic_table(60), seed=3)
    study = optuna.load_study(study_name="study", storage=storage, sampler=smaller)
    with pytest.raises(nb.UserError, match="does not propose trial 0 of the study again"):
        study.optimize(OBJECTIVE, n_trials=1)


def test_a_sampler_serves_one_study() -> None:
    study = study_of(Recorder)
    study.optimize(OBJECTIVE, n_trials=1)
    other = optuna.create_study(sampler=study.sampler)
    with pytest.raises(nb.UserError, match="make another sampler"):
        other.optimize(OBJECTIVE, n_trials=1)


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ("hyperband", "asks for shorter trainings, .* HyperbandPruner"),
        ("random(share=0.2)", "asks for shorter trainings"),
        ("nsga2", "optimises several objectives"),
        ("no_such", "unknown strategy 'no_such'"),
        ("tpe(nothing=1)", "has no option 'nothing'"),
    ],
)
def test_what_a_sampler_cannot_be(strategy: str, message: str) -> None:
    with pytest.raises(nb.UserError, match=message):
        nb.StrategySampler(strategy, TABLE)


def test_several_objectives_are_refused() -> None:
    study = optuna.create_study(
        directions=["minimize", "minimize"], sampler=nb.StrategySampler("random", TABLE)
    )
    objective = nb.OptunaObjective(TABLE, objectives=["val_loss", "parameters"])
    with pytest.raises(nb.UserError, match="optimises one objective, not 2"):
        study.optimize(objective, n_trials=1)


def test_another_parameter_is_refused() -> None:
    study = study_of("random")
    with pytest.raises(nb.UserError, match="its space has no choice 'learning_rate'"):
        study.optimize(lambda trial: trial.suggest_float("learning_rate", 0, 1), n_trials=1)


def test_a_space_is_enough() -> None:
    """For an objective of the user's own."""
    space = nb.get_space("emd_cell")
    choices = space.choices()

    def objective(trial: optuna.Trial) -> float:
        sample = {
            label: trial.suggest_categorical(label, values)
            for label, values in choices.categoricals.items()
        }
        return float(sum(op == "skip_connect" for op in sample.values()))

    study = optuna.create_study(
        sampler=nb.StrategySampler("regularized_evolution", space, seed=0), direction="maximize"
    )
    study.optimize(objective, n_trials=60)
    assert study.best_value >= 3
