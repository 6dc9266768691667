"""Schedule of a classifier's training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from nni_nlp_bench.training.settings import check_above_zero, check_counts
from search_spaces.errors import UserError

TrainOn = Literal["train", "train+dev"]


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """A whole training. The defaults are those of the final training of TextNAS on SST-2."""

    epochs: int = 10
    batch_size: int = 128
    max_length: int = 64
    """Words of a sentence; the rest is cut off."""
    learning_rate: float = 2e-3
    """Adam's, at the start of a cosine."""
    last_learning_rate: float = 5e-6
    """At the cosine's end."""
    cycle: int | None = None
    """Epochs of the first cosine; each one that follows is twice as long. None: one for all."""
    epsilon: float = 1e-3
    """Adam's."""
    weight_decay: float = 1e-6
    clip: float = 5.0
    """Largest norm of the gradient."""
    embedding_dropout: float = 0.2
    train_on: TrainOn = "train"
    """`train+dev`: nothing is left to choose by, and the test part is used once, at the end."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch_size", "max_length")
        if self.cycle is not None:
            check_counts(self, "cycle")
        check_above_zero(self, "learning_rate", "last_learning_rate", "epsilon", "clip")
        if not 0 <= self.embedding_dropout < 1:
            raise UserError(f"embedding_dropout must be in [0, 1), got {self.embedding_dropout}")
        if self.train_on not in ("train", "train+dev"):
            raise UserError(f"train_on must be train or train+dev, got {self.train_on!r}")

    def rate_at(self, epoch: float) -> float:
        """The learning rate after so many epochs, parts of epochs included."""
        length = float(self.cycle or self.epochs)
        while self.cycle is not None and epoch >= length:
            epoch, length = epoch - length, 2 * length
        share = (1 + math.cos(math.pi * epoch / length)) / 2
        return self.last_learning_rate + share * (self.learning_rate - self.last_learning_rate)
