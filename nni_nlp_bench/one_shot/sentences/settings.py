"""Sizes and schedule of a one-shot search for a classifier of sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nni_nlp_bench.one_shot.settings import OneShotSettings
from nni_nlp_bench.training.classification.settings import ClassifierSettings, Optimizer
from nni_nlp_bench.training.settings import check_counts

CYCLE = 10
"""Epochs of the first cosine of the learning rate, as in the paper of TextNAS."""


@dataclass(frozen=True, slots=True)
class SentenceSettings(OneShotSettings):
    """A whole search in a space whose networks classify sentences."""

    batch_size: int = 128
    max_length: int = 32
    """Words of a sentence, or tokens of a teacher; the rest is cut off."""
    dropout: float = 0.2
    optimizer: Optimizer = "adam"
    """Of the shared weights."""
    learning_rate: float = 5e-3
    """The largest of a cosine, for the shared weights."""
    last_learning_rate: float = 1e-4
    cycle: int | None = CYCLE
    """Epochs of the first cosine, then it starts again, each time twice as long. None: one."""
    weight_decay: float = 2e-5
    rewards_per_epoch: int = 20
    """All but kd_emd, which takes all: batches of the dev part an epoch, each gives a reward."""

    def __post_init__(self) -> None:
        OneShotSettings.__post_init__(self)
        check_counts(self, "rewards_per_epoch", *self.own)
        self.training(0)

    own: ClassVar[tuple[str, ...]] = ()
    """Fields that the model space takes, besides `dropout`."""

    @property
    def space_options(self) -> dict[str, Any]:
        """What the model space takes besides the widths of the data."""
        return {"dropout": self.dropout, **{name: getattr(self, name) for name in self.own}}

    def training(self, seed: int) -> ClassifierSettings:
        """The schedule of the shared weights. Raises UserError."""
        return ClassifierSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            max_length=self.max_length,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            last_learning_rate=self.last_learning_rate,
            cycle=self.cycle,
            weight_decay=self.weight_decay,
            embedding_dropout=self.dropout,
            seed=seed,
        )


@dataclass(frozen=True, slots=True)
class WideSettings(SentenceSettings):
    """A whole search where all layers have one width: in any space that is not named here."""

    width: int = 32
    """Of every layer."""

    own: ClassVar[tuple[str, ...]] = ("width",)


@dataclass(frozen=True, slots=True)
class TextNasSettings(WideSettings):
    """The defaults are those of the paper's search, but for its 150 epochs."""

    layers: int = 24
    window: int = 5
    """How many layers back an input may be."""

    own: ClassVar[tuple[str, ...]] = ("width", "layers", "window")


@dataclass(frozen=True, slots=True)
class EmdCellSettings(WideSettings):
    """The defaults are those of KD-NAS-EMD's search."""

    epochs: int = 15
    cells: int = 4
    width: int = 128
    batch_size: int = 64
    max_length: int = 64
    optimizer: Optimizer = "sgd"
    learning_rate: float = 1e-2
    cycle: int | None = None
    weight_decay: float = 3e-4

    own: ClassVar[tuple[str, ...]] = ("width", "cells")


@dataclass(frozen=True, slots=True)
class EncoderSettings(SentenceSettings):
    """Widths are choices of the space. The dropout is BERT's, the rate that of a training."""

    dropout: float = 0.1
    learning_rate: float = 2e-3


_OF_SPACES: Mapping[str, type[SentenceSettings]] = {
    "emd_cell": EmdCellSettings,
    "encoder": EncoderSettings,
    "textnas": TextNasSettings,
}


def settings_kind(space: str) -> type[SentenceSettings]:
    """The settings of searches in the space of that name."""
    return _OF_SPACES.get(space, WideSettings)
