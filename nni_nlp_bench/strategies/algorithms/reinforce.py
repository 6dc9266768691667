"""REINFORCE with an autoregressive LSTM controller (Zoph and Le, 2017, arXiv 1611.01578)."""

from __future__ import annotations

import math
from collections import deque
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import ArchitectureError, UserError
from nni_nlp_bench.core.extras import MissingExtraError
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.models.choice_samples import ChoiceEncoder, Indices
from nni_nlp_bench.strategies.models.node_schedule import NodeSchedule

if TYPE_CHECKING:
    from nni_nlp_bench.strategies.models.choice_policy import PolicyTrainer

PERPLEXITY_SCALE = 80.0
"""The constant c of the reward c / perplexity^2: the paper's."""


def reward_of(score: float | None, unit: LossUnit) -> float:
    """Return the reward of a score: 0 if the training failed, higher is better.

    It is c / perplexity^2 if losses are in nats per token, the accuracy (0 to 1) if they are in
    points below 100, and 1 minus the error rate, at least 0, if they are error rates.
    """
    if score is None or score <= -unit.failure:
        return 0.0
    if unit is LossUnit.NATS:
        return PERPLEXITY_SCALE * math.exp(2 * score)
    return max(0.0, 1 + score / unit.failure)


class Reinforce(Strategy):
    """Samples batches of architectures from a policy and reinforces those of high reward.

    The policy is an LSTM that decides one choice of the space after another. Each update follows
    the gradient of a batch's log probabilities, weighted by reward minus an exponential moving
    average of the rewards. Samples that are no architectures of the space have a reward of 0
    without an evaluation, and architectures that were evaluated before have their known reward.

    Other than in the paper, the policy is first fitted to samples of the space by maximum
    likelihood, since uniform choices may be far worse architectures; `fit_samples=0` leaves that
    out.

    Args:
        *args: As of every strategy.
        batch: Number of architectures per update.
        learning_rate: Learning rate of Adam for REINFORCE.
        baseline_decay: Decay of the moving average.
        fit_samples: Number of samples of the space that the policy is fitted to.
        fit_epochs: Number of passes over them.
        start_nodes: Number of nodes that architectures may have at first, for spaces whose choices
            have the option `max_nodes` or `nodes`; None for all of them.
        grow_every: Number of evaluations after which they may have another node.

    Raises:
        UserError: The space has no such option.
    """

    _tries = 20
    """Samples in turn that are no new architectures, after which one of the space is proposed."""

    def __init__(
        self,
        *args: Any,
        batch: int = 10,
        learning_rate: float = 6e-3,
        baseline_decay: float = 0.95,
        fit_samples: int = 300,
        fit_epochs: int = 25,
        start_nodes: int | None = None,
        grow_every: int = 100,
    ) -> None:
        super().__init__(*args)
        if batch < 1:
            raise UserError(f"reinforce: batch must be at least 1, got {batch}")
        self._batch = batch
        self._learning_rate = learning_rate
        self._fit_samples = fit_samples
        self._fit_epochs = fit_epochs
        self._encoder = ChoiceEncoder(self.space.choices())
        self._schedule = (
            None if start_nodes is None else NodeSchedule(self.space, start_nodes, grow_every)
        )
        self._baseline = MovingAverage(baseline_decay)
        self._rewards: dict[str, float] = {}
        """By key of the architecture."""
        self._seen: set[str] = set()
        self._queue: deque[tuple[Indices, Any | None]] = deque()
        """Samples of the batch that are still to be evaluated, with their architectures."""
        self._running: dict[Proposal, Indices | None] = {}
        self._finished: list[tuple[Indices, float]] = []

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return the extra that installs torch, if it is missing."""
        return None if find_spec("torch") else str(MissingExtraError("torch"))

    def ask(self) -> Proposal | None:
        """Return the next architecture of the batch; None while the batch waits for scores."""
        for _ in range(self._tries):
            if not self._queue and not self._refill():
                return None
            row, architecture = self._queue.popleft()
            if architecture is None:
                self._finished.append((row, 0.0))
            elif architecture.canonical_key in self._rewards:
                self._finished.append((row, self._rewards[architecture.canonical_key]))
            else:
                return self._propose(architecture, row)
        architecture = self.sample_unseen(self._seen)
        return None if architecture is None else self._propose(architecture, None)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Add the reward to the batch."""
        reward = reward_of(score, self.loss_unit)
        self._rewards[proposal.architecture.canonical_key] = reward
        row = self._running.pop(proposal)
        if row is not None:
            self._finished.append((row, reward))

    def _propose(self, architecture: Any, row: Indices | None) -> Proposal:
        self._seen.add(architecture.canonical_key)
        proposal = Proposal(architecture)
        self._running[proposal] = row
        return proposal

    def _refill(self) -> bool:
        """Update the policy and sample a batch; return False while the last one is evaluated."""
        if self._running:
            return False
        if self._finished:
            rewards = np.array([reward for _, reward in self._finished])
            advantages = rewards - self._baseline.update(rewards)
            rows = np.stack([row for row, _ in self._finished])
            self._trainer.reinforce(rows, advantages)
            self._finished.clear()
        choices = None if self._schedule is None else self._schedule.choices(len(self._rewards))
        rows = self._trainer.sample(self._batch, self.rng, choices)
        self._queue.extend((row, self._decode(row, choices)) for row in rows)
        return True

    def _decode(self, row: Indices, choices: Any) -> Any | None:
        """Return the architecture of a sample; None if there is none."""
        try:
            return self._encoder.decode(row, choices)
        except ArchitectureError:
            return None

    @cached_property
    def _trainer(self) -> PolicyTrainer:
        """The policy with its optimizer, fitted to samples of the space."""
        from nni_nlp_bench.strategies.models.choice_policy import PolicyTrainer

        seed = int(self.rng.integers(2**31))
        trainer = PolicyTrainer(self._encoder, seed, self._learning_rate)
        if self._fit_samples > 0:
            drawn = self._encoder.sample(self.space, self.rng, self._fit_samples)
            if drawn:
                trainer.fit(np.stack([row for _, row in drawn]), self._fit_epochs, self.rng)
        return trainer


class MovingAverage:
    """Exponential moving average of rewards, the baseline of REINFORCE.

    Args:
        decay: Weight of the average so far against the mean of the new rewards.
    """

    def __init__(self, decay: float) -> None:
        self._decay = decay
        self.value: float | None = None
        """None before the first rewards."""

    def update(self, rewards: np.ndarray[Any, np.dtype[np.float64]]) -> float:
        """Return the baseline of a batch, and then include the batch's mean.

        The baseline of the first batch is its own mean: 0 would make all of its rewards good.
        """
        mean = float(rewards.mean())
        baseline = mean if self.value is None else self.value
        self.value = self._decay * baseline + (1 - self._decay) * mean
        return baseline
