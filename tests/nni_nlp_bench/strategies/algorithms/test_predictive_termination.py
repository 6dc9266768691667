"""Predictive termination: which trainings go on, and what the other strategy is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.predictive_termination import (
    PredictiveTermination,
)
from nni_nlp_bench.strategies.base import Proposal
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.tabular import TabularSpace

SPACE = EnasCellSpace(nodes=5)
EPOCHS = 27


def make(space: Any = SPACE, **options: Any) -> PredictiveTermination:
    return PredictiveTermination(space, np.random.default_rng(0), EPOCHS, **options)


def train(strategy: PredictiveTermination, quality: float) -> list[int | None]:
    """Train the next architecture until another one is due; it scores better with each step."""
    lengths: list[int | None] = []
    while True:
        proposal = strategy.ask()
        assert proposal is not None
        if lengths and proposal.epochs == 3:
            strategy.tell(proposal, None)  # another one: it fails
            return lengths
        lengths.append(proposal.epochs)
        strategy.tell(proposal, quality + len(lengths) / 10)


def test_the_first_trainings_are_complete_and_then_only_promising_ones() -> None:
    strategy = make(complete_first=5)
    for quality in (0.1, 0.5, 0.3, 0.2, 0.4):
        assert train(strategy, quality) == [3, 9, 27]
    assert train(strategy, -1.0) == [3]
    assert train(strategy, 0.6) == [3, 9, 27]


class Recorder:
    """What the other strategy is told."""

    def __init__(self, strategy: PredictiveTermination, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, float | None]] = []
        monkeypatch.setattr(strategy._inner, "tell", self.tell)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        self.told.append((proposal.architecture.canonical_key, score))


def test_the_strategy_is_told_final_and_predicted_scores_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    space = TabularSpace(SPACE, [SPACE.sample(rng) for _ in range(12)])
    strategy = make(space, complete_first=3)
    recorder = Recorder(strategy, monkeypatch)
    trained: dict[str, list[int | None]] = {}
    quality = {a.canonical_key: i / 10 for i, a in enumerate(space.architectures)}
    while (proposal := strategy.ask()) is not None:
        key = proposal.architecture.canonical_key
        trained.setdefault(key, []).append(proposal.epochs)
        strategy.tell(proposal, None if quality[key] == 0.5 else quality[key])
    assert sorted(key for key, _ in recorder.told) == sorted(quality)
    first = [key for key in trained if quality[key] != 0.5][:3]
    for key, score in recorder.told:
        if key in first or quality[key] == 1.1:  # the first are complete, and so is the best
            assert score == quality[key]
        elif quality[key] == 0.5:
            assert score is None
        else:
            assert score is not None and score <= 1.1
    # a table is trained to its end, except for the failed one
    assert [len(lengths) for lengths in trained.values()].count(3) == 11


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"strategy": "hyperband"}, "does not propose full trainings"),
        ({"strategy": "ehvi"}, "does not propose full trainings"),
        ({"strategy": "unheard"}, "unknown"),
        ({"steps": 1}, "steps >= 2"),
        ({"complete_first": 2}, "complete_first >= 3"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], error: str) -> None:
    with pytest.raises(UserError, match=error):
        make(**options)
