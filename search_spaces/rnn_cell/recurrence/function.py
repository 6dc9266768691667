"""A recurrent cell over all steps, as one operation of autograd.

The projections of the inputs are one product over all steps, and so is the gradient of each weight;
the loops between are generated for the recipe, and keep no graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.recurrence.buffers import add_factors, set_gradients, traced_values
from search_spaces.rnn_cell.recurrence.products import (
    by_map,
    input_gradient,
    map_gradients,
    project,
    stacked_weights,
)
from search_spaces.rnn_cell.recurrence.program import Program, program
from search_spaces.rnn_cell.recurrence.workspace import POOL


@dataclass(slots=True)
class Trace:
    """Intermediate values of an unrolled cell."""

    values: dict[str, Tensor] = field(default_factory=dict)
    """Values (time, batch, hidden) of every activation and of the previous states."""
    state_gradient: Tensor | None = None
    """Gradient (time, batch, hidden) with respect to `h_new_0`, once the backward pass has run."""


class Recurrence(torch.autograd.Function):
    """(program, trace, x, states, maps) -> outputs, states after the last step."""

    @staticmethod
    def forward(
        ctx: Any, program: Program, trace: Trace | None, count: int, x: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        """Tensors: `count` states (batch, hidden), then bias and matrices of each linear map."""
        plan, steps = program.plan, len(x)
        states, maps = tensors[:count], by_map(plan, tensors[count:])
        lease = POOL.lease(program, states[0], steps)
        space = lease.workspace
        buffers, kernels = space.forward(steps), space.kernels
        weights = stacked_weights(plan, maps)
        buffers["linear"].copy_(project(plan, maps, weights, x))
        for i, state in enumerate(states):
            buffers[f"state {i}"][0] = state
        with torch.inference_mode():
            matrices = [
                kernels.pack(weights[source][i].mT) for source, i in program.forward.weights
            ]
            program.forward_loop(space.forward_steps[:steps], matrices, kernels)
        ctx.program, ctx.count, ctx.trace = program, count, trace
        ctx.lease, ctx.weights = lease, weights
        ctx.save_for_backward(x, *tensors[count:])
        if trace is not None:
            trace.values = traced_values(plan, buffers)
        last = (buffers[f"state {i}"][-1].clone() for i in range(count))
        return buffers["state 0"][1:].clone(), *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_grad: Tensor, *state_grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything that needs one."""
        program, weights, space = ctx.program, ctx.weights, ctx.lease.workspace
        plan, steps, kernels = program.plan, len(output_grad), space.kernels
        x, *_ = ctx.saved_tensors
        buffers = space.backward(steps)
        set_gradients(buffers, output_grad, state_grads)
        with torch.inference_mode():
            add_factors(program.factors, program.find_factors, buffers)
            matrices = [kernels.pack(weights[source][i]) for source, i in program.backward.weights]
            program.backward_loop(reversed(space.backward_steps[:steps]), matrices, kernels)
        if ctx.trace is not None:
            ctx.trace.state_gradient = buffers["state_grad 0"][1:].clone()
        x_grad = input_gradient(plan, weights, x, buffers) if ctx.needs_input_grad[3] else None
        needed = ctx.needs_input_grad[4 + ctx.count :]
        states = (buffers[f"state_grad {i}"][0].clone() for i in range(ctx.count))
        return None, None, None, x_grad, *states, *map_gradients(plan, x, buffers, needed)


def unroll(
    recipe: Recipe,
    maps: Sequence[tuple[Tensor, Sequence[Tensor]]],
    x: Tensor,
    states: Sequence[Tensor],
    trace: Trace | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run a cell over x (time, batch, width) from states (batch, hidden).

    `maps` are the bias (hidden,) and matrices (hidden, input) of each linear map of the recipe.
    Returns outputs (time, batch, hidden) and the last states. Under autocast it computes in
    autocast's type.
    """
    tensors = [x, *states, *(t for bias, matrices in maps for t in (bias, *matrices))]
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        tensors = [tensor.to(torch.get_autocast_dtype(kind)) for tensor in tensors]
    with torch.autocast(kind, enabled=False):
        apply: Any = Recurrence.apply
        outputs, *last = apply(program(recipe.nodes), trace, len(states), *tensors)
    return outputs, tuple(last)
