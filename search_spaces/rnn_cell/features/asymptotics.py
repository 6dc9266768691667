"""Asymptotics of a cell: degrees and orders of its results as functions of the input and the state.

Tanh and sigm are bounded, so they have degree zero; sums take the larger degree, products add
them. A cell whose state has a degree above one in itself can blow up in finite time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from search_spaces.rnn_cell.architecture import Recipe

STEPS = 4
HIGHEST = 50.0
"""Degrees of a cell that multiplies its own state grow exponentially with time: cut here."""

Rule = Callable[[str, Sequence[float]], float]


def growth(recipe: Recipe) -> dict[str, float]:
    """Degrees in a large input and in a large state, and the order in both when they are small.

    Each after 1, 2, ... steps, of the output and the largest over the states. A high order means
    that small inputs vanish, and with them the first gradients.
    """
    cell = recipe.canonical
    return {
        **_over_time(cell, "degree_x", degree, x=1.0, state=0.0),
        **_over_time(cell, "degree_state", degree, x=0.0, state=1.0),
        **_over_time(cell, "order", order, x=1.0, state=1.0),
    }


def degree(op: str, of: Sequence[float]) -> float:
    """Degree of a node from those of its inputs."""
    match op:
        case "activation_tanh" | "activation_sigm":
            return 0.0
        case "elementwise_prod":
            return sum(of)
        case "blend":
            return of[0] + max(of[1:])
        case _:
            return max(of)


def order(op: str, of: Sequence[float]) -> float:
    """Order at zero of a node from those of its inputs; biases are small and left out."""
    match op:
        case "activation_sigm":
            return 0.0
        case "elementwise_prod":
            return sum(of)
        case "blend":
            return min(of[0] + of[1], of[2])
        case _:
            return min(of)


def _over_time(cell: Recipe, name: str, rule: Rule, *, x: float, state: float) -> dict[str, float]:
    features: dict[str, float] = {}
    states = [state] * cell.hidden_states
    for step in range(STEPS):
        value = {"x": x} | {f"h_prev_{i}": of for i, of in enumerate(states)}
        for node in cell.nodes:  # the normal form is in topological order
            value[node.name] = min(HIGHEST, rule(node.op, [value[i] for i in node.inputs]))
        states = [value[f"h_new_{i}"] for i in range(cell.hidden_states)]
        features[f"{name}_output_{step}"] = states[0]
        features[f"{name}_most_{step}"] = max(states)
    return features
