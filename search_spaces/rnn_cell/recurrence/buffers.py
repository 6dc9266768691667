"""The tensors of all steps that the loops fill, and their views of each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search_spaces.rnn_cell.recurrence.factors import FactorSource
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.source import Loop, Source, View

Buffers = dict[str, Tensor]
"""Tensors (..., time, batch, width)."""


def forward_buffers(plan: Plan, linear: Tensor, states: Sequence[Tensor]) -> Buffers:
    """Return what the forward loop fills; `linear` holds the biases and what `x` gives."""
    *runs, time, batch, _ = linear.shape
    hidden = states[0].shape[-1]
    buffers = {"linear": linear}
    for i, state in enumerate(states):
        buffers[f"state {i}"] = linear.new_empty(*runs, time + 1, batch, hidden)
        buffers[f"state {i}"][..., 0, :, :] = state
    for node in plan.recipe.nodes:
        view = place(plan, node.name)
        if view.buffer.startswith("node ") and node.name not in plan.folded:
            buffers[view.buffer] = linear.new_empty(*runs, time, batch, hidden)
    return buffers


def backward_buffers(
    forward: Buffers, output_grad: Tensor, state_grads: Sequence[Tensor]
) -> Buffers:
    """Return the forward buffers, and what the backward loop fills and adds to."""
    buffers = forward | {"linear_grad": torch.empty_like(forward["linear"])}
    for i, grad in enumerate(state_grads):
        total = torch.zeros_like(forward[f"state {i}"])
        if i == 0:
            total[..., 1:, :, :] = output_grad
        total[..., -1, :, :] += grad
        buffers[f"state_grad {i}"] = total
    return buffers


def add_factors(factors: FactorSource, function: Loop, buffers: Buffers) -> None:
    """Compute the factors of all steps, into columns of `linear_grad` or as further buffers."""
    state = buffers["state 0"]
    views = [all_steps(buffers, view, state.shape[-1]) for view in factors.source.views]
    shape = buffers["linear"].shape[:-1] + state.shape[-1:]
    found = function(views, state.new_ones(()))
    for name, value in zip(factors.names.values(), found, strict=True):
        buffers[name] = value.expand(shape)


def step_views(
    source: Source, buffers: Buffers, host: bool, backwards: bool = False
) -> Iterable[tuple[Any, ...]]:
    """Return the views of each step, from the last step where `backwards`."""
    hidden = buffers["state 0"].shape[-1]
    series: list[Sequence[Any]] = []
    for view in source.views:
        buffer = all_steps(buffers, view, hidden)
        if view.host and host:
            series.append(list(np.moveaxis(buffer.numpy(), -3, 0)))
        else:
            views = buffer.unbind(-3)
            series.append(views[::-1] if backwards else views)
    return zip(*series, strict=True)


def all_steps(buffers: Buffers, view: View, hidden: int) -> Tensor:
    """Return the part of a buffer that a view names, of all steps."""
    buffer = buffers[view.buffer]
    if view.stop:
        return buffer[..., view.start * hidden : view.stop * hidden]
    if view.rows == "all":
        return buffer
    return buffer[..., 1:, :, :] if view.rows == "new" else buffer[..., :-1, :, :]


def traced_values(plan: Plan, buffers: Buffers) -> dict[str, Tensor]:
    """Return the values of all previous states and activations by name."""
    hidden = buffers["state 0"].shape[-1]
    names = [*plan.recipe.sources[1:]]
    names += [node.name for node in plan.recipe.nodes if node.op.startswith("activation_")]
    return {name: all_steps(buffers, place(plan, name), hidden) for name in names}
