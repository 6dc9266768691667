"""Prediction of final scores from partial ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from nni_nlp_bench.strategies.models.final_score import FinalScore, FinalScoreModel


def curves(rng: np.random.Generator, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores after two steps, and final ones that depend linearly on both."""
    late = rng.normal(size=count)
    partial = np.stack([late - 1 + rng.normal(size=count), late], axis=1)
    final = late + 0.5 * (partial[:, 1] - partial[:, 0]) + noise * rng.normal(size=count)
    return partial, final


def test_probability_by_hand() -> None:
    distribution = FinalScore(mean=1.0, scale=2.0, freedom=4)
    assert distribution.probability_above(1.0) == pytest.approx(0.5)
    assert distribution.probability_above(5.0) == pytest.approx(t.cdf(-2.0, 4))


def test_a_gain_that_is_always_the_same_is_learned() -> None:
    partial = np.array([[1.0], [2.0], [3.0], [4.0]])
    predicted = FinalScoreModel(partial, partial[:, 0] + 0.5).predict(np.array([3.5]))
    assert predicted.mean == pytest.approx(4.0)
    assert predicted.probability_above(3.9) > 0.99 > 0.01 > predicted.probability_above(4.1)


def test_predictions_approach_the_relation_and_its_noise(rng: np.random.Generator) -> None:
    model = FinalScoreModel(*curves(rng, 400, noise=0.3))
    predicted = model.predict(np.array([0.0, 1.0]))
    assert predicted.mean == pytest.approx(1.5, abs=0.1)
    assert predicted.scale == pytest.approx(0.3, rel=0.15)


def test_intervals_hold_what_they_say(rng: np.random.Generator) -> None:
    """Of final scores of new trainings, 90 % have a probability between .05 and .95."""
    inside = []
    for _ in range(200):
        partial, final = curves(rng, 13, noise=0.3)
        model = FinalScoreModel(partial[:12], final[:12])
        inside.append(0.05 < model.predict(partial[12]).probability_above(final[12]) < 0.95)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.07)


def test_a_diverging_training_does_not_lead_the_regression() -> None:
    """Whether one final score of many is far below the others or very far is the same."""
    partial = np.array([[1.0], [2.0], [3.0], [4.0], [1.5]])
    far, further = (np.array([1.0, 2.0, 3.0, 4.0, low]) for low in (-10.0, -1000.0))
    models = [FinalScoreModel(partial, final) for final in (far, further)]
    means = [model.predict(np.array([2.5])).mean for model in models]
    assert means[0] == means[1]
