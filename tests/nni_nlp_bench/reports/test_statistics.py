"""Statistical tests against SciPy, published tables and calculations by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nni_nlp_bench.reports.page.critical_difference import critical_difference, groups
from nni_nlp_bench.reports.statistics import (
    ALPHA,
    MIN_SEEDS,
    friedman,
    holm,
    interval_of_mean,
    min_seeds_for_significance,
    pairs,
)


def random_regrets(rng: np.random.Generator, seeds: int = 10) -> dict[str, list[float]]:
    return {name: (rng.random(seeds) + 0.2 * i).tolist() for i, name in enumerate("abcd")}


def test_friedman_equals_scipy(rng: np.random.Generator) -> None:
    regrets = random_regrets(rng)
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


def test_equal_strategies_do_not_differ() -> None:
    equal = {name: [0.1, 0.0, 0.2, 0.1, 0.0, 0.3] for name in "abc"}
    assert (friedman(equal).statistic, friedman(equal).p_value) == (0.0, 1.0)
    assert {pair.p_value for pair in pairs(equal)} == {1.0}


def test_rounding_differences_are_ties() -> None:
    regrets = {"a": [0.1 + 0.2 - 0.3] * 6, "b": [0.0] * 6, "c": [1.0] * 6}
    assert list(friedman(regrets).mean_ranks.values()) == [1.5, 1.5, 3.0]
    assert pairs(regrets)[0].p_value == 1.0


@pytest.mark.parametrize("seeds", [6, 10, 25])
def test_wilcoxon_without_ties_equals_scipy(seeds: int, rng: np.random.Generator) -> None:
    regrets = random_regrets(rng, seeds)
    for pair in pairs(regrets):
        expected = stats.wilcoxon(regrets[pair.better], regrets[pair.other]).pvalue
        assert pair.p_value == pytest.approx(expected)
        assert np.mean(regrets[pair.better]) <= np.mean(regrets[pair.other])


def test_wilcoxon_with_ties_and_zeros_is_exact() -> None:
    one, other = [0.0] * 7, [0.0, 0.1, 0.1, -0.1, 0.2, 0.3, 0.3]
    method = stats.PermutationMethod(n_resamples=9999)
    expected = stats.wilcoxon(one, other, zero_method="pratt", method=method).pvalue
    assert pairs({"a": one, "b": other})[0].p_value == pytest.approx(expected)


def test_holm_by_hand() -> None:
    """Factors 3 x .01, 2 x .02, monotone; the order is kept."""
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_min_seeds_for_significance() -> None:
    apart = {name: [float(i)] * MIN_SEEDS for i, name in enumerate("ab")}
    assert pairs(apart)[0].p_value == 2 ** (1 - MIN_SEEDS) < ALPHA
    assert 2 ** (2 - MIN_SEEDS) >= ALPHA
    for strategies in (3, 5):
        needed = min_seeds_for_significance(strategies)
        for seeds, significant in ((needed, True), (needed - 1, False)):
            apart = {str(i): [float(i)] * seeds for i in range(strategies)}
            assert any(pair.significant for pair in pairs(apart)) == significant


def test_interval_contains_the_mean_and_is_deterministic(rng: np.random.Generator) -> None:
    values = rng.normal(3.0, 1.0, 50).tolist()
    interval = interval_of_mean(values)
    assert interval is not None
    assert interval == interval_of_mean(values)
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(50)
    assert interval.low == pytest.approx(np.mean(values) - half, abs=0.05)
    assert interval.high == pytest.approx(np.mean(values) + half, abs=0.05)


def test_no_interval_for_two_values_or_nan() -> None:
    assert interval_of_mean([0.1, 0.2]) is None
    assert interval_of_mean([0.1, 0.2, float("nan")]) is None


@pytest.mark.parametrize(("strategies", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_difference_equals_table_5_of_demsar(strategies: int, q: float) -> None:
    expected = q * np.sqrt(strategies * (strategies + 1) / (6 * 14))
    assert critical_difference(strategies, 14) == pytest.approx(expected, abs=1e-3)


def test_groups_are_maximal() -> None:
    ranks = {"d": 4.0, "a": 1.0, "c": 2.6, "b": 2.0}
    assert groups(ranks, 1.0) == [("a", "b"), ("b", "c")]
    assert groups(ranks, 0.5) == []
    assert groups(ranks, 3.0) == [("a", "b", "c", "d")]
