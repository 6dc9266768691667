"""Features: equal for equal cells, of fixed length, and counted right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from search_spaces.base import EncodingKind
from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.encoding import KINDS, MAX_SOURCES, VERTICES, encode
from search_spaces.rnn_cell.moves import neighbours
from search_spaces.rnn_cell.published import NAMED, named_recipe
from search_spaces.rnn_cell.space import RnnCellSpace
from search_spaces.rnn_cell.validity import OPS
from search_spaces.testing import architectures

ALL_KINDS: tuple[EncodingKind, ...] = ("flat", "graph", "counts")
cells = architectures(RnnCellSpace())


@given(cells)
def test_equal_cells_have_equal_features(recipe: Recipe) -> None:
    for kind in ALL_KINDS:
        assert np.array_equal(encode(recipe, kind), encode(recipe.canonical, kind))


@given(cells)
def test_features_are_finite_and_of_one_shape(recipe: Recipe) -> None:
    for kind in ALL_KINDS:
        features = encode(recipe, kind)
        assert features.dtype == np.float64
        assert features.shape == encode(named_recipe("rnn"), kind).shape
        assert np.isfinite(features).all()


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("kind", ["flat", "graph"])
def test_neighbours_have_other_features(name: str, kind: EncodingKind) -> None:
    """A blend's order of inputs is the one thing that features do not hold."""
    recipe = named_recipe(name)
    mine = encode(recipe, kind)
    around = [cell for cell in neighbours(recipe) if "blend" not in cell.to_json()]
    assert around
    assert not any(np.array_equal(mine, encode(cell, kind)) for cell in around)


def test_the_graph_of_the_rnn() -> None:
    graph = encode(named_recipe("rnn"), "graph")
    assert graph.shape == (VERTICES, len(KINDS) + 3 + VERTICES)
    linear, tanh = MAX_SOURCES, MAX_SOURCES + 1  # vertices: x, three states, then the nodes
    ones = {
        (0, KINDS.index("input")),
        (1, KINDS.index("input")),
        (linear, KINDS.index("linear")),
        (tanh, KINDS.index("activation_tanh")),
        (tanh, len(KINDS)),  # it is h_new_0
        (linear, len(KINDS) + 3),  # reads x
        (linear, len(KINDS) + 3 + 1),  # reads h_prev_0
        (tanh, len(KINDS) + 3 + linear),
    }
    assert {(int(row), int(column)) for row, column in np.argwhere(graph == 1)} == ones
    assert graph.sum() == len(ones)


def test_flat_holds_all_of_the_graph() -> None:
    for name in NAMED:
        graph = encode(named_recipe(name), "graph")
        assert encode(named_recipe(name), "flat").sum() == graph.sum()


def test_the_counts_of_the_lstm() -> None:
    counts = encode(named_recipe("lstm"), "counts")
    nodes, states, *ops = counts[: 2 + len(OPS)]
    assert (nodes, states) == (13, 2)
    assert dict(zip(OPS, ops, strict=True)) == {
        "linear": 4,
        "activation_tanh": 3,
        "activation_sigm": 2,
        "activation_leaky_relu": 0,
        "elementwise_sum": 1,
        "elementwise_prod": 3,
        "blend": 0,
    }
    ends = ("x", "h_prev_0", "h_prev_1", "h_prev_2", *OPS)
    table = counts[2 + len(OPS) : -12].reshape(len(ends), len(OPS))
    edges = {(ends[row], OPS[column]): table[row, column] for row, column in np.argwhere(table > 0)}
    assert edges == {
        ("x", "linear"): 4,
        ("h_prev_0", "linear"): 4,
        ("h_prev_1", "elementwise_prod"): 1,
        ("linear", "activation_tanh"): 2,
        ("linear", "activation_sigm"): 2,
        ("activation_tanh", "elementwise_prod"): 3,
        ("activation_sigm", "elementwise_prod"): 2,
        ("elementwise_prod", "elementwise_sum"): 2,
        ("elementwise_sum", "activation_tanh"): 1,
    }


def test_the_shortest_paths_of_the_lstm() -> None:
    paths = encode(named_recipe("lstm"), "counts")[-12:].reshape(4, 3)
    assert paths.tolist() == [
        [3, 4, -1],  # x to h_new_0 through the output gate, to h_new_1 through the input gate
        [3, 4, -1],  # h_prev_0
        [4, 2, -1],  # h_prev_1
        [-1, -1, -1],  # there is no h_prev_2
    ]
