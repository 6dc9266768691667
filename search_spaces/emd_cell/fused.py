"""A mixture: all ops on all edges that read one source, computed at once.

Values are (width, length, batch) here, or (width, words) with a column for each word and none for
padding, which takes most of the time where sentences differ in length. Length comes before batch so
that a window of words is a few whole rows. A map is what one op gives on one edge: maps are
(maps, width, words), all edges of an op one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.emd_cell.architecture import EDGES, INPUTS, NODES, OPS, edge_label
from search_spaces.emd_cell.ops import largest_words, mean_words
from search_spaces.emd_cell.words import Words, normed_by_batch
from search_spaces.onednn import multiply_maps
from search_spaces.sequences import sum_tensors

_SOURCES = INPUTS + NODES - 1
"""Number of sources that edges read: no edge reads the last node."""
_TWICE = ("stdconv_3", "stdconv_5", "stdconv_7")
_ONCE = ("dilconv_3", "dilconv_5", "dilconv_7")
_POOLS = ("avg_pool_3x3", "max_pool_3x3")
_SKIP = ("skip_connect",)
_GROUPS = (_SKIP, _TWICE, _ONCE, _POOLS)
_READERS = [
    [row for row, (_, of) in enumerate(EDGES) if of == source] for source in range(_SOURCES)
]
"""For every source, the edges that read it, as rows of `EDGES`."""


def mixed_nodes(
    edges: nn.ModuleDict, inputs: Sequence[Tensor], padding: Tensor, shares: Tensor
) -> list[Tensor]:
    """All nodes (batch, width, length) of a cell's inputs (batch, width, length), with padding
    (batch, 1, length): each the sum of all ops on its edges, times their shares (9, 10)."""
    sources = [values.permute(1, 2, 0).contiguous() for values in inputs]
    words = Words.of(padding)
    added: list[list[Tensor]] = [[] for _ in range(NODES)]
    ordered = shares.t()[[OPS.index(op) for ops in _GROUPS for op in ops]]
    for source, rows in enumerate(_READERS):
        modules = [edges[edge_label(*EDGES[row])] for row in rows]
        outputs = _edges(modules, sources[source], words, ordered[:, rows])
        for row, output in zip(rows, outputs.unbind(), strict=True):
            added[EDGES[row][0]].append(output)
        if source + 1 >= INPUTS:  # the next source is a node: all that it reads is there
            sources.append(sum_tensors(added[source + 1 - INPUTS]))
    return [values.permute(2, 0, 1) for values in sources[INPUTS:]]


def _edges(edges: Sequence[Any], source: Tensor, words: Words, shares: Tensor) -> Tensor:
    """What each edge (edges, width, length, batch) makes of a source (width, length, batch), ops
    weighing shares (9, edges) in the order of `_GROUPS`."""
    twice, once, pools = (
        [edge[op] for op in ops for edge in edges] for ops in (_TWICE, _ONCE, _POOLS)
    )
    firsts, seconds = ([getattr(module, name) for module in twice] for name in ("first", "second"))
    before, dilated = torch.split(
        _separable_of_one(firsts + once, source, words), [len(firsts), len(once)]
    )
    hidden = words.spread(_normed(before, firsts, words).relu())
    separated = _separable_of_each(seconds, hidden.view(-1, *source.shape), words)
    pooled = _pools(source, words).repeat_interleave(len(edges), 0)
    skip, *weights = torch.split(shares, [len(ops) for ops in _GROUPS])
    total = skip.view(-1, 1, 1) * words.select(source.flatten(1))
    for modules, values, weight in zip(
        (seconds, once, pools), (separated, dilated, pooled), weights, strict=True
    ):
        normed = _normed(values, modules, words, weight.reshape(-1, 1))
        total = total + normed.view(len(weight), *total.shape).sum(0)
    return words.spread(total).view(len(edges), *source.shape)


def _separable_of_one(modules: Sequence[Any], source: Tensor, words: Words) -> Tensor:
    """Maps of separable convolutions that all read (width, length, batch)."""
    kernels, reach = _kernels(modules)
    _, length, batch = source.shape
    padded = functional.pad(source.relu(), (0, 0, reach, reach)).flatten(1)
    windows = words.select(padded.unfold(1, length * batch, batch))
    return multiply_maps(_pointwise(modules), (kernels @ windows).transpose(0, 1))


def _separable_of_each(modules: Sequence[Any], values: Tensor, words: Words) -> Tensor:
    """Maps of separable convolutions of (maps, width, length, batch), each of a map
    of its own; the values are those after the ReLU."""
    kernels, reach = _kernels(modules)
    stacked = kernels.transpose(0, 1).reshape(-1, 1, kernels.shape[2], 1)
    convolved = functional.conv2d(
        values.flatten(0, 1)[None], stacked, padding=(reach, 0), groups=len(stacked)
    )
    chosen = words.select(convolved.view(*values.shape[:2], -1))
    return multiply_maps(_pointwise(modules), chosen)


def _kernels(modules: Sequence[Any]) -> tuple[Tensor, int]:
    """Kernels (width, maps, 2 * reach + 1) of depthwise convolutions, all with the widest reach."""
    convolutions = [module.depthwise for module in modules]
    reach = max(convolution.padding[0] for convolution in convolutions)
    span = 2 * reach + 1
    places = [
        number * span + place
        for number, convolution in enumerate(convolutions)
        for place in range(
            reach - convolution.padding[0],
            reach + convolution.padding[0] + 1,
            convolution.dilation[0],
        )
    ]
    weights = torch.cat([convolution.weight for convolution in convolutions], 2).squeeze(1)
    zeros = weights.new_zeros(len(weights), len(modules) * span)
    kernels = zeros.index_copy(1, torch.tensor(places, device=weights.device), weights)
    return kernels.view(-1, len(modules), span), reach


def _pointwise(modules: Sequence[Any]) -> Tensor:
    """Matrices (maps, width, width) of pointwise convolutions."""
    matrices = torch.cat([module.pointwise.weight for module in modules])
    return matrices.view(len(modules), -1, matrices.shape[1])


def _pools(source: Tensor, words: Words) -> Tensor:
    """Mean and largest words (2, width, words) of (width, length, batch)."""
    # To a pool the width is as good a batch; torch is fast where the dimension between is the last
    # in memory.
    values, padding = source.transpose(1, 2), words.padding
    pooled = torch.stack([mean_words(values, padding), largest_words(values, padding)])
    return words.select(pooled.transpose(2, 3).flatten(2))


def _normed(
    values: Tensor, modules: Sequence[Any], words: Words, shares: Tensor | None = None
) -> Tensor:
    """Maps (maps, width, words), each through its batch norm, times its share (maps, 1)."""
    norms = [module.norm for module in modules]
    weight, bias = (
        torch.cat([getattr(norm, name) for norm in norms]) for name in ("weight", "bias")
    )
    if shares is not None:
        weight, bias = ((part.view(len(norms), -1) * shares).flatten() for part in (weight, bias))
    rows, first = values.flatten(0, 1), norms[0]
    counted = rows.shape[1] if first.strict else words.places
    learns = first.training or first.by_batch
    if counted > 1 and learns:  # torch has no statistics of a single word
        normed, mean, variance = normed_by_batch(rows, weight, bias, counted, first.eps)
        if not first.by_batch:
            _remember(norms, mean, variance, counted)
    else:
        means, variances = (
            torch.cat([getattr(norm, name) for norm in norms])
            for name in ("running_mean", "running_var")
        )
        scale = weight * (variances + first.eps).rsqrt()
        normed = torch.addcmul((bias - means * scale)[:, None], rows, scale[:, None])
    return normed.view_as(values)


@torch.no_grad()
def _remember(norms: Sequence[Any], mean: Tensor, variance: Tensor, counted: int) -> None:
    """Update the running statistics of each norm as torch does."""
    unbiased = variance * (counted / (counted - 1))
    for norm, own_mean, own_variance in zip(
        norms, mean.chunk(len(norms)), unbiased.chunk(len(norms)), strict=True
    ):
        norm.running_mean.lerp_(own_mean, norm.momentum)
        norm.running_var.lerp_(own_variance, norm.momentum)
        norm.num_batches_tracked.add_(1)
