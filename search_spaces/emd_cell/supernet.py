"""The edges of all cells in one network, for NNI's one-shot strategies.

A strategy that samples computes with the six edges of one cell; one that mixes, with every op on
all nine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from nni.nas.oneshot.pytorch.supermodule.base import BaseSuperNetModule
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
from search_spaces.emd_cell.choices import Sample
from search_spaces.emd_cell.model_space import Edges, EdgeWeights
from search_spaces.nni_sampling import Memo, export, resample

MIXED_OPS = (*OPS, NONE)
"""Columns of a mixture's weights."""


class SampledEdges(Edges, BaseSuperNetModule):  # type: ignore[misc]
    """The edges of one sampled cell at a time: for ENAS and RandomOneShot."""

    def __init__(self) -> None:
        super().__init__()
        self.sampled: Sample = {}

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Memo, options: Memo) -> Edges | None:
        """NNI's hook: the supernet in the place of the module of choices."""
        return cls() if type(module) is Edges else None

    def resample(self, memo: Memo) -> Memo:
        """Take the sample of the strategy; draw what it leaves open from torch's generator."""
        return resample(self.sampled, self.choices.categoricals, memo)

    def export(self, memo: Memo) -> Memo:
        """The last sample."""
        return export(self.sampled, memo)

    def current(self) -> Sample:
        """The choices that the edges stand for at this moment."""
        return self.sampled

    def edge_weights(self) -> EdgeWeights:
        """The edges of the sampled cell. Raises CellError before a `resample`."""
        return self.choices.from_sample(self.sampled).nodes


class MixedEdges(Edges, BaseSuperNetModule):  # type: ignore[misc]
    """All edges at once, every op on each as strong as its weight: for DARTS.

    `alphas` (9, 10) are learned: edges in the order of `EDGES`, ops and `none`, whose share of an
    edge adds nothing.
    """

    def __init__(self, softmax: nn.Module) -> None:
        super().__init__()
        self.alphas = nn.Parameter(1e-3 * torch.randn(len(EDGES), len(MIXED_OPS)))
        self.softmax = softmax

    @classmethod
    def mutate(cls, module: nn.Module, name: str, memo: Memo, options: Memo) -> Edges | None:
        """NNI's hook: the supernet in the place of the module of choices.

        The weights of choices that NNI offers are not taken: an edge is no choice of a discrete
        cell.
        """
        return cls(options.get("softmax", nn.Softmax(-1))) if type(module) is Edges else None

    def arch_parameters(self) -> Iterator[nn.Parameter]:
        """What the strategy's own optimizer trains."""
        yield self.alphas

    def resample(self, memo: Memo) -> Memo:
        """Nothing is sampled."""
        return {}

    def shares(self) -> Tensor:
        """(9, 10): the weights of all ops as they are without noise."""
        return self.alphas.detach().softmax(-1)

    def cell(self) -> EmdCell:
        """The best op but `none` of every edge, and of every node the two edges where it weighs
        most."""
        weights, best = self.shares()[:, : len(OPS)].max(-1)
        found: list[list[tuple[float, Edge]]] = [[] for _ in range(NODES)]
        for (node, source), weight, op in zip(EDGES, weights.tolist(), best.tolist(), strict=True):
            found[node].append((-weight, Edge(OPS[op], source)))
        # Of equal weights the lower source counts, as the sort is stable.
        kept = (sorted(edges, key=lambda edge: edge[0])[:EDGES_A_NODE] for edges in found)
        return EmdCell(tuple(tuple(edge for _, edge in edges) for edges in kept))

    def export(self, memo: Memo) -> Memo:
        """The choices of the cell with the largest weights."""
        return {label: value for label, value in self.current().items() if label not in memo}

    def current(self) -> Sample:
        """The choices that the edges stand for at this moment."""
        return self.choices.to_sample(self.cell())

    def export_probs(self, memo: Memo) -> Memo:
        """Edge -> op -> its weight."""
        rows = zip(EDGES, self.shares().tolist(), strict=True)
        return {edge_label(*edge): dict(zip(MIXED_OPS, row, strict=True)) for edge, row in rows}

    def edge_weights(self) -> EdgeWeights:
        """The shares of all ops, drawn anew where the softmax is a random one."""
        shares: Tensor = self.softmax(self.alphas)
        return shares


def supernet_class(strategy: Any) -> type[SampledEdges | MixedEdges]:
    """What takes the place of `Edges` under a one-shot strategy. Raises UserError."""
    from nni.nas.strategy import DARTS, Proxyless

    if isinstance(strategy, Proxyless):
        raise UserError(
            "Proxyless does not search the space emd_cell: take DARTS, GumbelDARTS, ENAS or "
            "RandomOneShot"
        )
    return MixedEdges if isinstance(strategy, DARTS) else SampledEdges
