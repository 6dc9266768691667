"""The recipe: one recurrent cell as an immutable value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.core.parse_json import parse_json
from search_spaces.rnn_cell.canonical import canonical_key, canonical_nodes
from search_spaces.rnn_cell.validity import (
    check_graph,
    check_node,
    direct_edge,
    rule_broken,
    source_names,
    state_index,
)
from search_spaces.values import BaseArchitecture, check_widths

MAX_JSON_CHARACTERS = 100_000
# The published GRU is hand-made and blends h_prev_0 straight into h_new_0: the one cell of the
# published list that breaks the rule against direct edges.
GRU_KEY = "464f62e5184b09750059fcdf8748cb25"


class RecipeError(ArchitectureError):
    """A recipe breaks a rule of the space; the message names the node and the rule."""


class Node(NamedTuple):
    """One operation of a cell and the names of what it reads."""

    name: str
    op: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Recipe(BaseArchitecture):
    """A recurrent cell: sources `x`, `h_prev_i`; results `h_new_i`; `h_new_0` is the output.

    Nodes that reach no result are dropped, as the release does. The order of the nodes is kept:
    the release initialises weights in that order. Raises RecipeError for anything invalid.
    """

    nodes: tuple[Node, ...]

    def __post_init__(self) -> None:
        graph = {node.name: node.inputs for node in self.nodes}
        try:
            if len(graph) < len(self.nodes):
                names = [node.name for node in self.nodes]
                twice = next(name for name in names if names.count(name) > 1)
                raise rule_broken(twice, "a name may be used once")
            for node in self.nodes:
                check_node(node.name, node.op, node.inputs)
            live = check_graph(graph)
        except ValueError as error:
            raise RecipeError(str(error)) from None
        if len(live) < len(graph):
            kept = tuple(node for node in self.nodes if node.name in live)
            object.__setattr__(self, "nodes", kept)
        edge = direct_edge(graph)
        if edge is not None and self.canonical_key != GRU_KEY:
            result, state = edge
            raise _refused(result, f"{state} may not be wired to a result directly")

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> Recipe:
        """Read `{node: {"op": op, "input": [node, ...]}}`, as text or dictionary."""
        return cls(tuple(_nodes_of(_parsed(source))))

    def to_json(self) -> str:
        """Text in the release's own format, nodes in their own order."""
        return json.dumps({n.name: {"op": n.op, "input": list(n.inputs)} for n in self.nodes})

    @cached_property
    def hidden_states(self) -> int:
        """Number of hidden states h: the cell carries h vectors from step to step."""
        return sum(state_index(node.name, "h_new_") is not None for node in self.nodes)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what the cell reads: `x`, then the previous hidden states."""
        return source_names(self.hidden_states)

    @cached_property
    def canonical(self) -> Recipe:
        """The same cell with standard names, order of nodes and order of inputs."""
        nodes = canonical_nodes(self.nodes, self.hidden_states)
        return Recipe(tuple(Node(*node) for node in nodes))

    @cached_property
    def canonical_key(self) -> str:
        """32 hex digits, equal exactly for the same cell: see `canonical.py` for the definition."""
        return canonical_key(self.nodes, self.hidden_states)

    def num_parameters(self, input_size: int, hidden_size: int) -> int:
        """Weights and biases of one cell with these widths."""
        check_widths(RecipeError, input_size=input_size, hidden_size=hidden_size)
        count = 0
        for node in self.nodes:
            if node.op == "linear":
                widths = (input_size if name == "x" else hidden_size for name in node.inputs)
                count += hidden_size * (sum(widths) + 1)
        return count


def _parsed(source: str | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(source, str):
        value: Any = source
    elif len(source) > MAX_JSON_CHARACTERS:
        raise RecipeError(f"a recipe has at most {MAX_JSON_CHARACTERS:,} characters of JSON")
    else:
        try:
            value = parse_json(source)
        except ValueError as error:
            raise RecipeError(f"a recipe must be JSON text: {error}") from None
    if not isinstance(value, Mapping):
        raise RecipeError(f"a recipe must be a JSON object of nodes, got {type(value).__name__}")
    return value


def _nodes_of(value: Mapping[str, Any]) -> Iterable[Node]:
    for name, entry in value.items():
        if not isinstance(name, str):
            raise RecipeError(f"the name of a node must be a text, got {type(name).__name__}")
        if not isinstance(entry, Mapping) or set(entry) != {"op", "input"}:
            raise _refused(name, 'must be {"op": ..., "input": [...]}')
        op, inputs = entry["op"], entry["input"]
        if not isinstance(op, str):
            raise _refused(name, "its op must be a text")
        if not isinstance(inputs, list | tuple) or not all(isinstance(i, str) for i in inputs):
            raise _refused(name, "its input must be a list of node names")
        yield Node(name, op, tuple(inputs))


def _refused(name: str, rule: str) -> RecipeError:
    return RecipeError(str(rule_broken(name, rule)))
