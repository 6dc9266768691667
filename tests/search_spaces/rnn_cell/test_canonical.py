"""The key of a cell is equal for the same cell and differs for any other.

The oracle is networkx's search for an isomorphism, on a graph that this file draws by itself.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from itertools import combinations, permutations, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_spaces.rnn_cell import moves
from search_spaces.rnn_cell.architecture import Node, Recipe, RecipeError
from search_spaces.rnn_cell.published import named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace
from search_spaces.testing import architectures

GOLDEN = {
    "rnn": "9e869fd24f33880ca2a3d255152b9dbe",
    "lstm": "937796ae770db59df857f0322f7701a8",
    "gru": "464f62e5184b09750059fcdf8748cb25",
}
OPS = {
    "linear": (1, 2, 3),
    "elementwise_sum": (2, 3),
    "elementwise_prod": (2, 3),
    "blend": (3,),
    "activation_tanh": (1,),
    "activation_sigm": (1,),
    "activation_leaky_relu": (1,),
}
cells = architectures(RnnCellSpace())


def cell(**nodes: tuple[str, ...]) -> Recipe:
    """A recipe from `name=(op, input, ...)`."""
    return Recipe(tuple(Node(name, op, tuple(inputs)) for name, (op, *inputs) in nodes.items()))


def drawn(recipe: Recipe) -> nx.DiGraph:
    """The cell as the definition reads: who is what, and who reads whom and how."""
    graph = nx.DiGraph()
    for source in recipe.sources:
        graph.add_node(source, is_a=source if source in ("x", "h_prev_0") else "h_prev")
    for name, op, inputs in recipe.nodes:
        graph.add_node(name, is_a=op)
        for source in set(inputs):
            slots = tuple(i for i, other in enumerate(inputs) if other == source)
            reads = slots if op == "blend" else len(slots)
            graph.add_edge(source, name, reads=reads)
    for i in range(recipe.hidden_states):
        graph.add_edge(f"h_new_{i}", f"h_prev_{i}", reads="a step later")
    return graph


def same(a: nx.DiGraph, b: nx.DiGraph) -> bool:
    return nx.is_isomorphic(a, b, lambda m, n: m == n, lambda m, n: m == n)


def renamed(recipe: Recipe, names: dict[str, str]) -> Recipe:
    return Recipe(
        tuple(
            Node(names.get(name, name), op, tuple(names.get(i, i) for i in inputs))
            for name, op, inputs in recipe.nodes
        )
    )


def disguised(recipe: Recipe, random: random.Random) -> Recipe:
    """The same cell: other names, other order of nodes, inputs and hidden states."""
    states = range(1, recipe.hidden_states)
    names = {
        f"{kind}_{old}": f"{kind}_{new}"
        for old, new in zip(states, random.sample(states, len(states)), strict=True)
        for kind in ("h_prev", "h_new")
    }
    inner = [node.name for node in recipe.nodes if not re.fullmatch(r"h_new_\d", node.name)]
    fresh = random.sample([f"n{i}" for i in range(99)], len(inner))
    names |= dict(zip(inner, fresh, strict=True))
    nodes = []
    for name, op, inputs in renamed(recipe, names).nodes:
        reorder = op in ("linear", "elementwise_sum", "elementwise_prod")
        order = tuple(random.sample(inputs, len(inputs))) if reorder else inputs
        nodes.append(Node(name, op, order))
    random.shuffle(nodes)
    return Recipe(tuple(nodes))


def check_against_the_oracle(recipes: Iterable[Recipe]) -> int:
    """Equal keys have equal drawings, different keys have not. The number of different cells."""
    by_key: dict[str, list[nx.DiGraph]] = defaultdict(list)
    by_size: dict[object, set[str]] = defaultdict(set)
    for recipe in recipes:
        by_key[recipe.canonical_key].append(drawn(recipe))
        by_size[tuple(sorted(node.op for node in recipe.nodes))].add(recipe.canonical_key)
    for graphs in by_key.values():
        assert all(same(graphs[0], other) for other in graphs[1:])
    for keys in by_size.values():
        for a, b in combinations(sorted(keys), 2):
            assert not same(by_key[a][0], by_key[b][0])
    return len(by_key)


@pytest.mark.parametrize(("name", "key"), GOLDEN.items())
def test_keys_never_change(name: str, key: str) -> None:
    assert named_recipe(name).canonical_key == key


@given(cells, st.randoms(use_true_random=False))
def test_a_disguise_does_not_change_the_cell(recipe: Recipe, random: random.Random) -> None:
    other = disguised(recipe, random)
    assert other.canonical_key == recipe.canonical_key
    assert other == recipe
    assert hash(other) == hash(recipe)
    assert other.canonical.to_json() == recipe.canonical.to_json()


@given(cells)
def test_the_normal_form_is_the_same_cell_and_its_own_normal_form(recipe: Recipe) -> None:
    assert recipe.canonical.canonical_key == recipe.canonical_key
    assert recipe.canonical.canonical.nodes == recipe.canonical.nodes
    assert same(drawn(recipe), drawn(recipe.canonical))
    known = set(recipe.sources)
    for node in recipe.canonical.nodes:
        assert known.issuperset(node.inputs)
        known.add(node.name)


def every_node(*names: str) -> list[tuple[str, ...]]:
    """All operations with all inputs from these names, `x` for linear only."""
    return [
        (op, *inputs)
        for op, counts in OPS.items()
        for count in counts
        for inputs in product(names, repeat=count)
        if op == "linear" or "x" not in inputs
    ]


def test_every_cell_of_two_nodes() -> None:
    recipes = []
    for f, result in product(every_node("x", "h_prev_0"), every_node("x", "f")):
        if "h_prev_0" in f and "f" in result and "x" in (*f, *result):
            recipes.append(cell(f=f, h_new_0=result))
        else:
            with pytest.raises(RecipeError, match="unreachable"):
                cell(f=f, h_new_0=result)
    # Linear reads both names in 3 ways, and there are 11 nodes that read one name only.
    assert check_against_the_oracle(recipes) == 3 * (3 + 11) + 11 * 3


def test_random_cells_of_three_nodes(rng: np.random.Generator) -> None:
    choices = [every_node("x", "h_prev_0"), every_node("x", "h_prev_0", "f"), every_node("f", "g")]
    recipes = []
    while len(recipes) < 1_000:
        f, g, result = (nodes[rng.integers(len(nodes))] for nodes in choices)
        with suppress(RecipeError):
            recipes.append(cell(f=f, g=g, h_new_0=result))
    assert check_against_the_oracle(recipes) > 500


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.randoms(use_true_random=False))
def test_everything_around_a_small_cell(seed: int, states: int, random: random.Random) -> None:
    recipe = moves.sample(np.random.default_rng(seed), states, vertices=states + 2)
    around = [make().recipe() for edit in moves.EDITS for make in edit(recipe)]
    found = [recipe, *(r for r in around if r is not None)]
    check_against_the_oracle(random.sample(found, min(len(found), 60)))


def test_blend_keeps_its_order() -> None:
    keys = {
        cell(
            a=("linear", "x", "h_prev_0"),
            b=("activation_tanh", "a"),
            c=("activation_sigm", "a"),
            h_new_0=("blend", *order),
        ).canonical_key
        for order in permutations("abc")
    }
    assert len(keys) == 6


def test_the_output_is_never_swapped_with_another_state() -> None:
    lstm = named_recipe("lstm")
    swap = {f"{kind}_{i}": f"{kind}_{1 - i}" for kind in ("h_prev", "h_new") for i in (0, 1)}
    assert renamed(renamed(lstm, swap), swap) == lstm
    assert renamed(lstm, swap) != lstm


def test_two_linear_nodes_with_equal_inputs_are_not_one() -> None:
    shared = cell(
        a=("linear", "x", "h_prev_0"),
        c=("activation_tanh", "a"),
        d=("activation_sigm", "a"),
        h_new_0=("elementwise_prod", "c", "d"),
    )
    apart = cell(
        a=("linear", "x", "h_prev_0"),
        b=("linear", "x", "h_prev_0"),
        c=("activation_tanh", "a"),
        d=("activation_sigm", "b"),
        h_new_0=("elementwise_prod", "c", "d"),
    )
    assert shared != apart


def test_the_two_memories_are_told_apart_by_who_reads_them() -> None:
    """Both swapped together is the same cell; only one half swapped is another."""

    def memories(first: str, second: str) -> Recipe:
        return cell(
            a=("linear", "x", "h_prev_0", "h_prev_1"),
            b=("elementwise_prod", "a", "h_prev_2"),
            h_new_0=("activation_tanh", "b"),
            **{first: ("activation_sigm", "a"), second: ("linear", "b", "a")},
        )

    swapped = cell(
        a=("linear", "x", "h_prev_0", "h_prev_2"),
        b=("elementwise_prod", "a", "h_prev_1"),
        h_new_0=("activation_tanh", "b"),
        h_new_2=("activation_sigm", "a"),
        h_new_1=("linear", "b", "a"),
    )
    assert memories("h_new_1", "h_new_2") == swapped
    assert memories("h_new_1", "h_new_2") != memories("h_new_2", "h_new_1")
