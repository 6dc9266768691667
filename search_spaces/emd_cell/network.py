"""The network of one cell: copies of it in sequence, between stem and head."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from search_spaces.emd_cell.architecture import INPUTS, EmdCell, edge_label
from search_spaces.emd_cell.ops import DropPath, make_op
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.sequences import MaskedNorm, padding_of, stem_input, sum_tensors

_EPSILON = 1e-12
"""Epsilon of the layer norm, as in BERT and in the release."""


class Stem(nn.Module):
    """From word vectors to the width of the nodes: a matrix, batch norm."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(sizes.vectors, sizes.width, 1, bias=False)
        self.norm = MaskedNorm(sizes.width, strict=sizes.strict)

    def forward(self, values: Tensor, padding: Tensor) -> Tensor:
        """(batch, vectors, length) to (batch, width, length)."""
        normed: Tensor = self.norm(self.convolution(values), padding)
        return normed


class AddNorm(nn.Module):
    """Layer norm, over the channels of each word, of a cell's output plus its second input."""

    def __init__(self, inputs: int, wide: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(inputs, wide, 1, bias=False)
        self.norm = nn.LayerNorm(wide, eps=_EPSILON)

    def forward(self, joined: Tensor, last: Tensor, padding: Tensor) -> Tensor:
        """(batch, wide, length) and (batch, inputs, length) to (batch, wide, length)."""
        rows = (joined + self.convolution(last)).transpose(1, 2)
        normed: Tensor = self.norm(rows).transpose(1, 2)
        return normed.masked_fill(padding, 0)


class Frame(nn.Module):
    """A cell without its edges: projects its inputs to one width, concatenates its nodes."""

    def __init__(self, number: int, sizes: Sizes) -> None:
        super().__init__()
        inputs = sizes.inputs_of(number)
        self.inputs = nn.ModuleList(nn.Conv1d(n, sizes.width, 1, bias=False) for n in inputs)
        self.end = AddNorm(inputs[1], sizes.wide) if sizes.output == "addnorm" else None

    def sources(self, previous: Tensor, last: Tensor) -> list[Tensor]:
        """Both inputs as (batch, width, length): what edges read before there are nodes."""
        return [
            narrow(values) for narrow, values in zip(self.inputs, (previous, last), strict=True)
        ]

    def joined(self, nodes: Sequence[Tensor], last: Tensor, padding: Tensor) -> Tensor:
        """Return the output (batch, 3 * width, length) of nodes (batch, width, length)."""
        joined = torch.cat(list(nodes), 1)
        if self.end is None:
            return joined
        normed: Tensor = self.end(joined, last, padding)
        return normed


class CellLayer(nn.Module):
    """One cell of the network."""

    def __init__(self, cell: EmdCell, number: int, sizes: Sizes) -> None:
        super().__init__()
        self.cell = cell
        self.frame = Frame(number, sizes)
        self.edges = nn.ModuleDict(
            {
                edge_label(number, source): make_op(op, sizes.width, strict=sizes.strict)
                for number, node in enumerate(cell.nodes)
                for op, source in node
            }
        )
        self.drop_path = DropPath(sizes.drop_path)

    def forward(self, previous: Tensor, last: Tensor, padding: Tensor) -> Tensor:
        """Return the output (batch, 3 * width, length) for those of the two layers before."""
        sources = self.frame.sources(previous, last)
        for number, node in enumerate(self.cell.nodes):
            added = []
            for op, source in node:
                output = self.edges[edge_label(number, source)](sources[source], padding)
                added.append(output if op == "skip_connect" else self.drop_path(output))
            sources.append(sum_tensors(added))
        return self.frame.joined(sources[INPUTS:], last, padding)


class Head(nn.Module):
    """Logits of the largest and the mean word of the last cell."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.dropout = nn.Dropout(sizes.dropout)
        self.linear = nn.Linear(2 * sizes.wide, sizes.classes)

    def forward(self, output: Tensor, padding: Tensor) -> Tensor:
        """(batch, 3 * width, length), 0 at padding, to (batch, classes)."""
        largest = output.masked_fill(padding, -torch.inf).amax(-1)
        mean = output.sum(-1) / (~padding).sum(-1)
        logits: Tensor = self.linear(self.dropout(torch.cat([largest, mean], 1)))
        return logits


Layer = Callable[[Tensor, Tensor, Tensor], Tensor]


def outputs_of(layers: Iterable[Layer], stem: Tensor, padding: Tensor) -> list[Tensor]:
    """Return each cell's output: it reads those of the two before, or the stem."""
    before = [stem, stem]
    for layer in layers:
        previous, last = before[-2:]
        before.append(layer(previous, last, padding))
    return before[2:]


class EmdCellNetwork(nn.Module):
    """Cells of one architecture between stem and head, without the embedding of words.

    Weights come from torch's global generator. Raises UserError for sizes that no network has.
    """

    def __init__(self, cell: EmdCell, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.cell = cell
        self.sizes = sizes or Sizes()
        self.stem = Stem(self.sizes)
        self.cells = nn.ModuleList(CellLayer(cell, i, self.sizes) for i in range(self.sizes.cells))
        self.head = Head(self.sizes)

    def resized(self, vectors: int, classes: int) -> EmdCellNetwork:
        """Return the network of the same cell and options for these numbers, with new weights."""
        return EmdCellNetwork(self.cell, replace(self.sizes, vectors=vectors, classes=classes))

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """Word vectors (batch, length, vectors) and mask (batch, length), true at words, to each
        cell's output (batch, 3 * width, length), 0 at padding."""
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        return outputs_of(self.cells, stem, padding)

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all cells' outputs."""
        logits: Tensor = self.head(outputs[-1], padding_of(mask))
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes). A sentence has at least one word."""
        return self.logits(self.layer_outputs(vectors, mask), mask)
