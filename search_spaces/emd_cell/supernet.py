"""The edges of all cells in one network, for NNI's one-shot strategies.

A strategy that samples computes with the six edges of one cell; one that mixes, with every op on
all nine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell.architecture import (
    EDGES,
    EDGES_A_NODE,
    NODES,
    NONE,
    OPS,
    Edge,
    EmdCell,
    edge_label,
)
from search_spaces.emd_cell.choices import CellChoices
from search_spaces.emd_cell.mutables import Edges, EdgeWeights
from search_spaces.nni_sampling import Sample, SampledChoices, SuperNet

MIXED_OPS = (*OPS, NONE)
"""Columns of a mixture's weights."""


class SampledEdges(SampledChoices, Edges):
    """The edges of one sampled cell at a time: for ENAS and RandomOneShot."""

    replaces = Edges

    def edge_weights(self) -> EdgeWeights:
        """Return the edges of the sampled cell. Raises CellError before a `resample`."""
        return CellChoices().from_sample(self.sampled).nodes


class MixedEdges(SuperNet, Edges):
    """All edges at once, every op on each as strong as its weight: for DARTS.

    `alphas` (9, 10) are learned: edges in the order of `EDGES`, ops and `none`, whose share of an
    edge adds nothing.
    """

    replaces = Edges

    def __init__(self, softmax: nn.Module) -> None:
        super().__init__()
        self.alphas = nn.Parameter(1e-3 * torch.randn(len(EDGES), len(MIXED_OPS)))
        self.softmax = softmax

    @classmethod
    def from_choices(cls, module: Any, memo: Sample, options: Sample) -> SuperNet:
        """Return the mixture; `memo` has no use: an edge is no choice of a discrete cell."""
        return cls(options.get("softmax", nn.Softmax(-1)))

    def arch_parameters(self) -> Iterator[nn.Parameter]:
        """Iterate over what the strategy's own optimizer trains."""
        yield self.alphas

    def resample(self, memo: Sample) -> Sample:
        """Return nothing: a mixture is not sampled."""
        return {}

    def shares(self) -> Tensor:
        """Return the weights (9, 10) of all ops without noise."""
        return self.alphas.detach().softmax(-1)

    def cell(self) -> EmdCell:
        """Return the best op except `none` of every edge, and of every node the two edges with the
        largest weights."""
        weights, best = self.shares()[:, : len(OPS)].max(-1)
        found: list[list[tuple[float, Edge]]] = [[] for _ in range(NODES)]
        for (node, source), weight, op in zip(EDGES, weights.tolist(), best.tolist(), strict=True):
            found[node].append((-weight, Edge(OPS[op], source)))
        # Of equal weights the lower source counts, as the sort is stable.
        kept = (sorted(edges, key=lambda edge: edge[0])[:EDGES_A_NODE] for edges in found)
        return EmdCell(tuple(tuple(edge for _, edge in edges) for edges in kept))

    def export(self, memo: Sample) -> Sample:
        """Return the choices of the cell with the largest weights."""
        sample = self.current_sample()
        return {label: value for label, value in sample.items() if label not in memo}

    def current_sample(self) -> Sample:
        return {**CellChoices().to_sample(self.cell())}

    def export_probs(self, memo: Sample) -> dict[str, dict[str, float]]:
        """Return the weight of each op by its edge."""
        rows = zip(EDGES, self.shares().tolist(), strict=True)
        return {edge_label(*edge): dict(zip(MIXED_OPS, row, strict=True)) for edge, row in rows}

    def edge_weights(self) -> EdgeWeights:
        """Return the shares of all ops, drawn anew if the softmax is a random one."""
        shares: Tensor = self.softmax(self.alphas)
        return shares


def supernet_class(strategy: Any) -> type[SampledEdges | MixedEdges]:
    """Return the class that replaces `Edges` for a one-shot strategy. Raises UserError."""
    from nni.nas.strategy import DARTS, Proxyless

    if isinstance(strategy, Proxyless):
        raise UserError(
            "Proxyless does not search the space emd_cell: take DARTS, GumbelDARTS, ENAS or "
            "RandomOneShot"
        )
    return MixedEdges if isinstance(strategy, DARTS) else SampledEdges
