"""Sizes and schedule of a one-shot search for a recurrent cell."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.settings import OneShotSettings
from nni_nlp_bench.training.settings import check_above_zero, check_counts

REWARD = 80.0
"""A reward is this over the perplexity, as in the paper of ENAS: higher is better."""


@dataclass(frozen=True, slots=True)
class LanguageSettings(OneShotSettings):
    """A whole search; the defaults suit a small text and minutes on a CPU."""

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
    """Windows of the validation text an epoch, at random places: each gives a reward. DARTS takes a
    step for each window of training, and goes through them again where they are fewer."""

    def __post_init__(self) -> None:
        OneShotSettings.__post_init__(self)
        check_counts(self, "nodes", "width", "batch_size", "bptt", "valid_windows")
        check_above_zero(self, "learning_rate", "clip")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")
