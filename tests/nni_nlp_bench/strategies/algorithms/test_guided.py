"""`guided` and other strategies with a predictor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.api.searches import make_strategy
from nni_nlp_bench.benchmarks.base import OK
from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.search import search_space
from nni_nlp_bench.testing import synthetic_table
from search_spaces.base import SearchSpace
from search_spaces.registry import get_space
from search_spaces.tabular import TabularSpace

Score = Callable[[Any], float | None]


def run(space: SearchSpace[Any], name: str, score: Score, evaluations: int, seed: int) -> float:
    """The best score of a search."""
    strategy = make_strategy(name, space, seed=seed, epochs=1)
    best = -np.inf
    for _ in range(evaluations):
        proposal = strategy.ask()
        assert proposal is not None
        value = score(proposal.architecture)
        strategy.tell(proposal, value)
        best = max(best, -np.inf if value is None else value)
    return float(best)


def attention_layers(architecture: Any) -> float | None:
    """Prefers layers of attention and width; encoders of convolutions alone fail."""
    counts = [layer.operation for layer in architecture.layers]
    if set(counts) == {"DSC"}:
        return None
    return float(counts.count("SA") + 0.1 * sum(layer.heads for layer in architecture.layers))


@pytest.mark.parametrize("name", ["guided", "bananas", "npenas"])
def test_a_planted_optimum_is_found_sooner_than_at_random(name: str) -> None:
    space = get_space("encoder")
    found = [run(space, name, attention_layers, 40, seed) for seed in range(3)]
    by_chance = [run(space, "random", attention_layers, 40, seed) for seed in range(3)]
    assert np.mean(found) > np.mean(by_chance) + 0.5


def test_pending_proposals_are_not_repeated_and_spread_out() -> None:
    space = search_space(synthetic_table(60), restrict=True)
    strategy = make_strategy("guided", space, seed=0, epochs=1)
    rng = np.random.default_rng(0)
    for _ in range(12):
        proposal = strategy.ask()
        assert proposal is not None
        strategy.tell(proposal, float(rng.normal()))
    waiting = [strategy.ask() for _ in range(8)]
    keys = [p.architecture.canonical_key for p in waiting if p is not None]
    assert len(set(keys)) == 8


def test_a_search_whose_trainings_all_fail_goes_on_at_random() -> None:
    space = search_space(synthetic_table(60), restrict=True)
    strategy = make_strategy("guided", space, seed=0, epochs=1)
    keys, size = set(), len(space.table or ())
    for _ in range(size):
        proposal = strategy.ask()
        assert proposal is not None
        keys.add(proposal.architecture.canonical_key)
        strategy.tell(proposal, None)
    assert len(keys) == size
    assert strategy.ask() is None


@pytest.mark.parametrize(("option", "value"), [("random_first", 1), ("samples", 5), ("parents", 0)])
def test_error_for_an_option_out_of_range(option: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{option} must be .* or more, got {value}"):
        make_strategy(("guided", {option: value}), get_space("encoder"))


@dataclass(frozen=True)
class Published:
    """The published losses on Penn Treebank."""

    space: TabularSpace
    scores: dict[str, float]
    """By canonical key; a failed cell has none."""

    def regret(self, strategy: str, seed: int, evaluations: int) -> float:
        """Regret on a random half of the cells."""
        rng = np.random.default_rng(1000 + seed)
        half = rng.permutation(len(self.space.architectures))[::2]
        cells = [self.space.architectures[i] for i in sorted(half)]
        lowest = max(self.scores.get(cell.canonical_key, -np.inf) for cell in cells)
        # Features come from the space of all cells, which has computed them.
        space = TabularSpace(self.space, cells)
        score = lambda cell: self.scores.get(cell.canonical_key)  # noqa: E731
        return lowest - run(space, strategy, score, evaluations, seed)


@pytest.fixture(scope="module")
def published(shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("table") / "ptb"
    import_benchmark(shared("nas-bench-nlp/ptb_multi_run.csv.gz"), "csv", folder)
    table = Table.load(folder)
    cells = list(table.architectures())
    results = [table.query(cell) for cell in cells]
    scores = {
        cell.canonical_key: -result.test_loss
        for cell, result in zip(cells, results, strict=True)
        if result.status == OK and result.test_loss is not None
    }
    return Published(TabularSpace(table.space.unwrapped, cells), scores)


@pytest.mark.slow
def test_regret_on_published_losses(published: Published) -> None:
    """Random search has .13 after 50 evaluations."""
    regrets = [published.regret("guided", seed, 50) for seed in range(12)]
    assert np.mean(regrets) < 0.09


@pytest.mark.slow
def test_shuffled_losses_give_the_regret_of_random_search(published: Published) -> None:
    """Nothing but the losses of evaluated cells tells which cells are good."""
    rng = np.random.default_rng(0)
    values = [published.scores.get(a.canonical_key) for a in published.space.architectures]
    mixed = {
        cell.canonical_key: values[i]
        for cell, i in zip(published.space.architectures, rng.permutation(len(values)), strict=True)
        if values[i] is not None
    }
    shuffled = replace(published, scores=mixed)
    guided = [shuffled.regret("guided", seed, 50) for seed in range(12)]
    by_chance = [shuffled.regret("random", seed, 50) for seed in range(12)]
    error = np.std([*guided, *by_chance]) / np.sqrt(6)
    assert abs(np.mean(guided) - np.mean(by_chance)) < 2.5 * error
