"""Sizes and schedule of a one-shot search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nni_nlp_bench.training.settings import check_above_zero, check_counts
from search_spaces.errors import UserError

SPACE = "enas_cell"
"""What is searched."""
OneShot = Literal["enas", "darts"]
STRATEGIES: Mapping[OneShot, str] = {
    "enas": "A policy samples cells and learns from their rewards (Pham et al., 2018).",
    "darts": "All choices at once, weighted; the weights are learned (Liu et al., 2019).",
}
REWARD = 80.0
"""A reward is this over the perplexity, as in the paper of ENAS: higher is better."""


@dataclass(frozen=True, slots=True)
class OneShotSettings:
    """A whole search; the defaults suit a small text and minutes on a CPU."""

    epochs: int = 10
    nodes: int = 8
    """Of the cell."""
    width: int = 64
    """Of embedding and state."""
    batch_size: int = 20
    bptt: int = 35
    """Steps of a window, for training and for validation."""
    dropout: float = 0.2
    """Before and after the cell, one mask for all steps of a window."""
    learning_rate: float = 3e-3
    """Adam's, for the shared weights."""
    clip: float = 0.25
    """Largest norm of the gradient of the shared weights."""
    valid_windows: int = 40
    """Windows of the validation text an epoch, at random places. ENAS gets a reward for each; DARTS
    takes a step for each window of training, and goes through them again where they are fewer."""
    rewards_an_update: int = 10
    """ENAS: sampled cells between two updates of the policy."""
    policy_learning_rate: float = 1e-3
    """ENAS: Adam's, for the policy."""
    candidates: int = 10
    """ENAS: cells that are drawn in the end; the best on the validation text is the result."""
    choice_learning_rate: float = 3e-3
    """DARTS: Adam's, for the weights of the choices."""

    def __post_init__(self) -> None:
        counts = ("epochs", "nodes", "width", "batch_size", "bptt", "valid_windows", "candidates")
        check_counts(self, *counts, "rewards_an_update")
        rates = ("learning_rate", "clip", "policy_learning_rate", "choice_learning_rate")
        check_above_zero(self, *rates)
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")
