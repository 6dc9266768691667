"""The matrix products over all steps: inputs to linear maps, and gradients back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from search_spaces.rnn_cell.recurrence.buffers import Buffers, all_steps
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan, Product, X

Maps = Mapping[str, Sequence[Tensor]]
"""Bias (hidden,) and matrices (hidden, width of the input) by the name of the linear map."""
Weights = Mapping[str, Sequence[Tensor]]
"""The matrices of each source's products."""


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


def project(plan: Plan, maps: Maps, weights: Weights, x: Tensor, block: Tensor) -> None:
    """Biases, and what `x` gives the linear maps, for all steps."""
    hidden = block.shape[2] // len(plan.linear)
    rows, inputs = block.flatten(0, 1), x.flatten(0, 1)
    done = 0
    for product, weight in zip(plan.products.get(X, ()), weights.get(X, ()), strict=True):
        columns = rows[:, product.start * hidden : product.stop * hidden]
        if product.start < done:
            columns.addmm_(inputs, weight.t())
            continue
        bias = torch.cat([maps[name][0] for name in plan.linear[product.start : product.stop]])
        torch.addmm(bias, inputs, weight.t(), out=columns)
        done = product.stop
    if done < len(plan.linear):
        rows[:, done * hidden :] = torch.cat([maps[name][0] for name in plan.linear[done:]])


def input_gradient(plan: Plan, weights: Weights, x: Tensor, buffers: Buffers) -> Tensor:
    """Gradient of `x`, by one product over all steps."""
    hidden = buffers["state 0"].shape[2]
    gradient = torch.zeros_like(x, memory_format=torch.contiguous_format)  # written as rows
    rows = buffers["linear_grad"].flatten(0, 1)
    for product, weight in zip(plan.products.get(X, ()), weights.get(X, ()), strict=True):
        columns = rows[:, product.start * hidden : product.stop * hidden]
        gradient.flatten(0, 1).addmm_(columns, weight)
    return gradient


def map_gradients(
    plan: Plan, x: Tensor, buffers: Buffers, needed: Sequence[bool]
) -> list[Tensor | None]:
    """Gradients of biases and matrices in the recipe's order, each by one product."""
    hidden = buffers["state 0"].shape[2]
    rows = buffers["linear_grad"].flatten(0, 1)
    flags = iter(needed)
    found: list[Tensor | None] = []
    for node in plan.recipe.nodes:
        if node.op != "linear":
            continue
        start = plan.column[node.name] * hidden
        columns = rows[:, start : start + hidden]
        found.append(columns.sum(0) if next(flags) else None)
        for source in node.inputs:
            series = x if source == X else all_steps(buffers, place(plan, source), hidden)
            found.append(columns.t() @ series.flatten(0, 1) if next(flags) else None)
    return found


def _stacked(plan: Plan, maps: Maps, product: Product) -> Tensor:
    names = plan.linear[product.start : product.stop]
    parts = [maps[n][1 + i] for n, i in zip(names, product.inputs, strict=True)]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
