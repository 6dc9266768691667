"""naswot and area: the best of random architectures by a zero-cost score come first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms import score_ranking
from nni_nlp_bench.strategies.algorithms.area import Area
from nni_nlp_bench.strategies.algorithms.naswot import Naswot
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.zero_cost.registry import default_scorer
from search_spaces.base import SearchSpace
from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.registry import get_space
from search_spaces.tabular import TabularSpace

SPACE = EnasCellSpace(nodes=5)


def make(kind: type[Strategy], space: SearchSpace[Any] = SPACE, **options: Any) -> Strategy:
    return kind(space, np.random.default_rng(0), 9, **options)


def ask(strategy: Strategy, count: int) -> list[Any]:
    return [proposal.architecture for _ in range(count) if (proposal := strategy.ask())]


def tanh_count(cell: Cell) -> float:
    return [node.activation for node in cell.nodes].count("tanh")


@pytest.fixture
def by_tanh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default score is the number of tanh nodes."""
    monkeypatch.setattr(score_ranking, "default_scorer", lambda space: tanh_count)


@pytest.mark.usefixtures("by_tanh")
def test_candidates_are_proposed_from_the_best_to_the_worst_then_new_ones() -> None:
    found = ask(make(Naswot, candidates=20), 40)
    counts = list(map(tanh_count, found))
    assert counts[:20] == sorted(counts[:20], reverse=True) != counts[20:]
    assert counts[20:] == sorted(counts[20:], reverse=True)
    assert len(set(found)) == 40


@pytest.mark.usefixtures("by_tanh")
def test_the_first_is_the_best_of_so_many_samples() -> None:
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng) for _ in range(7)]
    assert len(set(drawn)) == 7
    (first,) = ask(make(Naswot, candidates=7), 1)
    assert first == max(drawn, key=tanh_count)  # the first drawn of equally good ones


@pytest.mark.usefixtures("by_tanh")
def test_all_of_a_table_once() -> None:
    rng = np.random.default_rng(0)
    table = TabularSpace(SPACE, [SPACE.sample(rng) for _ in range(12)])
    strategy = make(Naswot, table, candidates=8)
    found = ask(strategy, 12)
    assert set(found) == set(table.architectures)
    assert strategy.ask() is None


@pytest.mark.usefixtures("by_tanh")
def test_what_is_known_is_not_proposed() -> None:
    best = ask(make(Naswot, candidates=10), 3)
    strategy = make(Naswot, candidates=10)
    ask(strategy, 1)
    strategy.add_observation(best[1], 0.0)
    assert ask(strategy, 1) == [best[2]]


def test_an_undefined_score_is_the_lowest(monkeypatch: pytest.MonkeyPatch) -> None:
    def score(cell: Cell) -> float:
        return math.nan if tanh_count(cell) else -1.0

    monkeypatch.setattr(score_ranking, "default_scorer", lambda space: score)
    undefined = [math.isnan(score(cell)) for cell in ask(make(Naswot, candidates=50), 50)]
    assert undefined == sorted(undefined) and 0 < sum(undefined) < 50


@pytest.mark.usefixtures("by_tanh")
def test_area_begins_with_the_best_and_mutates_them() -> None:
    strategy = make(Area, candidates=30, population=4, tournament=4)
    first = ask(strategy, 4)
    assert first == ask(make(Naswot, candidates=30), 4)
    assert strategy.ask() is None
    for i, cell in enumerate(first):
        strategy.tell(Proposal(cell), float(i == 2))
    (child,) = ask(strategy, 1)
    assert child in SPACE.neighbours(first[2])


@pytest.mark.usefixtures("by_tanh")
def test_area_replaces_a_failure_by_the_next_best() -> None:
    ranked = ask(make(Naswot, candidates=30), 3)
    strategy = make(Area, candidates=30, population=2)
    for cell in ask(strategy, 2):
        strategy.tell(Proposal(cell), None)
    assert ask(strategy, 1) == [ranked[2]]


@pytest.mark.parametrize(
    ("space", "score", "expected"),
    [
        ("encoder", None, default_scorer(get_space("encoder"))),
        ("encoder", "num_params", lambda a: get_space("encoder").parameters(a, {})),  # type: ignore[attr-defined]
        ("textnas", None, lambda a: get_space("textnas").parameters(a, {})),  # type: ignore[attr-defined]
    ],
)
def test_scores_by_name_and_by_default(
    space: str, score: str | None, expected: Callable[[Any], float]
) -> None:
    found = ask(make(Naswot, get_space(space), score=score, candidates=6), 6)
    values = [expected(architecture) for architecture in found]
    assert values == sorted(values, reverse=True)


def test_errors_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="space 'enas_cell' has no zero-cost scores"):
        make(Naswot, score="nsc")
    with pytest.raises(UserError, match="naswot: candidates must be at least 1, got 0"):
        make(Naswot, candidates=0)
    with pytest.raises(UserError, match="at least the population of 20, got 19"):
        make(Area, candidates=19)
    monkeypatch.setattr(score_ranking, "default_scorer", lambda space: None)
    for kind in (Naswot, Area):
        with pytest.raises(UserError, match="by a zero-cost score, and space 'enas_cell' has none"):
            make(kind)
