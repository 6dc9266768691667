"""Results of a one-shot search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
class OneShotResult:
    """Result of a one-shot search."""

    architecture: Any
    """The best architecture on the validation set."""
    validation: ValidationResult
    """Its validation result with the shared weights."""
    rewards: tuple[Reward, ...]
    """All rewards, in order."""
