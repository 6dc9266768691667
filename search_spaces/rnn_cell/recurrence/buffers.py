"""The tensors of all steps that the loops fill, and their views of each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor

from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.source import Source, View

Buffers = dict[str, Tensor]


def forward_buffers(plan: Plan, x: Tensor, states: Sequence[Tensor]) -> Buffers:
    time, batch = x.shape[:2]
    hidden = states[0].shape[1]
    buffers = {"linear": x.new_empty(time, batch, len(plan.linear) * hidden)}
    for i, state in enumerate(states):
        buffers[f"state {i}"] = x.new_empty(time + 1, batch, hidden)
        buffers[f"state {i}"][0] = state
    for node in plan.recipe.nodes:
        view = place(plan, node.name)
        if view.buffer.startswith("node ") and node.name not in plan.folded:
            buffers[view.buffer] = x.new_empty(time, batch, hidden)
    return buffers


def step_views(
    source: Source, buffers: Buffers, time: int, backwards: bool = False
) -> Iterable[tuple[Tensor, ...]]:
    """Return the views of each step, from the last step where `backwards`."""
    hidden = buffers["state 0"].shape[2]
    series = []
    for view in source.views:
        buffer = all_steps(buffers, view, hidden)
        views = buffer.unbind(0)
        series.append(views[::-1] if backwards else views)
    return zip(*series, strict=True)


def all_steps(buffers: Buffers, view: View, hidden: int) -> Tensor:
    buffer = buffers[view.buffer]
    if view.stop:
        return buffer[:, :, view.start * hidden : view.stop * hidden]
    if view.rows == "all":
        return buffer
    return buffer[1:] if view.rows == "new" else buffer[:-1]


def traced_values(plan: Plan, buffers: Buffers) -> dict[str, Tensor]:
    hidden = buffers["state 0"].shape[2]
    names = [*plan.recipe.sources[1:]]
    names += [node.name for node in plan.recipe.nodes if node.op.startswith("activation_")]
    return {name: all_steps(buffers, place(plan, name), hidden) for name in names}
