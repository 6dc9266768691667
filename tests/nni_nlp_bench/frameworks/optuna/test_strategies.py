"""Optuna's samplers as strategies."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
from grid_benchmark import GridBenchmark

from nni_nlp_bench.frameworks.optuna.strategies import Tpe
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import synthetic_table


def make(space: Any = None) -> Tpe:
    space = space or search_space(synthetic_table(30), restrict=True)
    return Tpe(space, np.random.default_rng(0), 9, random_first=5)


def completed(strategy: Tpe) -> list[Any]:
    return strategy._study.get_trials(states=[optuna.trial.TrialState.COMPLETE])


def test_on_a_table_the_sampler_is_told_the_choices_of_what_was_evaluated() -> None:
    strategy, losses = make(), {}
    while (proposal := strategy.ask()) is not None:
        key = proposal.architecture.canonical_key
        assert key not in losses
        losses[key] = float(len(losses))
        strategy.tell(proposal, -losses[key])
    assert len(losses) == 30
    decode = strategy.space.unwrapped.choices().from_sample
    told = {decode(trial.params).canonical_key: trial.value for trial in completed(strategy)}
    assert told == losses


def test_in_a_whole_space_repeated_samples_have_the_known_loss() -> None:
    strategy, losses = make(GridBenchmark().space), {}
    for _ in range(60):
        proposal = strategy.ask()
        assert proposal is not None
        assert proposal.architecture not in losses
        losses[proposal.architecture] = float(sum(proposal.architecture.widths))
        strategy.tell(proposal, -losses[proposal.architecture])
    decode = strategy.space.choices().from_sample
    trials = completed(strategy)
    assert len(trials) > len(losses)
    assert all(trial.value == losses[decode(trial.params)] for trial in trials)


def test_samples_of_the_space_come_first() -> None:
    strategy = make()
    first = [strategy.ask() for _ in range(7)]
    assert all(proposal is not None for proposal in first)
    fixed = [trial.system_attrs.get("fixed_params") for trial in strategy._study.trials]
    assert all(fixed) and len(fixed) == 7  # enqueued: none was drawn by Optuna


def test_an_observation_is_a_trial_and_is_not_proposed() -> None:
    strategy = make()
    known = strategy.space.table
    assert known is not None
    for i, architecture in enumerate(known[:6]):
        strategy.add_observation(architecture, -float(i))
    assert [trial.value for trial in completed(strategy)] == [float(i) for i in range(6)]
    proposal = strategy.ask()
    assert proposal is not None
    assert proposal.architecture not in known[:6]
