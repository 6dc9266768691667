"""ASHA's promotions, against a plain reading of its definition."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.multi_fidelity.asha import Asha
from nni_nlp_bench.strategies.base import Proposal
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.tabular import TabularSpace

SPACE = EnasCellSpace(nodes=5)
EPOCHS, ETA = 27, 3
LENGTHS = [1, 3, 9, 27]


class Reference:
    """Results of every rung, and what was promoted from it; nothing is kept sorted."""

    def __init__(self) -> None:
        self.results: list[dict[str, float]] = [{} for _ in LENGTHS]
        self.promoted: list[set[str]] = [set() for _ in LENGTHS]

    def promotable(self, rung: int) -> set[str]:
        """The top floor(n / eta) of a rung's n results, without failed and promoted ones."""
        results = self.results[rung]
        top = sorted(results, key=lambda key: -results[key])[: len(results) // ETA]
        return {key for key in top if np.isfinite(results[key])} - self.promoted[rung]

    def check(self, proposal: Proposal) -> None:
        """A proposal promotes from the highest rung that allows it, or starts a new one."""
        key, rung = proposal.architecture.canonical_key, LENGTHS.index(proposal.epochs or EPOCHS)
        highest = next((k for k in (2, 1, 0) if self.promotable(k)), None)
        if highest is None:
            assert rung == 0 and key not in self.results[0]
        else:
            assert rung == highest + 1 and key in self.promotable(highest)
            self.promoted[highest].add(key)


def search(space: Any, steps: int, workers: int = 8, seed: int = 0) -> list[Proposal]:
    """A search on a simulated clock with random durations and scores; a tenth of them fail."""
    rng, reference = np.random.default_rng(seed), Reference()
    strategy = Asha(space, np.random.default_rng(seed), EPOCHS)
    running: list[tuple[float, int, Proposal]] = []
    now = 0.0
    asked: list[Proposal] = []
    while len(asked) < steps or running:
        while len(running) < workers and len(asked) < steps:
            proposal = strategy.ask()
            assert proposal is not None and proposal.epochs is not None
            reference.check(proposal)
            asked.append(proposal)
            duration = proposal.epochs * rng.exponential()
            heapq.heappush(running, (now + duration, len(asked), proposal))
        now, _, proposal = heapq.heappop(running)
        score = None if rng.random() < 0.1 else rng.normal()
        strategy.tell(proposal, score)
        rung = LENGTHS.index(proposal.epochs or EPOCHS)
        reference.results[rung][proposal.architecture.canonical_key] = (
            -np.inf if score is None else score
        )
    return asked


@pytest.mark.parametrize("workers", [1, 8])
def test_promotions_are_those_of_the_definition(workers: int) -> None:
    asked = search(SPACE, 400, workers)
    lengths = [proposal.epochs for proposal in asked]
    counts = [lengths.count(length) for length in LENGTHS]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 5


def test_a_table_is_trained_to_its_end() -> None:
    """When no architecture is new, the best are promoted beyond a third of their rung."""
    rng = np.random.default_rng(0)
    space = TabularSpace(SPACE, [SPACE.sample(rng) for _ in range(10)])
    strategy = Asha(space, rng, EPOCHS)
    trained = []
    while (proposal := strategy.ask()) is not None:
        trained.append((proposal.architecture.canonical_key, proposal.epochs))
        strategy.tell(proposal, float(rng.normal()))
    assert len(set(trained)) == len(trained) == 10 * len(LENGTHS)


def test_failed_trainings_are_not_promoted() -> None:
    strategy = Asha(SPACE, np.random.default_rng(0), EPOCHS)
    for _ in range(30):
        proposal = strategy.ask()
        assert proposal is not None and proposal.epochs == 1
        strategy.tell(proposal, None)


def test_rungs_begin_at_the_shortest_training() -> None:
    strategy = Asha(SPACE, np.random.default_rng(0), EPOCHS, min_epochs=4)
    first = strategy.ask()
    assert first is not None and first.epochs == 9


@pytest.mark.parametrize(
    ("options", "error"), [({"eta": 1}, "must be 2 or more"), ({"min_epochs": 28}, "1 to 27")]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], error: str) -> None:
    with pytest.raises(UserError, match=error):
        Asha(SPACE, np.random.default_rng(0), EPOCHS, **options)
