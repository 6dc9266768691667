"""The network of one cell, from mel features to the logits of phonemes.

Sequences inside are (batch, channels, frames); `padding` is (batch, 1, frames), true at padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from search_spaces.asr_cell.architecture import AsrCell
from search_spaces.asr_cell.canonical import ZERO
from search_spaces.asr_cell.parameters import BLOCK_KERNEL, BLOCKS, CONVOLUTIONS, SIZES
from search_spaces.sequences import sum_tensors

LARGEST_ACTIVATION = 20.0
LOOK_AHEAD = 4
"""Number of frames after its own that a convolution may read, before its stride: 40 ms."""
EPSILON = 1e-3
"""Epsilon of layer norms."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths and dropout, which a cell leaves open. The defaults are the paper's."""

    features: int = SIZES["features"]
    """Number of mel features per frame."""
    groups: int = SIZES["groups"]
    """Groups of the operations' convolutions; blocks have 6, 8, 10 and 12 channels per group."""
    hidden_size: int = SIZES["hidden_size"]
    """Width of the LSTM."""
    classes: int = SIZES["classes"]
    """Number of outputs per frame, the blank of CTC included."""
    dropout: float = 0.2
    """Dropout probability after operations and before the LSTM."""

    def __post_init__(self) -> None:
        for name in ("features", "groups", "hidden_size", "classes"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.dropout < 1:
            raise UserError(f"dropout must be in [0, 1), got {self.dropout}")


class Convolution(nn.Module):
    """A convolution, ReLU clipped at 20, and dropout. Beyond the frames all is 0."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        ahead = min(LOOK_AHEAD // stride, kernel * dilation - stride)
        self.pad = ((kernel - 1) * dilation - ahead, ahead)
        self.convolution = nn.Conv1d(
            inputs, outputs, kernel, stride=stride, dilation=dilation, groups=groups
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, inputs, frames), 0 at padding, to (batch, outputs, frames / stride)."""
        convolved = self.convolution(functional.pad(values, self.pad))
        dropped: Tensor = self.dropout(convolved.clamp(0, LARGEST_ACTIVATION))
        return dropped


class Norm(nn.LayerNorm):
    """Layer norm over the channels of each frame."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPSILON)

    def forward(self, values: Tensor) -> Tensor:
        """(batch, channels, frames) to the same."""
        return super().forward(values.transpose(1, 2)).transpose(1, 2)


class Cell(nn.Module):
    """One cell; `ops` holds the modules of its operations by the numbers of their nodes."""

    def __init__(self, cell: AsrCell, channels: int, sizes: Sizes) -> None:
        super().__init__()
        self.nodes = cell.nodes
        self.ops = nn.ModuleDict(
            {
                str(number): make_op(node.op, channels, sizes)
                for number, node in enumerate(cell.nodes, start=1)
                if node.op != ZERO
            }
        )
        self.norm = Norm(channels)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, channels, frames), 0 at padding, to the same."""
        outputs = [values]
        for number, node in enumerate(self.nodes, start=1):
            terms = [outputs[skip] for skip in node.skips]
            if node.op != ZERO:
                terms.append(self.ops[str(number)](outputs[-1]).masked_fill(padding, 0))
            outputs.append(sum_tensors(terms) if terms else torch.zeros_like(values))
        normed: Tensor = self.norm(outputs[-1])
        return normed.masked_fill(padding, 0)


class Block(nn.Module):
    """A convolution that may skip every other frame, layer norm, then cells."""

    def __init__(
        self, cell: AsrCell, inputs: int, channels: int, cells: int, stride: int, sizes: Sizes
    ) -> None:
        super().__init__()
        self.stride = stride
        self.convolution = Convolution(inputs, channels, BLOCK_KERNEL, stride=stride)
        self.norm = Norm(channels)
        self.cells = nn.ModuleList(Cell(cell, channels, sizes) for _ in range(cells))

    def forward(self, values: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, inputs, frames) and padding to (batch, channels, frames / stride) and padding."""
        padding = padding[..., :: self.stride]
        values = self.norm(self.convolution(values)).masked_fill(padding, 0)
        for cell in self.cells:
            values = cell(values, padding)
        return values, padding


class AsrNetwork(nn.Module):
    """Four blocks of cells, an LSTM, and a linear layer.

    Weights come from torch's global generator. Raises UserError for sizes that no network has.
    """

    def __init__(self, cell: AsrCell, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.cell = cell
        self.sizes = sizes = sizes or Sizes()
        widths = [sizes.features, *(per_group * sizes.groups for per_group, _, _ in BLOCKS)]
        self.blocks = nn.ModuleList(
            Block(cell, before, width, cells, stride, sizes)
            for (before, width), (_, cells, stride) in zip(pairwise(widths), BLOCKS, strict=True)
        )
        self.dropout = nn.Dropout(sizes.dropout)
        self.lstm = nn.LSTM(widths[-1], sizes.hidden_size, batch_first=True)
        # The release's LSTM has one bias, and torch's the sum of two.
        nn.init.zeros_(self.lstm.get_parameter("bias_hh_l0")).requires_grad_(False)
        self.output = nn.Linear(sizes.hidden_size, sizes.classes)

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return logits (batch, output frames, classes).

        Padding changes nothing at the frames of `output_lengths`.

        Args:
            features: (batch, frames, mel features).
            lengths: (batch,) numbers of frames; by default all that there are.
        """
        padding = _padding(features, lengths)
        values = features.transpose(1, 2).masked_fill(padding, 0)
        for block in self.blocks:
            values, padding = block(values, padding)
        states, _ = self.lstm(self.dropout(values).transpose(1, 2))
        logits: Tensor = self.output(states)
        return logits

    def output_lengths(self, lengths: Tensor) -> Tensor:
        """Return the number of output frames of each number of frames: a quarter, rounded up."""
        for _, _, stride in BLOCKS:
            lengths = (lengths + stride - 1) // stride
        return lengths


def make_op(op: str, channels: int, sizes: Sizes) -> Convolution:
    """Return the module of an operation other than zero."""
    if op in CONVOLUTIONS:
        kernel, dilation = CONVOLUTIONS[op]
        return Convolution(
            channels,
            channels,
            kernel,
            dilation=dilation,
            groups=sizes.groups,
            dropout=sizes.dropout,
        )
    return Convolution(channels, channels, 1, dropout=sizes.dropout)


def _padding(features: Tensor, lengths: Tensor | None) -> Tensor:
    frames = torch.arange(features.shape[1], device=features.device)
    if lengths is None:
        return torch.zeros_like(frames, dtype=torch.bool)[None, None]
    return (frames >= lengths[:, None])[:, None]
