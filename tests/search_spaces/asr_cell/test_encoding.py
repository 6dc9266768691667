"""Features and graphs: different for different cells, equal for equal ones, and by hand."""

from __future__ import annotations

import pytest

from search_spaces.asr_cell import AsrCell
from search_spaces.asr_cell.architecture import DISTINCT_CELLS, all_cells
from search_spaces.asr_cell.encoding import encode, op_graph
from search_spaces.base import EncodingKind

CELL = AsrCell.from_list("[[0,1],[1,1,0],[4,1,0,1]]")
EMPTY = AsrCell.from_list("[[0,0],[1,0,0],[5,0,0,0]]")


def test_features_by_hand() -> None:
    """linear(x), conv5 of that plus x, conv7d2 of that plus x; and 2x + conv5 + conv7d2."""
    first = [1, 0, 0, 0, 0, 1, 0, 0, 0]
    second = [0, 1, 0, 0, 0, 1, 1, 0, 0]
    third = [0, 0, 0, 0, 1, 1, 0, 1, 0]
    output = [2, 0, 1, 1]
    assert encode(CELL).tolist() == [*first, *second, *third, *output]
    assert encode(CELL, "graph").tolist() == [first, second, third, [0] * 5 + output]
    assert encode(CELL, "counts").tolist() == [1, 1, 0, 0, 1, 3, 0, 3, 2, 2, 2]


def test_a_cell_whose_output_is_zero() -> None:
    assert encode(EMPTY).tolist() == [0] * 31
    assert encode(EMPTY, "graph").shape == (1, 9)
    assert encode(EMPTY, "counts").tolist() == [0] * 5 + [-1, -1, 0, 0, 0, 0]
    assert op_graph(EMPTY).vertices == ("input", "output")
    assert op_graph(EMPTY).edges == ()


def test_a_graph_by_hand() -> None:
    graph = op_graph(CELL)
    assert graph.vertices == ("input", "linear", "conv5", "conv7d2", "output")
    assert graph.edges == ((0, 1), (0, 2), (1, 2), (0, 3), (2, 3), (0, 4), (2, 4), (3, 4))


@pytest.mark.parametrize("kind", ["flat", "graph"])
def test_features_are_those_of_the_network(kind: EncodingKind) -> None:
    """Over the whole space there are as many features as networks, and each has one."""
    pairs = {(one.canonical_key, encode(one, kind).tobytes()) for one in all_cells()}
    assert len(pairs) == len({features for _, features in pairs}) == DISTINCT_CELLS
