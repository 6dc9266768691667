"""A recurrent cell over all steps, as one operation of autograd.

The projections of the inputs are one product over all steps, and so is the gradient of each weight;
the loops between are generated for the recipe, and keep no graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.recurrence.backward import BackwardSource
from search_spaces.rnn_cell.recurrence.buffers import (
    add_factors,
    backward_buffers,
    forward_buffers,
    step_views,
    traced_values,
)
from search_spaces.rnn_cell.recurrence.factors import FactorSource
from search_spaces.rnn_cell.recurrence.forward import forward_source
from search_spaces.rnn_cell.recurrence.kernels import Kernels
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.products import (
    by_map,
    input_gradient,
    map_gradients,
    project,
    stacked_weights,
)
from search_spaces.rnn_cell.recurrence.source import Loop, Source


@dataclass(slots=True)
class Trace:
    """Intermediate values of an unrolled cell."""

    values: dict[str, Tensor] = field(default_factory=dict)
    """Values (time, batch, hidden) of every activation and of the previous states."""
    state_gradient: Tensor | None = None
    """Gradient (time, batch, hidden) with respect to `h_new_0`, once the backward pass has run."""


@dataclass(frozen=True)
class Program:
    """The generated loops of a recipe."""

    plan: Plan
    forward: Source
    backward: Source
    factors: FactorSource
    forward_loop: Loop
    backward_loop: Loop
    find_factors: Loop


@lru_cache(maxsize=256)
def program(nodes: tuple[Any, ...]) -> Program:
    """Return the program of a recipe's nodes."""
    plan = Plan.of(Recipe(nodes))
    forward, writer = forward_source(plan), BackwardSource(plan)
    backward, factors = writer.write(), writer.factors
    loops = forward.loop(), backward.loop(), factors.function()
    return Program(plan, forward, backward, factors, *loops)


class Recurrence(torch.autograd.Function):
    """(program, trace, x, states, maps) -> outputs, states after the last step."""

    @staticmethod
    def forward(
        ctx: Any, program: Program, trace: Trace | None, count: int, x: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        """Tensors: `count` states (batch, hidden), then bias and matrices of each linear map."""
        plan = program.plan
        states, maps = tensors[:count], by_map(plan, tensors[count:])
        weights, kernels = stacked_weights(plan, maps), Kernels.of(states[0])
        buffers = forward_buffers(plan, project(plan, maps, weights, x), states)
        with torch.inference_mode():
            matrices = [
                kernels.pack(weights[source][i].mT) for source, i in program.forward.weights
            ]
            steps = step_views(program.forward, buffers, kernels.host)
            program.forward_loop(steps, matrices, kernels)
        ctx.program, ctx.count, ctx.trace = program, count, trace
        ctx.buffers, ctx.weights, ctx.kernels = buffers, weights, kernels
        outputs = buffers["state 0"][..., 1:, :, :]
        ctx.save_for_backward(x, *tensors[count:])
        if trace is not None:
            trace.values = traced_values(plan, buffers)
        last = (buffers[f"state {i}"][..., -1, :, :].clone() for i in range(count))
        return outputs, *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_grad: Tensor, *state_grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything that needs one."""
        program, weights, kernels = ctx.program, ctx.weights, ctx.kernels
        plan = program.plan
        x, *_ = ctx.saved_tensors
        buffers = backward_buffers(ctx.buffers, output_grad, state_grads)
        with torch.inference_mode():
            add_factors(program.factors, program.find_factors, buffers)
            matrices = [kernels.pack(weights[source][i]) for source, i in program.backward.weights]
            steps = step_views(program.backward, buffers, kernels.host, backwards=True)
            program.backward_loop(steps, matrices, kernels)
        if ctx.trace is not None:
            ctx.trace.state_gradient = buffers["state_grad 0"][..., 1:, :, :]
        x_grad = input_gradient(plan, weights, x, buffers) if ctx.needs_input_grad[3] else None
        needed = ctx.needs_input_grad[4 + ctx.count :]
        states = (buffers[f"state_grad {i}"][..., 0, :, :] for i in range(ctx.count))
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
