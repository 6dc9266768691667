"""The release's random generator of cells (Klyuchnikov et al., 2020), draw for draw."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Node, Recipe, RecipeError
from search_spaces.rnn_cell.validity import ACTIVATIONS

_OPS = ("linear", "blend", "elementwise_prod", "elementwise_sum")
_OP_WEIGHTS = np.array([0.5, 1 / 6, 1 / 6, 1 / 6])
_LINEAR_INPUTS = (2, 3)
_LINEAR_INPUT_WEIGHTS = np.array([0.8, 0.2])
_ACTIVATION_WEIGHTS = np.array([1 / 3, 1 / 3, 1 / 3])
_STATE_ORDER = {1: (0,), 2: (1, 0), 3: (1, 0, 2)}  # fixed in the published list


class Chooser(Protocol):
    """Either of numpy's random generators."""

    def choice(self, a: Any, size: Any = ..., replace: bool = ..., p: Any = ...) -> Any:
        """Draw from `a`."""


def generate(rng: Chooser, hidden_states: int, vertices: int) -> Recipe | None:
    """Return one draw: a recipe, or None when the drawn cell is not valid.

    `vertices` counts the intermediate nodes; the results come on top.
    """
    nodes = _draw_nodes(rng, hidden_states, vertices)
    results = _draw(rng, list(nodes), hidden_states)
    renamed = {old: f"h_new_{i}" for i, old in enumerate(results)}
    for old in renamed:  # a renamed node moves to the end
        nodes[old] = nodes.pop(old)
    try:
        return Recipe(
            tuple(
                Node(renamed.get(name, name), op, tuple(renamed.get(i, i) for i in inputs))
                for name, (op, inputs) in nodes.items()
            )
        )
    except RecipeError:
        return None


def _draw_nodes(
    rng: Chooser, hidden_states: int, vertices: int
) -> dict[str, tuple[str, tuple[str, ...]]]:
    states = [f"h_prev_{i}" for i in range(hidden_states)]
    nodes: dict[str, tuple[str, tuple[str, ...]]] = {}
    activations: list[str] = []
    while len(nodes) < hidden_states + vertices:
        op = _OPS[_draw_index(rng, _OP_WEIGHTS)]
        name = f"node_{len(nodes)}"
        if op == "linear":
            candidates = ["x", *states, *activations]
            wanted = _LINEAR_INPUTS[_draw_index(rng, _LINEAR_INPUT_WEIGHTS)]
            nodes[name] = (op, _draw(rng, candidates, min(wanted, len(candidates))))
            activation = ACTIVATIONS[_draw_index(rng, _ACTIVATION_WEIGHTS)]
            activations.append(f"node_{len(nodes)}")
            nodes[activations[-1]] = (activation, (name,))
        else:
            candidates = [f"h_prev_{i}" for i in _STATE_ORDER[hidden_states]] + list(nodes)
            wanted = 3 if op == "blend" else 2
            if len(candidates) >= wanted:
                nodes[name] = (op, _draw(rng, candidates, wanted))
    return nodes


# Numpy draws positions, which is much faster than drawing names and gives the same ones.
def _draw(rng: Chooser, candidates: list[str], count: int) -> tuple[str, ...]:
    return tuple(candidates[k] for k in rng.choice(len(candidates), count, replace=False))


def _draw_index(rng: Chooser, weights: NDArray[np.float64]) -> int:
    return int(rng.choice(len(weights), 1, p=weights)[0])
