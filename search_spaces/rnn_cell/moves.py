"""Sample, mutate and list neighbours. Every move gives a valid cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from search_spaces.rnn_cell.architecture import Node, Recipe, RecipeError
from search_spaces.rnn_cell.generator import generate
from search_spaces.rnn_cell.validity import (
    ACTIVATIONS,
    COMMUTATIVE,
    MAX_HIDDEN_STATES,
    MAX_NODES,
    OPS,
    arity,
    state_index,
)

HIDDEN_STATE_WEIGHTS = (3 / 7, 3 / 7, 1 / 7)  # the shares of h = 1, 2, 3 in the published list
_MERGES = ("elementwise_sum", "elementwise_prod")


class Draft(NamedTuple):
    """An edited cell that has not been checked yet."""

    nodes: tuple[Node, ...]

    def recipe(self) -> Recipe | None:
        """Return the cell, or None where the edit broke a rule."""
        try:
            return Recipe(self.nodes)
        except RecipeError:
            return None


def sample(
    rng: np.random.Generator, hidden_states: int | None = None, vertices: int = 13
) -> Recipe:
    """Return a random cell of the release's distribution; h is drawn as in the published list.

    `vertices` counts the intermediate nodes that are drawn, before dead ones are dropped.
    """
    if hidden_states is None:
        hidden_states = int(rng.choice(3, p=HIDDEN_STATE_WEIGHTS)) + 1
    if not 1 <= hidden_states <= MAX_HIDDEN_STATES:
        raise RecipeError(f"a cell has 1 to {MAX_HIDDEN_STATES} hidden states, not {hidden_states}")
    most = MAX_NODES - hidden_states
    if not hidden_states < vertices <= most:
        raise RecipeError(f"vertices must be {hidden_states + 1} to {most}, not {vertices}")
    while True:
        recipe = generate(rng, hidden_states, vertices)
        if recipe is not None:
            return recipe


def mutate(recipe: Recipe, rng: np.random.Generator) -> Recipe:
    """Return a cell one random edit away: first the kind of edit is drawn, then the edit."""
    drafts: dict[Edit, list[MakeDraft]] = {}
    while True:
        edit = EDITS[int(rng.choice(len(EDITS), p=_EDIT_WEIGHTS))]
        if edit not in drafts:
            drafts[edit] = list(edit(recipe))
        if drafts[edit]:
            make = drafts[edit].pop(int(rng.integers(len(drafts[edit]))))
            child = make().recipe()
            if child is not None and child != recipe:
                return child


def neighbours(recipe: Recipe) -> list[Recipe]:
    """Return all valid cells one edit away, in a fixed order: no duplicates, never itself."""
    found = {recipe.canonical_key: recipe}
    for edit in EDITS:
        for make in edit(recipe):
            child = make().recipe()
            if child is not None:
                found.setdefault(child.canonical_key, child)
    del found[recipe.canonical_key]
    return list(found.values())


def change_op(recipe: Recipe) -> Iterator[MakeDraft]:
    """Give one node another operation that takes its inputs, or blend two inputs by a third."""
    names = (*recipe.sources, *(node.name for node in recipe.nodes))
    for i, node in enumerate(recipe.nodes):
        for op in OPS:
            fewest, most = arity(op)
            if op != node.op and fewest <= len(node.inputs) <= most:
                yield partial(_with, recipe.nodes, i, node.name, op, node.inputs)
        if len(node.inputs) == 2:
            for gate in names:
                if gate != node.name and gate not in node.inputs:
                    inputs = (gate, *node.inputs)
                    yield partial(_with, recipe.nodes, i, node.name, "blend", inputs)


def rewire_input(recipe: Recipe) -> Iterator[MakeDraft]:
    """Let one input of one node come from elsewhere, come in addition, or fall away."""
    names = (*recipe.sources, *(node.name for node in recipe.nodes))
    for i, node in enumerate(recipe.nodes):
        fewest, most = arity(node.op)
        unused = [name for name in names if name != node.name and name not in node.inputs]
        choices = [
            _replaced(node.inputs, slot, (name,)) for slot in _slots(node) for name in unused
        ]
        if len(node.inputs) < min(most, 3):
            choices += [(*node.inputs, name) for name in unused]
        if len(node.inputs) > fewest:
            choices += [_replaced(node.inputs, slot, ()) for slot in _slots(node)]
        for inputs in choices:
            yield partial(_with, recipe.nodes, i, node.name, node.op, inputs)


def insert_node(recipe: Recipe) -> Iterator[MakeDraft]:
    """Put a new node into one edge: an activation, a linear map, or a merge with another value."""
    name = _fresh_name(recipe)
    others = (*recipe.sources, *(node.name for node in recipe.nodes))
    for i, node in enumerate(recipe.nodes):
        for slot, source in enumerate(node.inputs):
            insert = partial(_with_inserted, recipe.nodes, i, slot, name)
            for op in (*ACTIVATIONS, "linear"):
                yield partial(insert, op, (source,))
            merged = [other for other in others if other not in (source, node.name)]
            for op in _MERGES:
                for other in merged:
                    yield partial(insert, op, (source, other))


def remove_node(recipe: Recipe) -> Iterator[MakeDraft]:
    """Take one inner node out: its readers read one of its inputs instead."""
    for i, node in enumerate(recipe.nodes):
        if state_index(node.name, "h_new_") is None:
            rest = recipe.nodes[:i] + recipe.nodes[i + 1 :]
            for source in dict.fromkeys(node.inputs):
                yield partial(_with_renamed_inputs, rest, {node.name: source})


def move_result(recipe: Recipe) -> Iterator[MakeDraft]:
    """Let another node be the result h_new_i; the former one stays as an inner node."""
    spare = _fresh_name(recipe)
    for i in range(recipe.hidden_states):
        for node in recipe.nodes:
            if state_index(node.name, "h_new_") is None:
                names = {f"h_new_{i}": spare, node.name: f"h_new_{i}"}
                yield partial(_renamed, recipe.nodes, names)


def add_state(recipe: Recipe) -> Iterator[MakeDraft]:
    """Carry one more value: an inner node becomes a result, and some node reads it a step later."""
    i = recipe.hidden_states
    if i == MAX_HIDDEN_STATES:
        return
    for carried in recipe.nodes:
        if state_index(carried.name, "h_new_") is not None:
            continue
        nodes = _renamed(recipe.nodes, {carried.name: f"h_new_{i}"}).nodes
        for j, reader in enumerate(nodes):
            _, most = arity(reader.op)
            choices = [_replaced(reader.inputs, s, (f"h_prev_{i}",)) for s in _slots(reader)]
            if len(reader.inputs) < min(most, 3):
                choices.append((*reader.inputs, f"h_prev_{i}"))
            for inputs in choices:
                yield partial(_with, nodes, j, reader.name, reader.op, inputs)


def drop_state(recipe: Recipe) -> Iterator[MakeDraft]:
    """Carry one value less: its result becomes an inner node, its readers read another source."""
    spare = _fresh_name(recipe)
    last = recipe.hidden_states - 1
    for i in range(1, recipe.hidden_states):
        names = {f"h_new_{i}": spare, f"h_new_{last}": f"h_new_{i}"} if i < last else {}
        names.setdefault(f"h_new_{i}", spare)
        nodes = _renamed(recipe.nodes, names).nodes
        for source in ("x", *(f"h_prev_{k}" for k in range(recipe.hidden_states) if k != i)):
            states = {f"h_prev_{i}": source}
            shifted = {f"h_prev_{last}": f"h_prev_{i}"} if i < last else {}
            rest = _renamed_inputs(nodes, states)
            yield partial(_with_renamed_inputs, rest, shifted)


MakeDraft = Callable[[], Draft]
"""Makes the draft of a cell: of the hundreds one edit away a mutation needs one."""
Edit = Callable[[Recipe], Iterator[MakeDraft]]
EDITS: Sequence[Edit] = (
    change_op,
    rewire_input,
    insert_node,
    remove_node,
    move_result,
    add_state,
    drop_state,
)
# Rewiring and removing leave nodes dead, and a dead node is dropped: growth is drawn more often.
_EDIT_WEIGHTS = (0.2, 0.2, 0.3, 0.1, 0.05, 0.1, 0.05)


def _slots(node: Node) -> range:
    """Slots whose change differs: of equal inputs to a commutative node the first is enough."""
    if node.op in COMMUTATIVE and len(set(node.inputs)) == 1:
        return range(1)
    return range(len(node.inputs))


def _replaced(inputs: tuple[str, ...], slot: int, by: tuple[str, ...]) -> tuple[str, ...]:
    return inputs[:slot] + by + inputs[slot + 1 :]


def _with(nodes: tuple[Node, ...], i: int, name: str, op: str, inputs: tuple[str, ...]) -> Draft:
    return Draft((*nodes[:i], Node(name, op, inputs), *nodes[i + 1 :]))


def _with_inserted(
    nodes: tuple[Node, ...], i: int, slot: int, name: str, op: str, inputs: tuple[str, ...]
) -> Draft:
    """A new node between node `i` and what it reads at `slot`."""
    node = nodes[i]
    rewired = Node(node.name, node.op, _replaced(node.inputs, slot, (name,)))
    return Draft((*nodes[:i], Node(name, op, inputs), rewired, *nodes[i + 1 :]))


def _with_renamed_inputs(nodes: tuple[Node, ...], names: dict[str, str]) -> Draft:
    return Draft(_renamed_inputs(nodes, names))


def _renamed_inputs(nodes: tuple[Node, ...], names: dict[str, str]) -> tuple[Node, ...]:
    return tuple(Node(n.name, n.op, tuple(names.get(i, i) for i in n.inputs)) for n in nodes)


def _renamed(nodes: tuple[Node, ...], names: dict[str, str]) -> Draft:
    moved = _renamed_inputs(nodes, names)
    return Draft(tuple(Node(names.get(n.name, n.name), n.op, n.inputs) for n in moved))


def _fresh_name(recipe: Recipe) -> str:
    taken = {node.name for node in recipe.nodes}
    return next(name for i in range(MAX_NODES + 1) if (name := f"node_{i}") not in taken)
