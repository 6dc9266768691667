"""NSC under a parameter budget: exact against brute force; spaces, budgets, the command."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.encoders.nsc import NSC_EXACT
from nni_nlp_bench.zero_cost.layer_programming import LayerOption, best_layers
from nni_nlp_bench.zero_cost.maximize_nsc import maximize_nsc
from search_spaces.registry import get_space

SPACE = get_space("encoder")

sizes = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 20)), min_size=1, max_size=5)


@settings(max_examples=50)
@given(sizes, st.integers(1, 3), st.integers(0, 60))
def test_layers_are_the_best_of_all(sizes: list[tuple[int, int]], count: int, spare: int) -> None:
    forms = [LayerOption(None, *each) for each in sizes]
    budget = count * min(form.parameters for form in forms) + spare
    found = best_layers(forms, count, budget)
    ranked = [
        (sum(form.capacity for form in layers), -sum(form.parameters for form in layers))
        for layers in combinations_with_replacement(forms, count)
    ]
    best = max(rank for rank in ranked if -rank[1] <= budget)
    assert (
        sum(form.capacity for form in found),
        -sum(form.parameters for form in found),
    ) == best
    assert len(found) == count


@pytest.mark.parametrize("budget", [4_600_000, 6_000_000, 9_000_000])
def test_no_encoder_of_the_budget_has_a_higher_capacity(budget: int) -> None:
    best = maximize_nsc(SPACE, budget)
    assert SPACE.parameters(best, {}) <= budget
    rng = np.random.default_rng(0)
    others = [SPACE.sample(rng) for _ in range(300)] + SPACE.neighbours(best)
    within = [each for each in others if SPACE.parameters(each, {}) <= budget]
    assert len(within) > 5
    # To 12 digits, in which orders of the layers may differ.
    limit = NSC_EXACT.of_architecture(best) * (1 + 1e-12)
    assert all(NSC_EXACT.of_architecture(each) <= limit for each in within)


def test_impossible_budgets_and_spaces() -> None:
    with pytest.raises(UserError, match="has at most 4,000,000 parameters: the smallest has 4,2"):
        maximize_nsc(SPACE, 4_000_000)
    with pytest.raises(UserError, match="space rnn_cell has no NSC; encoder"):
        maximize_nsc(get_space("rnn_cell"), 4_000_000)


def test_command() -> None:
    result = CliRunner().invoke(app, ["arch", "maximize-nsc", "--max-parameters", "7000000"])
    assert result.exit_code == 0, result.stderr
    assert SPACE.parse(result.stdout) == maximize_nsc(SPACE, 7_000_000)
