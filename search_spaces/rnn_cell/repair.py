"""Turn any wiring into a valid cell with few, deterministic edits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import arity

LINEAR_INPUTS = arity("linear")[1]
_X = 0


def most_inputs(op: str, max_inputs: int) -> int:
    """Most inputs of an operation where `max_inputs` bounds sums and products."""
    most = arity(op)[1]
    return most if most <= LINEAR_INPUTS else max_inputs


@dataclass
class Wiring:
    """A cell by positions: input 0 is `x`, 1..h are `h_prev_i`, 1 + h + j is the node at j < own.

    There are more nodes than results.
    """

    hidden_states: int
    ops: list[str]
    inputs: list[list[int]]
    results: list[int]
    """Position of each `h_new_i`."""

    def recipe(self) -> Recipe:
        """Return the cell of the nodes that reach a result. Raises RecipeError."""
        names = [f"node_{position}" for position in range(len(self.ops))]
        for i, position in enumerate(self.results):
            names[position] = f"h_new_{i}"
        readable = ["x", *(f"h_prev_{i}" for i in range(self.hidden_states)), *names]
        return Recipe(
            tuple(
                Node(names[p], self.ops[p], tuple(readable[i] for i in self.inputs[p]))
                for p in self.live()
            )
        )

    def live(self) -> list[int]:
        """Positions of the nodes that some result depends on, in order."""
        first = 1 + self.hidden_states
        alive = [False] * len(self.ops)
        for position in self.results:
            alive[position] = True
        for position in range(len(self.ops) - 1, -1, -1):
            if alive[position]:
                for i in self.inputs[position]:
                    if i >= first:
                        alive[i - first] = True
        return [position for position, is_live in enumerate(alive) if is_live]

    def reached(self) -> set[int]:
        """What some result depends on: sources and nodes, as inputs are numbered."""
        return {i for position in self.live() for i in self.inputs[position]}

    def inner(self, positions: list[int]) -> list[int]:
        """Those of the positions that are no results."""
        return [position for position in positions if position not in self.results]


def repair(wiring: Wiring, max_inputs: int) -> None:
    """Make the wiring valid in place, whatever it is.

    Expects that `x` is read by `linear` only.
    """
    _let_a_node_precede_a_result(wiring)
    _cut_direct_edges(wiring)
    _let_a_result_read_a_node(wiring)
    for source in (*range(1, 1 + wiring.hidden_states), _X):
        if source not in wiring.reached():
            _attach(wiring, source, max_inputs)


def _let_a_node_precede_a_result(wiring: Wiring) -> None:
    last = max(range(wiring.hidden_states), key=wiring.results.__getitem__)
    if wiring.results[last] < wiring.hidden_states:
        wiring.results[last] = len(wiring.ops) - 1


def _cut_direct_edges(wiring: Wiring) -> None:
    """A result that reads `h_prev_i` reads the node i + 1 before it, or the first node instead."""
    for position in wiring.results:
        if position == 0:
            wiring.ops[0], wiring.inputs[0] = "linear", [_X]
        for slot, source in enumerate(wiring.inputs[position]):
            if 1 <= source <= wiring.hidden_states:
                node = max(position - source, 0)
                wiring.inputs[position][slot] = 1 + wiring.hidden_states + node


def _let_a_result_read_a_node(wiring: Wiring) -> None:
    """Only an inner node may read a previous state: at least one must be live."""
    if not wiring.inner(wiring.live()):
        last = max(wiring.results)
        nearest = wiring.inner(list(range(last)))[-1]
        wiring.inputs[last][0] = 1 + wiring.hidden_states + nearest


def _attach(wiring: Wiring, source: int, max_inputs: int) -> None:
    """Let a live node read the source as one more input, or else as a `linear` of few inputs.

    That there is a node whose inputs can be given up but for two: one edge from each inner node and
    each state keeps them connected, and these are hardly more than the nodes that read them.
    """
    readers = wiring.live() if source == _X else wiring.inner(wiring.live())
    for position in readers:
        op = wiring.ops[position]
        has_room = len(wiring.inputs[position]) < most_inputs(op, max_inputs)
        if has_room and (source != _X or op == "linear"):
            wiring.inputs[position].append(source)
            return
    # `x` is attached last and may be cut off until then.
    needed = {i for i in wiring.reached() if 1 <= i <= wiring.hidden_states}
    for position in readers:
        former = wiring.ops[position], wiring.inputs[position]
        for kept in combinations(former[1], min(len(former[1]), LINEAR_INPUTS - 1)):
            wiring.ops[position], wiring.inputs[position] = "linear", [*kept, source]
            if needed <= wiring.reached():
                return
        wiring.ops[position], wiring.inputs[position] = former
