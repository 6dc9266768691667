"""Recipes that are torch's LSTM or plain RNN, computed by its fused kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any, TypeAlias

import torch
from torch import Tensor

from search_spaces.onednn import has_onednn
from search_spaces.rnn_cell.architecture import Node, Recipe

Pattern: TypeAlias = Any
"""(operation, *inputs); a name of a state; or a gate: a linear map of `x` and `h_prev_0`."""

_RNN = {"h_new_0": ("activation_tanh", "gate h")}
_LSTM = {
    "h_new_0": ("elementwise_prod", ("activation_tanh", "h_new_1"), ("activation_sigm", "gate o")),
    "h_new_1": (
        "elementwise_sum",
        ("elementwise_prod", ("activation_sigm", "gate f"), "h_prev_1"),
        ("elementwise_prod", ("activation_sigm", "gate i"), ("activation_tanh", "gate g")),
    ),
}


@dataclass(frozen=True, slots=True)
class FusedCell:
    """The gates of a recipe in the order of torch's packed weights."""

    nodes: tuple[Node, ...]
    """All linear nodes, in the recipe's order."""
    gates: tuple[str, ...]
    """Their names in torch's order: one for an RNN, four for an LSTM."""

    def run(
        self, maps: Sequence[tuple[Tensor, Sequence[Tensor]]], x: Tensor, states: Sequence[Tensor]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run as `unroll` does: the same arguments and results."""
        table = {
            node.name: {"bias": bias, **dict(zip(node.inputs, matrices, strict=True))}
            for node, (bias, matrices) in zip(self.nodes, maps, strict=True)
        }
        inputs, recurrent, bias = (
            torch.cat([table[gate][key] for gate in self.gates])
            for key in ("x", "h_prev_0", "bias")
        )
        weights = (inputs, recurrent, bias, torch.zeros_like(bias))
        initial = tuple(state.unsqueeze(0) for state in states)
        kernel: Callable[..., Any] = torch.lstm if len(states) == 2 else torch.rnn_tanh
        start = initial if len(states) == 2 else initial[0]
        train = torch.is_grad_enabled()
        outputs, *last = kernel(x, start, weights, True, 1, 0.0, train, False, False)
        return outputs, tuple(state.squeeze(0) for state in last)


@lru_cache(maxsize=256)
def fused_cell(nodes: tuple[Node, ...]) -> FusedCell | None:
    """Return the fused cell that a recipe is exactly, or None."""
    for pattern, gates, size in ((_RNN, "h", 2), (_LSTM, "ifgo", 13)):
        table = {node.name: node for node in nodes}
        found: dict[str, str] | None = {} if len(nodes) == size else None
        for result, expression in pattern.items():
            roles = _match(table, result, expression)
            found = None if found is None or roles is None else found | roles
        if found is not None:
            linear = tuple(node for node in nodes if node.op == "linear")
            return FusedCell(linear, tuple(found[f"gate {gate}"] for gate in gates))
    return None


def is_faster(recipe: Recipe, x: Tensor) -> bool:
    """Return whether torch's kernel takes less time than the generated loops.

    On the CPU that is the LSTM of oneDNN, in single precision; torch's RNN there computes step by
    step. On a GPU both kernels are fused.
    """
    if torch.is_autocast_enabled(x.device.type):
        return False
    if x.device.type == "cpu":
        return recipe.hidden_states == 2 and x.dtype == torch.float32 and has_onednn()
    return x.device.type == "cuda"


def _match(table: Mapping[str, Node], name: str, pattern: Pattern) -> dict[str, str] | None:
    """Return the linear node of each gate of a pattern, or None if a value does not fit it."""
    node = table.get(name)
    if isinstance(pattern, str):
        if not pattern.startswith("gate "):
            return {} if name == pattern else None
        fits = node is not None and node.op == "linear" and set(node.inputs) == {"x", "h_prev_0"}
        return {pattern: name} if fits and node and len(node.inputs) == 2 else None
    operation, *parts = pattern
    if node is None or node.op != operation or len(node.inputs) != len(parts):
        return None
    for inputs in permutations(node.inputs):
        roles = [_match(table, *pair) for pair in zip(inputs, parts, strict=True)]
        if None not in roles:
            return {gate: found for role in roles for gate, found in (role or {}).items()}
    return None
