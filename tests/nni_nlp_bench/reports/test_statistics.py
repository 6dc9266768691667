"""The tests of a report against SciPy's, tables from print, and counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nni_nlp_bench.reports.page.critical_difference import critical_difference, groups
from nni_nlp_bench.reports.statistics import (
    FEWEST_SEEDS,
    LEVEL,
    friedman,
    holm,
    interval_of_mean,
    pairs,
    seeds_for_clear_pairs,
)


def drawn(rng: np.random.Generator, seeds: int = 10) -> dict[str, list[float]]:
    return {name: (rng.random(seeds) + 0.2 * i).tolist() for i, name in enumerate("abcd")}


def test_friedman_is_that_of_scipy(rng: np.random.Generator) -> None:
    regrets = drawn(rng)
    expected = stats.friedmanchisquare(*regrets.values())
    found = friedman(regrets)
    assert (found.statistic, found.p_value) == pytest.approx(tuple(expected))
    assert found.seeds == 10
    assert sum(found.mean_ranks.values()) == pytest.approx(1 + 2 + 3 + 4)


def test_friedman_by_hand_with_ties() -> None:
    """Ranks of three seeds: 1 2 3, 1.5 1.5 3, 1 3 2; corrected for the one tie of two."""
    found = friedman({"a": [0.1, 0.2, 0.1], "b": [0.2, 0.2, 0.3], "c": [0.3, 0.4, 0.2]})
    assert list(found.mean_ranks.values()) == pytest.approx([3.5 / 3, 6.5 / 3, 8 / 3])
    squares = 3.5**2 + 6.5**2 + 8**2
    uncorrected = 12 / (3 * 3 * 4) * squares - 3 * 3 * 4
    assert found.statistic == pytest.approx(uncorrected / (1 - 6 / (3 * (27 - 3))))


def test_strategies_that_end_alike_do_not_differ() -> None:
    equal = {name: [0.1, 0.0, 0.2, 0.1, 0.0, 0.3] for name in "abc"}
    assert (friedman(equal).statistic, friedman(equal).p_value) == (0.0, 1.0)
    assert {pair.p_value for pair in pairs(equal)} == {1.0}


def test_losses_that_differ_by_rounding_alone_are_ties() -> None:
    regrets = {"a": [0.1 + 0.2 - 0.3] * 6, "b": [0.0] * 6, "c": [1.0] * 6}
    assert list(friedman(regrets).mean_ranks.values()) == [1.5, 1.5, 3.0]
    assert pairs(regrets)[0].p_value == 1.0


@pytest.mark.parametrize("seeds", [6, 10, 25])
def test_wilcoxon_without_ties_is_that_of_scipy(seeds: int, rng: np.random.Generator) -> None:
    regrets = drawn(rng, seeds)
    for pair in pairs(regrets):
        expected = stats.wilcoxon(regrets[pair.better], regrets[pair.other]).pvalue
        assert pair.p_value == pytest.approx(expected)
        assert np.mean(regrets[pair.better]) <= np.mean(regrets[pair.other])


def test_wilcoxon_with_ties_and_zeros_counts_every_sign() -> None:
    one, other = [0.0] * 7, [0.0, 0.1, 0.1, -0.1, 0.2, 0.3, 0.3]
    method = stats.PermutationMethod(n_resamples=9999)
    expected = stats.wilcoxon(one, other, zero_method="pratt", method=method).pvalue
    assert pairs({"a": one, "b": other})[0].p_value == pytest.approx(expected)


def test_holm_by_hand() -> None:
    """Holm's steps: 3 x .01, 2 x .02, but never below the step before; order is kept."""
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_so_few_seeds_as_are_said_let_no_pair_be_clear() -> None:
    apart = {name: [float(i)] * FEWEST_SEEDS for i, name in enumerate("ab")}
    assert pairs(apart)[0].p_value == 2 ** (1 - FEWEST_SEEDS) < LEVEL
    assert 2 ** (2 - FEWEST_SEEDS) >= LEVEL
    for strategies in (3, 5):
        needed = seeds_for_clear_pairs(strategies)
        for seeds, clear in ((needed, True), (needed - 1, False)):
            apart = {str(i): [float(i)] * seeds for i in range(strategies)}
            assert any(pair.clear for pair in pairs(apart)) == clear


def test_the_interval_holds_the_mean_and_is_the_same_every_time(rng: np.random.Generator) -> None:
    values = rng.normal(3.0, 1.0, 50).tolist()
    interval = interval_of_mean(values)
    assert interval is not None
    assert interval == interval_of_mean(values)
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(50)
    assert interval.low == pytest.approx(np.mean(values) - half, abs=0.05)
    assert interval.high == pytest.approx(np.mean(values) + half, abs=0.05)


def test_no_interval_of_two_values_or_of_an_unknown_one() -> None:
    assert interval_of_mean([0.1, 0.2]) is None
    assert interval_of_mean([0.1, 0.2, float("nan")]) is None


@pytest.mark.parametrize(("strategies", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_differences_are_those_of_demsars_table_5(strategies: int, q: float) -> None:
    expected = q * np.sqrt(strategies * (strategies + 1) / (6 * 14))
    assert critical_difference(strategies, 14) == pytest.approx(expected, abs=1e-3)


def test_groups_are_the_largest_that_are_not_told_apart() -> None:
    ranks = {"d": 4.0, "a": 1.0, "c": 2.6, "b": 2.0}
    assert groups(ranks, 1.0) == [("a", "b"), ("b", "c")]
    assert groups(ranks, 0.5) == []
    assert groups(ranks, 3.0) == [("a", "b", "c", "d")]
