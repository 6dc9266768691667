"""Schedule of a classifier's training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.settings import (
    check_above_zero,
    check_counts,
    check_not_negative,
    check_seed,
)

if TYPE_CHECKING:
    import torch

TrainOn = Literal["train", "train+dev"]
Optimizer = Literal["adam", "sgd"]
Precision = Literal["float32", "bfloat16"]
MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """Settings of a training. The defaults are those of TextNAS's final training on SST-2."""

    epochs: int = 10
    batch_size: int = 128
    max_length: int = 64
    """Maximum number of words per sentence; longer ones are truncated."""
    optimizer: Optimizer = "adam"
    """`sgd` has a momentum of 0.9."""
    learning_rate: float = 2e-3
    """Maximum of the cosine schedule."""
    last_learning_rate: float = 5e-6
    """Minimum of the cosine schedule."""
    cycle: int | None = None
    """Epochs of the first cosine cycle, doubled at each restart; None for a single cycle."""
    epsilon: float = 1e-3
    """Epsilon of Adam."""
    weight_decay: float = 1e-6
    clip: float = 5.0
    """Maximum norm of the gradient."""
    embedding_dropout: float = 0.2
    precision: Precision = "float32"
    """`bfloat16` for mixed precision."""
    train_on: TrainOn = "train"
    """`train+dev`: the test set is evaluated once, after the last epoch."""
    patience: int | None = None
    """Epochs without a higher dev accuracy after which the training ends, with the weights of the
    best epoch; None to train all epochs and keep the last weights."""
    seed: int = 0

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch_size", "max_length")
        if self.cycle is not None:
            check_counts(self, "cycle")
        if self.patience is not None:
            check_counts(self, "patience")
            if self.train_on != "train":
                raise UserError("patience needs the dev set, so it cannot be trained on")
        check_above_zero(self, "learning_rate", "last_learning_rate", "epsilon", "clip")
        check_not_negative(self, "weight_decay")
        check_seed(self.seed)
        if not 0 <= self.embedding_dropout < 1:
            raise UserError(f"embedding_dropout must be in [0, 1), got {self.embedding_dropout}")
        if self.train_on not in ("train", "train+dev"):
            raise UserError(f"train_on must be train or train+dev, got {self.train_on!r}")
        if self.precision not in ("float32", "bfloat16"):
            raise UserError(f"precision must be float32 or bfloat16, got {self.precision!r}")
        if self.optimizer not in ("adam", "sgd"):
            raise UserError(f"optimizer must be adam or sgd, got {self.optimizer!r}")

    def make_optimizer(self, weights: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimizer of these weights."""
        import torch

        rate, decay = self.learning_rate, self.weight_decay
        if self.optimizer == "sgd":
            return torch.optim.SGD(weights, lr=rate, momentum=MOMENTUM, weight_decay=decay)
        # Fused steps take a sixth of the time on the CPU.
        return torch.optim.Adam(weights, lr=rate, eps=self.epsilon, weight_decay=decay, fused=True)

    def rate_at(self, epoch: float) -> float:
        """Return the learning rate after a number of epochs, which may be fractional."""
        length = float(self.cycle or self.epochs)
        while self.cycle is not None and epoch >= length:
            epoch, length = epoch - length, 2 * length
        scale = (1 + math.cos(math.pi * epoch / length)) / 2
        return self.last_learning_rate + scale * (self.learning_rate - self.last_learning_rate)
