"""Features: different for different encoders, and what they count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_spaces.base import EncodingKind
from search_spaces.encoder import EncoderArchitecture, EncoderLayer, moves
from search_spaces.encoder.encoding import encode

LAYERS = (EncoderLayer("SA", "WMA", 4, 512, 3), EncoderLayer("DSC", 9, 2, 1024, 1))
TWO, FOUR = EncoderArchitecture(256, LAYERS), EncoderArchitecture(128, LAYERS * 2)


@pytest.mark.parametrize(
    ("kind", "two", "four"),
    [("graph", (2, 10), (4, 10)), ("flat", (37,), (37,)), ("counts", (12,), (12,))],
)
def test_shapes(kind: EncodingKind, two: tuple[int, ...], four: tuple[int, ...]) -> None:
    assert encode(TWO, kind).shape == two
    assert encode(FOUR, kind).shape == four


def test_features_by_hand() -> None:
    first, second = [0, 1, 0, 0, 0, 0, 4, 512, 3], [0, 0, 0, 0, 0, 1, 2, 1024, 1]
    assert encode(TWO, "graph").tolist() == [[*first, 256], [*second, 256]]
    assert encode(TWO).tolist() == [256, *first, *second, *[0] * 18]
    assert encode(FOUR, "counts").tolist() == [
        128, 4, 0, 2, 0, 0, 0, 2, 12, 3_072, 8, 2 * (3 * 512 + 1024),
    ]  # fmt: skip


@given(st.integers(0, 2**32 - 1))
def test_other_encoders_have_other_features(seed: int) -> None:
    rng = np.random.default_rng(seed)
    encoder = moves.sample(rng)
    other = moves.mutate(encoder, rng)
    assert not np.array_equal(encode(encoder), encode(other))
    assert not np.array_equal(encode(encoder, "graph"), encode(other, "graph"))
    assert not np.array_equal(encode(encoder, "counts"), encode(other, "counts"))
