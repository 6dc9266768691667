"""Sizes and schedule of a one-shot search for a classifier of sentences."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.one_shot.settings import OneShotSettings
from nni_nlp_bench.training.settings import check_counts

CYCLE = 10
"""Epochs of the first cosine of the learning rate, as in the paper."""


@dataclass(frozen=True, slots=True)
class SentenceSettings(OneShotSettings):
    """A whole search. The defaults are those of the paper's search, but for its 150 epochs."""

    layers: int = 24
    window: int = 5
    """How many layers back an input may be."""
    width: int = 32
    """Of every layer."""
    batch_size: int = 128
    max_length: int = 32
    """Words of a sentence; the rest is cut off."""
    dropout: float = 0.2
    learning_rate: float = 5e-3
    """Adam's, for the shared weights: the largest of a cosine that starts again, each time twice as
    long."""
    last_learning_rate: float = 1e-4
    weight_decay: float = 2e-5
    rewards_an_epoch: int = 20
    """Batches of the dev part an epoch: each gives a reward."""

    def __post_init__(self) -> None:
        OneShotSettings.__post_init__(self)
        check_counts(self, "layers", "window", "width", "rewards_an_epoch")
        self.training(0)

    def training(self, seed: int) -> ClassifierSettings:
        """The schedule of the shared weights. Raises UserError."""
        return ClassifierSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            max_length=self.max_length,
            learning_rate=self.learning_rate,
            last_learning_rate=self.last_learning_rate,
            cycle=CYCLE,
            weight_decay=self.weight_decay,
            embedding_dropout=self.dropout,
            seed=seed,
        )
