"""The eight operations of a layer, as torch modules.

Sequences are (batch, width, length); `padding` is (batch, 1, length), true where no word stands.
What an operation gives is 0 there, so that the content of padding reaches nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from nni_nlp_bench.core.errors import UserError
from search_spaces.sequences import MaskedNorm, largest_of_three
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.scanned_gru import scanned_gru

HEADS = 4
"""Number of heads of self-attention, as in the paper."""


class Convolution(nn.Module):
    """Convolution, batch norm, ReLU, dropout."""

    def __init__(
        self, inputs: int, width: int, kernel: int, *, dropout: float, strict: bool
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(inputs, width, kernel, padding=kernel // 2)
        self.norm = MaskedNorm(width, strict=strict)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, inputs, length) to (batch, width, length)."""
        convolved = self.convolution(values).masked_fill(padding, 0)
        dropped: Tensor = self.dropout(functional.relu(self.norm(convolved, padding)))
        return dropped


class AveragePool(nn.Module):
    """Mean of three places; those beyond the sentence count as 0."""

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        return functional.avg_pool1d(values, 3, stride=1, padding=1).masked_fill(padding, 0)


class MaxPool(nn.Module):
    """Largest of three places. A place of padding counts as 0 as in the release, and the end of the
    batch as none; `strict`: neither counts."""

    def __init__(self, *, strict: bool) -> None:
        super().__init__()
        self.strict = strict

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        if self.strict:
            values = values.masked_fill(padding, -torch.inf)
        return largest_of_three(values).masked_fill(padding, 0)


class BidirectionalGru(nn.Module):
    """Sum of a GRU's outputs in either direction, dropout."""

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        rows = values.transpose(1, 2)
        if torch.compiler.is_exporting():
            outputs = scanned_gru(self.gru, rows, padding.squeeze(1))
        else:
            lengths = (~padding).sum((1, 2)).cpu()
            packed = pack_padded_sequence(rows, lengths, batch_first=True, enforce_sorted=False)
            outputs, _ = pad_packed_sequence(
                self.gru(packed)[0], batch_first=True, total_length=rows.shape[1]
            )
        forwards, backwards = outputs.chunk(2, dim=-1)
        dropped: Tensor = self.dropout(forwards + backwards)
        return dropped.transpose(1, 2)


class SelfAttention(nn.Module):
    """Scaled dot products of ReLU projections, four heads, dropout on the weights, batch norm."""

    def __init__(self, width: int, *, dropout: float, strict: bool) -> None:
        super().__init__()
        if width % HEADS:
            raise UserError(
                f"the width must be a multiple of {HEADS}, the heads of attention: got {width}"
            )
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.norm = MaskedNorm(width, strict=strict)
        self.dropout = dropout

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, width, length) to the same."""
        rows = values.transpose(1, 2)
        query, key, value = (
            functional.relu(part(rows)).view(*rows.shape[:2], HEADS, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        attended = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=~padding[:, None],
            dropout_p=self.dropout if self.training else 0.0,
        )
        joined = attended.transpose(1, 2).flatten(2).transpose(1, 2)
        normed: Tensor = self.norm(joined.masked_fill(padding, 0), padding)
        return normed


def make_op(name: str, width: int, *, dropout: float, strict: bool) -> nn.Module:
    """Return the operation of that name, from (batch, width, length) to the same."""
    if name.startswith("conv"):
        kernel = int(name.removeprefix("conv"))
        return Convolution(width, width, kernel, dropout=dropout, strict=strict)
    if name == "avg_pool3":
        return AveragePool()
    if name == "max_pool3":
        return MaxPool(strict=strict)
    if name == "gru":
        return BidirectionalGru(width, dropout=dropout)
    if name == "attention":
        return SelfAttention(width, dropout=dropout, strict=strict)
    raise UserError(f"unknown operation {name!r}; known: {', '.join(OPS)}")
