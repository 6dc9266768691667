"""The rules of the cell space. A broken rule is a ValueError that names the node and the rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ACTIVATIONS = ("activation_tanh", "activation_sigm", "activation_leaky_relu")
COMMUTATIVE = ("linear", "elementwise_sum", "elementwise_prod")
OPS = ("linear", *ACTIVATIONS, "elementwise_sum", "elementwise_prod", "blend")
MAX_NODES = 24
MAX_HIDDEN_STATES = 3
MAX_INPUTS = MAX_NODES + 1 + MAX_HIDDEN_STATES
MAX_NAME_CHARACTERS = 100

Inputs = Mapping[str, tuple[str, ...]]
"""Node name -> names of its inputs."""


def arity(op: str) -> tuple[int, int]:
    """Fewest and most inputs of an operation."""
    if op in ACTIVATIONS:
        return 1, 1
    if op == "blend":
        return 3, 3
    return (1, 3) if op == "linear" else (2, MAX_INPUTS)


def state_index(name: str, prefix: str) -> int | None:
    """Return the i of `h_new_i` or `h_prev_i`; None for any other name, such as `h_new_1_act`."""
    if not name.startswith(prefix):
        return None
    digits = name[len(prefix) :]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4):
        return None
    return int(digits) if str(int(digits)) == digits else None


def source_names(states: int) -> tuple[str, ...]:
    """Return the names of what a cell reads: `x`, then the previous hidden states."""
    return ("x", *(f"h_prev_{i}" for i in range(states)))


def is_source(name: str) -> bool:
    """Return whether the name is reserved for the cell's inputs."""
    return name == "x" or state_index(name, "h_prev_") is not None


def rule_broken(name: str, rule: str) -> ValueError:
    """Return the error for a node that breaks a rule."""
    shown = name if len(name) <= MAX_NAME_CHARACTERS else name[:MAX_NAME_CHARACTERS] + "..."
    return ValueError(f"node {shown!r}: {rule}")


def check_node(name: str, op: str, inputs: tuple[str, ...]) -> None:
    """Check one node by itself. Raises ValueError."""
    if not name or len(name) > MAX_NAME_CHARACTERS:
        raise rule_broken(name, f"a name has 1 to {MAX_NAME_CHARACTERS} characters")
    if is_source(name):
        raise rule_broken(name, "the name of a source cannot be computed")
    if op not in OPS:
        raise rule_broken(name, f"unknown op {op[:MAX_NAME_CHARACTERS]!r}; known: {', '.join(OPS)}")
    fewest, most = arity(op)
    if not fewest <= len(inputs) <= most:
        wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise rule_broken(name, f"{op} takes {wanted} inputs, got {len(inputs)}")
    if op != "linear" and "x" in inputs:
        raise rule_broken(name, "x has a width of its own: only linear may read it")


def check_graph(graph: Inputs) -> set[str]:
    """Return the names of the live nodes. Raises ValueError for a graph that breaks a rule."""
    if len(graph) > MAX_NODES:
        raise ValueError(f"a cell has at most {MAX_NODES} nodes, got {len(graph)}")
    hidden_states = _count_hidden_states(graph)
    sources = {"x", *(f"h_prev_{i}" for i in range(hidden_states))}
    for name, inputs in graph.items():
        for source in inputs:
            if source not in graph and source not in sources:
                raise rule_broken(name, f"unknown input {source[:MAX_NAME_CHARACTERS]!r}")
    topological_order(graph)
    live = live_nodes(graph)
    reached = {source for name in live for source in graph[name]}
    for source in sorted(sources - reached):
        raise rule_broken(source, "this source is unreachable: no result depends on it")
    return live


def direct_edge(graph: Inputs) -> tuple[str, str] | None:
    """Return the first result that reads a previous state directly, and that state."""
    for name, inputs in graph.items():
        if state_index(name, "h_new_") is not None:
            for source in inputs:
                if state_index(source, "h_prev_") is not None:
                    return name, source
    return None


def _count_hidden_states(graph: Inputs) -> int:
    indices = sorted(i for name in graph if (i := state_index(name, "h_new_")) is not None)
    missing = next((i for i, index in enumerate(indices) if i != index), len(indices))
    if not indices or missing < len(indices):
        raise rule_broken(f"h_new_{missing}", "this result is missing")
    if len(indices) > MAX_HIDDEN_STATES:
        name = f"h_new_{indices[-1]}"
        raise rule_broken(name, f"a cell has at most {MAX_HIDDEN_STATES} hidden states")
    return len(indices)


def live_nodes(graph: Inputs) -> set[str]:
    """Nodes that some result depends on, the results included."""
    stack = [name for name in graph if state_index(name, "h_new_") is not None]
    live: set[str] = set()
    while stack:
        name = stack.pop()
        if name in graph and name not in live:
            live.add(name)
            stack.extend(graph[name])
    return live


def topological_order(graph: Inputs, rank: Mapping[str, int] | None = None) -> list[str]:
    """Return names with inputs first; among nodes that are ready, by rank (or in order)."""
    keys = rank if rank is not None else {name: i for i, name in enumerate(graph)}
    waiting = {name: {i for i in inputs if i in graph} for name, inputs in graph.items()}
    order: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs]
        if not ready:
            raise rule_broken(next(iter(_on_cycle(waiting))), "it is part of a cycle")
        first = min(ready, key=keys.__getitem__)
        order.append(first)
        del waiting[first]
        for needs in waiting.values():
            needs.discard(first)
    return order


def _on_cycle(waiting: Mapping[str, Iterable[str]]) -> list[str]:
    name = next(iter(waiting))
    seen: list[str] = []
    while name not in seen:
        seen.append(name)
        name = min(waiting[name])
    return seen[seen.index(name) :]
