"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import nni
from nni.nas.nn.pytorch import ModelSpace, MutableModule
from torch import Tensor, nn

from search_spaces.emd_cell.architecture import EDGES, INPUTS, OPS, EmdCell, Node, edge_label
from search_spaces.emd_cell.choices import CellChoices, Sample
from search_spaces.emd_cell.fused import mixed_nodes
from search_spaces.emd_cell.network import EmdCellNetwork, Frame, Head, Stem, outputs_of
from search_spaces.emd_cell.ops import make_op
from search_spaces.emd_cell.parameters import Output
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.sequences import padding_of, stem_input, sum_tensors

EdgeWeights = Sequence[Node] | Tensor
"""What nodes add up: the edges of one cell, or of all edges (in the order of `EDGES`) all ops, with
the shares (9, 10) of ops and `none`."""


class Edges(MutableModule):  # type: ignore[misc]
    """The choices of a cell, which all cells of a network share.

    A one-shot strategy puts a class of `supernet.py` into its place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.choices = CellChoices()
        for label, values in self.choices.categoricals.items():
            self.add_mutable(nni.choice(label, values))


class SharedCell(nn.Module):
    """One cell of the network with the weights of all ops on all edges."""

    def __init__(self, number: int, sizes: Sizes) -> None:
        super().__init__()
        self.frame = Frame(number, sizes)
        self.edges = nn.ModuleDict(
            {
                edge_label(*edge): nn.ModuleDict(
                    {op: make_op(op, sizes.width, strict=sizes.strict) for op in OPS}
                )
                for edge in EDGES
            }
        )

    def forward(self, previous: Tensor, last: Tensor, padding: Tensor, plan: EdgeWeights) -> Tensor:
        """The output (batch, 3 * width, length) for those of the two layers before."""
        sources = self.frame.sources(previous, last)
        if isinstance(plan, Tensor):
            nodes = mixed_nodes(self.edges, sources, padding, plan)
        else:
            nodes = self._sampled(sources, padding, plan)
        return self.frame.joined(nodes, last, padding)

    def _sampled(
        self, inputs: Sequence[Tensor], padding: Tensor, plan: Sequence[Node]
    ) -> list[Tensor]:
        """The nodes (batch, width, length) of a cell's inputs (batch, width, length)."""
        sources = list(inputs)
        for number, node in enumerate(plan):
            added = []
            for op, source in node:
                edge: Any = self.edges[edge_label(number, source)]
                added.append(edge[op](sources[source], padding))
            sources.append(sum_tensors(added))
        return sources[INPUTS:]


class EmdCellModelSpace(ModelSpace):  # type: ignore[misc]
    """All cells as NNI choices; a frozen space is an `EmdCellNetwork`.

    The default width is that of the paper's search. The forward is a one-shot strategy's: it takes
    what `EmdCellNetwork` takes.
    """

    def __init__(
        self,
        cells: int = 4,
        vectors: int = 300,
        width: int = 128,
        classes: int = 2,
        dropout: float = 0.2,
        output: Output = "concat",
        strict: bool = False,
    ) -> None:
        super().__init__()
        self.choices = CellChoices()
        self.sizes = Sizes(vectors, width, classes, cells, dropout, output=output, strict=strict)
        self.edges = Edges()
        self.stem = Stem(self.sizes)
        self.cells = nn.ModuleList(SharedCell(number, self.sizes) for number in range(cells))
        self.head = Head(self.sizes)

    @classmethod
    def create_fixed_module(
        cls,
        sample: Mapping[str, str],
        cells: int = 4,
        vectors: int = 300,
        width: int = 128,
        classes: int = 2,
        dropout: float = 0.2,
        output: Output = "concat",
        strict: bool = False,
    ) -> EmdCellNetwork:
        """The network of a sample, for NNI's `model_context`: takes the arguments of the space."""
        sizes = Sizes(vectors, width, classes, cells, dropout, output=output, strict=strict)
        return EmdCellNetwork(CellChoices().from_sample(sample), sizes)

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """What NNI's one-shot strategies put into the place of the choices. Raises UserError for
        Proxyless."""
        from search_spaces.emd_cell.supernet import supernet_class

        return [supernet_class(strategy).mutate]

    def freeze(self, sample: Mapping[str, str]) -> EmdCellNetwork:
        """The network of a sample with a copy of the space's weights, on their device.

        Raises NNI's SampleValidationError.
        """
        self.validate(sample)
        frozen = EmdCellNetwork(self.from_sample(sample), self.sizes).to(self.head.linear.weight)
        frozen.stem.load_state_dict(self.stem.state_dict())
        frozen.head.load_state_dict(self.head.state_dict())
        for own, shared in zip(frozen.cells, self.cells, strict=True):
            _copy(frozen.cell, own, shared)
        return frozen

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """What `EmdCellNetwork.layer_outputs` gives, of what a one-shot strategy has sampled or
        mixes: the same in all cells."""
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        plan = self.edges.edge_weights()
        return outputs_of((partial(cell, plan=plan) for cell in self.cells), stem, padding)

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all cells' outputs."""
        logits: Tensor = self.head(outputs[-1], padding_of(mask))
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes), of what a one-shot strategy has sampled or mixes."""
        return self.logits(self.layer_outputs(vectors, mask), mask)

    def current(self) -> EmdCell:
        """The cell that a one-shot strategy's network stands for at this moment."""
        return self.from_sample(self.edges.current())

    def to_sample(self, cell: EmdCell) -> Sample:
        """The sample of a cell."""
        return self.choices.to_sample(cell)

    def from_sample(self, sample: Mapping[str, str]) -> EmdCell:
        """The cell of a sample. Raises CellError."""
        return self.choices.from_sample(sample)

    def export(self, found: Mapping[str, str] | EmdCellNetwork) -> EmdCell:
        """The cell of what a search returns: a sample or a frozen module."""
        return found.cell if isinstance(found, EmdCellNetwork) else self.from_sample(found)


def _copy(cell: EmdCell, own: Any, shared: Any) -> None:
    """Give a cell of a network the shared weights of its edges."""
    own.frame.load_state_dict(shared.frame.state_dict())
    for number, node in enumerate(cell.nodes):
        for name, source in node:
            label = edge_label(number, source)
            own.edges[label].load_state_dict(shared.edges[label][name].state_dict())
