"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from search_spaces.emd_cell.architecture import EDGES, INPUTS, NODES, OPS, EmdCell, Node, edge_label
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.fused import mixed_nodes
from search_spaces.emd_cell.mutables import Edges, EdgeWeights
from search_spaces.emd_cell.network import EmdCellNetwork, Frame, Head, Stem, outputs_of
from search_spaces.emd_cell.ops import make_op
from search_spaces.emd_cell.parameters import Output
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.nni_model_space import SentenceModelSpace
from search_spaces.sequences import mean_tensors, padding_of, stem_input, sum_tensors


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
        """Return the output (batch, 3 * width, length) for those of the two layers before."""
        sources = self.frame.sources(previous, last)
        if isinstance(plan, Tensor):
            nodes = mixed_nodes(self.edges, sources, padding, plan)
        elif isinstance(plan, Mapping):
            nodes = self._averaged(sources, padding, plan)
        else:
            nodes = self._sampled(sources, padding, plan)
        return self.frame.joined(nodes, last, padding)

    def _sampled(
        self, inputs: Sequence[Tensor], padding: Tensor, plan: Sequence[Node]
    ) -> list[Tensor]:
        """Return the nodes (batch, width, length) of a cell's inputs (batch, width, length)."""
        sources = list(inputs)
        for number, node in enumerate(plan):
            added = []
            for op, source in node:
                edge: Any = self.edges[edge_label(number, source)]
                added.append(edge[op](sources[source], padding))
            sources.append(sum_tensors(added))
        return sources[INPUTS:]

    def _averaged(
        self, inputs: Sequence[Tensor], padding: Tensor, plan: Mapping[str, Sequence[str]]
    ) -> list[Tensor]:
        """Return the nodes (batch, width, length) whose edges are the mean of some ops, or off."""
        sources = list(inputs)
        for number in range(NODES):
            added = []
            for source, values in enumerate(sources):
                edge: Any = self.edges[edge_label(number, source)]
                ops = [edge[op](values, padding) for op in plan[edge_label(number, source)]]
                added += [mean_tensors(ops)] if ops else []
            sources.append(sum_tensors(added))
        return sources[INPUTS:]


class EmdCellModelSpace(SentenceModelSpace):
    """All cells as NNI choices; a frozen space is an `EmdCellNetwork`.

    The default width is that of the paper's search.
    """

    architecture_field = "cell"
    supernet_function = "search_spaces.emd_cell.supernet:supernet_class"

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
        super().__init__(CellChoices())
        self.sizes = Sizes(vectors, width, classes, cells, dropout, output=output, strict=strict)
        self.edges = Edges()
        self.stem = Stem(self.sizes)
        self.cells = nn.ModuleList(SharedCell(number, self.sizes) for number in range(cells))
        self.head = Head(self.sizes)

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, str], *args: Any, **options: Any
    ) -> EmdCellNetwork:
        """Return the network of a sample, for NNI's `model_context`."""
        sizes = Sizes(**cls.arguments(*args, **options))
        return EmdCellNetwork(CellChoices().from_sample(sample), sizes)

    def freeze(self, sample: Mapping[str, str]) -> EmdCellNetwork:
        """Return the network of a sample with a copy of the space's weights, on their device.

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
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        plan = self.edges.edge_weights()
        return outputs_of((partial(cell, plan=plan) for cell in self.cells), stem, padding)

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        logits: Tensor = self.head(outputs[-1], padding_of(mask))
        return logits

    def current(self) -> EmdCell:
        """Return the cell that a one-shot strategy has sampled, or prefers."""
        cell: EmdCell = self.from_sample(self.edges.current_sample())
        return cell


def _copy(cell: EmdCell, own: Any, shared: Any) -> None:
    """Give a cell of a network the shared weights of its edges."""
    own.frame.load_state_dict(shared.frame.state_dict())
    for number, node in enumerate(cell.nodes):
        for name, source in node:
            label = edge_label(number, source)
            own.edges[label].load_state_dict(shared.edges[label][name].state_dict())
