"""Results of a one-shot search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.one_shot.pruning import Measured


@dataclass(frozen=True, slots=True)
class Reward:
    """Reward of the current architecture on one validation batch."""

    epoch: int
    """Epoch, from 0."""
    loss: float
    """In nats per token or sentence: lower is better."""
    reward: float
    """Higher is better."""
    architecture: str
    """JSON of the sampled architecture, or of the one with the largest weights."""


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """Result of one architecture with the shared weights on the whole validation set."""

    reward: float
    """Higher is better."""
    metrics: dict[str, float]
    """Metrics for reports, by name."""


@dataclass(frozen=True, slots=True)
class PruningResult:
    """What pruning an untrained supernet leaves."""

    architecture: Any
    measured: tuple[Measured, ...]
    """Both criteria of every candidate in every round, in order."""


@dataclass(frozen=True, slots=True)
class OneShotResult:
    """Result of a one-shot search."""

    architecture: Any
    """The best architecture on the validation set; without training the one that is left."""
    validation: ValidationResult | None
    """Its validation result with the shared weights; None without training."""
    rewards: tuple[Reward, ...]
    """All rewards, in order; empty without training."""
    measured: tuple[Measured, ...] = ()
    """Both criteria of every candidate in every round, of a strategy that prunes."""
