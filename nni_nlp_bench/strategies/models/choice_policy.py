"""Autoregressive LSTM policy over the choices of a space (Zoph and Le, 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nni_nlp_bench.strategies.models.choice_samples import (
    INACTIVE,
    ChoiceEncoder,
    Indices,
    draw_positions,
)
from nni_nlp_bench.training.threads import torch_threads
from search_spaces.choices import Choices, ConditionalChoices

LAYERS = 2
WIDTH = 35
_LEAST_LOG_PROBABILITY = -1e4
INITIAL_RANGE = 0.08
"""Weights are uniform between minus this and this."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Sequences of the active choices of samples, padded to one length.

    A token is the position of a value among the values of all choices.
    """

    choices: Tensor
    """Which choice each step decides (batch, steps); 0 as padding."""
    values: Tensor
    """Position of its value (batch, steps); 0 as padding."""
    mask: Tensor
    """Whether a step is one (batch, steps), no padding."""

    @classmethod
    def of(cls, rows: Indices) -> TokenBatch:
        """Return the sequences of samples (batch, choices)."""
        active = rows != INACTIVE
        steps = int(active.sum(axis=1).max())
        order = np.argsort(~active, axis=1, kind="stable")[:, :steps]
        mask = np.take_along_axis(active, order, axis=1)
        values = np.take_along_axis(rows, order, axis=1)
        return cls(
            torch.from_numpy(np.where(mask, order, 0)),
            torch.from_numpy(np.where(mask, values, 0)),
            torch.from_numpy(mask),
        )


class ChoicePolicy(nn.Module):
    """Decides the choices in their order, each given all before.

    The input of a step is the sum of the embeddings of the token before and of the choice that is
    due; each choice has its own softmax. Choices that a sample does not need are left out of its
    sequence.

    Args:
        encoder: The choices.
        generator: Source of the initial weights.
    """

    _first: Tensor
    """Token of the first value of each choice."""
    _beyond: Tensor
    """Which positions (choices, values) are no values of a choice."""

    def __init__(self, encoder: ChoiceEncoder, generator: torch.Generator) -> None:
        super().__init__()
        self._encoder = encoder
        choices, most = len(encoder.sizes), int(encoder.sizes.max())
        first = np.concatenate([[0], np.cumsum(encoder.sizes)])
        self._start = int(first[-1])
        self.lstm = nn.LSTM(WIDTH, WIDTH, LAYERS, batch_first=True)
        self.tokens = nn.Embedding(self._start + 1, WIDTH)
        self.choices = nn.Embedding(choices, WIDTH)
        self.weights = nn.Parameter(torch.empty(choices, most, WIDTH))
        self.biases = nn.Parameter(torch.empty(choices, most))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -INITIAL_RANGE, INITIAL_RANGE, generator)
        beyond = torch.arange(most) >= torch.from_numpy(encoder.sizes)[:, None]
        self.register_buffer("_first", torch.from_numpy(first[:-1]))
        self.register_buffer("_beyond", beyond)

    def evaluate(self, batch: TokenBatch) -> tuple[Tensor, Tensor]:
        """Return the log probability of each sample and the entropy of its choices, in nats.

        Both are (batch,), sums over the choices; each entropy is that given the choices before.
        """
        tokens = self._first[batch.choices] + batch.values
        before = torch.cat([torch.full_like(tokens[:, :1], self._start), tokens[:, :-1]], dim=1)
        hidden, _ = self.lstm(self.tokens(before) + self.choices(batch.choices))
        log_probs = self._log_softmax(hidden, batch.choices)
        taken = log_probs.gather(-1, batch.values[..., None]).squeeze(-1)
        # Values that a choice does not have are -inf, of probability 0: they add nothing.
        entropies = -(log_probs.exp() * log_probs.clamp(min=_LEAST_LOG_PROBABILITY)).sum(-1)
        log_prob, entropy = (
            torch.where(batch.mask, each, 0.0).sum(dim=1) for each in (taken, entropies)
        )
        return log_prob, entropy

    @torch.no_grad()
    def sample(
        self, count: int, rng: np.random.Generator, choices: Choices | None = None
    ) -> Indices:
        """Return samples (count, choices); inactive choices are `INACTIVE`.

        Args:
            count: Number of samples.
            rng: Source of randomness.
            choices: A part of the choices that samples keep to; None for all.
        """
        allowed = self._encoder.allowed(choices or self._encoder.choices)
        rows = np.full((count, len(self._encoder.sizes)), INACTIVE)
        partial: list[dict[str, Any]] = [{} for _ in range(count)]
        due = np.full(count, -1)
        before, state = torch.full((count,), self._start), None
        while True:
            due = np.array([self._next(i, of, allowed) for i, of in zip(due, partial, strict=True)])
            running = due < len(self._encoder.labels)
            if not running.any():
                return rows
            choice = torch.from_numpy(np.where(running, due, 0))
            inputs = self.tokens(before) + self.choices(choice)
            hidden, state = self.lstm(inputs[:, None], state)
            probs = self._log_softmax(hidden, choice[:, None]).exp().squeeze(1).numpy()
            drawn = draw_positions(probs * allowed[choice.numpy()], rng)
            for i in np.flatnonzero(running):
                rows[i, due[i]] = drawn[i]
                value = self._encoder.values[due[i]][drawn[i]]
                partial[i][self._encoder.labels[due[i]]] = value
            before = self._first[choice] + torch.from_numpy(drawn)

    def _log_softmax(self, hidden: Tensor, choices: Tensor) -> Tensor:
        """Return log probabilities (batch, steps, values) after states (batch, steps, width)."""
        logits = (self.weights[choices] @ hidden[..., None]).squeeze(-1) + self.biases[choices]
        return logits.masked_fill(self._beyond[choices], -torch.inf).log_softmax(-1)

    def _next(self, last: int, sample: dict[str, Any], allowed: NDArray[np.bool_]) -> int:
        """Return the first active choice after `last`; the number of choices if there is none."""
        labels, of = self._encoder.labels, self._encoder.choices
        for due in range(int(last) + 1, len(labels)):
            active = not isinstance(of, ConditionalChoices) or of.is_active(labels[due], sample)
            if active and allowed[due].any():
                return due
        return len(labels)


class PolicyTrainer:
    """A policy with its optimizers, on one thread.

    Args:
        encoder: The choices.
        seed: Seed of the initial weights.
        learning_rate: Learning rate of Adam for REINFORCE.
    """

    _fit_batch = 50
    _fit_learning_rate = 0.01
    _largest_norm = 5.0
    """Largest norm of a gradient."""

    def __init__(self, encoder: ChoiceEncoder, seed: int, learning_rate: float) -> None:
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # modules draw first weights from the global one
            self.policy = ChoicePolicy(encoder, generator)
        self._optimizer = torch.optim.Adam(self.policy.parameters(), lr=learning_rate)

    def sample(
        self, count: int, rng: np.random.Generator, choices: Choices | None = None
    ) -> Indices:
        """Return samples (count, choices): see `ChoicePolicy.sample`."""
        with torch_threads(1, 0):
            return self.policy.sample(count, rng, choices)

    def fit(self, rows: Indices, epochs: int, rng: np.random.Generator) -> None:
        """Maximise the likelihood of samples (samples, choices), in random batches."""
        optimizer = torch.optim.Adam(self.policy.parameters(), lr=self._fit_learning_rate)
        with torch_threads(1, 0):
            for _ in range(epochs):
                order = rng.permutation(len(rows))
                for first in range(0, len(rows), self._fit_batch):
                    batch = rows[order[first : first + self._fit_batch]]
                    log_probs, _ = self.policy.evaluate(TokenBatch.of(batch))
                    self._ascend(optimizer, log_probs.mean())

    def reinforce(
        self,
        rows: Indices,
        advantages: NDArray[np.float64],
        entropy_weight: float = 0.0,
        elites: Indices | None = None,
    ) -> None:
        """Follow the gradient of the mean of log probabilities times advantages.

        Args:
            rows: Samples (samples, choices).
            advantages: Of each sample (samples,); higher is better.
            entropy_weight: Weight of the entropy of the policy, in addition.
            elites: Samples (elites, choices) whose mean log probability is added; None for none.
        """
        with torch_threads(1, 0):
            log_probs, entropies = self.policy.evaluate(TokenBatch.of(rows))
            weights = torch.from_numpy(advantages).to(log_probs)
            objective = (weights * log_probs + entropy_weight * entropies).mean()
            if elites is not None:
                objective = objective + self.policy.evaluate(TokenBatch.of(elites))[0].mean()
            self._ascend(self._optimizer, objective)

    def _ascend(self, optimizer: torch.optim.Optimizer, objective: Tensor) -> None:
        optimizer.zero_grad()
        (-objective).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.policy.parameters(), self._largest_norm)
        optimizer.step()
