"""Settings of a one-shot search for a sentence classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nni_nlp_bench.one_shot.settings import OneShotSettings
from nni_nlp_bench.training.classification.settings import ClassifierSettings, Optimizer
from nni_nlp_bench.training.settings import check_counts

CYCLE = 10
"""Epochs of the first cosine cycle of the learning rate, as in the TextNAS paper."""


@dataclass(frozen=True, slots=True)
class SentenceSettings(OneShotSettings):
    """Settings of a search in any space of sentence classifiers."""

    batch_size: int = 128
    max_length: int = 32
    """Maximum number of words or tokens per sentence; longer ones are truncated."""
    dropout: float = 0.2
    optimizer: Optimizer = "adam"
    """Optimizer of the shared weights."""
    learning_rate: float = 5e-3
    """Maximum of the cosine schedule for the shared weights."""
    last_learning_rate: float = 1e-4
    """Minimum of the cosine schedule."""
    cycle: int | None = CYCLE
    """Epochs of the first cosine cycle, doubled at each restart; None for a single cycle."""
    weight_decay: float = 2e-5
    rewards_per_epoch: int = 20
    """Dev batches per epoch, each of which gives a reward; kd_emd uses the whole dev set."""

    def __post_init__(self) -> None:
        OneShotSettings.__post_init__(self)
        check_counts(self, "rewards_per_epoch", *self.own)
        self.training(0)

    own: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that are options of the model space, besides `dropout`."""

    @property
    def space_options(self) -> dict[str, Any]:
        """Options of the model space, besides the widths of the data."""
        return {"dropout": self.dropout, **{name: getattr(self, name) for name in self.own}}

    def training(self, seed: int) -> ClassifierSettings:
        """Return the schedule of the shared weights. Raises UserError."""
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
    """Settings of spaces whose layers have the same width; default of other packages' spaces."""

    width: int = 32
    """Width of every layer."""

    own: ClassVar[tuple[str, ...]] = ("width",)


@dataclass(frozen=True, slots=True)
class TextNasSettings(WideSettings):
    """Settings of TextNAS; the defaults are those of the paper, except its 150 epochs."""

    layers: int = 24
    window: int = 5
    """Maximum distance of a layer's input, in layers."""

    own: ClassVar[tuple[str, ...]] = ("width", "layers", "window")


@dataclass(frozen=True, slots=True)
class EmdCellSettings(WideSettings):
    """Settings of KD-NAS-EMD's cells; the defaults are those of the paper."""

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
    """Settings of encoders, whose widths are choices; dropout as in BERT."""

    dropout: float = 0.1
    learning_rate: float = 2e-3


_SETTINGS: Mapping[str, type[SentenceSettings]] = {
    "emd_cell": EmdCellSettings,
    "encoder": EncoderSettings,
    "textnas": TextNasSettings,
}


def settings_kind(space: str) -> type[SentenceSettings]:
    """Return the settings class of a space."""
    return _SETTINGS.get(space, WideSettings)
