"""A model that a training left in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.cells import cell_of
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.run import CHECKPOINT, VOCABULARY, read_checkpoint
from nni_nlp_bench.training.settings import Sizes


@dataclass(frozen=True)
class TrainedModel:
    """A language model and its words, as they are: nothing is trained any more."""

    model: LanguageModel
    vocabulary: tuple[str, ...]
    corpus: str
    epochs: int
    """Whole epochs trained."""
    status: str
    """`OK`, or why the training broke off."""

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """From the checkpoint and the words in the folder of a training. Raises UserError."""
        path = folder / CHECKPOINT
        if not path.exists():
            raise UserError(f"{folder} holds no trained model: give the --out of a training")
        state = read_checkpoint(path)
        vocabulary = _words(folder / VOCABULARY, len(state["model"]["embedding"]))
        known: dict[str, Any] = state["identity"]
        model = LanguageModel(cell_of(known["recipe"]), len(vocabulary), Sizes(**known["sizes"]))
        model.load_state_dict(state["model"])
        curves = state["curves"]
        epochs, status = len(curves["val_losses"]), curves["status"]
        return cls(model.eval(), vocabulary, known["corpus"], epochs, status)

    @cached_property
    def embeddings(self) -> NDArray[np.float64]:
        """Words x width."""
        return cast(NDArray[np.float64], self.model.embedding.detach().double().numpy())

    def outputs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Ids (time, batch) -> outputs of the last layer (time, batch, width), from zero states."""
        with torch.inference_mode():
            outputs = self.model(torch.from_numpy(tokens)).raw
        return cast(NDArray[np.float64], outputs.double().numpy())


def _words(path: Path, count: int) -> tuple[str, ...]:
    """The words of a model that has so many."""
    remedy = "run the same training again, which writes them anew"
    try:
        words = tuple(path.read_text("utf-8").split("\n")[:-1])
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"cannot read the model's words, {path}: {reason}; {remedy}") from None
    except UnicodeDecodeError:
        raise UserError(f"the model's words, {path}, are not UTF-8 text; {remedy}") from None
    if len(words) != count:
        raise UserError(f"{path} has {len(words):,} words, the model has {count:,}; {remedy}")
    return words
