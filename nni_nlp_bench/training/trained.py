"""Trained language models."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, read_text
from nni_nlp_bench.training.models import AnyLanguageModel, architecture_of, make_model
from nni_nlp_bench.training.run import CHECKPOINT, VOCABULARY, read_checkpoint, restoring
from nni_nlp_bench.training.settings import Settings, Sizes


@dataclass(frozen=True)
class TrainedModel:
    """A trained language model in evaluation mode, with its vocabulary."""

    model: AnyLanguageModel
    vocabulary: tuple[str, ...]
    corpus: str
    epochs: int
    """Number of completed epochs."""
    status: str
    """`OK`, or the reason of the failure."""

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Load checkpoint and vocabulary from the folder of a training. Raises UserError."""
        path = folder / CHECKPOINT
        if not exists(path):
            raise UserError(f"{folder} has no trained model: give the output folder of a training")
        state = read_checkpoint(path)
        with restoring(path):
            if "recipe" not in state["identity"]:
                raise UserError(
                    f"{folder} has no language model: give the output folder of `train lm`"
                )
            weights = state["model"]
            of_words = weights["ranks"] if "ranks" in weights else weights["embedding"]
            vocabulary = _words(folder / VOCABULARY, len(of_words))
            known: dict[str, Any] = state["identity"]
            settings = Settings(sizes=Sizes(**known["sizes"]), bptt=known["bptt"])
            model = make_model(architecture_of(known["recipe"]), len(vocabulary), settings)
            model.load_state_dict(state["model"])
            curves = state["curves"]
            epochs, status = len(curves["val_losses"]), str(curves["status"])
        return cls(model.eval(), vocabulary, known["corpus"], epochs, status)

    @cached_property
    def embeddings(self) -> NDArray[np.float64]:
        """Embeddings (words, width)."""
        return cast(NDArray[np.float64], self.model.embedding.detach().double().numpy())

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return outputs (time, batch, width) of the last layer for ids (time, batch)."""
        with torch.inference_mode():
            outputs = self.model(torch.from_numpy(tokens)).raw
        return cast(NDArray[np.float64], outputs.double().numpy())


def _words(path: Path, count: int) -> tuple[str, ...]:
    """Read the vocabulary of a model with that many words. Raises UserError."""
    remedy = "run the same training again, which writes them anew"
    try:
        words = tuple(read_text(path, encoding="utf-8").split("\n")[:-1])
    except UserError as error:
        raise UserError(f"the model's words: {error}; {remedy}") from None
    if len(words) != count:
        raise UserError(f"{path} has {len(words):,} words, the model has {count:,}; {remedy}")
    return words
