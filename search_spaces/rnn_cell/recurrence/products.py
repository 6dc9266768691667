"""The matrix products over all steps: inputs to linear maps, and gradients back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import torch
from torch import Tensor

from search_spaces.onednn import multiply
from search_spaces.rnn_cell.recurrence.buffers import Buffers, all_steps
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan, Product, X
from search_spaces.sequences import sum_tensors

Maps = Mapping[str, Sequence[Tensor]]
"""Bias (..., hidden) and matrices (..., hidden, width of the input) by the linear map's name."""
Weights = Mapping[str, Sequence[Tensor]]
"""The matrices of each source's products."""
Target = tuple[str, int]
"""A linear map, and the position of its bias (0) or of a matrix (1, ...)."""


def by_map(plan: Plan, tensors: Sequence[Tensor]) -> Maps:
    """Bias and matrices by the name of the linear map."""
    found, start = {}, 0
    for node in plan.recipe.nodes:
        if node.op == "linear":
            stop = start + 1 + len(node.inputs)
            found[node.name] = tuple(tensors[start:stop])
            start = stop
    return found


def stacked_weights(plan: Plan, maps: Maps) -> Weights:
    """Return the matrix of each product: those of its linear maps above each other."""
    return {
        source: [_stacked(plan, maps, product) for product in products]
        for source, products in plan.products.items()
    }


def project(plan: Plan, maps: Maps, weights: Weights, x: Tensor) -> Tensor:
    """Return biases, and what `x` gives the linear maps: (..., time, batch, maps * hidden)."""
    inputs = x.flatten(-3, -2)
    bias = torch.cat([maps[name][0] for name in plan.linear], dim=-1)
    hidden = bias.shape[-1] // len(plan.linear)
    pairs = list(zip(plan.products.get(X, ()), weights.get(X, ()), strict=True))
    whole = bool(pairs) and pairs[0][0].stop - pairs[0][0].start == len(plan.linear)
    if whole:
        rows = multiply(inputs, pairs.pop(0)[1].mT, bias)
    else:
        rows = bias.unsqueeze(-2).repeat_interleave(inputs.shape[-2], dim=-2)
    for product, weight in pairs:
        rows[..., product.start * hidden : product.stop * hidden] += multiply(inputs, weight.mT)
    return rows.view(*x.shape[:-1], rows.shape[-1])


def input_gradient(plan: Plan, weights: Weights, x: Tensor, buffers: Buffers) -> Tensor:
    """Gradient of `x`, by one product over all steps for each of its products."""
    hidden = buffers["state 0"].shape[-1]
    rows = buffers["linear_grad"].flatten(-3, -2)
    parts = [
        multiply(rows[..., product.start * hidden : product.stop * hidden], weight)
        for product, weight in zip(plan.products.get(X, ()), weights.get(X, ()), strict=True)
    ]
    return sum_tensors(parts).view(x.shape)


def map_gradients(
    plan: Plan, x: Tensor, buffers: Buffers, needed: Sequence[bool]
) -> list[Tensor | None]:
    """Gradients of biases and matrices in the recipe's order; those not needed are None.

    Those of equal linear maps are one product over all steps.
    """
    hidden = buffers["state 0"].shape[-1]
    rows = buffers["linear_grad"].flatten(-3, -2)
    biases = torch.split(rows.sum(-2), hidden, dim=-1)
    order = [
        (node.name, i)
        for node in plan.recipe.nodes
        if node.op == "linear"
        for i in range(1 + len(node.inputs))
    ]
    wanted = {where for where, flag in zip(order, needed, strict=True) if flag}
    found = {(name, 0): bias for name, bias in zip(plan.linear, biases, strict=True)}
    for (start, stop), reads in _by_columns(plan, wanted).items():
        series = [
            x if source == X else all_steps(buffers, place(plan, source), hidden)
            for source, _ in reads
        ]
        read = series[0] if len(series) == 1 else torch.cat(series, dim=-1)
        columns = rows[..., start * hidden : stop * hidden]
        gradient = multiply(columns.mT, read.flatten(-3, -2))
        widths = [values.shape[-1] for values in series]
        for (_, targets), part in zip(reads, torch.split(gradient, widths, dim=-1), strict=True):
            found.update(zip(targets, torch.split(part, hidden, dim=-2), strict=True))
    return [found[where] if where in wanted else None for where in order]


def _by_columns(
    plan: Plan, wanted: Set[Target]
) -> dict[tuple[int, int], list[tuple[str, list[Target]]]]:
    """Return (source, matrices) of the products into the same linear maps, if any is wanted."""
    found: dict[tuple[int, int], list[tuple[str, list[Target]]]] = {}
    for source, products in plan.products.items():
        for product in products:
            names = plan.linear[product.start : product.stop]
            targets = [(name, 1 + i) for name, i in zip(names, product.inputs, strict=True)]
            if not wanted.isdisjoint(targets):
                found.setdefault((product.start, product.stop), []).append((source, targets))
    return found


def _stacked(plan: Plan, maps: Maps, product: Product) -> Tensor:
    names = plan.linear[product.start : product.stop]
    parts = [maps[n][1 + i] for n, i in zip(names, product.inputs, strict=True)]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-2)
