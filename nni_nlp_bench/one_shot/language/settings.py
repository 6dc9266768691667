"""Settings of a one-shot search for a recurrent cell."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.settings import OneShotSettings
from nni_nlp_bench.training.settings import check_above_zero, check_counts

REWARD = 80.0
"""Rewards are this divided by the perplexity, as in the ENAS paper: higher is better."""


@dataclass(frozen=True, slots=True)
class LanguageSettings(OneShotSettings):
    """Settings of a search; the defaults take minutes on a CPU for a small text."""

    nodes: int = 8
    """Number of nodes of the cell."""
    width: int = 64
    """Width of the embedding and the state."""
    batch_size: int = 20
    bptt: int = 35
    """Steps per window, for training and validation."""
    dropout: float = 0.2
    """Dropout before and after the cell, with one mask for all steps of a window."""
    learning_rate: float = 3e-3
    """Learning rate of Adam for the shared weights."""
    clip: float = 0.25
    """Maximum norm of the gradient of the shared weights."""
    valid_windows: int = 40
    """Validation windows per epoch at random positions, each of which gives a reward. DARTS uses
    one per training window and cycles through them if there are fewer."""

    def __post_init__(self) -> None:
        OneShotSettings.__post_init__(self)
        check_counts(self, "nodes", "width", "batch_size", "bptt", "valid_windows")
        check_above_zero(self, "learning_rate", "clip")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")
