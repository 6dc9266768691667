"""Adaptive embedding and softmax: clusters of rarer tokens have narrower embeddings.

A. Baevski and M. Auli, Adaptive Input Representations for Neural Language Modeling (arXiv
1809.10853), as in the release of Transformer-XL.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.lts.architecture import LtsArchitecture
from search_spaces.lts.parameters import cluster_widths
from search_spaces.lts.rules import Setting

EMBEDDING_SPREAD, PROJECTION_SPREAD = 0.02, 0.01
"""Standard deviations of weights at the start."""


class AdaptiveEmbedding(nn.Module):
    """Embeddings of tokens, projected to the width of the model and scaled by its square root."""

    def __init__(self, decoder: LtsArchitecture, setting: Setting) -> None:
        super().__init__()
        self.d_model = decoder.d_model
        self.sizes = list(setting.cluster_sizes)
        self.is_divided = decoder.div_val > 1
        widths = cluster_widths(decoder, setting)
        if self.is_divided:
            shapes, projected = list(zip(self.sizes, widths, strict=True)), widths
        else:
            shapes = [(setting.vocabulary, decoder.d_embed)]
            projected = [decoder.d_embed] if decoder.d_embed != decoder.d_model else []
        self.tables = _parameters(shapes, EMBEDDING_SPREAD)
        self.projections = _parameters(
            [(decoder.d_model, width) for width in projected], PROJECTION_SPREAD
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Ids of any shape to embeddings (..., d_model)."""
        flat = tokens.flatten()
        if not self.is_divided:
            embedded = self._projected(functional.embedding(flat, self.tables[0]), 0)
        elif torch.compiler.is_exporting():
            embedded = self._of_all_clusters(flat)
        else:
            embedded = self.tables[0].new_empty(len(flat), self.d_model)
            start = 0
            for i, size in enumerate(self.sizes):
                found = ((flat >= start) & (flat < start + size)).nonzero().squeeze(1)
                rows = functional.embedding(flat[found] - start, self.tables[i])
                # Under autocast a projection has another type.
                projected = self._projected(rows, i).to(embedded.dtype)
                embedded = embedded.index_copy(0, found, projected)
                start += size
        scaled: Tensor = embedded.view(*tokens.shape, self.d_model) * self.d_model**0.5
        return scaled

    def _of_all_clusters(self, flat: Tensor) -> Tensor:
        """Return the embeddings (tokens, d_model) of ids (tokens,), without selecting the tokens
        of a cluster: an exported network has no shapes that depend on values."""
        embedded: Tensor = self.tables[0].new_zeros(flat.shape[0], self.d_model)
        start = 0
        for i, size in enumerate(self.sizes):
            inside = (flat >= start) & (flat < start + size)
            rows = functional.embedding((flat - start).clamp(0, size - 1), self.tables[i])
            embedded = torch.where(inside[:, None], self._projected(rows, i), embedded)
            start += size
        return embedded

    def cluster(self, i: int) -> Tensor:
        """Return the embeddings (tokens, width) of a cluster, before the projection."""
        if self.is_divided:
            return cast(Tensor, self.tables[i])
        return torch.split(self.tables[0], self.sizes)[i]

    def projection(self, i: int) -> Tensor | None:
        """Return the projection (d_model, width) of a cluster; None if it needs none."""
        if not self.projections:
            return None
        return cast(Tensor, self.projections[i if self.is_divided else 0])

    def _projected(self, rows: Tensor, i: int) -> Tensor:
        projection = self.projection(i)
        return rows if projection is None else rows @ projection.T


class AdaptiveSoftmax(nn.Module):
    """Loss of hidden states, with the weights of an embedding.

    The first cluster's softmax has one more row for each other cluster.
    """

    def __init__(
        self, embedding: AdaptiveEmbedding, decoder: LtsArchitecture, setting: Setting
    ) -> None:
        super().__init__()
        self.sizes = list(setting.cluster_sizes)
        self.bias = nn.Parameter(torch.zeros(setting.vocabulary))
        tails = len(self.sizes) - 1
        self.tail_weight = nn.Parameter(torch.zeros(tails, decoder.d_embed))
        self.tail_bias = nn.Parameter(torch.zeros(tails))
        untied = 1 if setting.ties_tails else len(self.sizes)
        shapes = [of.shape for i in range(untied) if (of := embedding.projection(i)) is not None]
        self.projections = _parameters([(s[0], s[1]) for s in shapes], PROJECTION_SPREAD)

    def forward(self, hidden: Tensor, targets: Tensor, embedding: AdaptiveEmbedding) -> Tensor:
        """Return the losses (tokens,) in nats of hidden states (tokens, d_model)."""
        first, biases = self.sizes[0], torch.split(self.bias, self.sizes)
        head = self._head(hidden, embedding)
        losses = torch.empty_like(head[:, 0])
        start = 0
        for i, size in enumerate(self.sizes):
            found = ((targets >= start) & (targets < start + size)).nonzero().squeeze(1)
            inside = (targets[found] - start)[:, None]
            if i == 0:
                of_cluster = head[found].gather(1, inside)
            else:
                tail = self._log_softmax(
                    hidden[found], i, embedding.cluster(i), biases[i], embedding
                )
                of_cluster = head[found, first + i - 1, None] + tail.gather(1, inside)
            losses = losses.index_copy(0, found, -of_cluster.squeeze(1))
            start += size
        return losses

    def log_probabilities(self, hidden: Tensor, embedding: AdaptiveEmbedding) -> Tensor:
        """Return log-probabilities (tokens, vocabulary) for hidden states (tokens, d_model)."""
        first, biases = self.sizes[0], torch.split(self.bias, self.sizes)
        head = self._head(hidden, embedding)
        tails = [
            head[:, first + i - 1, None]
            + self._log_softmax(hidden, i, embedding.cluster(i), biases[i], embedding)
            for i in range(1, len(self.sizes))
        ]
        return torch.cat([head[:, :first], *tails], -1)

    def _head(self, hidden: Tensor, embedding: AdaptiveEmbedding) -> Tensor:
        """Return log-probabilities of the words of the first cluster, then of the others."""
        weight = torch.cat([embedding.cluster(0), self.tail_weight])
        bias = torch.cat([self.bias[: self.sizes[0]], self.tail_bias])
        return self._log_softmax(hidden, 0, weight, bias, embedding)

    def _log_softmax(
        self, hidden: Tensor, i: int, weight: Tensor, bias: Tensor, embedding: AdaptiveEmbedding
    ) -> Tensor:
        own = i < len(self.projections)
        projection = cast(Tensor, self.projections[i]) if own else embedding.projection(i)
        narrow = hidden if projection is None else hidden @ projection
        return functional.log_softmax(functional.linear(narrow, weight, bias), dim=-1)


def _parameters(shapes: list[tuple[int, int]], spread: float) -> nn.ParameterList:
    return nn.ParameterList(torch.randn(shape) * spread for shape in shapes)
