"""The cell as a value: its rules, its identity, its text, its sizes, its picture."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.enas_cell import Cell, CellError, Node, moves
from search_spaces.enas_cell.architecture import ACTIVATIONS, MAX_NODES
from search_spaces.enas_cell.canonical import canonical_edges
from search_spaces.enas_cell.choices import CellChoices
from search_spaces.enas_cell.drawing import arrange
from search_spaces.enas_cell.published import published_cell
from search_spaces.enas_cell.space import EnasCellSpace

CELLS = st.builds(
    lambda seed, nodes: moves.sample(np.random.default_rng(seed), nodes),
    st.integers(0, 2**32 - 1),
    st.integers(1, MAX_NODES),
)


def cell(*nodes: tuple[int, str]) -> Cell:
    return Cell(tuple(Node(*node) for node in nodes))


@pytest.mark.parametrize(
    ("nodes", "rule"),
    [
        ([], "1 to 12 nodes"),
        ([(0, "tanh")] * 13, "1 to 12 nodes"),
        ([(1, "tanh")], "node 1: it reads x"),
        ([(0, "tanh"), (2, "relu")], "node 2: its predecessor must be 1 to 1, got 2"),
        ([(0, "tanh"), (0, "relu")], "node 2: its predecessor must be 1 to 1, got 0"),
        ([(0, "tanh"), (1, "elu")], "node 2: unknown activation 'elu'; known: tanh, relu"),
    ],
)
def test_a_broken_rule_is_named(nodes: list[tuple[int, str]], rule: str) -> None:
    with pytest.raises(CellError, match=rule):
        cell(*nodes)


@pytest.mark.parametrize(
    "text",
    ['{"nodes": 3}', '{"nodes": [[true, "tanh"]]}', '{"nodes": [[0, 1]]}', '{"a": []}', "[" * 9999],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        Cell.from_json(text)


@given(CELLS, st.randoms(use_true_random=False))
def test_the_numbers_of_nodes_mean_nothing(found: Cell, random: object) -> None:
    order = list(range(1, len(found.nodes) + 1))
    random.shuffle(order)  # type: ignore[attr-defined]
    number = {0: 0} | {old: new for new, old in enumerate(order, start=1)}
    edges = [(number[found.nodes[old - 1].predecessor], found.nodes[old - 1].activation)
             for old in order]  # fmt: skip
    again = Cell.from_edges(edges)
    assert again == found
    assert again.canonical_key == found.canonical_key
    assert again.nodes == found.canonical.nodes
    assert len(again.ends) == len(found.ends)


def test_identity_is_that_of_labelled_trees() -> None:
    """All cells of four nodes with two activations, told apart by trying every renumbering."""
    cells = [
        cell((0, a), (1, b), (i, c), (j, d))
        for a in ACTIVATIONS[:2]
        for b in ACTIVATIONS[:2]
        for c in ACTIVATIONS[:2]
        for d in ACTIVATIONS[:2]
        for i in (1, 2)
        for j in (1, 2, 3)
    ]

    def form(one: Cell) -> frozenset[tuple[tuple[int, str], ...]]:
        forms = set()
        for order in permutations(range(1, 5)):
            number = (0, *order)
            edges = {number[i]: (number[p], a) for i, (p, a) in enumerate(one.nodes, start=1)}
            forms.add(tuple(edges[i] for i in range(1, 5)))
        return frozenset(forms)

    for one in cells:
        for other in cells:
            assert (one == other) == (form(one) == form(other))


@given(CELLS)
def test_neighbours_are_one_edit_away_and_know_each_other(found: Cell) -> None:
    around = moves.neighbours(found)
    assert all(len(other.nodes) == len(found.nodes) for other in around)
    assert all(found in moves.neighbours(other) for other in around[::7])
    if len(found.nodes) == 1:
        assert len(around) == len(ACTIVATIONS) - 1


def test_a_branch_moves_with_all_that_depends_on_it() -> None:
    chain = cell((0, "tanh"), (1, "relu"), (2, "sigmoid"))
    moved = {tuple(other.canonical.nodes) for other in moves.move_branch(chain)}
    assert moved == {((0, "tanh"), (1, "relu"), (1, "sigmoid"))}


def test_every_choice_is_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    drawn = [moves.sample(rng, 4).nodes[3] for _ in range(3000)]
    for predecessor in (1, 2, 3):
        for activation in ACTIVATIONS:
            share = drawn.count(Node(predecessor, activation)) / len(drawn)
            assert share == pytest.approx(1 / 12, abs=0.02)


def test_choices_leave_out_what_is_no_choice() -> None:
    assert list(CellChoices(3).categoricals) == [
        "activation_1", "activation_2", "input_3", "activation_3",
    ]  # fmt: skip
    with pytest.raises(CellError, match="option nodes fixes 3"):
        CellChoices(3).to_sample(published_cell("enas_ptb"))
    with pytest.raises(CellError, match="lacks the choice 'activation_2'"):
        CellChoices(2).from_sample({"activation_1": "tanh"})
    with pytest.raises(CellError, match="'input_3' has no value 3"):
        CellChoices(3).from_sample(CellChoices(3).to_sample(
            cell((0, "tanh"), (1, "tanh"), (1, "tanh"))) | {"input_3": 3})  # fmt: skip
    with pytest.raises(CellError, match="nodes must be 1 to 12, got 13"):
        EnasCellSpace(13)


def test_the_published_cell_is_the_one_of_the_figure() -> None:
    found = published_cell("enas_ptb")
    assert len(found.nodes) == 12
    assert found.ends == (4, 5, 8, 10, 11, 12)
    assert [a for _, a in found.nodes].count("tanh") == 5
    # 12 nodes of 2 x 748 x 748 and as much again for x.
    assert found.num_parameters(748, 748) == 13 * 2 * 748**2


def test_the_picture_has_a_place_for_every_node(tmp_path: Path) -> None:
    found = published_cell("enas_ptb").canonical
    places = arrange(found)
    assert len(set(places)) == len(found.nodes)
    for number, (column, _) in enumerate(places, start=1):
        read = found.nodes[number - 1].predecessor
        assert column == (places[read - 1][0] + 1 if read else 1)
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    EnasCellSpace().draw(found, one)
    EnasCellSpace().draw(published_cell("enas_ptb"), other)
    assert one.read_bytes() == other.read_bytes()
    assert all(word in one.read_text("utf-8") for word in ("relu", "tanh", "mean", "h_prev"))


def test_the_normal_form_is_its_own() -> None:
    edges = published_cell("enas_ptb").nodes
    once = canonical_edges(edges)
    assert canonical_edges(once) == once
