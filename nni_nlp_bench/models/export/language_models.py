"""Language models as functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from nni_nlp_bench.models.export.graph import BATCH, LENGTH, Graph, Tensors

if TYPE_CHECKING:
    from nni_nlp_bench.models.language import LanguageModel
    from nni_nlp_bench.training.cells import Layer
    from nni_nlp_bench.training.decoders import DecoderModel
    from nni_nlp_bench.training.language_model import LanguageModel as CellModel


def language_model_graph(language_model: LanguageModel) -> Graph:
    """Return one step of a recurrent language model, or a whole decoder."""
    from nni_nlp_bench.training.decoders import DecoderModel

    model = language_model.model
    if isinstance(model, DecoderModel):
        return _decoder(language_model, model)
    return _cells(language_model, model)


class _CellStep(nn.Module):
    """One step of a recurrent language model.

    Log-probabilities (batch, words) of the next word and new states of all layers, of a word
    (batch,) and states (batch, width).
    """

    def __init__(self, model: CellModel, counts: list[int]) -> None:
        super().__init__()
        self.model = model
        self.counts = counts

    def forward(self, token: Tensor, *states: Tensor) -> Tensors:
        value, left = nn.functional.embedding(token, self.model.embedding), list(states)
        new: list[Tensor] = []
        for layer, count in zip(self.model.layers, self.counts, strict=True):
            of_layer, left = left[:count], left[count:]
            found = layer(value, of_layer)
            new += found
            value = found[0]
        return self.model.log_probabilities(value), *new


def _cells(language_model: LanguageModel, model: CellModel) -> Graph:
    cells = [cast("Layer", layer) for layer in model.layers]
    layers = [cell.zero_states(torch.zeros(1, 1, 1)) for cell in cells]
    counts, widths = [len(states) for states in layers], [s.shape[1] for of in layers for s in of]
    names = [f"state_{i}" for i in range(len(widths))]

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        token = torch.randint(len(language_model.words), (batch,), generator=random)
        return token, *(torch.rand(batch, width, generator=random) - 0.5 for width in widths)

    def reference(token: Tensor, *states: Tensor) -> Tensors:
        left, of_layers = list(states), []
        for count in counts:
            of_layers.append(tuple(left[:count]))
            left = left[count:]
        found = model(token[None], of_layers)
        last = [state for of_layer in found.states for state in of_layer]
        return model.log_probabilities(found.raw[-1]), *last

    axes = dict.fromkeys(("token", *names), (BATCH,))
    outputs = ("log_probabilities", *(f"new_{name}" for name in names))
    return Graph(_CellStep(model, counts), axes, outputs, draw, reference)


class _DecoderGraph(nn.Module):
    """Log-probabilities (batch, words) of the word after ids (batch, length)."""

    def __init__(self, model: DecoderModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        hidden = self.model.network.hidden(self.model.get_buffer("ranks")[ids])
        return self.model.log_probabilities(hidden[:, -1])


def _decoder(language_model: LanguageModel, model: DecoderModel) -> Graph:
    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        return (torch.randint(len(language_model.words), (batch, length), generator=random),)

    def reference(ids: Tensor) -> Tensors:
        return (model.log_probabilities(model(ids.t()).raw[-1]),)

    longest = model.network.setting.length  # of a window in the training
    axes, outputs = {"ids": (BATCH, LENGTH)}, ("log_probabilities",)
    return Graph(_DecoderGraph(model), axes, outputs, draw, reference, longest)
