"""Execution plan of a cell: the buffer of each value, and which operations are fused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import ACTIVATIONS, state_index, topological_order

X = "x"


@dataclass(frozen=True, slots=True)
class Product:
    """One matrix product: a source into neighbouring columns of the linear block."""

    start: int
    stop: int
    """First and one beyond the last of the linear maps, as positions in `Plan.linear`."""
    inputs: tuple[int, ...]
    """For each of these maps, which of its inputs the source is."""


@dataclass(frozen=True)
class Plan:
    """The layout of one recipe's computation.

    The linear maps of a step stand side by side in one block, in the order of `linear`, so that a
    source reaches neighbouring maps by one product, and neighbouring activations are one operation.
    """

    recipe: Recipe
    linear: tuple[str, ...]
    steps: tuple[tuple[Node, ...], ...]
    """All nodes, inputs first; the nodes of one group are computed by one operation."""

    @classmethod
    def of(cls, recipe: Recipe) -> Plan:
        """Return the plan of a recipe."""
        levels = _levels(recipe)
        sole = _sole_activation(recipe)
        nodes = {node.name: node for node in recipe.nodes}

        def place(name: str) -> tuple[bool, int, str]:
            """First what reads `x`; then what is ready together and activated alike."""
            activated = nodes[sole[name]].op if name in sole else ""
            return X not in nodes[name].inputs, levels[name], activated

        linear = sorted((n.name for n in recipe.nodes if n.op == "linear"), key=place)
        column = {name: i for i, name in enumerate(linear)}
        groups = _groups(recipe, levels, column, {act: name for name, act in sole.items()})
        return cls(recipe, tuple(linear), groups)

    @cached_property
    def column(self) -> dict[str, int]:
        """Position of each linear map in the block."""
        return {name: i for i, name in enumerate(self.linear)}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.recipe.nodes}

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """Names of the nodes that read each name; one that reads it twice stands twice."""
        return _consumers(self.recipe)

    @cached_property
    def in_place(self) -> dict[str, str]:
        """Activation -> the linear map whose columns it takes over."""
        return {act: name for name, act in _sole_activation(self.recipe).items()}

    @cached_property
    def folded(self) -> dict[str, str]:
        """Product of two -> the sum that adds it at once, so that it is never written down."""
        found = {}
        for node in self.recipe.nodes:
            readers = self.consumers[node.name]
            if (
                node.op == "elementwise_prod"
                and len(node.inputs) == 2
                and not is_result(node.name)
                and len(readers) == 1
                and self.nodes[readers[0]].op == "elementwise_sum"
            ):
                found[node.name] = readers[0]
        return found

    @cached_property
    def products(self) -> dict[str, tuple[Product, ...]]:
        """The products of each source: one for each run of neighbouring linear maps.

        Those of maps that read it once more come last.
        """
        reads: dict[str, list[tuple[int, int]]] = defaultdict(list)
        again: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for column, name in enumerate(self.linear):
            inputs = self.nodes[name].inputs
            for position, source in enumerate(inputs):
                first = inputs.index(source) == position
                (reads if first else again)[source].append((column, position))
        return {name: (*_runs(where), *_runs(again[name])) for name, where in reads.items()}


def is_result(name: str) -> bool:
    """Return whether the name is one of the cell's new states."""
    return state_index(name, "h_new_") is not None


def _consumers(recipe: Recipe) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {name: [] for name in recipe.sources}
    found.update((node.name, []) for node in recipe.nodes)
    for node in recipe.nodes:
        for name in node.inputs:
            found[name].append(node.name)
    return {name: tuple(readers) for name, readers in found.items()}


def _sole_activation(recipe: Recipe) -> dict[str, str]:
    """Linear map -> the activation that alone reads it and is no result."""
    ops = {node.name: node.op for node in recipe.nodes}
    return {
        name: readers[0]
        for name, readers in _consumers(recipe).items()
        if ops.get(name) == "linear"
        and len(readers) == 1
        and ops[readers[0]] in ACTIVATIONS
        and not is_result(readers[0])
        and not is_result(name)
    }


def _levels(recipe: Recipe) -> dict[str, int]:
    """Longest way from a source to each node, in nodes."""
    graph = {node.name: node.inputs for node in recipe.nodes}
    levels = dict.fromkeys(recipe.sources, 0)
    for name in topological_order(graph):
        levels[name] = 1 + max(levels[source] for source in graph[name])
    return levels


def _groups(
    recipe: Recipe, levels: dict[str, int], column: dict[str, int], in_place: dict[str, str]
) -> tuple[tuple[Node, ...], ...]:
    """Nodes level by level; activations in neighbouring columns, alike and ready together, join."""

    def order(node: Node) -> tuple[int, str, int]:
        at = column[in_place[node.name]] if node.name in in_place else -1
        return levels[node.name], node.op if at >= 0 else "", at

    groups: list[list[Node]] = []
    for node in sorted(recipe.nodes, key=order):
        last = groups[-1][-1] if groups else None
        if last is not None and node.name in in_place and last.name in in_place:
            level, op, at = order(last)
            if order(node) == (level, op, at + 1):
                groups[-1].append(node)
                continue
        groups.append([node])
    return tuple(tuple(group) for group in groups)


def _runs(reads: Sequence[tuple[int, int]]) -> Iterable[Product]:
    """Reads (column, input), in the order of columns, as one product for each run of neighbours."""
    first = 0
    for i in range(1, len(reads) + 1):
        if i == len(reads) or reads[i][0] != reads[i - 1][0] + 1:
            run = reads[first:i]
            yield Product(run[0][0], run[-1][0] + 1, tuple(position for _, position in run))
            first = i
