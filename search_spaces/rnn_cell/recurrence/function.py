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
    forward_buffers,
    step_views,
    traced_values,
)
from search_spaces.rnn_cell.recurrence.forward import forward_source
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
    forward_loop: Loop
    backward_loop: Loop


@lru_cache(maxsize=256)
def program(nodes: tuple[Any, ...]) -> Program:
    """Return the program of a recipe's nodes."""
    plan = Plan.of(Recipe(nodes))
    forward, backward = forward_source(plan), BackwardSource(plan).write()
    states = ", ".join(f"g{i}" for i in range(plan.recipe.hidden_states))
    return Program(
        plan,
        forward,
        backward,
        forward.compiled(),
        backward.compiled(states, after=f"return {states},"),
    )


class Recurrence(torch.autograd.Function):
    """(program, trace, x, states, maps) -> outputs, states after the last step."""

    @staticmethod
    def forward(
        ctx: Any, program: Program, trace: Trace | None, count: int, x: Tensor, *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        """Tensors: `count` states (batch, hidden), then bias and matrices of each linear map."""
        plan = program.plan
        states, maps = tensors[:count], by_map(plan, tensors[count:])
        buffers, weights = forward_buffers(plan, x, states), stacked_weights(plan, maps)
        project(plan, maps, weights, x, buffers["linear"])
        with torch.inference_mode():
            matrices = [weights[source][i].t() for source, i in program.forward.weights]
            program.forward_loop(step_views(program.forward, buffers, x.shape[0]), matrices)
        ctx.program, ctx.count, ctx.trace = program, count, trace
        ctx.buffers, ctx.weights = buffers, weights
        outputs = buffers["state 0"][1:]
        ctx.save_for_backward(x, *tensors[count:])
        if trace is not None:
            trace.values = traced_values(plan, buffers)
        return outputs, *(buffers[f"state {i}"][-1].clone() for i in range(count))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, output_grad: Tensor, *state_grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything that needs one."""
        program, buffers, weights = ctx.program, ctx.buffers, ctx.weights
        plan = program.plan
        x, *_ = ctx.saved_tensors
        buffers["output_grad"] = output_grad
        buffers["linear_grad"] = torch.empty_like(buffers["linear"])
        buffers["state_grad"] = torch.empty_like(output_grad)
        with torch.inference_mode():
            matrices = [weights[source][i] for source, i in program.backward.weights]
            steps = step_views(program.backward, buffers, x.shape[0], backwards=True)
            states = program.backward_loop(steps, matrices, *state_grads)
        if ctx.trace is not None:
            ctx.trace.state_gradient = buffers["state_grad"]
        x_grad = input_gradient(plan, weights, x, buffers) if ctx.needs_input_grad[3] else None
        needed = ctx.needs_input_grad[4 + ctx.count :]
        states = (state.clone() for state in states)  # out of inference mode
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
