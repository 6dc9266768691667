"""The tensors of all steps that the loops fill, and their views of each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from search_spaces.rnn_cell.recurrence.factors import FactorSource
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.source import Loop, Source, View

Buffers = dict[str, Tensor]
"""Tensors (time, batch, width). Those of states and of their gradients begin with a row more."""


def forward_buffers(plan: Plan, linear: Tensor, hidden: int) -> Buffers:
    """Return what the forward loop reads and fills: `linear` (time, batch, maps * hidden), ..."""
    time, batch, _ = linear.shape
    buffers = {"linear": linear}
    for i in range(plan.recipe.hidden_states):
        buffers[f"state {i}"] = linear.new_empty(time + 1, batch, hidden)
    for node in plan.recipe.nodes:
        view = place(plan, node.name)
        if view.buffer.startswith("node ") and node.name not in plan.folded:
            buffers[view.buffer] = linear.new_empty(time, batch, hidden)
    return buffers


def backward_buffers(forward: Buffers, factors: FactorSource) -> Buffers:
    """Return the forward buffers, and what the backward loop reads, fills and adds to."""
    states = [name for name in forward if name.startswith("state ")]
    buffers = forward | {"linear_grad": torch.empty_like(forward["linear"])}
    for i in range(len(states)):
        buffers[f"state_grad {i}"] = torch.empty_like(forward[f"state {i}"])
    for name in factors.names.values():
        buffers[name] = torch.empty_like(forward["state 0"][1:])
    return buffers


def first_steps(buffers: Buffers, steps: int) -> Buffers:
    """Return the parts of buffers of more steps that belong to the first ones."""
    more = len(buffers["linear"]) - steps
    return {name: buffer[: len(buffer) - more] for name, buffer in buffers.items()}


def set_gradients(buffers: Buffers, output_grad: Tensor, state_grads: Sequence[Tensor]) -> None:
    """Start the gradients of states with those of the outputs and of the last states."""
    for i, grad in enumerate(state_grads):
        total = buffers[f"state_grad {i}"].zero_()
        if i == 0:
            total[1:] = output_grad
        total[-1] += grad


def add_factors(factors: FactorSource, function: Loop, buffers: Buffers) -> None:
    """Compute the factors of all steps, into columns of `linear_grad` or buffers of their own."""
    states = buffers["state 0"][1:]
    views = [all_steps(buffers, view, states.shape[-1]) for view in factors.source.views]
    function(views, states.new_ones(()).expand_as(states))


def step_views(source: Source, buffers: Buffers, host: bool) -> list[tuple[Any, ...]]:
    """Return the views of each step."""
    hidden = buffers["state 0"].shape[-1]
    series: list[Sequence[Any]] = []
    for view in source.views:
        buffer = all_steps(buffers, view, hidden)
        series.append(list(buffer.numpy()) if view.host and host else buffer.unbind())
    return list(zip(*series, strict=True))


def all_steps(buffers: Buffers, view: View, hidden: int) -> Tensor:
    """Return the part of a buffer that a view names, of all steps."""
    buffer = buffers[view.buffer]
    if view.stop:
        return buffer[..., view.start * hidden : view.stop * hidden]
    if view.rows == "all":
        return buffer
    return buffer[1:] if view.rows == "new" else buffer[:-1]


def traced_values(plan: Plan, buffers: Buffers) -> dict[str, Tensor]:
    """Return the values of all previous states and activations by name."""
    hidden = buffers["state 0"].shape[-1]
    names = [*plan.recipe.sources[1:]]
    names += [node.name for node in plan.recipe.nodes if node.op.startswith("activation_")]
    return {name: all_steps(buffers, place(plan, name), hidden).clone() for name in names}
