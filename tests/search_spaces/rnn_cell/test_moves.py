"""Moves give valid cells one edit away, every kind of edit happens, and seeds decide."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from search_spaces.rnn_cell import moves
from search_spaces.rnn_cell.architecture import Node, Recipe, RecipeError
from search_spaces.rnn_cell.moves import EDITS, mutate, neighbours, sample
from search_spaces.rnn_cell.published import NAMED, named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace
from search_spaces.rnn_cell.validity import OPS
from search_spaces.testing import architectures

cells = architectures(RnnCellSpace())


@settings(max_examples=20)
@given(cells)
def test_neighbours_are_other_cells_each_once(recipe: Recipe) -> None:
    found = neighbours(recipe)
    assert recipe not in found
    assert len(found) == len(set(found)) > 0
    for other in found:
        assert Recipe.from_json(other.to_json()) == other
        assert abs(other.hidden_states - recipe.hidden_states) <= 1
        assert len(other.nodes) <= len(recipe.nodes) + 1


@settings(max_examples=20)
@given(cells)
def test_a_mutation_is_a_neighbour(recipe: Recipe) -> None:
    around = set(neighbours(recipe))
    rng = np.random.default_rng(0)
    assert {mutate(recipe, rng) for _ in range(10)} <= around


@pytest.mark.parametrize("name", NAMED)
def test_named_cells_have_neighbours(name: str) -> None:
    assert mutate(named_recipe(name), np.random.default_rng(0)) in neighbours(named_recipe(name))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_every_kind_of_edit_makes_cells(edit: moves.Edit, rng: np.random.Generator) -> None:
    recipe = sample(rng, hidden_states=2)
    made = {child for make in edit(recipe) if (child := make().recipe()) not in (None, recipe)}
    assert made
    assert made <= set(neighbours(recipe))


def test_edits_change_what_they_say() -> None:
    lstm = named_recipe("lstm")

    def made(edit: moves.Edit) -> list[Recipe]:
        return [child for make in edit(lstm) if (child := make().recipe()) is not None]

    assert {len(r.nodes) for r in made(moves.change_op)} == {13}
    assert {len(r.nodes) for r in made(moves.insert_node)} == {14}
    assert max(len(r.nodes) for r in made(moves.remove_node)) == 12
    assert {r.hidden_states for r in made(moves.add_state)} == {3}
    assert {r.hidden_states for r in made(moves.drop_state)} == {1}


def test_mutations_add_and_remove_every_operation_and_state(rng: np.random.Generator) -> None:
    more: set[object] = set()
    less: set[object] = set()
    for _ in range(150):
        recipe = sample(rng)
        child = mutate(recipe, rng)
        before, after = (Counter(node.op for node in cell.nodes) for cell in (recipe, child))
        more.update(after - before, ["state"] * (child.hidden_states - recipe.hidden_states))
        less.update(before - after, ["state"] * (recipe.hidden_states - child.hidden_states))
    assert less == {"state", *OPS}
    assert more | {"blend"} == less  # a blend comes from an operation that has three inputs


def test_a_sum_of_three_becomes_a_blend() -> None:
    edges = {"s": ("elementwise_sum", ("f", "h_prev_0", "g")), "h_new_0": ("linear", ("s",))}
    pair = {"f": ("linear", ("x",)), "g": ("activation_tanh", ("f",))}
    recipe = Recipe(tuple(Node(name, *rest) for name, rest in {**pair, **edges}.items()))
    blends = [cell for cell in neighbours(recipe) if any(n.op == "blend" for n in cell.nodes)]
    assert [node.inputs for node in blends[0].nodes if node.op == "blend"] == [edges["s"][1]]


def test_samples_have_the_published_shares(rng: np.random.Generator) -> None:
    recipes = [sample(rng) for _ in range(300)]
    states = Counter(recipe.hidden_states for recipe in recipes)
    assert 100 < states[1] < 160
    assert 100 < states[2] < 160
    assert 20 < states[3] < 70
    assert len(set(recipes)) > 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_states": 0}, "a cell has 1 to 3 hidden states, not 0"),
        ({"hidden_states": 4}, "a cell has 1 to 3 hidden states, not 4"),
        ({"hidden_states": 2, "vertices": 2}, "vertices must be 3 to 22, not 2"),
        ({"hidden_states": 1, "vertices": 24}, "vertices must be 2 to 23, not 24"),
    ],
)
def test_absurd_sizes_are_refused(
    options: dict[str, int], message: str, rng: np.random.Generator
) -> None:
    with pytest.raises(RecipeError, match=message):
        sample(rng, **options)


@pytest.mark.parametrize("states", [1, 2, 3])
def test_the_smallest_and_largest_samples_exist(states: int, rng: np.random.Generator) -> None:
    for vertices in (states + 1, 24 - states):
        assert sample(rng, states, vertices).hidden_states == states


WALK = """
import numpy as np
from search_spaces.rnn_cell.moves import mutate, neighbours, sample
rng = np.random.default_rng(7)
recipe = sample(rng)
for _ in range(5):
    recipe = mutate(recipe, rng)
    print(recipe)
print(*neighbours(recipe)[:50], sep="\\n")
"""


@pytest.mark.slow
def test_the_seed_decides_in_every_process() -> None:
    walks = [
        subprocess.run(
            [sys.executable, "-c", WALK],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    ]
    assert len(walks[0].splitlines()) > 20
    assert all(a == b for a, b in pairwise(walks))
