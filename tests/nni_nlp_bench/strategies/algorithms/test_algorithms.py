"""Proposals of each strategy, given scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.grid_search import GridSearch
from nni_nlp_bench.strategies.algorithms.local_search import LocalSearch
from nni_nlp_bench.strategies.algorithms.model_based.bayesian import BayesianOptimization
from nni_nlp_bench.strategies.algorithms.multi_fidelity.hyperband import Hyperband
from nni_nlp_bench.strategies.algorithms.random_search import RandomSearch
from nni_nlp_bench.strategies.algorithms.regularized_evolution import RegularizedEvolution
from nni_nlp_bench.strategies.algorithms.tpe import TPE
from nni_nlp_bench.strategies.base import Proposal, Strategy
from search_spaces.best_of_n import BestOfNSpace
from search_spaces.constrained import ConstrainedSpace
from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.tabular import TabularSpace

SPACE = EnasCellSpace(nodes=5)
EPOCHS = 9


def make(kind: type[Strategy], seed: int = 0, space: Any = SPACE, **options: Any) -> Any:
    return kind(space, np.random.default_rng(seed), EPOCHS, **options)


def ask(strategy: Strategy, count: int = 1) -> list[Proposal]:
    asked = [strategy.ask() for _ in range(count)]
    assert None not in asked
    return [proposal for proposal in asked if proposal is not None]


def one_edit_apart(proposal: Proposal, parent: Proposal) -> bool:
    return proposal.architecture in SPACE.neighbours(parent.architecture)


class TestRegularizedEvolution:
    def evolution(self, population: int = 4) -> tuple[RegularizedEvolution, list[Proposal]]:
        """A search whose tournaments hold the whole population, and its first proposals."""
        strategy = make(RegularizedEvolution, population=population, tournament=population)
        return strategy, ask(strategy, population)

    @pytest.mark.parametrize("best", range(4))
    def test_the_best_of_the_tournament_is_mutated(self, best: int) -> None:
        strategy, first = self.evolution()
        for i, proposal in enumerate(first):
            strategy.tell(proposal, float(i == best))
        (child,) = ask(strategy)
        assert [one_edit_apart(child, parent) for parent in first].index(True) == best

    def test_the_oldest_member_dies_however_good_it_is(self) -> None:
        strategy, first = self.evolution()
        for proposal, score in zip(first, (9.0, 1.0, 2.0, 3.0), strict=True):
            strategy.tell(proposal, score)
        (child,) = ask(strategy)
        assert one_edit_apart(child, first[0])
        strategy.tell(child, 0.0)
        (child,) = ask(strategy)
        assert one_edit_apart(child, first[3]) and not one_edit_apart(child, first[0])

    def test_a_tournament_is_as_large_as_was_said(self) -> None:
        """Of two members at a time, the best of three is not always one."""
        strategy = make(RegularizedEvolution, population=3, tournament=2)
        first = ask(strategy, 3)
        for i, proposal in enumerate(first):
            strategy.tell(proposal, float(i))
        children = ask(strategy, 30)
        parents = [{i for i in range(3) if one_edit_apart(c, first[i])} for c in children]
        assert {1} in parents and {2} in parents and {0} not in parents

    def test_what_failed_is_no_member(self) -> None:
        strategy, first = self.evolution(population=2)
        strategy.tell(first[1], -5.0)
        strategy.tell(first[0], None)
        assert all(one_edit_apart(child, first[1]) for child in ask(strategy, 5))

    def test_while_nothing_has_succeeded_samples_are_due(self) -> None:
        strategy, first = self.evolution(population=2)
        for proposal in first:
            strategy.tell(proposal, None)
        assert not any(one_edit_apart(a, b) for a in ask(strategy, 2) for b in first)
        assert strategy.ask() is None


class TestHyperband:
    """Of 9 epochs: 9 trainings of one, 3 of 3, 1 of 9; then 5 of 3, 1 of 9; then 3 of 9."""

    def rung(self, strategy: Hyperband) -> list[Proposal]:
        """All that it asks for before it waits for scores."""
        asked = []
        while (proposal := strategy.ask()) is not None:
            asked.append(proposal)
        return asked

    def test_brackets_are_those_of_the_paper(self) -> None:
        strategy = make(Hyperband)
        rungs = []
        for _ in range(7):
            asked = self.rung(strategy)
            rungs.append((len(asked), {proposal.epochs for proposal in asked}))
            for proposal in asked:
                strategy.tell(proposal, 0.0)
        brackets = [(9, {1}), (3, {3}), (1, {9}), (5, {3}), (1, {9}), (3, {9})]
        assert rungs == [*brackets, brackets[0]]

    def test_the_best_third_is_promoted(self) -> None:
        strategy = make(Hyperband)
        first = self.rung(strategy)
        scores = [3.0, 8.0, 1.0, 6.0, 2.0, 7.0, 0.0, 5.0, 4.0]
        for proposal, score in zip(first, scores, strict=True):
            strategy.tell(proposal, score)
        promoted = [proposal.architecture for proposal in self.rung(strategy)]
        assert promoted == [first[i].architecture for i in (1, 5, 3)]

    def test_what_failed_is_not_promoted(self) -> None:
        strategy = make(Hyperband)
        first = self.rung(strategy)
        for i, proposal in enumerate(first):
            strategy.tell(proposal, float(i) if i < 2 else None)
        promoted = [proposal.architecture for proposal in self.rung(strategy)]
        assert promoted == [first[i].architecture for i in (1, 0)]


class TestLocalSearch:
    def test_it_climbs_from_the_best_sample_to_the_first_better_neighbour(self) -> None:
        strategy = make(LocalSearch, starts=3)
        first = ask(strategy, 3)
        assert strategy.ask() is None
        for proposal, score in zip(first, (1.0, 3.0, 2.0), strict=True):
            strategy.tell(proposal, score)
        worse, better = ask(strategy, 2)
        assert one_edit_apart(worse, first[1]) and one_edit_apart(better, first[1])
        strategy.tell(worse, 2.5)
        strategy.tell(better, 3.5)
        assert one_edit_apart(ask(strategy)[0], better)

    def test_an_equal_neighbour_is_no_better_one(self) -> None:
        strategy = make(LocalSearch, starts=1)
        (first,) = ask(strategy)
        strategy.tell(first, 1.0)
        (equal,) = ask(strategy)
        strategy.tell(equal, 1.0)
        near = ask(strategy, len(SPACE.neighbours(first.architecture)) - 1)
        assert all(one_edit_apart(proposal, first) for proposal in near)

    def test_it_starts_again_where_no_neighbour_is_better(self) -> None:
        strategy = make(LocalSearch, starts=1)
        (first,) = ask(strategy)
        strategy.tell(first, 1.0)
        around = SPACE.neighbours(first.architecture)
        for proposal in ask(strategy, len(around)):
            assert one_edit_apart(proposal, first)
            strategy.tell(proposal, 0.0)
        (fresh,) = ask(strategy)
        assert fresh.architecture not in (first.architecture, *around)
        strategy.tell(fresh, -1.0)  # worse than all before, yet the centre of a new climb
        assert one_edit_apart(ask(strategy)[0], fresh)


class TestBayesianOptimization:
    @pytest.mark.parametrize("best", range(4))
    def test_it_mutates_the_best(self, best: int) -> None:
        strategy = make(BayesianOptimization, random_first=4, samples=0, parents=1)
        first = ask(strategy, 4)
        for i, proposal in enumerate(first):
            strategy.tell(proposal, float(i == best))
        (child,) = ask(strategy)
        assert [one_edit_apart(child, parent) for parent in first].index(True) == best

    def test_no_candidate_is_proposed_twice(self) -> None:
        strategy = make(BayesianOptimization, random_first=3, bag=2)
        asked = ask(strategy, 3)
        for proposal in asked:
            strategy.tell(proposal, 0.0)
        asked += ask(strategy, 12)
        assert len({proposal.architecture for proposal in asked}) == 15


def tanh_count(cell: Cell) -> int:
    return [node.activation for node in cell.nodes].count("tanh")


def tanh_nodes(proposal: Proposal) -> int:
    return tanh_count(proposal.architecture)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (TPE, {}),
        (BayesianOptimization, {"samples": 20, "mutations": 0, "bag": 3}),
        (BayesianOptimization, {"samples": 20, "mutations": 0, "bag": 3, "acquisition": "ei"}),
    ],
)
def test_it_comes_back_to_what_scored_high(kind: type[Strategy], options: Any) -> None:
    """Scores are the number of tanh nodes: after the random start there are more of them."""
    strategy = make(kind, random_first=15, **options)
    found = []
    for _ in range(45):
        (proposal,) = ask(strategy)
        found.append(tanh_nodes(proposal))
        strategy.tell(proposal, float(found[-1]))
    assert np.mean(found[-15:]) > np.mean(found[:15]) + 1


@pytest.fixture(scope="module")
def table() -> TabularSpace:
    rng = np.random.default_rng(0)
    return TabularSpace(SPACE, [SPACE.sample(rng) for _ in range(12)])


def test_tpe_prefers_in_a_table_what_the_good_ones_consist_of() -> None:
    """Of the unseen architectures, those with the most tanh nodes come next."""
    rng = np.random.default_rng(0)
    cells = {cell.canonical_key: cell for cell in (SPACE.sample(rng) for _ in range(300))}
    table = TabularSpace(SPACE, list(cells.values()))
    strategy = make(TPE, 0, table, random_first=40, table_prior_weight=0.01)
    for proposal in ask(strategy, 40):
        strategy.tell(proposal, float(tanh_nodes(proposal)))
    found = [tanh_nodes(proposal) for proposal in ask(strategy, 10)]
    assert np.mean(found) > np.mean([tanh_count(cell) for cell in table.architectures]) + 1


def test_tpe_goes_through_a_whole_table(table: TabularSpace) -> None:
    strategy = make(TPE, 0, table, random_first=3)
    asked = []
    while (proposal := strategy.ask()) is not None:
        asked.append(proposal.architecture)
        strategy.tell(proposal, float(tanh_count(proposal.architecture)))
    assert len(asked) == 12
    assert set(asked) == set(table.architectures)


def test_tpe_observes_architectures_that_are_not_in_the_table(table: TabularSpace) -> None:
    strategy = make(TPE, 0, table, random_first=3, table_good=0.3)
    rng = np.random.default_rng(5)
    for _ in range(20):
        cell = SPACE.sample(rng)
        strategy.add_observation(cell, float(tanh_count(cell)))
    (proposal,) = ask(strategy)
    assert tanh_nodes(proposal) >= np.median([tanh_count(c) for c in table.architectures])


@pytest.mark.parametrize("kind", [GridSearch, RandomSearch])
def test_every_architecture_of_a_table_once_in_an_order_of_the_seed(
    kind: type[Strategy], table: TabularSpace
) -> None:
    orders = []
    for seed in (0, 1):
        strategy = make(kind, seed, table)
        orders.append([proposal.architecture for proposal in ask(strategy, 12)])
        assert strategy.ask() is None
        assert set(orders[-1]) == set(table.architectures)
    assert orders[0] != orders[1]


@pytest.mark.parametrize("kind", [GridSearch, RandomSearch])
def test_a_warm_start_keeps_the_table(kind: type[Strategy], table: TabularSpace) -> None:
    strategy = make(kind, 0, BestOfNSpace(table, tanh_count, candidates=3))
    asked = [proposal.architecture for proposal in ask(strategy, 12)]
    assert strategy.ask() is None
    assert set(asked) == set(table.architectures)


def test_grid_search_of_a_constrained_table(table: TabularSpace) -> None:
    allowed = [cell for cell in table.architectures if tanh_count(cell) < 2]
    strategy = make(GridSearch, 0, ConstrainedSpace(table, lambda cell: tanh_count(cell) < 2))
    assert {proposal.architecture for proposal in ask(strategy, len(allowed))} == set(allowed)
    assert strategy.ask() is None


def test_grid_search_needs_a_table() -> None:
    with pytest.raises(UserError, match="restrict the search"):
        make(GridSearch, 0, BestOfNSpace(SPACE, tanh_count))
