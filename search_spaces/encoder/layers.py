"""A layer of an encoder, as a torch module."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from search_spaces.encoder.architecture import EncoderArchitecture, EncoderLayer
from search_spaces.encoder.operations import make_operation

EPSILON = 1e-12
"""Epsilon of layer norms, as in BERT."""
_SPREAD = 0.02
"""Standard deviation of weights at the start, as in BERT."""


class Residual(nn.Module):
    """A matrix, dropout, and the layer norm of this plus the values before."""

    def __init__(self, inputs: int, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(hidden_size, eps=EPSILON)

    def forward(self, inner: Tensor, values: Tensor) -> Tensor:
        """(batch, length, inputs) and (batch, length, hidden size) to the latter."""
        normed: Tensor = self.norm(self.dropout(self.dense(inner)) + values)
        return normed


class Mixing(nn.Module):
    """The operation of a layer. Its output goes on as it is after a linear transform, as in the
    release, else through a matrix and a residual connection."""

    def __init__(self, layer: EncoderLayer, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.operation = make_operation(layer, hidden_size, dropout)
        attends = layer.operation != "LT"
        self.output = Residual(hidden_size, hidden_size, dropout) if attends else None

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """(batch, length, hidden size) to the same."""
        mixed: Tensor = self.operation(values, words)
        if self.output is not None:
            mixed = self.output(mixed, values)
        return mixed


class FeedForward(nn.Module):
    """Hidden layers one after another, each with a GELU, then one residual connection."""

    def __init__(self, layer: EncoderLayer, hidden_size: int, dropout: float) -> None:
        super().__init__()
        width = layer.feed_forward
        inputs = [hidden_size, *[width] * (layer.feed_forwards - 1)]
        self.hidden = nn.ModuleList(nn.Linear(each, width) for each in inputs)
        self.activation = nn.GELU()
        self.output = Residual(width, hidden_size, dropout)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, length, hidden size) to the same."""
        inner = values
        for linear in self.hidden:
            inner = self.activation(linear(inner))
        output: Tensor = self.output(inner, values)
        return output


class Layer(nn.Module):
    """One layer: what mixes words, then the feed-forward network."""

    def __init__(self, mixing: nn.Module, feed_forward: nn.Module) -> None:
        super().__init__()
        self.mixing = mixing
        self.feed_forward = feed_forward

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """(batch, length, hidden size) to the same."""
        output: Tensor = self.feed_forward(self.mixing(values, words))
        return output


def make_layers(encoder: EncoderArchitecture, dropout: float) -> nn.ModuleList:
    """Return the layers of an encoder."""
    hidden = encoder.hidden_size
    return nn.ModuleList(
        Layer(Mixing(layer, hidden, dropout), FeedForward(layer, hidden, dropout))
        for layer in encoder.layers
    )


def through(layers: Iterable[nn.Module], values: Tensor, words: Tensor) -> list[Tensor]:
    """Return the output (batch, length, hidden size) of each layer."""
    outputs = [values]
    for layer in layers:
        outputs.append(layer(outputs[-1], words))
    return outputs[1:]


def initialise(network: nn.Module) -> None:
    """Draw all weights anew from torch's global generator, as BERT's are; biases and what stands
    for padding are 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Embedding):
            nn.init.normal_(module.weight, std=_SPREAD)
        if isinstance(module, nn.Linear | nn.Conv1d) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            nn.init.zeros_(module.weight[module.padding_idx])
