"""Features: the same for equal architectures, and what they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.base import EncodingKind
from search_spaces.textnas import Arc, Layer, moves
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.encoding import depth, encode
from search_spaces.textnas.published import published_arc

PUBLISHED = published_arc("published")


@pytest.mark.parametrize(
    ("kind", "shape"), [("graph", (24, 8 + 48)), ("flat", (24 * 8 + 2 * 276,)), ("counts", (156,))]
)
def test_shapes_at_the_papers_size(kind: EncodingKind, shape: tuple[int, ...]) -> None:
    assert encode(PUBLISHED, kind).shape == shape


def test_every_op_and_wire_is_one_feature() -> None:
    assert encode(PUBLISHED, "graph").sum() == encode(PUBLISHED).sum() == 24 + 23 + 101


@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_equal_architectures_have_equal_features(seed: int, layers: int) -> None:
    arc = moves.sample(np.random.default_rng(seed), layers, 5, OPS[:2])
    for kind in ("flat", "graph", "counts"):
        assert np.array_equal(encode(arc, kind), encode(arc.canonical, kind))  # type: ignore[arg-type]
    assert encode(arc, "counts").shape == encode(PUBLISHED, "counts").shape


def test_counts_by_hand() -> None:
    arc = Arc((Layer(0, "conv1"), Layer(0, "gru"), Layer(1, "gru", (0, 1))))
    counts = encode(arc, "counts")
    sizes, own, first, normed, inputs, skips = np.split(counts, [4, 12, 20, 28, 92])
    gru = OPS.index("gru")
    assert sizes.tolist() == [3, 2, 1, 2]
    assert (own[0], own[gru], own.sum()) == (1, 2, 3)
    assert (first[0], first.sum()) == (1, 1)
    assert (normed[gru], normed.sum()) == (1, 1)
    assert (inputs.reshape(8, 8)[0, gru], inputs.sum()) == (2, 2)
    assert (skips.reshape(8, 8)[0, gru], skips.reshape(8, 8)[gru, gru], skips.sum()) == (1, 1, 2)


def test_depth_counts_ops_on_the_longest_path() -> None:
    chain = Layer(0, "gru"), Layer(0, "gru"), Layer(0, "gru")
    assert depth(Arc(chain)) == 3
    assert depth(Arc((*chain, Layer(2, "gru")))) == 3
    assert depth(Arc((*chain, Layer(2, "gru", (2,)), Layer(0, "gru")))) == 4
    assert depth(PUBLISHED) == 10
