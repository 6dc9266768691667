"""Candidates of an AutoML run: networks, with the settings of their training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from nni_nlp_bench.automl.scores import Kind
from nni_nlp_bench.distillation.fine_tuning import fine_tuning, fine_tuning_settings
from nni_nlp_bench.distillation.inputs import classifier_task
from nni_nlp_bench.models.saving import public_name
from nni_nlp_bench.training.classification.settings import ClassifierSettings, Precision
from nni_nlp_bench.training.classification.task import Task, baseline_task
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.threads import thread_counts

ENCODER = "encoder"
"""Name of the candidate that fine-tunes the pretrained encoder."""
MAX_EPOCHS, ENCODER_EPOCHS, PATIENCE = 12, 4, 3
DROPOUT = 0.3
DISTILLED = "_distilled"
"""End of the name of a candidate that is trained with the soft labels of the encoder too."""
KD_LOSS, KD_WEIGHT = "soft_labels", 1.0
_BASELINES: Mapping[str, Mapping[str, Any]] = {
    "bag_of_vectors": {"dropout": DROPOUT},
    "cnn": {"width": 128, "dropout": DROPOUT},
    "bigru": {"width": 96, "dropout": DROPOUT},
}
SPACE_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "emd_cell": {"width": 96, "cells": 2, "dropout": DROPOUT},
    "encoder": {"dropout": 0.1},
    "textnas": {"width": 96, "dropout": DROPOUT},
}
"""Options of the networks of a space."""


@dataclass(frozen=True)
class Candidate:
    """A network that can be trained."""

    name: str
    """Unique name, which is also that of its folder."""
    kind: Kind
    settings: ClassifierSettings
    """Settings of the training, with the largest number of epochs."""
    architecture: Any
    """An architecture, or the name of a baseline or of an encoder."""
    space: str = ""
    """Space of the architecture; empty for a baseline or an encoder."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the network."""
    origin: str = "a baseline"
    """How the architecture was found, for the model card."""
    distilled: bool = False
    """Whether the loss has the soft labels of the fine-tuned encoder too."""

    @property
    def precisions(self) -> Sequence[Precision]:
        """Precisions that are tried; recurrent layers have no fast half precision on the CPU."""
        return ("float32", "bfloat16") if self.kind == "encoder" else ("float32",)

    @property
    def thread_counts(self) -> Sequence[int]:
        """Numbers of threads that are tried, first the one that is likely the fastest."""
        return sorted(thread_counts(), reverse=self.kind == "encoder")

    def task(self, words: EmbeddedDataset, settings: ClassifierSettings, device: str) -> Task:
        """Return the training on some texts. Raises UserError."""
        if self.kind == "encoder":
            return fine_tuning(self.architecture, words.data, settings, device)
        if not self.space:
            return baseline_task(self.architecture, words, settings, device=device, **self.options)
        options = {**self.options, **asdict(settings)}
        distillation: dict[str, Any] = (
            {"kd_loss": KD_LOSS, "kd_weight": KD_WEIGHT} if self.distilled else {}
        )
        return classifier_task(
            self.architecture, words, self.space, options, device=device, **distillation
        )


def network_settings(max_length: int, seed: int) -> ClassifierSettings:
    """Return the settings of networks that are trained from scratch."""
    return ClassifierSettings(
        epochs=MAX_EPOCHS,
        batch_size=64,
        max_length=max_length,
        learning_rate=1e-3,
        epsilon=1e-8,
        weight_decay=0.0,
        embedding_dropout=DROPOUT,
        patience=PATIENCE,
        seed=seed,
    )


def baseline_candidates(max_length: int, seed: int) -> list[Candidate]:
    """Return the baseline networks."""
    settings = network_settings(max_length, seed)
    return [
        Candidate(name, "baseline", settings, name, options=options)
        for name, options in _BASELINES.items()
    ]


def encoder_candidate(name: str, max_length: int, seed: int) -> Candidate:
    """Return the fine-tuning of a pretrained encoder."""
    settings = fine_tuning_settings(
        epochs=ENCODER_EPOCHS, max_length=max_length, patience=2, seed=seed
    )
    return Candidate(
        ENCODER, "encoder", settings, name, origin=f"fine-tuning of {public_name(name)}"
    )


def found_candidate(
    space: str,
    architecture: Any,
    strategy: str,
    max_length: int,
    seed: int,
    distilled: bool = False,
) -> Candidate:
    """Return the full training of the architecture that a search has found."""
    origin = f"found by {strategy} in the space {space}"
    return Candidate(
        name=f"{space}{DISTILLED}" if distilled else space,
        kind="search",
        settings=network_settings(max_length, seed),
        architecture=architecture,
        space=space,
        options=SPACE_OPTIONS[space],
        origin=f"{origin}, distilled from the fine-tuned encoder" if distilled else origin,
        distilled=distilled,
    )
