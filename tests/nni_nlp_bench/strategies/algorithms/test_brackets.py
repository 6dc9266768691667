"""Brackets of successive halving, and strategies that fill them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.bohb import Bohb
from nni_nlp_bench.strategies.algorithms.multi_fidelity.brackets import (
    BracketStrategy,
    count_halvings,
    rung_epochs,
)
from nni_nlp_bench.strategies.algorithms.multi_fidelity.mfes_hb import MfesHb
from nni_nlp_bench.strategies.algorithms.multi_fidelity.successive_halving import SuccessiveHalving
from nni_nlp_bench.strategies.base import Proposal
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.tabular import TabularSpace

SPACE = EnasCellSpace(nodes=5)
EPOCHS = 9


def make(kind: type[BracketStrategy], space: Any = SPACE, **options: Any) -> Any:
    return kind(space, np.random.default_rng(0), EPOCHS, **options)


def rung(strategy: BracketStrategy) -> list[Proposal]:
    """All that it asks for before it waits for scores."""
    asked = []
    while (proposal := strategy.ask()) is not None:
        asked.append(proposal)
    return asked


def tanh_nodes(proposal: Proposal) -> float:
    return float([node.activation for node in proposal.architecture.nodes].count("tanh"))


@pytest.mark.parametrize(
    ("epochs", "eta", "min_epochs", "lengths"),
    [
        (50, 3, 1, [2, 6, 17, 50]),
        (50, 3, 5, [6, 17, 50]),
        (10, 2, 1, [1, 2, 5, 10]),
        (2, 3, 1, [2]),
    ],
)
def test_lengths_of_the_rungs(epochs: int, eta: int, min_epochs: int, lengths: list[int]) -> None:
    halvings = count_halvings(epochs, eta, min_epochs)
    assert [rung_epochs(epochs, eta, k) for k in range(halvings, -1, -1)] == lengths


def test_one_bracket_of_successive_halving_is_repeated_with_new_architectures() -> None:
    strategy = make(SuccessiveHalving)
    brackets = []
    for _ in range(2):
        rungs = []
        for _ in range(3):
            rungs.append(rung(strategy))
            for i, proposal in enumerate(rungs[-1]):
                strategy.tell(proposal, -float(i))
        assert [(len(r), {p.epochs for p in r}) for r in rungs] == [(9, {1}), (3, {3}), (1, {9})]
        assert rungs[2][0].architecture == rungs[0][0].architecture
        brackets.append({p.architecture for p in rungs[0]})
    assert len(brackets[0] | brackets[1]) == 18


def test_architectures_of_a_table_come_again_when_none_is_new() -> None:
    """Of 12: 9 in the first bracket, the other 3 and 6 of the 9 in the second."""
    rng = np.random.default_rng(0)
    space = TabularSpace(SPACE, [SPACE.sample(rng) for _ in range(12)])
    strategy = make(SuccessiveHalving, space)
    first = rung(strategy)
    for proposal in first:
        strategy.tell(proposal, None)
    second = {p.architecture for p in rung(strategy)}
    assert len(second) == 9
    assert len(second | {p.architecture for p in first}) == 12


@pytest.mark.parametrize("kind", [Bohb, MfesHb])
def test_models_come_back_to_what_scored_high(kind: type[BracketStrategy]) -> None:
    """Scores are the number of tanh nodes: those of later brackets have more of them."""
    strategy = make(kind, random_fraction=0.0)
    found = []
    for _ in range(80):
        proposal = strategy.ask()
        if proposal.epochs == 1:
            found.append(tanh_nodes(proposal))
        strategy.tell(proposal, tanh_nodes(proposal))
    assert np.mean(found[-9:]) > np.mean(found[:9]) + 1


def test_bohb_takes_the_longest_trainings_with_enough_scores() -> None:
    strategy = make(Bohb, min_points=3)
    rng = np.random.default_rng(1)
    for epochs, count in ((1, 9), (3, 5), (9, 4)):
        for i in range(count):
            strategy._observe(SPACE.sample(rng), epochs, None if i == 0 else float(i))
    good, others = strategy._densities()
    best = [codes for score, codes in strategy._scores[3].values() if score >= 2.0]
    assert sorted(good._points.tolist()) == sorted(codes.tolist() for codes in best)
    assert len(others._points) == 3  # one of the three is among the good ones too


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        (SuccessiveHalving, {"eta": 1}, "must be 2 or more"),
        (SuccessiveHalving, {"min_epochs": 10}, "1 to 9"),
        (Bohb, {"random_fraction": 1.5}, "must be 0 to 1"),
        (MfesHb, {"random_fraction": -0.5}, "must be 0 to 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    kind: type[BracketStrategy], options: dict[str, Any], error: str
) -> None:
    with pytest.raises(UserError, match=error):
        make(kind, **options)
