"""Weights and predictions of the ensemble of lengths."""

from __future__ import annotations

import numpy as np
import pytest

from nni_nlp_bench.strategies.models.fidelity_ensemble import (
    FidelityEnsemble,
    order_accuracy,
    product_of_experts,
)
from nni_nlp_bench.strategies.models.rank_gaussian_process import normal_scores


def test_accuracy_by_hand() -> None:
    """Of three pairs, one has equal scores, one is in order and one is not."""
    assert order_accuracy(np.array([1.0, 2.0, 1.5]), np.array([0.0, 1.0, 1.0])) == 1.0
    assert order_accuracy(np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, 1.0])) == 0.5
    assert order_accuracy(np.array([1.0, 2.0]), np.array([1.0, 1.0])) == 0.0


def test_a_product_by_hand() -> None:
    """Precisions of .5 / 1 and .5 / .25: 2.5 in all, and a mean of (.5 * 0 + 2 * 1) / 2.5."""
    experts = [(np.zeros(1), np.ones(1)), (np.ones(1), np.full(1, 0.5))]
    mean, std = product_of_experts(experts, [0.5, 0.5])
    assert mean == pytest.approx([0.8])
    assert std == pytest.approx([2.5**-0.5])
    alone = product_of_experts(experts, [0.0, 1.0])
    assert (alone[0][0], alone[1][0]) == pytest.approx((1.0, 0.5))


def ensemble(rng: np.random.Generator, full: int) -> FidelityEnsemble:
    """Trainings of one epoch say the opposite of those of nine, those of three nearly the same."""
    found = FidelityEnsemble(full=9, power=3.0)
    signs = {1: -1.0, 3: 1.0, 9: 1.0}
    for length, count in ((1, 40), (3, 20), (9, full)):
        x = rng.normal(size=(count, 2))
        found.fit(length, x, normal_scores((signs[length] * x[:, 0]).tolist()))
    return found


@pytest.mark.parametrize("full", [5, 20])
def test_weights_follow_the_order_of_full_trainings(rng: np.random.Generator, full: int) -> None:
    """Few full trainings give the model of them no weight."""
    found = ensemble(rng, full)
    x = rng.normal(size=(full, 2))
    found.weigh(x, normal_scores(x[:, 0].tolist()))
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.weights[1] < 0.01 < 0.3 < found.weights[3]
    assert (found.weights[9] > 0.3) == (full == 20)
    mean, _ = found.predict(np.array([[-1.0, 0.0], [1.0, 0.0]]))
    assert mean[0] < -0.3 and mean[1] > 0.3


def test_equal_weights_leave_out_full_trainings(rng: np.random.Generator) -> None:
    found = ensemble(rng, 5)
    found.weigh_equally()
    assert found.weights == {1: 0.5, 3: 0.5, 9: 0.0}
