"""The matrix products over all steps: inputs to linear maps, and gradients back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from search_spaces.rnn_cell.recurrence.buffers import Buffers, all_steps
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan, Product, X
from search_spaces.rnn_cell.recurrence.source import Source

Maps = Mapping[str, Sequence[Tensor]]
"""Bias (hidden,) and matrices (hidden, width of the input) by the name of the linear map."""


def by_map(plan: Plan, tensors: Sequence[Tensor]) -> Maps:
    """Bias and matrices by the name of the linear map."""
    found, start = {}, 0
    for node in plan.recipe.nodes:
        if node.op == "linear":
            stop = start + 1 + len(node.inputs)
            found[node.name] = tuple(tensors[start:stop])
            start = stop
    return found


def project(plan: Plan, maps: Maps, x: Tensor, block: Tensor) -> None:
    """Biases, and what `x` gives the linear maps, for all steps."""
    hidden = block.shape[2] // len(plan.linear)
    rows, inputs = block.flatten(0, 1), x.flatten(0, 1)
    done = 0
    for product in plan.products.get(X, ()):
        weight = _stacked(plan, maps, product).t()
        columns = rows[:, product.start * hidden : product.stop * hidden]
        if product.start < done:
            columns.addmm_(inputs, weight)
            continue
        bias = torch.cat([maps[name][0] for name in plan.linear[product.start : product.stop]])
        torch.addmm(bias, inputs, weight, out=columns)
        done = product.stop
    if done < len(plan.linear):
        rows[:, done * hidden :] = torch.cat([maps[name][0] for name in plan.linear[done:]])


def _stacked(plan: Plan, maps: Maps, product: Product) -> Tensor:
    names = plan.linear[product.start : product.stop]
    parts = [maps[n][1 + i] for n, i in zip(names, product.inputs, strict=True)]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def step_weights(plan: Plan, maps: Maps, source: Source, transposed: bool) -> list[Tensor]:
    found = [_stacked(plan, maps, plan.products[name][i]) for name, i in source.weights]
    return [weight.t() for weight in found] if transposed else found


def input_gradient(plan: Plan, maps: Maps, x: Tensor, buffers: Buffers) -> Tensor:
    hidden = buffers["state 0"].shape[2]
    gradient = torch.zeros_like(x)
    rows = buffers["linear_grad"].flatten(0, 1)
    for i, product in enumerate(plan.products.get(X, ())):
        columns = rows[:, product.start * hidden : product.stop * hidden]
        weight = _stacked(plan, maps, product)
        if i:
            gradient.flatten(0, 1).addmm_(columns, weight)
        else:
            torch.mm(columns, weight, out=gradient.flatten(0, 1))
    return gradient


def map_gradients(
    plan: Plan, x: Tensor, buffers: Buffers, needed: Sequence[bool]
) -> list[Tensor | None]:
    """Gradients of biases and matrices in the recipe's order, each by one product."""
    hidden = buffers["state 0"].shape[2]
    rows = buffers["linear_grad"].flatten(0, 1)
    wanted = _as_flags(plan, needed)
    found: dict[tuple[str, int], Tensor] = {}
    for source, products in plan.products.items():
        series = x if source == X else all_steps(buffers, place(plan, source), hidden)
        for product in products:
            names = plan.linear[product.start : product.stop]
            keys = [(name, 1 + i) for name, i in zip(names, product.inputs, strict=True)]
            if any(wanted[key] for key in keys):
                columns = rows[:, product.start * hidden : product.stop * hidden]
                stacked = columns.t() @ series.flatten(0, 1)
                found.update(zip(keys, torch.split(stacked, hidden), strict=True))
    if any(wanted[name, 0] for name in plan.linear):
        sums = torch.split(rows.sum(0), hidden)
        found.update(((name, 0), total) for name, total in zip(plan.linear, sums, strict=True))
    return [found[key] if want else None for key, want in wanted.items()]


def _as_flags(plan: Plan, needed: Sequence[bool]) -> dict[tuple[str, int], bool]:
    flags = iter(needed)
    return {
        (node.name, i): next(flags)
        for node in plan.recipe.nodes
        if node.op == "linear"
        for i in range(1 + len(node.inputs))
    }
