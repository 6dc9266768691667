"""Maximum-likelihood fit of NNI's policy."""

from __future__ import annotations

import numpy as np
import torch

from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.strategies.models.choice_samples import ChoiceEncoder, Indices
from search_spaces.enas_cell.space import EnasCellSpace

import_nni_quietly()

from nni.nas.strategy._rl_impl import TuningEnvironment, default_policy_fn  # noqa: E402

from nni_nlp_bench.frameworks.nni.strategies.fit_policy import (  # noqa: E402
    fit_policy,
    negative_log_likelihood,
)

SPACE = EnasCellSpace(nodes=3)
ENCODER = ChoiceEncoder(SPACE.choices())


def rows(count: int) -> Indices:
    drawn = ENCODER.sample(SPACE, np.random.default_rng(1), count)
    return np.stack([row for _, row in drawn])


def test_the_likelihood_is_that_of_the_policys_own_steps(rng: np.random.Generator) -> None:
    policy = default_policy_fn(TuningEnvironment(ENCODER.sizes.tolist()))
    (row,) = rows(1)
    total = 0.0
    for step, taken in enumerate(row):
        history = np.where(np.arange(len(row)) < step, row, 0)[None]
        observation = {
            "action_history": history,
            "cur_step": np.array([step]),
            "action_dim": ENCODER.sizes[step : step + 1],
        }
        with torch.no_grad():
            probabilities, _ = policy.actor(observation)
        total -= float(probabilities[0, taken].log())
    with torch.no_grad():
        found = float(negative_log_likelihood(policy.actor, row[None], ENCODER.sizes, rng))
    np.testing.assert_allclose(found, total, rtol=1e-4)


def test_the_fit_lowers_it(rng: np.random.Generator) -> None:
    policy = default_policy_fn(TuningEnvironment(ENCODER.sizes.tolist()))
    same = np.repeat(rows(1), 50, axis=0)
    fit_policy(policy, ENCODER.labels, ENCODER, same, 50, rng)
    with torch.no_grad():
        assert float(negative_log_likelihood(policy.actor, same, ENCODER.sizes, rng)) < 0.5
