"""Maximum-likelihood fit of NNI's default policy to samples of a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.strategies.models.choice_samples import INACTIVE, ChoiceEncoder, Indices

BATCH = 50
LEARNING_RATE = 0.01


def fit_policy(
    policy: Any,
    labels: Sequence[str],
    encoder: ChoiceEncoder,
    rows: Indices,
    epochs: int,
    rng: np.random.Generator,
) -> None:
    """Maximise the likelihood of samples under the actor of a policy.

    Args:
        policy: What `nni.nas.strategy._rl_impl.default_policy_fn` returns.
        labels: Label of the choice that the policy decides at each step.
        encoder: The choices.
        rows: Samples (samples, choices). Choices that they do not need have random values and no
            part in the likelihood, since the policy decides them too.
        epochs: Number of passes over the samples.
        rng: Source of randomness.
    """
    order = [encoder.labels.index(label) for label in labels]
    rows, sizes = rows[:, order], encoder.sizes[order]
    optimizer = torch.optim.Adam(policy.actor.parameters(), lr=LEARNING_RATE)
    for _ in range(epochs):
        shuffled = rows[rng.permutation(len(rows))]
        for first in range(0, len(rows), BATCH):
            batch = shuffled[first : first + BATCH]
            optimizer.zero_grad()
            loss = negative_log_likelihood(policy.actor, batch, sizes, rng)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def negative_log_likelihood(
    actor: Any, rows: Indices, sizes: NDArray[np.int64], rng: np.random.Generator
) -> Tensor:
    """Return the mean over the samples, in nats, of the choices that they need."""
    active = torch.from_numpy(rows != INACTIVE)
    filled = np.where(rows == INACTIVE, rng.integers(sizes, size=rows.shape), rows)
    actions = torch.from_numpy(filled)
    log_probs = _logits(actor, actions, torch.from_numpy(sizes)).log_softmax(-1)
    taken = log_probs.gather(-1, actions[..., None]).squeeze(-1)
    return -torch.where(active, taken, 0.0).sum(dim=1).mean()


def _logits(actor: Any, actions: Tensor, sizes: Tensor) -> Tensor:
    """Return the logits (samples, steps, values) of all steps in one pass.

    The actor itself reads the actions before one step, and returns that step's probabilities.
    """
    net = actor.preprocess
    tokens = net.embedding(functional.pad(actions + 1, (1, 1)))
    steps = functional.one_hot(torch.arange(net.step_dim)).expand(len(actions), -1, -1)
    hidden, _ = net.rnn(torch.cat((tokens, steps), -1))
    logits = actor.linear(net.fc(hidden[:, : actions.shape[1]]))
    beyond = torch.arange(actor.action_dim) >= sizes[:, None]
    filled: Tensor = logits.masked_fill(beyond, -torch.inf)
    return filled
