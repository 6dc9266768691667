"""Trained models as functions of tensors, the form in which they are exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.manifest import ModelError

if TYPE_CHECKING:
    from nni_nlp_bench.models.language import LanguageModel
    from nni_nlp_bench.models.network import NetworkClassifier
    from nni_nlp_bench.models.tfidf import TfidfClassifier
    from nni_nlp_bench.models.transformer import TransformerClassifier
    from nni_nlp_bench.training.cells import Layer
    from nni_nlp_bench.training.classification.classifier import Classifier
    from nni_nlp_bench.training.decoders import DecoderModel
    from nni_nlp_bench.training.language_model import LanguageModel as CellModel

BATCH, LENGTH = "batch", "length"
Tensors = tuple[Tensor, ...]


@dataclass(frozen=True)
class Graph:
    """A network whose inputs and outputs are tensors."""

    module: nn.Module
    """Takes the inputs in their order, and returns one tensor or a tuple."""
    inputs: Mapping[str, tuple[str, ...]]
    """Names of the leading axes of each input whose sizes are free."""
    outputs: tuple[str, ...]
    draw: Callable[[int, int, torch.Generator], Tensors]
    """Random inputs for a batch size and a length."""
    reference: Callable[..., Tensors]
    """What the model itself returns for the inputs."""
    max_length: int | None = None
    """Largest length; None for any."""


def graph_of(model: AnyModel) -> Graph:
    """Return the network of a model. Raises ModelError for a kind of another package."""
    kind = model.manifest.kind
    if kind not in _GRAPHS:
        raise ModelError(f"models of the kind {kind!r} cannot be exported")
    return _GRAPHS[kind](model)


def random_ids(words: int, batch: int, length: int, random: torch.Generator) -> Tensor:
    """Return word ids (batch, length); all rows but the first end with padding, which is 0."""
    ids = torch.randint(1, words, (batch, length), generator=random)
    lengths = torch.randint(1, length + 1, (batch, 1), generator=random)
    lengths[0] = length
    return ids.masked_fill(torch.arange(length) >= lengths, 0)


class _NetworkGraph(nn.Module):
    """Logits (batch, labels) of word ids (batch, length)."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        logits: Tensor = self.model.network(self.model.embedding(ids), ids != 0)
        return logits


def _network(classifier: NetworkClassifier) -> Graph:
    from nni_nlp_bench.training.classification.batches import Batch
    from search_spaces.encoder.network import Positions

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        return (random_ids(len(classifier.vocabulary), batch, length, random),)

    def reference(ids: Tensor) -> Tensors:
        unused = ids[:, 0]
        return (classifier.model(Batch(ids, unused, unused)),)

    positions = [
        module.position_embeddings.num_embeddings
        for module in classifier.model.modules()
        if isinstance(module, Positions)
    ]
    axes = {"ids": (BATCH, LENGTH)}
    longest = min(positions, default=None)
    return Graph(_NetworkGraph(classifier.model), axes, ("logits",), draw, reference, longest)


class _TransformerGraph(nn.Module):
    """Logits (batch, labels) of token ids, mask and types, each (batch, length)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, **types)
        logits: Tensor = found.logits
        return logits


def _transformer(classifier: TransformerClassifier) -> Graph:
    encoder = classifier.encoder
    tokens = len(encoder.tokenizer)

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        ids = random_ids(tokens, batch, length, random)
        mask = ids != 0
        return tuple(encoder.inputs(ids, mask).values())

    def reference(input_ids: Tensor, attention_mask: Tensor, *types: Tensor) -> Tensors:
        return (encoder.model(**encoder.inputs(input_ids, attention_mask.bool())).logits,)

    example = encoder.inputs(torch.ones(1, 1, dtype=torch.int64), torch.ones(1, 1).bool())
    axes = dict.fromkeys(example, (BATCH, LENGTH))
    module = _TransformerGraph(encoder.model)
    return Graph(module, axes, ("logits",), draw, reference, encoder.max_length)


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


def _language_model(language_model: LanguageModel) -> Graph:
    from nni_nlp_bench.training.decoders import DecoderModel

    model = language_model.model
    if isinstance(model, DecoderModel):
        return _decoder(language_model, model)
    return _cells(language_model, model)


def _tfidf(classifier: TfidfClassifier) -> Graph:
    from nni_nlp_bench.models.export.tfidf import tfidf_graph

    return tfidf_graph(classifier)


_GRAPHS: Mapping[str, Callable[..., Graph]] = {
    "network": _network,
    "transformer": _transformer,
    "language_model": _language_model,
    "tfidf": _tfidf,
}
"""Networks by the kind of model."""
