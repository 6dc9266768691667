"""Language model of NAS-Bench-NLP: AWD-LSTM with any recurrent cell.

S. Merity et al., Regularizing and Optimizing LSTM Language Models (arXiv 1708.02182), as in
the release of NAS-Bench-NLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.training.cells import AnyCell, Layer, layer_of
from nni_nlp_bench.training.cross_entropy import linear_cross_entropy
from nni_nlp_bench.training.settings import Dropouts, Sizes, WeightDrop
from search_spaces.rnn_cell.recurrence.function import Trace

States = list[tuple[Tensor, ...]]
"""States (batch, hidden) per layer."""


class Outputs(NamedTuple):
    """Outputs of the layers for one window."""

    dropped: Tensor
    """Outputs (time, batch, embedding) of the last layer after dropout."""
    raw: Tensor
    """Outputs (time, batch, embedding) of the last layer before dropout."""
    states: States
    """States after the last step."""


def detached(states: States) -> States:
    """Return the states detached from the graph, for the next window."""
    return [tuple(state.detach() for state in layer) for layer in states]


class LanguageModel(nn.Module):
    """Embedding, layers of one cell, and a decoder tied to the embedding.

    `seed` seeds the initial weights and the dropout masks. Weights are drawn in the order of the
    release, so that a seed gives the same network as `torch.manual_seed` there.
    """

    has_fixed_windows = False
    """Whether all windows of a training are equally long."""

    def __init__(
        self,
        recipe: AnyCell,
        words: int,
        sizes: Sizes | None = None,
        dropouts: Dropouts | None = None,
        weight_drop: WeightDrop = "release",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        self.dropouts = dropouts or Dropouts()
        self.weight_drop = weight_drop
        self.random = torch.Generator().manual_seed(seed)
        self.embedding = nn.Parameter(torch.empty(words, self.sizes.embedding))
        nn.init.normal_(self.embedding, generator=self.random)  # overwritten below
        self.layers = nn.ModuleList(
            layer_of(recipe, width, hidden, self.random) for width, hidden in self.sizes.of_layers()
        )
        self.decoder_bias = nn.Parameter(torch.zeros(words))
        self._draw_decoder()

    def forward(
        self, tokens: Tensor, states: States | None = None, traces: Sequence[Trace] | None = None
    ) -> Outputs:
        """Run on tokens (time, batch), by default from zero states."""
        return self.run(self.embed(tokens), states, traces)

    def embed(self, tokens: Tensor) -> Tensor:
        """Return embeddings (time, batch, embedding) of tokens (time, batch), with word dropout."""
        weight: Tensor = self.embedding
        if self.training and self.dropouts.embedding:
            weight = weight * self._mask((len(weight), 1), self.dropouts.embedding, weight)
        return functional.embedding(tokens, weight)

    def run(
        self, embedded: Tensor, states: States | None = None, traces: Sequence[Trace] | None = None
    ) -> Outputs:
        """Run on embeddings (time, batch, embedding); fills `traces`, one per layer."""
        layers = [cast(Layer, layer) for layer in self.layers]
        value = self._locked_dropout(embedded, self.dropouts.input)
        last: States = []
        for i, layer in enumerate(layers):
            raw, new = layer.unroll(
                value,
                states[i] if states else None,
                self._drop_weight,
                traces[i] if traces else None,
            )
            last.append(new)
            top = layer is layers[-1]
            value = self._locked_dropout(raw, self.dropouts.output if top else self.dropouts.hidden)
        return Outputs(value, raw, last)

    def loss(self, dropped: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy in nats per token of targets (time * batch,)."""
        rows = dropped.flatten(0, 1)
        return linear_cross_entropy(rows, self.embedding, self.decoder_bias, targets)

    def log_probabilities(self, outputs: Tensor) -> Tensor:
        """Return log-probabilities (batch, words) of the next word for outputs (batch, width)."""
        return functional.linear(outputs, self.embedding, self.decoder_bias).log_softmax(-1)

    def num_parameters(self) -> int:
        """Return the number of parameters, including frozen ones; the decoder is tied."""
        return sum(parameter.numel() for parameter in self.parameters())

    def _draw_decoder(self) -> None:
        """Draw as the release: a linear layer of the hidden width, then the tied weight twice."""
        words = len(self.embedding)
        bound = self.sizes.hidden**-0.5
        torch.empty(words, self.sizes.hidden).uniform_(-bound, bound, generator=self.random)
        torch.empty(words).uniform_(-bound, bound, generator=self.random)
        for _ in range(2):
            nn.init.uniform_(self.embedding, -0.1, 0.1, generator=self.random)

    def _drop_weight(self, matrix: Tensor) -> Tensor:
        if self.weight_drop == "release":
            matrix = matrix.detach()
        if not self.training or not self.dropouts.weight:
            return matrix
        return matrix * self._mask(matrix.shape, self.dropouts.weight, matrix)

    def _locked_dropout(self, value: Tensor, probability: float) -> Tensor:
        """Apply variational dropout: one mask for all steps of (time, batch, width)."""
        if not self.training or not probability:
            return value
        return value * self._mask((1, *value.shape[1:]), probability, value)

    def _mask(self, shape: Sequence[int], probability: float, like: Tensor) -> Tensor:
        """Return a scaled dropout mask, drawn on the CPU for equal masks on all devices."""
        kept = torch.empty(*shape).bernoulli_(1 - probability, generator=self.random)
        return kept.div_(1 - probability).to(like)
