"""Schedule of a classifier's training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.settings import check_above_zero, check_counts

if TYPE_CHECKING:
    import torch

TrainOn = Literal["train", "train+dev"]
Optimizer = Literal["adam", "sgd"]
MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """A whole training. The defaults are those of the final training of TextNAS on SST-2."""

    epochs: int = 10
    batch_size: int = 128
    max_length: int = 64
    """Words of a sentence; the rest is cut off."""
    optimizer: Optimizer = "adam"
    """`sgd` has a momentum of .9."""
    learning_rate: float = 2e-3
    """At the start of a cosine."""
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
        if self.optimizer not in ("adam", "sgd"):
            raise UserError(f"optimizer must be adam or sgd, got {self.optimizer!r}")

    def make_optimizer(self, weights: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """The optimizer of these weights."""
        import torch

        rate, decay = self.learning_rate, self.weight_decay
        if self.optimizer == "sgd":
            return torch.optim.SGD(weights, lr=rate, momentum=MOMENTUM, weight_decay=decay)
        return torch.optim.Adam(weights, lr=rate, eps=self.epsilon, weight_decay=decay)

    def rate_at(self, epoch: float) -> float:
        """The learning rate after so many epochs, parts of epochs included."""
        length = float(self.cycle or self.epochs)
        while self.cycle is not None and epoch >= length:
            epoch, length = epoch - length, 2 * length
        share = (1 + math.cos(math.pi * epoch / length)) / 2
        return self.last_learning_rate + share * (self.learning_rate - self.last_learning_rate)
