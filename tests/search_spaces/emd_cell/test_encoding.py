"""Features: the same for equal cells, and what they count."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.base import EncodingKind
from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import OPS
from search_spaces.emd_cell.canonical import orders
from search_spaces.emd_cell.encoding import depth, encode, ends, inner_edges
from search_spaces.emd_cell.published import published_cell

EXAMPLE = published_cell("example")
CHAIN = EmdCell.of([
    [("stdconv_3", 0), ("skip_connect", 1)],
    [("stdconv_3", 2), ("skip_connect", 1)],
    [("skip_connect", 3), ("dilconv_7", 1)],
])  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "shape"), [("graph", (3, 36)), ("flat", (81,)), ("counts", (39,))]
)
def test_shapes(kind: EncodingKind, shape: tuple[int, ...]) -> None:
    assert encode(EXAMPLE, kind).shape == shape


def test_every_edge_is_one_feature() -> None:
    assert encode(EXAMPLE, "graph").sum() == encode(EXAMPLE).sum() == 6
    rows = encode(EXAMPLE, "graph").reshape(3, 4, 9)
    for node, edges in enumerate(EXAMPLE.nodes):
        assert all(rows[node, source, OPS.index(op)] for op, source in edges)


@given(st.integers(0, 2**32 - 1))
def test_equal_cells_have_equal_features(seed: int) -> None:
    cell = moves.sample(np.random.default_rng(seed))
    for nodes in orders(cell.nodes):
        for kind in get_args(EncodingKind):
            assert np.array_equal(encode(cell, kind), encode(EmdCell.of(nodes), kind))


@given(st.integers(0, 2**32 - 1))
def test_other_cells_have_other_flat_features(seed: int) -> None:
    cell = moves.sample(np.random.default_rng(seed))
    assert not any(np.array_equal(encode(cell), encode(x)) for x in moves.neighbours(cell))


def test_counts_by_hand() -> None:
    sizes, ops, by_source = np.split(encode(CHAIN, "counts"), [3, 12])
    assert sizes.tolist() == [2, 2, 1]
    assert {op: n for op, n in zip(OPS, ops, strict=True) if n} == {
        "stdconv_3": 2, "skip_connect": 3, "dilconv_7": 1,
    }  # fmt: skip
    assert by_source.reshape(3, 9).sum(1).tolist() == [1, 3, 2]
    assert by_source.reshape(3, 9)[2, OPS.index("skip_connect")] == 1


def test_shape_of_a_cell() -> None:
    flat = EmdCell.of([[("skip_connect", 0), ("skip_connect", 1)]] * 3)
    assert (depth(flat), inner_edges(flat), ends(flat)) == (0, 0, 3)
    assert (depth(EXAMPLE), inner_edges(EXAMPLE), ends(EXAMPLE)) == (3, 3, 1)
