"""Optuna's samplers as strategies."""

from __future__ import annotations

import numpy as np
import optuna

from nni_nlp_bench.frameworks.optuna.strategies import Tpe
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import synthetic_table


def make(architectures: int = 30) -> Tpe:
    space = search_space(synthetic_table(architectures), restrict=True)
    return Tpe(space, np.random.default_rng(0), 9, random_first=5)


def test_no_architecture_is_evaluated_twice_and_repeats_have_its_score() -> None:
    strategy, scores = make(), {}
    while (proposal := strategy.ask()) is not None:
        key = proposal.architecture.canonical_key
        assert key not in scores
        scores[key] = -float(len(scores))
        strategy.tell(proposal, scores[key])
    assert len(scores) == 30
    trials = strategy._study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    assert len(trials) > 30
    decode = strategy.space.choices().from_sample
    assert all(t.value == scores[decode(t.params).canonical_key] for t in trials)


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
    assert [trial.value for trial in strategy._study.trials] == [-float(i) for i in range(6)]
    proposal = strategy.ask()
    assert proposal is not None
    assert proposal.architecture not in known[:6]
