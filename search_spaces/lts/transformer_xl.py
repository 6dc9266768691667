"""Layers of Transformer-XL: attention over a segment and the one before.

Z. Dai et al., Transformer-XL: Attentive Language Models beyond a Fixed-Length Context (arXiv
1901.02860), with the settings of the release: layer norms after the residual connections, and two
vectors of positions per layer.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture

SPREAD = 0.02
"""Standard deviation of weights at the start."""


class RelativeAttention(nn.Module):
    """Masked self-attention with relative positions."""

    def __init__(self, d_model: int, n_head: int, dropout: float) -> None:
        super().__init__()
        self.n_head = n_head
        self.query = nn.Linear(d_model, d_model, bias=False)
        self.key_value = nn.Linear(d_model, 2 * d_model, bias=False)
        self.position = nn.Linear(d_model, d_model, bias=False)
        self.output = nn.Linear(d_model, d_model, bias=False)
        self.content_bias = nn.Parameter(torch.randn(n_head, 1, d_model // n_head) * SPREAD)
        self.position_bias = nn.Parameter(torch.randn(n_head, 1, d_model // n_head) * SPREAD)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, memory: Tensor, distances: Tensor) -> Tensor:
        """Attend to the memory and to earlier values.

        Args:
            values: Inputs (batch, length, d_model).
            memory: Inputs (batch, memory, d_model) of the segments before.
            distances: Encodings (memory + length, d_model) of the distances from the largest to 0.
        """
        length, reach = values.shape[1], memory.shape[1] + values.shape[1]
        query = self._heads(self.query(values))
        key, value = self.key_value(torch.cat([memory, values], 1)).chunk(2, -1)
        content = (query + self.content_bias) @ self._heads(key).transpose(-1, -2)
        places = self._heads(self.position(distances)[None])
        relative = (query + self.position_bias) @ places.transpose(-1, -2)
        scores = (content + _shift(relative)) * query.shape[-1] ** -0.5
        later = torch.ones(length, reach, dtype=torch.bool, device=values.device)
        later = later.triu(1 + reach - length)
        weights = scores.masked_fill(later, -torch.inf).softmax(-1)
        joined = (weights @ self._heads(value)).transpose(1, 2).flatten(2)
        attended: Tensor = self.dropout(self.output(joined))
        return attended

    def _heads(self, values: Tensor) -> Tensor:
        """(batch, length, d_model) to (batch, heads, length, width)."""
        return values.view(*values.shape[:2], self.n_head, -1).transpose(1, 2)


def _shift(scores: Tensor) -> Tensor:
    """Move row i of scores (..., length, reach) by length - 1 - i to the left: column j then is
    that of the distance from i to j. What comes in from the right is masked afterwards."""
    length, reach = scores.shape[-2:]
    padded = torch.cat([scores.new_zeros(*scores.shape[:-1], 1), scores], -1)
    turned = padded.reshape(*scores.shape[:-2], reach + 1, length)[..., 1:, :]
    return turned.reshape(scores.shape)


class TransformerXlLayer(nn.Module):
    """Attention and a feed-forward network, each with a residual connection and a layer norm."""

    def __init__(self, d_model: int, layer: DecoderLayer, dropout: float) -> None:
        super().__init__()
        self.attention = RelativeAttention(d_model, layer.n_head, dropout)
        self.attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, layer.d_inner),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(layer.d_inner, d_model),
            nn.Dropout(dropout),
        )
        self.feed_forward_norm = nn.LayerNorm(d_model)

    def forward(self, values: Tensor, memory: Tensor, distances: Tensor) -> Tensor:
        """(batch, length, d_model) to the same."""
        values = self.attention_norm(values + self.attention(values, memory, distances))
        normed: Tensor = self.feed_forward_norm(values + self.feed_forward(values))
        return normed


class TransformerXl(nn.Module):
    """Layers on embeddings. The memory holds the inputs of every layer, `length` tokens long."""

    def __init__(self, decoder: LtsArchitecture, length: int, dropout: float) -> None:
        super().__init__()
        self.length = length
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(
            TransformerXlLayer(decoder.d_model, layer, dropout) for layer in decoder.layers
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=SPREAD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(
        self, embedded: Tensor, memory: list[Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Run on embeddings (batch, length, d_model).

        Returns the last layer's output after dropout, and the memory for the next segment: one
        tensor (batch, memory, d_model) per layer.
        """
        output, inputs = self.run(embedded, memory)
        return output, [values[:, -self.length :].detach() for values in inputs]

    def run(
        self, embedded: Tensor, memory: list[Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Run on embeddings (batch, length, d_model).

        Returns the last layer's output after dropout, and what each layer read: its memory and
        its inputs, (batch, memory + length, d_model).
        """
        memory = memory or [embedded[:, :0]] * len(self.layers)
        reach = memory[0].shape[1] + embedded.shape[1]
        distances = self.dropout(_sinusoids(reach, embedded))
        values, inputs = self.dropout(embedded), []
        for layer, before in zip(self.layers, memory, strict=True):
            inputs.append(torch.cat([before, values], 1))
            values = layer(values, before, distances)
        return self.dropout(values), inputs


def _sinusoids(reach: int, like: Tensor) -> Tensor:
    """Return encodings (reach, width) of the distances from reach - 1 to 0: sines, then cosines."""
    width = like.shape[-1]
    rates = 10_000 ** -(torch.arange(0, width, 2.0, device=like.device) / width)
    distances = torch.arange(reach, device=like.device).flip(0).to(rates.dtype)
    angles = distances[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1).to(like.dtype)
