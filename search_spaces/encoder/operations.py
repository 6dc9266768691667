"""Operations that mix words: attention, linear transforms, dynamic convolution.

Sequences are (batch, length, hidden size). `words` is (batch, length), true at words, or (1,
length) where all sentences have the same; neither the content nor the amount of what stands
elsewhere changes a word's output.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.encoder.architecture import EncoderLayer

_HEAD_RATIO = 2
"""Factor by which a dynamic convolution has fewer attention heads, as in ConvBERT."""


def split_heads(values: Tensor, heads: int) -> Tensor:
    """(batch, length, width) to (batch, heads, length, width / heads)."""
    return values.view(*values.shape[:2], heads, -1).transpose(1, 2)


def join_heads(values: Tensor) -> Tensor:
    """(batch, heads, length, width / heads) to (batch, length, width)."""
    return values.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    """Scaled dot products (Vaswani et al., 2017); `weighted`: of queries that went through one more
    matrix (Luong et al., 2015)."""

    def __init__(
        self, hidden_size: int, width: int, heads: int, *, weighted: bool = False, dropout: float
    ) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(hidden_size, width) for _ in range(3))
        self.weight = nn.Linear(width, width, bias=False) if weighted else None
        self.softmax = nn.Softmax(-1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """(batch, length, hidden size) to (batch, length, width)."""
        return self._attended(self._queries(values), values, words)

    def probabilities(self, values: Tensor, words: Tensor) -> Tensor:
        """Return attention weights (batch, heads, length, length) of words (rows) on words."""
        return self._probabilities(self._queries(values), values, words)

    def _queries(self, values: Tensor) -> Tensor:
        queries: Tensor = self.query(values)
        return queries if self.weight is None else self.weight(queries)

    def _attended(self, queries: Tensor, values: Tensor, words: Tensor) -> Tensor:
        probabilities = self.dropout(self._probabilities(queries, values, words))
        return join_heads(probabilities @ split_heads(self.value(values), self.heads))

    def _probabilities(self, queries: Tensor, values: Tensor, words: Tensor) -> Tensor:
        query = split_heads(queries, self.heads)
        key = split_heads(self.key(values), self.heads)
        products = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        probabilities: Tensor = self.softmax(
            products.masked_fill(~words[:, None, None], -torch.inf)
        )
        return probabilities


class SeparableConvolution(nn.Module):
    """A convolution of each channel alone, then a matrix of channels."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(
            inputs, inputs, kernel, padding=kernel // 2, groups=inputs, bias=False
        )
        self.pointwise = nn.Conv1d(inputs, outputs, 1)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, length, inputs) to (batch, length, outputs)."""
        convolved: Tensor = self.pointwise(self.depthwise(values.transpose(1, 2)))
        return convolved.transpose(1, 2)


class DynamicConvolution(Attention):
    """The mixed attention of ConvBERT (Jiang et al., 2020): half the heads attend, the others are a
    convolution whose kernel each word makes of its query and of the span around it."""

    def __init__(self, hidden_size: int, heads: int, kernel: int, *, dropout: float) -> None:
        width, heads = hidden_size // _HEAD_RATIO, heads // _HEAD_RATIO
        super().__init__(hidden_size, width, heads, dropout=dropout)
        self.kernel = kernel
        self.key_convolution = SeparableConvolution(hidden_size, width, kernel)
        self.kernels = nn.Linear(width, heads * kernel)
        self.convolved_value = nn.Linear(hidden_size, width)

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """(batch, length, hidden size) to the same."""
        queries = self._queries(values)
        attended = self._attended(queries, values, words)
        return torch.cat([attended, self._convolved(queries, values, words)], -1)

    def _convolved(self, queries: Tensor, values: Tensor, words: Tensor) -> Tensor:
        padding = ~words[..., None]
        spans = self.key_convolution(values.masked_fill(padding, 0))
        logits = self.kernels(spans * queries)
        kernels = logits.view(*logits.shape[:2], self.heads, self.kernel).softmax(-1)
        own = self.convolved_value(values).masked_fill(padding, 0)
        around = functional.pad(own, (0, 0, self.kernel // 2, self.kernel // 2))
        windows = around.unfold(1, self.kernel, 1).view(*kernels.shape[:3], -1, self.kernel)
        convolved: Tensor = windows @ kernels[..., None]
        return convolved.squeeze(-1).flatten(2)


class LinearTransform(nn.Module):
    """A matrix of channels, then of each head the discrete transform over words and channels: the
    real part of Fourier's (Lee-Thorp et al., 2022) or the cosine transform (type II), neither
    scaled. The words of a sentence are all the words that there are."""

    def __init__(self, hidden_size: int, heads: int, kind: str) -> None:
        super().__init__()
        self.heads = heads
        self.kind = kind
        self.input = nn.Linear(hidden_size, hidden_size)

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """(batch, length, hidden size) to the same."""
        channels = split_heads(self.input(values), self.heads)
        over_words = transforms(self.kind, words, values.dtype)[:, :, None]
        everywhere = words.new_ones(1, channels.shape[-1])
        over_channels = transforms(self.kind, everywhere, values.dtype)[:, :, None]
        parts = over_words @ channels @ over_channels.transpose(-1, -2)
        # Fourier's real part: cosines of both, less sines of both.
        return join_heads(parts[0] - parts[1] if self.kind == "DFT" else parts[0])


def transforms(kind: str, words: Tensor, dtype: torch.dtype) -> Tensor:
    """The matrices (parts, batch, length, length) of a transform over the words of each sentence, 0
    elsewhere: cosines and sines of Fourier's, or those of the cosine transform alone."""
    place = words.cumsum(-1) - 1
    new, old, count = place[:, :, None], place[:, None], words.sum(-1)[:, None, None]
    # Turns are whole numbers until they are less than one round: large angles have no digits left.
    if kind == "DFT":
        angles = (new * old % count).to(dtype) * 2 * math.pi / count
        parts = torch.stack([angles.cos(), angles.sin()])
    else:
        angles = (new * (2 * old + 1) % (4 * count)).to(dtype) * math.pi / (2 * count)
        parts = 2 * angles.cos()[None]
    return parts.masked_fill(~(words[:, :, None] & words[:, None]), 0)


def make_operation(layer: EncoderLayer, hidden_size: int, dropout: float) -> nn.Module:
    """Return the operation of a layer, from (batch, length, hidden size) and words to the same."""
    if layer.operation == "SA":
        weighted = layer.parameter == "WMA"
        return Attention(hidden_size, hidden_size, layer.heads, weighted=weighted, dropout=dropout)
    if layer.operation == "DSC":
        kernel = int(layer.parameter)
        return DynamicConvolution(hidden_size, layer.heads, kernel, dropout=dropout)
    return LinearTransform(hidden_size, layer.heads, str(layer.parameter))
