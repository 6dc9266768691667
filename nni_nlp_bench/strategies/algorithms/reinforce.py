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
from search_spaces.choices import Choices

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

    Other than in the paper,

    - the policy is first fitted to samples of the space by maximum likelihood, since uniform
      choices may be far worse architectures; `fit_samples=0` leaves that out;
    - each update also raises the likelihood of the best architectures so far (priority queue
      training, Abolafia et al., 2018, arXiv 1801.03526); `elites=0` leaves that out;
    - advantages are divided by the standard deviation of the batch's rewards (`normalize`), and
      the entropy of the policy is added (`entropy_weight`, Williams and Peng, 1991);
    - samples that were evaluated before are drawn again instead of reinforced (`distinct`).

    Args:
        *args: As of every strategy.
        batch: Number of architectures per update.
        learning_rate: Learning rate of Adam for REINFORCE.
        baseline_decay: Decay of the moving average.
        fit_samples: Number of samples of the space that the policy is fitted to.
        fit_epochs: Number of passes over them.
        elites: Number of best architectures whose likelihood is raised.
        updates: Number of gradient steps per batch.
        normalize: Whether advantages are divided by their standard deviation.
        entropy_weight: Weight of the policy's entropy, in the unit of the advantages per nat.
        distinct: Whether samples that were evaluated before are drawn again.
        start_nodes: Number of nodes that architectures may have at first, for spaces whose choices
            have the option `max_nodes` or `nodes`; None for all of them.
        grow_every: Number of evaluations after which they may have another node.

    Raises:
        UserError: The space has no such option.
    """

    _draws = 20
    """Batches drawn for one of architectures that are new."""

    def __init__(
        self,
        *args: Any,
        batch: int = 10,
        learning_rate: float = 3e-3,
        baseline_decay: float = 0.95,
        fit_samples: int = 300,
        fit_epochs: int = 25,
        elites: int = 10,
        updates: int = 4,
        normalize: bool = True,
        entropy_weight: float = 0.01,
        distinct: bool = True,
        start_nodes: int | None = None,
        grow_every: int = 100,
    ) -> None:
        super().__init__(*args)
        for name, value, least in (
            ("batch", batch, 1),
            ("updates", updates, 1),
            ("elites", elites, 0),
        ):
            if value < least:
                raise UserError(f"reinforce: {name} must be at least {least}, got {value}")
        self._batch = batch
        self._learning_rate = learning_rate
        self._fit_samples = fit_samples
        self._fit_epochs = fit_epochs
        self._encoder = ChoiceEncoder(self.space.choices())
        self._schedule = (
            None if start_nodes is None else NodeSchedule(self.space, start_nodes, grow_every)
        )
        self._baseline = MovingAverage(baseline_decay)
        self._normalize = normalize
        self._entropy_weight = entropy_weight
        self._updates = updates
        self._distinct = distinct
        self._elites = elites
        self._best: list[tuple[float, Indices]] = []
        """Rewards and samples of the best architectures, best first."""
        self._rewards: dict[str, float] = {}
        """By key of the architecture."""
        self._seen: set[str] = set()
        self._drawn: set[str] = set()
        """Keys of what the policy has drawn, with `distinct`."""
        self._queue: deque[tuple[Indices, Any]] = deque()
        """Samples of the batch that are still to be evaluated, with their architectures."""
        self._running: dict[Proposal, Indices | None] = {}
        self._finished: list[tuple[Indices, float]] = []

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return the extra that installs torch, if it is missing."""
        return None if find_spec("torch") else str(MissingExtraError("torch"))

    def ask(self) -> Proposal | None:
        """Return the next architecture of the batch; None while the batch waits for scores.

        A random architecture of the space if the policy has drawn none that is new.
        """
        if not self._queue and not self._refill():
            return None
        while self._queue:
            row, architecture = self._queue.popleft()
            reward = self._rewards.get(architecture.canonical_key)
            if reward is None:
                return self._propose(architecture, row)
            self._finished.append((row, reward))
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
            self._update()
        choices = None if self._schedule is None else self._schedule.choices(len(self._rewards))
        for _ in range(self._draws if self._distinct else 1):
            self._draw(choices)
            if len(self._queue) >= self._batch:
                break
        return True

    def _draw(self, choices: Choices | None) -> None:
        """Add the architectures of a batch of samples to the queue.

        Samples that are no architectures are finished, with a reward of 0.
        """
        for row in self._trainer.sample(self._batch, self.rng, choices):
            try:
                architecture = self._encoder.decode(row, choices)
            except ArchitectureError:
                self._finished.append((row, 0.0))
                continue
            if self._distinct:
                if architecture.canonical_key in self._drawn:
                    continue
                self._drawn.add(architecture.canonical_key)
            self._queue.append((row, architecture))

    def _update(self) -> None:
        """Update the policy by the finished batch."""
        rewards = np.array([reward for _, reward in self._finished])
        advantages = rewards - self._baseline.update(rewards)
        if self._normalize and np.ptp(rewards) > 0:
            advantages /= rewards.std()
        rows = np.stack([row for row, _ in self._finished])
        best = [(reward, row) for row, reward in self._finished if reward > 0]
        self._best = sorted(self._best + best, key=lambda pair: -pair[0])[: self._elites]
        elites = np.stack([row for _, row in self._best]) if self._best else None
        for _ in range(self._updates):
            self._trainer.reinforce(rows, advantages, self._entropy_weight, elites)
        self._finished.clear()

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
